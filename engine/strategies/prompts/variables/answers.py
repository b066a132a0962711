"""Answers as numbers and texts of one moment: missing ones are None."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.strategies.programs.batch import Answer

_BYTES_OF_A_NUMBER = 8
_MISSING_TEXT = "\0"


def recent_numbers(answer: Answer, key: str, most: int) -> tuple[float | None, ...]:
    """Return the last values under a key, the oldest first and at most `most`; empty without the key."""
    column = answer.numbers.get(key, b"")
    count = len(column) // _BYTES_OF_A_NUMBER
    if answer.visible is not None:
        (count,) = struct.unpack("<q", answer.visible[:_BYTES_OF_A_NUMBER])
    first = max(0, count - most)
    values = struct.unpack(
        f"<{count - first}d", column[first * _BYTES_OF_A_NUMBER : count * _BYTES_OF_A_NUMBER]
    )
    return tuple(None if math.isnan(value) else value for value in values)


def last_number(answer: Answer, key: str) -> float | None:
    """Return the latest value under a key."""
    values = recent_numbers(answer, key, 1)
    return values[0] if values else None


def text_of(answer: Answer, key: str) -> str | None:
    """Return the text under a key."""
    texts: Sequence[str] = answer.texts.get(key, ())
    return texts[0] if texts and texts[0] != _MISSING_TEXT else None
