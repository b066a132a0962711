"""HTTP/1.1 as far as a server for this machine alone needs it: one request per connection.

Requests are bounded in size and time; a malformed one raises `BadRequest` with the status to send.
RFC 9112 for the framing.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import msgspec

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 1024 * 1024
READ_SECONDS = 10.0


class BadRequest(Exception):
    """A request that cannot be served, and the status that says so."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class HttpRequest(msgspec.Struct, frozen=True):
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


async def read_request(reader: asyncio.StreamReader) -> HttpRequest:
    """Read one whole request; the reader's limit must be at least `MAX_HEAD_BYTES`.

    Raises `BadRequest`, and `EOFError` when the peer closes first.
    """
    try:
        async with asyncio.timeout(READ_SECONDS):
            method, path, headers = _parse_head(await reader.readuntil(b"\r\n\r\n"))
            return HttpRequest(method, path, headers, await reader.readexactly(_body_length(headers)))
    except asyncio.LimitOverrunError as error:
        raise BadRequest(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"allowed is a head of up to {MAX_HEAD_BYTES} bytes"
        ) from error
    except TimeoutError as error:
        raise BadRequest(
            HTTPStatus.REQUEST_TIMEOUT, f"allowed are {READ_SECONDS:g} s to send a request"
        ) from error


def response_head(status: HTTPStatus, headers: dict[str, str]) -> bytes:
    """Return a status line and headers, telling the client that the connection ends after it."""
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in {**headers, "Connection": "close"}.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def json_response(status: HTTPStatus, body: bytes) -> bytes:
    """Return a whole JSON response."""
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return response_head(status, headers) + body


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body; an empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    lines = head.decode("latin-1").split("\r\n")[:-2]
    request_line = lines[0].split(" ")
    if len(request_line) != 3 or not request_line[2].startswith("HTTP/1."):
        raise BadRequest(HTTPStatus.BAD_REQUEST, "the request line is not METHOD PATH HTTP/1.1")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or name.lower() in headers:
            raise BadRequest(HTTPStatus.BAD_REQUEST, "a header is malformed or given twice")
        headers[name.lower()] = value.strip()
    return request_line[0], request_line[1], headers


def _body_length(headers: dict[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadRequest(HTTPStatus.LENGTH_REQUIRED, "a body needs Content-Length, not Transfer-Encoding")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise BadRequest(HTTPStatus.BAD_REQUEST, "Content-Length is not a number")
    if len(length) > 10 or int(length) > MAX_BODY_BYTES:
        raise BadRequest(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"allowed is a body of up to {MAX_BODY_BYTES} bytes"
        )
    return int(length)
