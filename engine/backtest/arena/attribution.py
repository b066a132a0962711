"""Where profit and loss came from: trades and decisions gathered under one dimension.

A trade is an entry of which something was closed; it belongs to the decision that opened it, whoever
closed it. A decision that asked for several symbols (or operations) counts under each, and what it
cost is shared evenly among them, so that a column adds up to what was spent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.backtest.arena.book import ArenaBook, DecisionTold
from engine.backtest.arena.lots import ZERO, EntryResult
from engine.exchanges.margin import round_money
from engine.model.arena import AttributionRow, Dimension
from engine.model.decision import DecisionStatus

BY_HAND = "by hand"
UNKNOWN = "unknown"
NO_MODEL = "no model"
ALL_SYMBOLS = "all symbols"


class _Sum(msgspec.Struct):
    decisions: int = 0
    trades: int = 0
    wins: int = 0
    won: Decimal = ZERO
    lost: Decimal = ZERO
    losses: int = 0
    fees: Decimal = ZERO
    tokens: int = 0
    cost_usd: Decimal = ZERO


def attribution(
    book: ArenaBook,
    dimension: Dimension,
    names: Mapping[int, str],
    *,
    trader_id: int | None = None,
    since_ms: int = 0,
) -> tuple[AttributionRow, ...]:
    """Return what trades closed and decisions made since a time came to, best first.

    `names` are those of traders, by their ids.
    """
    sums: dict[str, _Sum] = {}
    for decision in book.decisions.values():
        is_wanted = trader_id in (None, decision.trader_id) and decision.started_ms >= since_ms
        if is_wanted and decision.status is not DecisionStatus.STARTED:
            _count_decision(sums, _keys_of_decision(decision, dimension, names), decision)
    for entry in book.entries():
        if entry.closed_ms and entry.closed_ms >= since_ms and trader_id in (None, entry.trader_id):
            key = _key_of_entry(entry, book.decision_of(entry.order_id), dimension, names)
            _count_trade(sums.setdefault(key, _Sum()), entry)
    rows = [_row(key, total) for key, total in sums.items()]
    return tuple(sorted(rows, key=lambda row: (-row.pnl, row.key)))


def _keys_of_decision(
    decision: DecisionTold, dimension: Dimension, names: Mapping[int, str]
) -> tuple[str, ...]:
    match dimension:
        case Dimension.SYMBOL:
            return tuple(dict.fromkeys(symbol or ALL_SYMBOLS for _, symbol in decision.targets)) or (UNKNOWN,)
        case Dimension.OPERATION:
            return tuple(dict.fromkeys(operation for operation, _ in decision.targets)) or (UNKNOWN,)
        case _:
            return (_key_of_fact(decision, decision.trader_id, dimension, names),)


def _key_of_entry(
    entry: EntryResult, decision: DecisionTold | None, dimension: Dimension, names: Mapping[int, str]
) -> str:
    match dimension:
        case Dimension.SYMBOL:
            return entry.symbol
        case Dimension.OPERATION:
            return str(entry.side)
        case _:
            return _key_of_fact(decision, entry.trader_id, dimension, names)


def _key_of_fact(
    decision: DecisionTold | None, trader_id: int, dimension: Dimension, names: Mapping[int, str]
) -> str:
    """Return the key of what a decision has one of; an order by hand has none of it but its account."""
    if dimension is Dimension.ACCOUNT:
        return names.get(trader_id, f"trader {trader_id}")
    if decision is None:
        return BY_HAND
    match dimension:
        case Dimension.STRATEGY:
            return decision.strategy or UNKNOWN
        case Dimension.TRIGGER:
            return decision.trigger
        case Dimension.REGIME:
            return decision.regime or UNKNOWN
        case _:
            return decision.model or NO_MODEL


def _count_decision(sums: dict[str, _Sum], keys: tuple[str, ...], decision: DecisionTold) -> None:
    each, left = divmod(decision.tokens, len(keys))
    cost = decision.cost_usd / len(keys)
    for place, key in enumerate(keys):
        total = sums.setdefault(key, _Sum())
        total.decisions += 1
        total.tokens += each + (place < left)
        total.cost_usd += cost


def _count_trade(total: _Sum, entry: EntryResult) -> None:
    total.trades += 1
    total.fees += entry.fees
    if entry.pnl > 0:
        total.wins += 1
        total.won += entry.pnl
    elif entry.pnl < 0:
        total.losses += 1
        total.lost -= entry.pnl


def _row(key: str, total: _Sum) -> AttributionRow:
    return AttributionRow(
        key=key,
        decisions=total.decisions,
        trades=total.trades,
        wins=total.wins,
        pnl=round_money(total.won - total.lost),
        fees=round_money(total.fees),
        win_rate=total.wins / total.trades if total.trades else None,
        profit_factor=float(total.won / total.lost) if total.lost else None,
        average_win=round_money(total.won / total.wins) if total.wins else None,
        average_loss=round_money(-total.lost / total.losses) if total.losses else None,
        tokens=total.tokens,
        cost_usd=round_money(total.cost_usd),
    )
