"""Server-sent events: bytes in as they arrive, the data of each complete event out.

The line and field rules are those of the WHATWG HTML standard, section 9.2.6; only `data` matters
to chat completions, so event names, ids and retry hints are read and dropped.
"""

from __future__ import annotations

from codecs import BOM_UTF8

MAX_EVENT_BYTES = 1024 * 1024


class EventTooLong(Exception):
    """One event, or one line, is longer than `MAX_EVENT_BYTES`."""


class EventStreamParser:
    """Splits a byte stream into events, whatever the pieces it comes in."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._is_first_line = True
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._after_carriage_return = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the data of the events that `piece` completes, in order.

        Raises `EventTooLong`.
        """
        if self._after_carriage_return and piece.startswith(b"\n"):
            piece = piece[1:]
            self._after_carriage_return = False
        if piece:
            self._after_carriage_return = piece.endswith(b"\r")
        if b"\n" not in piece and b"\r" not in piece:
            self._pending += piece
            self._check_length()
            return []
        # CR, LF and CR LF all end a line.
        lines = (bytes(self._pending) + piece).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._pending = bytearray(lines.pop())
        if self._is_first_line:
            lines[0] = lines[0].removeprefix(BOM_UTF8)
            self._is_first_line = False
        events = [event for line in lines if (event := self._take_line(line)) is not None]
        self._check_length()
        return events

    def finish(self) -> list[bytes]:
        """Return what an end of the stream completes: servers may leave out the last blank line."""
        return self.feed(b"\n\n")

    def _take_line(self, line: bytes) -> bytes | None:
        if line:
            field, _, value = line.partition(b":")
            if field == b"data":
                self._data.append(value.removeprefix(b" "))
                self._data_bytes += len(value)
            return None
        if not self._data:
            return None
        event = b"\n".join(self._data)
        self._data, self._data_bytes = [], 0
        return event

    def _check_length(self) -> None:
        if len(self._pending) + self._data_bytes > MAX_EVENT_BYTES:
            raise EventTooLong
