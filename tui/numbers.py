"""Numbers as a person types them, read exactly or not at all: pure functions.

A point parts the decimals. Commas are accepted only where they can be nothing but thousands
separators (`1,000`, `67,000.5`); `0,5` and `12,34` are refused, never guessed at.
"""

from __future__ import annotations

import re
from decimal import Decimal

MAX_NUMBER_LENGTH = 24

_PLAIN = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\Z", re.ASCII)
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?\Z", re.ASCII)


def read_number(text: str) -> Decimal | None:
    """Return the number a text says, exactly, or None if it says none."""
    typed = text.strip()
    if len(typed) > MAX_NUMBER_LENGTH:
        return None
    if _GROUPED.match(typed):
        typed = typed.replace(",", "")
    return Decimal(typed) if _PLAIN.match(typed) else None


def advice_on(text: str) -> str:
    """Return what to type instead of a number with a doubtful comma, or ""."""
    return "use a point for decimals" if "," in text and read_number(text) is None else ""
