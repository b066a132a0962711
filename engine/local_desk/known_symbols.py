"""Symbols as callers name them: one the desk does not know is refused in one sentence."""

from __future__ import annotations

from collections.abc import Collection

from engine.errors import NotFound
from engine.text import safe_line

MAX_SYMBOL = 40


def check_symbol(symbol: str, known: Collection[str]) -> None:
    """Raise `NotFound` for a symbol that is not among those `known`."""
    if symbol not in known:
        named, allowed = safe_line(symbol, MAX_SYMBOL), ", ".join(known)
        raise NotFound(
            f"symbol: {named} is not known; there are {allowed}", field="symbol", value=named, allowed=allowed
        )
