"""Profit and loss by one dimension at a time: every trade and every token under exactly one key."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.backtest.arena.attribution import attribution
from engine.backtest.arena.book import ArenaBook
from engine.model.arena import AttributionRow, Dimension
from engine.model.decision import DecisionStatus
from engine.model.order import Side
from engine.model.trigger import TriggerKind
from tests.backtest.arena.made_facts import book_of, decision, fill, order

NAMES = {1: "Ada", 2: "Bob"}


def _book() -> ArenaBook:
    return book_of(
        decision(
            "d1", ("buy", "BTC"), ("sell", "ETH"), at=10, regime="trending", tokens=101, cost_usd="0.04"
        ),
        decision("d2", ("close", "BTC"), at=20, trigger=TriggerKind.SIGNAL, model="model-b", tokens=50),
        decision("d3", ("buy", "BTC"), trader_id=2, at=30, strategy="breakout", model=""),
        decision("d4", trader_id=2, at=40, status=DecisionStatus.FAILED, strategy="breakout", model=""),
        decision("d5", trader_id=2, at=50, status=DecisionStatus.STARTED, tokens=9),
        order("a", Side.BUY, "d1"),
        order("b", Side.SELL, "d1", symbol="ETH"),
        order("c", Side.SELL, "d2"),
        order("e", Side.BUY, "d3", trader=2),
        fill("1", "a", Side.BUY, "1", "100", at=10, fee="0.1"),
        fill("2", "b", Side.SELL, "2", "50", symbol="ETH", at=11),
        fill("3", "c", Side.SELL, "1", "110", at=20, fee="0.1"),
        fill("4", "hand", Side.BUY, "2", "53", symbol="ETH", at=25),
        fill("5", "e", Side.BUY, "1", "100", trader=2, at=30),
        fill("6", "hand2", Side.SELL, "3", "100", trader=2, symbol="SOL", at=60),
        fill("7", "hand3", Side.BUY, "3", "90", trader=2, symbol="SOL", at=70),
    )


def _rows(dimension: Dimension, **wanted: int) -> dict[str, AttributionRow]:
    found = attribution(_book(), dimension, NAMES, **wanted)
    assert [row.pnl for row in found] == sorted((row.pnl for row in found), reverse=True)
    return {row.key: row for row in found}


def test_by_symbol_with_decisions_shared_among_theirs() -> None:
    rows = _rows(Dimension.SYMBOL)
    assert {key: row.pnl for key, row in rows.items()} == {
        "BTC": Decimal("9.8"),
        "ETH": Decimal(-6),
        "SOL": Decimal(30),
        "unknown": Decimal(0),
    }
    assert rows["BTC"].tokens + rows["ETH"].tokens == 151
    assert (rows["BTC"].trades, rows["BTC"].wins, rows["BTC"].win_rate) == (1, 1, 1.0)
    assert rows["ETH"].average_loss == Decimal(-6)
    assert rows["ETH"].profit_factor == 0.0
    assert rows["BTC"].profit_factor is None


@pytest.mark.parametrize(
    ("dimension", "pnl"),
    [
        (Dimension.STRATEGY, {"default": "3.8", "by hand": "30", "breakout": "0"}),
        (Dimension.ACCOUNT, {"Ada": "3.8", "Bob": "30"}),
        (Dimension.OPERATION, {"buy": "9.8", "sell": "24", "close": "0", "unknown": "0"}),
        (Dimension.TRIGGER, {"scheduled": "3.8", "signal": "0", "by hand": "30"}),
        (Dimension.REGIME, {"trending": "3.8", "unknown": "0", "by hand": "30"}),
        (Dimension.MODEL, {"model-a": "3.8", "model-b": "0", "no model": "0", "by hand": "30"}),
    ],
)
def test_a_trade_belongs_to_what_opened_it(dimension: Dimension, pnl: dict[str, str]) -> None:
    rows = _rows(dimension)
    assert {key: row.pnl for key, row in rows.items()} == {key: Decimal(each) for key, each in pnl.items()}
    assert sum(row.tokens for row in rows.values()) == 151
    assert sum(row.cost_usd for row in rows.values()) == Decimal("0.04")
    assert sum(row.trades for row in rows.values()) == 3


def test_of_one_trader_and_since_a_time() -> None:
    assert set(_rows(Dimension.ACCOUNT, trader_id=2)) == {"Bob"}
    later = _rows(Dimension.SYMBOL, since_ms=21)
    assert (later["ETH"].trades, later["BTC"].trades) == (1, 0)


def test_nothing_decided_gives_no_rows() -> None:
    assert attribution(book_of(), Dimension.MODEL, NAMES) == ()
