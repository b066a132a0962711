"""Identities that people give and numbers that the desk gives, for anything it keeps a list of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.errors import Conflict, InvalidInput
from engine.text import safe_line

MAX_NAME = 100


def next_id(known: Mapping[int, object]) -> int:
    """Return the number of a new one; none is ever given twice while deleted ones stay known."""
    return max(known, default=0) + 1


def checked_name(field: str, name: str, others: Iterable[str]) -> str:
    """Return a name as it is kept; raises `InvalidInput`, or `Conflict` for one of the others."""
    cleaned = safe_line(name).strip()
    if not 1 <= len(cleaned) <= MAX_NAME:
        raise InvalidInput.of(field, repr(cleaned[:20]), f"allowed are 1 to {MAX_NAME} characters")
    if cleaned.casefold() in {other.casefold() for other in others}:
        raise Conflict(f"{field}: {cleaned} is taken; choose another", field=field, value=cleaned)
    return cleaned
