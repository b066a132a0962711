"""Triggers: why a trader wakes."""

from __future__ import annotations

import enum

import msgspec

from engine.model.signal import FiredSignal, PoolLogic


class TriggerKind(enum.StrEnum):
    """What woke the trader."""

    SIGNAL = "signal"
    SCHEDULED = "scheduled"
    MANUAL = "manual"


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """One wake-up: what fired, for which symbol (empty for a schedule over all), and when.

    `signal` is the name of the pool that fired and `fire_id` its line in the trigger log (0 for a
    trigger that is no signal); `logic` joins the pool's signals, of which `signals` were met; `detail`
    says in words what was met.
    """

    kind: TriggerKind
    symbol: str
    ts_ms: int
    signal: str = ""
    detail: str = ""
    fire_id: int = 0
    logic: PoolLogic = PoolLogic.OR
    signals: tuple[FiredSignal, ...] = ()
