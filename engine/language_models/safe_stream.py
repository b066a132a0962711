"""Text that streams in, made safe piece by piece without being fooled by where the pieces break."""

from __future__ import annotations

import re

from engine.secrecy.redaction import RedactedStream
from engine.text import safe_text

_UNFINISHED = re.compile(
    r"(?:\r|[\x1b\x90\x9b\x9d](?:\[?[0-?]*[ -/]*|\][^\x07\x1b\x9c]*|[PX^_][^\x1b\x9c]*))\Z"
)
_LONGEST_HELD = 4096


class SafeTextStream:
    """Applies `safe_text` to a stream: what may be the start of an escape sequence waits for its end.

    A server may send the key it was asked with: secrets are taken out too, after the escapes that could
    part them.
    """

    def __init__(self) -> None:
        self._held = ""
        self._without_secrets = RedactedStream()

    def feed(self, piece: str) -> str:
        """Return the text of `piece` that is certain by now; it may be empty."""
        text = self._held + piece
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        self._held = text[end:]
        if len(self._held) > _LONGEST_HELD:
            # The inside of a sequence never shows: its opening is all there is to remember.
            self._held = self._held[:2]
        return self._without_secrets.feed(_safe(text[:end]))

    def finish(self) -> str:
        """Return what was held back when the stream ends."""
        held, self._held = self._held, ""
        return self._without_secrets.feed(_safe(held)) + self._without_secrets.finish()


def _safe(text: str) -> str:
    # A tab becomes four characters; nothing else grows, so this limit never cuts.
    return safe_text(text, 4 * len(text) + 1)
