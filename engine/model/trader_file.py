"""A trader's history as a file, and what taking one in would do."""

from __future__ import annotations

import msgspec

from engine.model.account import EquityPoint, TraderConfig
from engine.model.decision import DecisionRecord
from engine.model.fill import Fill
from engine.model.order import Order

TRADER_FILE_FORMAT = 1


class TraderFile(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a trader was and did; no secret, no key and no other trader is in it."""

    config: TraderConfig
    prompt: str = ""
    exported_ms: int = 0
    decisions: tuple[DecisionRecord, ...] = ()
    orders: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    equity: tuple[EquityPoint, ...] = ()
    format: int = TRADER_FILE_FORMAT


class ImportPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What importing would do: the new trader's name and how much history; `problems` forbid it."""

    name: str
    decisions: int
    orders: int
    fills: int
    first_ms: int | None
    last_ms: int | None
    duplicates: int = 0
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
