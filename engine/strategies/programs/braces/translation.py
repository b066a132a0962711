"""A program as Python, with the way back to the lines of what its author wrote."""

from __future__ import annotations

import msgspec


class Translation(msgspec.Struct, frozen=True):
    """A source as Python; `lines` has the original line of each line of it, empty where they are alike."""

    python: str
    lines: tuple[int, ...] = ()

    def original_line(self, line: int) -> int:
        """Return the line of the original that a line of `python` comes from; both count from 1."""
        if not self.lines:
            return line
        return self.lines[min(max(line, 1), len(self.lines)) - 1]
