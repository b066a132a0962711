"""Text that streams in from a model, made safe, without secrets, told in pieces that are not too many."""

from __future__ import annotations

from collections.abc import Callable

from engine.language_models.safe_stream import SafeTextStream

SECONDS_BETWEEN_PIECES = 0.05
MAX_TEXT = 64_000
"""Longest text of a message, in characters."""


class DeltaFlow:
    """Collects a stream and tells at most twenty pieces a second; `text` is all of it so far."""

    def __init__(self, tell: Callable[[str], None], monotonic: Callable[[], float]) -> None:
        self._tell = tell
        self._monotonic = monotonic
        self._safe = SafeTextStream()
        self._untold = ""
        self._told_at = monotonic()
        self.text = ""

    def feed(self, delta: str) -> None:
        """Take a piece as the server wrote it; what is over the bound of a message is dropped."""
        self._take(self._safe.feed(delta))
        now = self._monotonic()
        if self._untold and now - self._told_at >= SECONDS_BETWEEN_PIECES:
            self._told_at = now
            self._flush()

    def finish(self) -> None:
        """Tell what was held back, once the stream is over."""
        self._take(self._safe.finish())
        self._flush()

    def _take(self, piece: str) -> None:
        piece = piece[: MAX_TEXT - len(self.text)]
        self.text += piece
        self._untold += piece

    def _flush(self) -> None:
        untold, self._untold = self._untold, ""
        if untold:
            self._tell(untold)
