"""What Enter, Tab and Backspace do to the indent of a source: pure functions over one line."""

from __future__ import annotations

import re

STEP = 4
_OPENERS = (":", "{", "(", "[")
_LEAVERS = re.compile(r"\s*(?:return|pass|break|continue|raise)\b")


def indent_after(before: str) -> str:
    """Return the indent of a line that begins after `before`: one deeper after an opening sign."""
    indent = leading_blanks(before)
    code = before.split("#")[0].rstrip()
    if code.endswith(_OPENERS):
        return indent + " " * STEP
    return indent[STEP:] if _LEAVERS.match(before) else indent


def columns_to_delete(before: str) -> int:
    """Return how much Backspace takes: a whole step where only an indent stands before the cursor."""
    if before and not before.strip(" "):
        return (len(before) - 1) % STEP + 1
    return 1


def columns_to_dedent(line: str) -> int:
    """Return how many blanks a line loses by going one step out."""
    blanks = len(leading_blanks(line))
    return (blanks - 1) % STEP + 1 if blanks else 0


def leading_blanks(line: str) -> str:
    """Return the blanks a line begins with."""
    return line[: len(line) - len(line.lstrip(" "))]
