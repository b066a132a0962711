"""Decisions, orders and fills as a desk would have stored them."""

from __future__ import annotations

from decimal import Decimal

from engine.backtest.arena.book import ArenaBook
from engine.model.decision import Decision, DecisionRecord, DecisionStatus, Operation
from engine.model.fill import Fill, Liquidity
from engine.model.order import Order, OrderType, Side
from engine.model.trigger import Trigger, TriggerKind


def decision(
    decision_id: str,
    *targets: tuple[str, str],
    trader_id: int = 1,
    at: int = 0,
    status: DecisionStatus = DecisionStatus.EXECUTED,
    trigger: TriggerKind = TriggerKind.SCHEDULED,
    strategy: str = "default",
    model: str = "model-a",
    regime: str = "",
    tokens: int = 0,
    cost_usd: str | None = None,
) -> DecisionRecord:
    return DecisionRecord(
        decision_id=decision_id,
        trader_id=trader_id,
        trigger=Trigger(kind=trigger, symbol="", ts_ms=at),
        started_ms=at,
        status=status,
        decisions=tuple(
            Decision(operation=Operation(operation), symbol=symbol) for operation, symbol in targets
        ),
        tokens=tokens,
        cost_usd=None if cost_usd is None else Decimal(cost_usd),
        strategy=strategy,
        model=model,
        regime=regime,
    )


def order(
    order_id: str, side: Side, decision_id: str | None, *, symbol: str = "BTC", trader: int = 1
) -> Order:
    return Order(
        client_order_id=order_id,
        trader_id=trader,
        symbol=symbol,
        side=side,
        type=OrderType.MARKET,
        quantity=Decimal(1),
        created_ms=0,
        updated_ms=0,
        decision_id=decision_id,
    )


def fill(
    trade_id: str,
    order_id: str,
    side: Side,
    quantity: str,
    price: str,
    *,
    fee: str = "0",
    symbol: str = "BTC",
    trader: int = 1,
    at: int = 0,
) -> Fill:
    return Fill(
        trade_id=trade_id,
        client_order_id=order_id,
        trader_id=trader,
        symbol=symbol,
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=Decimal(fee),
        liquidity=Liquidity.TAKER,
        realized_pnl=Decimal(0),
        ts_ms=at,
    )


def book_of(*facts: DecisionRecord | Order | Fill) -> ArenaBook:
    book = ArenaBook()
    for fact in facts:
        match fact:
            case DecisionRecord():
                book.add_decision(fact)
            case Order():
                book.add_order(fact)
            case Fill():
                book.add_fill(fact)
    return book
