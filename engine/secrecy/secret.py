"""A value that never shows: not in a text, not in a repr, not in a pickle and not in JSON."""

from __future__ import annotations

from typing import NoReturn

HIDDEN = "[secret]"
"""What stands wherever a secret would."""


class Secret:
    """Holds one key or passphrase; `str`, `repr` and `format` all print `[secret]`.

    It cannot be copied into a pickle. Python cannot wipe a text from memory, so it is kept as briefly as
    its use allows.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __bool__(self) -> bool:
        return bool(self._value)

    def reveal(self) -> str:
        """Return the value itself; for the vault, which seals it, and the one place that sends it."""
        return self._value

    def redact(self, text: str) -> str:
        """Return `text` with every occurrence of the value replaced."""
        return text.replace(self._value, HIDDEN) if self._value else text

    def __repr__(self) -> str:
        return HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled")
