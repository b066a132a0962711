"""Large trades: what takers bought or sold at one stroke, kept as the tape goes by.

An order that takes from several resting ones prints as several trades of one side at one time. Those
are added up first: as far as a tape can tell, they are one trade.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from engine.market.periods import Period
from engine.model.news import LargeTradeZone
from engine.model.order import Side
from engine.model.trade import Trade

LARGE_TRADE_NOTIONAL: Final = Decimal(100_000)
"""From which notional on a trade is large, in the quote currency.

A fixed sum, not the largest per cent of a window: so a trade that was large stays it, zones of the past
do not change as the window moves, and symbols and days can be compared.
"""

MAX_KEPT = 20_000


class LargeTrade(msgspec.Struct, frozen=True):
    """One large trade; `notional` in the quote currency."""

    ts_ms: int
    taker_side: Side
    notional: float


class LargeTrades:
    """The large trades of one symbol, from a tape that may be handed over again and again."""

    def __init__(self) -> None:
        self._kept: deque[LargeTrade] = deque(maxlen=MAX_KEPT)
        self._last_ms = -1
        self._last_ids: set[int] = set()
        self._sums: dict[Side, Decimal] = {}

    @property
    def has_tape(self) -> bool:
        """Whether there has been any trade at all."""
        return self._last_ms >= 0

    def take(self, trades: Iterable[Trade]) -> None:
        """Add trades, oldest first; those already taken, and any from before them, change nothing."""
        for trade in trades:
            if trade.ts_ms < self._last_ms or trade.trade_id in self._last_ids:
                continue
            if trade.ts_ms > self._last_ms:
                self._keep_last()
                self._last_ms = trade.ts_ms
                self._last_ids = set()
                self._sums = {}
            self._last_ids.add(trade.trade_id)
            notional = trade.price * trade.quantity
            self._sums[trade.taker_side] = self._sums.get(trade.taker_side, Decimal(0)) + notional

    def since(self, ts_ms: int, until_ms: int) -> tuple[LargeTrade, ...]:
        """Return the large trades from `ts_ms` up to `until_ms` inclusive, oldest first."""
        return tuple(each for each in (*self._kept, *self._last()) if ts_ms <= each.ts_ms <= until_ms)

    def _keep_last(self) -> None:
        self._kept.extend(self._last())

    def _last(self) -> tuple[LargeTrade, ...]:
        return tuple(
            LargeTrade(self._last_ms, side, float(notional))
            for side, notional in self._sums.items()
            if notional >= LARGE_TRADE_NOTIONAL
        )


def zones(trades: Sequence[LargeTrade], period: Period) -> tuple[LargeTradeZone, ...]:
    """Return large trades added up by the candles of `period` they fall in, oldest first.

    Candles without a large trade are left out.
    """
    by_open: dict[int, list[LargeTrade]] = {}
    for trade in trades:
        by_open.setdefault(period.open_of(trade.ts_ms), []).append(trade)
    return tuple(
        LargeTradeZone(
            open_ms=open_ms,
            buy_notional=notional_of(Side.BUY, within),
            sell_notional=notional_of(Side.SELL, within),
            buys=count_of(Side.BUY, within),
            sells=count_of(Side.SELL, within),
        )
        for open_ms, within in sorted(by_open.items())
    )


def notional_of(side: Side, trades: Sequence[LargeTrade]) -> float:
    """Return what takers of one side dealt."""
    return sum((trade.notional for trade in trades if trade.taker_side is side), 0.0)


def count_of(side: Side, trades: Sequence[LargeTrade]) -> int:
    """Return how many of the trades are of one side."""
    return sum(trade.taker_side is side for trade in trades)
