"""A decision from its trigger to its last fill, put together from what is stored of it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.backtest.arena.book import ArenaBook
from engine.exchanges.margin import round_money
from engine.model.arena import DecisionStory
from engine.model.decision import DecisionRecord
from engine.model.fill import Fill
from engine.model.language_model import ModelCall
from engine.model.order import Order


def story_of(
    record: DecisionRecord,
    book: ArenaBook,
    *,
    calls: Sequence[ModelCall] = (),
    orders: Sequence[Order] = (),
    fills: Sequence[Fill] = (),
) -> DecisionStory:
    """Return a decision with everything that belongs to it; the book has its fills already."""
    result = book.result_of(record.decision_id)
    return DecisionStory(
        record=record,
        calls=tuple(calls),
        orders=tuple(orders),
        fills=tuple(fills),
        realized_pnl=round_money(result.realized_pnl),
        is_settled=result.is_settled,
    )
