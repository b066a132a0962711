"""A chat-completions server that misbehaves on the wire, byte by byte as a test's script says.

Each connection runs the next script (the last one for all that follow). A script gets the request as
it came and the socket to answer on, so that everything a real server, proxy or cable can do wrong can
be done here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from tests.loopback_server import LoopbackServer

Script = Callable[["Exchange"], Awaitable[None]]

EVENT_STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


class Exchange:
    """One connection: the request that came and the way to answer it."""

    def __init__(
        self, head: str, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.head = head
        self.body = body
        self.client_left = asyncio.Event()
        self._reader = reader
        self._writer = writer

    @property
    def json(self) -> dict[str, object]:
        body: dict[str, object] = json.loads(self.body)
        return body

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def send_event(self, data: object) -> None:
        await self.send(event(data))

    async def hang(self) -> None:
        """Say nothing more until the client closes the connection."""
        await self._reader.read()
        self.client_left.set()


class ChatServer(LoopbackServer):
    """Listens on loopback while it is entered; `exchanges` are the connections so far."""

    def __init__(self, *scripts: Script) -> None:
        super().__init__()
        self._scripts = scripts
        self.exchanges: list[Exchange] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next(
            int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-l")
        )
        exchange = Exchange(head, await reader.readexactly(length), reader, writer)
        script = self._scripts[min(len(self.exchanges), len(self._scripts) - 1)]
        self.exchanges.append(exchange)
        await script(exchange)


def event(data: object) -> bytes:
    return b"data: %b\n\n" % msgspec.json.encode(data)


def delta(finish_reason: str | None = None, **fields: str) -> dict[str, object]:
    """One chunk with these delta fields."""
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish_reason}]}


DONE = b"data: [DONE]\n\n"


def streams(
    content: Sequence[str] = (),
    *,
    reasoning: Sequence[str] = (),
    reasoning_field: str = "reasoning_content",
    finish_reason: str | None = "stop",
    tokens: tuple[int, int] | None = None,
) -> Script:
    """Answer as a proper server does."""

    async def script(exchange: Exchange) -> None:
        await exchange.send(EVENT_STREAM)
        for piece in reasoning:
            await exchange.send_event(delta(**{reasoning_field: piece}))
        for piece in content:
            await exchange.send_event(delta(content=piece))
        await exchange.send_event(delta(finish_reason))
        if tokens:
            await exchange.send_event(
                {"choices": [], "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}}
            )
        await exchange.send(DONE)

    return script


def sends(*pieces: bytes) -> Script:
    """Send these bytes after the head of an event stream, then close."""

    async def script(exchange: Exchange) -> None:
        await exchange.send(EVENT_STREAM)
        for piece in pieces:
            await exchange.send(piece)

    return script


def answers(status: str, body: bytes, *headers: str, content_type: str = "application/json") -> Script:
    """Answer with a status and a body instead of a stream."""

    async def script(exchange: Exchange) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        await exchange.send(("\r\n".join([*lines, *headers]) + "\r\n\r\n").encode() + body)

    return script


async def says_nothing(exchange: Exchange) -> None:
    await exchange.hang()


async def keeps_alive_without_a_token(exchange: Exchange) -> None:
    await exchange.send(EVENT_STREAM)
    while True:
        await exchange.send(b": still here\n\n")
        await asyncio.sleep(0.005)


async def stops_after_a_token(exchange: Exchange) -> None:
    await exchange.send(EVENT_STREAM + event(delta(reasoning_content="First")))
    await exchange.hang()


async def stops_after_a_token_and_breaks(exchange: Exchange) -> None:
    await exchange.send(EVENT_STREAM + event(delta(reasoning_content="First")))


async def drips_for_ever(exchange: Exchange) -> None:
    await exchange.send(EVENT_STREAM)
    while True:
        await exchange.send_event(delta(reasoning_content="on and "))
        await asyncio.sleep(0.005)


async def breaks_off(exchange: Exchange) -> None:
    """Close in the middle of a chunked body, as a dying server or proxy does."""
    data = event(delta(content='{"decisions": ['))
    head = EVENT_STREAM[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
    await exchange.send(head + b"%x\r\n%b\r\n" % (len(data), data))


async def floods(exchange: Exchange) -> None:
    """Ten megabytes of reasoning."""
    await exchange.send(EVENT_STREAM)
    for _ in range(1000):
        await exchange.send_event(delta(reasoning_content="x" * 10_000))


async def floods_one_line(exchange: Exchange) -> None:
    """Ten megabytes without a line break."""
    await exchange.send(EVENT_STREAM + b"data: ")
    for _ in range(160):
        await exchange.send(b"x" * 65_536)


async def floods_comments(exchange: Exchange) -> None:
    await exchange.send(EVENT_STREAM)
    for _ in range(400):
        await exchange.send(b": " + b"x" * 65_536 + b"\n\n")
