"""A value that never shows: not in a text, not in a repr, not in a pickle and not in JSON."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from typing import NoReturn

HIDDEN = "[secret]"
"""What stands wherever a secret would."""

SHORTEST_REGISTERED = 8
"""Length from which a value is looked for in texts; shorter ones would match ordinary words."""

DEPARTED_KEPT = 16
"""How many values are still looked for after their last `Secret` has gone.

A reply that quotes a key may be on its way to the disk when the call that used the key has ended.
"""


class Secret:
    """Holds one key or passphrase; `str`, `repr` and `format` all print `[secret]`.

    It cannot be copied, pickled or encoded. Python cannot wipe a text from memory, so it is kept as
    briefly as its use allows. While it lives, and for a while longer, `engine.secrecy.redaction` looks for
    its value in every text that leaves the desk.
    """

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        if len(value) >= SHORTEST_REGISTERED:
            _KNOWN.add(self)

    def __del__(self) -> None:
        if len(self._value) >= SHORTEST_REGISTERED:
            _KNOWN.depart(self._value)

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

    def __format__(self, format_spec: str) -> str:
        return format(HIDDEN, format_spec)

    def __rich_repr__(self) -> Iterator[str]:
        yield HIDDEN

    def __copy__(self) -> NoReturn:
        raise TypeError("a secret is never copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a secret is never copied")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled")


class _Known:
    """The values to look for: those of living secrets, kept alive by nobody here, and the last departed.

    Safe to use from every thread, and from a secret's end in the midst of any of it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._living: weakref.WeakSet[Secret] = weakref.WeakSet()
        self._departed: dict[str, None] = {}
        self._changes = 0

    def add(self, secret: Secret) -> None:
        with self._lock:
            self._living.add(secret)
            self._changes += 1

    def depart(self, value: str) -> None:
        with self._lock:
            self._departed.pop(value, None)
            self._departed[value] = None
            if len(self._departed) > DEPARTED_KEPT:
                del self._departed[next(iter(self._departed))]
            self._changes += 1

    def changes(self) -> int:
        return self._changes

    def values(self) -> frozenset[str]:
        with self._lock:
            living = [secret.reveal() for secret in list(self._living)]
            return frozenset([*living, *list(self._departed)])


_KNOWN = _Known()


def known_changes() -> int:
    """Return a number that grows whenever a secret came to be or ceased to be."""
    return _KNOWN.changes()


def known_values() -> frozenset[str]:
    """Return the values of all living secrets and the last departed; only for finding them in texts."""
    return _KNOWN.values()
