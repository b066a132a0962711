"""Triggers: why a trader wakes."""

from __future__ import annotations

import enum

import msgspec


class TriggerKind(enum.StrEnum):
    """What woke the trader."""

    SIGNAL = "signal"
    SCHEDULED = "scheduled"
    MANUAL = "manual"


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """One wake-up: what fired, for which symbol (empty for a schedule over all), and when."""

    kind: TriggerKind
    symbol: str
    ts_ms: int
    signal: str = ""
    detail: str = ""
