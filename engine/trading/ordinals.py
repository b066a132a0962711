"""Counters that survive a restart, and the identities made from them.

A number is stored in the same unit as the thing it names, before that thing has any effect, so
no identity is ever given twice, whatever moment the desk is killed at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from engine.store.changes import Setting

_PREFIX = "ordinal."


class Ordinals:
    """Named counters, restored from the settings table."""

    def __init__(self, desk_id: str, settings: Mapping[str, str]) -> None:
        self._desk_id = desk_id
        self._counts = {
            key.removeprefix(_PREFIX): int(value)
            for key, value in settings.items()
            if key.startswith(_PREFIX)
        }

    def next_decision_id(self, trader_id: int) -> tuple[str, Setting]:
        """Return a new decision's id and the counter to store with it."""
        number, setting = self._next(f"decision.{trader_id}")
        return f"d{trader_id}-{number}", setting

    def next_client_order_id(self, trader_id: int) -> tuple[str, Setting]:
        """Return a new order's id and the counter to store with its intent.

        128 bits derived from the desk, the trader and the number, in hexadecimal: unique across
        desks that share a venue account, and accepted by every venue in this form.
        """
        number, setting = self._next(f"order.{trader_id}")
        intent = f"{self._desk_id}:{trader_id}:{number}".encode()
        return "nd" + hashlib.blake2b(intent, digest_size=15).hexdigest(), setting

    def _next(self, name: str) -> tuple[int, Setting]:
        number = self._counts.get(name, 0) + 1
        self._counts[name] = number
        return number, Setting(key=_PREFIX + name, value=str(number))
