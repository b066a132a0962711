"""How two sources differ, line by line, as spans with the roles of their lines."""

from __future__ import annotations

import msgspec

from tui.panes.span_line import Span
from tui.program_source import visible

CONTEXT_LINES = 3


class Difference(msgspec.Struct, frozen=True):
    """A unified diff: its lines, and how many were added and removed."""

    lines: tuple[Span, ...] = ()
    added: int = 0
    removed: int = 0

    @property
    def summary(self) -> str:
        """How much changed: `+3 -1`, or `the same`."""
        return f"+{self.added} -{self.removed}" if self.added or self.removed else "the same"


def difference(before: str, after: str) -> Difference:
    """Return what turns one source into the other; the signs stand in front, so colour is not needed."""
    from difflib import unified_diff

    lines: list[Span] = []
    added = removed = 0
    # The first two lines name files, and these sources are none.
    for line in list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=CONTEXT_LINES))[2:]:
        role = "thought"
        if line.startswith("+"):
            role, added = "gain", added + 1
        elif line.startswith("-"):
            role, removed = "loss", removed + 1
        elif line.startswith("@@"):
            role = "accent"
        lines.append(Span(visible(line).expandtabs(4), role))
    return Difference(tuple(lines), added, removed)
