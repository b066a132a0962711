"""A response's body, unpacked piece by piece and never longer than allowed."""

from __future__ import annotations

import zlib

from engine.errors import Unavailable

MAX_BODY_BYTES = 2 * 1024 * 1024

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class BodyUnusable(Unavailable):
    """A body is too long, packed in an unknown way, or broken."""


class BoundedBody:
    """Collects a body; `encoding` is the response's Content-Encoding, empty for none.

    A packed body is unpacked no further than the limit, so that a small one cannot unfold to any
    size. Raises `BodyUnusable`.
    """

    def __init__(self, encoding: str, limit: int = MAX_BODY_BYTES) -> None:
        self._limit = limit
        self._body = bytearray()
        self._received = 0
        self._inflate = None
        match encoding.strip().lower():
            case "" | "identity":
                pass
            case "gzip" | "x-gzip" | "deflate":
                self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
            case other:
                raise BodyUnusable(f"the answer is packed as {other[:20]!r}; allowed are gzip and none")

    def add(self, piece: bytes) -> None:
        """Take the next piece as it came."""
        self._received += len(piece)
        if self._inflate is not None:
            try:
                piece = self._inflate.decompress(piece, self._limit + 1 - len(self._body))
            except zlib.error as error:
                raise BodyUnusable("the answer's gzip is broken") from error
        self._body += piece
        if len(self._body) > self._limit or self._received > self._limit:
            raise BodyUnusable(f"the answer is longer than {self._limit} bytes")

    def finish(self) -> bytes:
        """Return the whole body."""
        if self._inflate is not None and self._received and not self._inflate.eof:
            raise BodyUnusable("the answer's gzip ends too early")
        return bytes(self._body)
