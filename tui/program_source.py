"""A source as it may be shown: what is invisible in it, or would steer the terminal, becomes a sign."""

from __future__ import annotations

import unicodedata

SIGN = "�"
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_KEPT = frozenset("\n\t")


class _Signs(dict[int, str]):
    """Translates a character code when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        is_safe = character in _KEPT or unicodedata.category(character) not in _UNSAFE_CATEGORIES
        self[code] = character if is_safe else SIGN
        return self[code]


_SIGNS = _Signs()


def visible(source: str) -> str:
    """Return a source of the same length with a sign for every character that hides something.

    A source keeps its own characters, since its author has to see and remove them; so they are
    not taken out when it is saved, as they are from other texts.
    """
    return source if source.isascii() and source.isprintable() else source.translate(_SIGNS)
