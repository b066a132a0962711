"""Reads RSS and Atom in a process of its own, killed when it does not end in time."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from engine.child_process import ChildProcess
from engine.errors import Unavailable
from engine.intelligence.sources import feed_process
from engine.intelligence.sources.feed_process import FeedDocument, FeedReading, RawArticle
from engine.text import safe_line

READ_SECONDS = 10.0


class FeedReader:
    """Reads one document at a time; `seconds` is how long one may take."""

    def __init__(self, seconds: float = READ_SECONDS) -> None:
        self._seconds = seconds
        self._turn = asyncio.Lock()

    async def read(self, document: FeedDocument) -> tuple[RawArticle, ...]:
        """Return the articles of a document; raise `Unavailable` saying why there are none."""
        async with self._turn:
            reading = await self._run(msgspec.msgpack.encode(document))
        if reading.error:
            raise Unavailable(safe_line(reading.error))
        return tuple(reading.articles)

    async def _run(self, request: bytes) -> FeedReading:
        process = await ChildProcess.start(feed_process.__file__)
        try:
            async with asyncio.timeout(self._seconds):
                with contextlib.suppress(ConnectionError):  # it has ended: the answer says what it had to say
                    process.writer.write(request)
                    process.writer.write_eof()
                    await process.writer.drain()
                answer = await process.reader.read()
        except TimeoutError as error:
            raise Unavailable(f"the feed could not be read within {self._seconds:g} s") from error
        finally:
            await asyncio.shield(process.close())
        try:
            return msgspec.msgpack.decode(answer, type=FeedReading)
        except msgspec.DecodeError as error:
            raise Unavailable("reading the feed took too much time or memory") from error
