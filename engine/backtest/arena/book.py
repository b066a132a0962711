"""Everything the arena knows: who decided what, at which cost, and what the fills made of it.

Facts may be told twice and in any order, except that the fills of one trader come as they were made.
Texts are not kept: a book of a year's decisions is small.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.backtest.arena.lots import ZERO, Closing, EntryResult, Lot, SymbolLots, entry_result
from engine.model.decision import DecisionRecord, DecisionStatus
from engine.model.fill import Fill
from engine.model.order import Order


class DecisionTold(msgspec.Struct, frozen=True, kw_only=True):
    """What the arena keeps of a decision; `targets` are the (operation, symbol) it asked for."""

    decision_id: str
    trader_id: int
    started_ms: int
    status: DecisionStatus
    trigger: str
    strategy: str
    model: str
    regime: str
    targets: tuple[tuple[str, str], ...]
    tokens: int
    cost_usd: Decimal


class DecisionResult(msgspec.Struct, frozen=True):
    """What the positions a decision opened or closed came to so far, after fees."""

    realized_pnl: Decimal
    is_settled: bool


class ArenaBook:
    """Decisions, and the lots of all traders."""

    def __init__(self) -> None:
        self.decisions: dict[str, DecisionTold] = {}
        self._decision_of: dict[str, str] = {}
        self._orders_of: defaultdict[str, list[str]] = defaultdict(list)
        self._lots: dict[tuple[int, str], SymbolLots] = {}
        self._lots_of: defaultdict[str, list[tuple[SymbolLots, Lot]]] = defaultdict(list)
        self._closings: defaultdict[str, list[Closing]] = defaultdict(list)
        self._fills: set[str] = set()

    def add_decision(self, record: DecisionRecord) -> None:
        """Keep a decision, or its newer state."""
        self.decisions[record.decision_id] = DecisionTold(
            decision_id=record.decision_id,
            trader_id=record.trader_id,
            started_ms=record.started_ms,
            status=record.status,
            trigger=str(record.trigger.kind),
            strategy=record.strategy,
            model=record.model,
            regime=record.regime,
            targets=tuple((str(each.operation), each.symbol) for each in record.decisions),
            tokens=record.tokens,
            cost_usd=record.cost_usd or ZERO,
        )

    def add_order(self, order: Order) -> None:
        """Note whose decision an order carries out."""
        if order.decision_id and order.client_order_id not in self._decision_of:
            self._decision_of[order.client_order_id] = order.decision_id
            self._orders_of[order.decision_id].append(order.client_order_id)

    def add_fill(self, fill: Fill) -> None:
        """Count a fill once."""
        if fill.trade_id in self._fills:
            return
        self._fills.add(fill.trade_id)
        key = (fill.trader_id, fill.symbol)
        lots = self._lots.get(key)
        if lots is None:
            lots = self._lots[key] = SymbolLots(*key)
        opened = len(lots.lots)
        if closings := lots.take(fill):
            self._closings[fill.client_order_id] += closings
        for lot in lots.lots[opened:]:
            self._lots_of[lot.order_id].append((lots, lot))

    def decision_of(self, order_id: str) -> DecisionTold | None:
        """Return the decision behind an order; None for an order by hand."""
        return self.decisions.get(self._decision_of.get(order_id, ""))

    def entries(self) -> Iterator[EntryResult]:
        """Return what every entry came to."""
        return map(_entry, self._lots_of.values())

    def result_of(self, decision_id: str) -> DecisionResult:
        """Return what a decision came to: its own entries, and what it closed of anybody else's.

        A stop or target that belongs to the decision and closes its own entry counts as the entry's.
        """
        pnl, is_settled = ZERO, True
        for order_id in self._orders_of.get(decision_id, ()):
            if placed := self._lots_of.get(order_id):
                entry = _entry(placed)
                is_settled = is_settled and entry.is_settled
                pnl += entry.pnl
            for closing in self._closings.get(order_id, ()):
                if self._decision_of.get(closing.opened_by) != decision_id:
                    pnl += closing.pnl
        return DecisionResult(pnl, is_settled)


def _entry(placed: list[tuple[SymbolLots, Lot]]) -> EntryResult:
    lots = placed[0][0]
    return entry_result(lots.trader_id, lots.symbol, (lot for _, lot in placed))
