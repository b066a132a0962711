"""A web server for feeds that misbehaves on the wire as a test's script says.

Each request runs the next script, the last one for all that follow.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable

from tests.loopback_server import LoopbackServer

Script = Callable[["Request"], Awaitable[None]]


class Request:
    """One request: its head as it came, and the way to answer it."""

    def __init__(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = head
        self._reader = reader
        self._writer = writer

    @property
    def path(self) -> str:
        return self.head.split(" ")[1]

    def header(self, name: str) -> str | None:
        """The value of a header, None where it was not sent."""
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def hang(self) -> None:
        """Say nothing more until the client closes the connection."""
        await self._reader.read()


class FeedServer(LoopbackServer):
    """Listens on a loopback address while it is entered; `requests` are those so far."""

    def __init__(self, *scripts: Script, host: str = "127.0.0.1") -> None:
        super().__init__(host)
        self._scripts = scripts
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}/feed"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request = Request(head, reader, writer)
        script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
        self.requests.append(request)
        await script(request)


def answers(
    body: bytes = b"", *headers: str, status: str = "200 OK", content_type: str = "application/rss+xml"
) -> Script:
    """Answer as a proper server does."""

    async def script(request: Request) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        await request.send(("\r\n".join([*lines, *headers]) + "\r\n\r\n").encode() + body)

    return script


def packed(body: bytes) -> Script:
    return answers(gzip.compress(body), "Content-Encoding: gzip")


def redirects(location: str, status: str = "302 Found") -> Script:
    return answers(b"", f"Location: {location}", status=status)


def redirects_to_itself(request: Request) -> Awaitable[None]:
    return redirects(request.path + "x")(request)


async def says_nothing(request: Request) -> None:
    await request.hang()


async def drips(request: Request) -> None:
    """A byte now and then, for ever."""
    await request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    while True:
        await request.send(b" ")
        await asyncio.sleep(0.01)


async def floods(request: Request) -> None:
    """Eight megabytes without saying so before."""
    await request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    for _ in range(128):
        await request.send(b"x" * 65_536)


async def breaks_off(request: Request) -> None:
    await request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss")


async def speaks_no_http(request: Request) -> None:
    await request.send(b"\x00\x01\x02 hello\r\n\r\n")
