"""The books of one recorded afternoon: traders, positions, orders, fills, decisions and prices, all fixed."""

from __future__ import annotations

import math
from decimal import Decimal

from engine.model.account import (
    Account,
    TraderKind,
    TraderStatus,
    TraderSummary,
    TradingMode,
)
from engine.model.decision import Decision, DecisionRecord, DecisionStatus, Operation
from engine.model.event import MarketStatus, ReplayState
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderStatus, OrderType, Side, TimeInForce
from engine.model.position import Position
from engine.model.quote import Quote, Ticker
from engine.model.trigger import Trigger, TriggerKind

NOW_MS = 1_772_373_807_000
D = Decimal


def instrument(symbol: str, tick: str, lot: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        venue_symbol=f"{symbol}USDT",
        base=symbol,
        quote="USDC",
        tick_size=D(tick),
        lot_size=D(lot),
        min_quantity=D(lot),
        max_quantity=D(1000),
        min_notional=D(5),
        max_leverage=50,
        maintenance_margin_rate=D("0.005"),
        maker_fee=D("0.0002"),
        taker_fee=D("0.0005"),
        funding_interval_hours=8,
    )


INSTRUMENTS = (
    instrument("BTC", "0.1", "0.001"),
    instrument("ETH", "0.01", "0.001"),
    instrument("SOL", "0.01", "0.1"),
)


def ticker(symbol: str, bid: str, ask: str, change: float | None, age_ms: int = 12_000) -> Ticker:
    quote = Quote(symbol, D(bid), D(ask), D("2.5"), D("1.8"), (D(bid) + D(ask)) / 2, NOW_MS - age_ms)
    return Ticker(quote, change)


TICKERS = (
    ticker("BTC", "67012.3", "67014.1", 0.0123),
    ticker("ETH", "3120.11", "3120.29", -0.0087),
    ticker("SOL", "142.31", "142.34", None, age_ms=900_000),
)


def summary(
    trader_id: int,
    name: str,
    kind: TraderKind,
    equity: str,
    day: str,
    *,
    status: TraderStatus = TraderStatus.ACTIVE,
    reason: str = "",
    strategy: str = "",
    thinking: bool = False,
    positions: int = 0,
    orders: int = 0,
) -> TraderSummary:
    account = Account(
        trader_id=trader_id,
        cash=D(equity),
        equity=D(equity),
        used_margin=D(1000),
        available=D(equity) - 1000,
        unrealized_pnl=D("84.20"),
        realized_pnl=D(day),
        fees=D("12.40"),
        funding=D("-0.80"),
        day_pnl=D(day),
    )
    slope = float(day) / 40
    curve = tuple(10_000 + index * slope + 8 * math.sin(index / 2 + trader_id) for index in range(40))
    return TraderSummary(
        trader_id=trader_id,
        name=name,
        kind=kind,
        mode=TradingMode.REPLAY,
        status=status,
        status_reason=reason,
        strategy=strategy,
        model="rules" if kind is TraderKind.PROMPT else "",
        account=account,
        open_positions=positions,
        open_orders=orders,
        sparkline=curve,
        thinking=thinking,
        seq=10,
    )


TRADERS = (
    summary(
        1,
        "Reversion",
        TraderKind.PROGRAM,
        "10204.51",
        "204.51",
        strategy="rsi_reversion",
        positions=1,
        orders=2,
    ),
    summary(
        2, "Rules", TraderKind.PROMPT, "9871.30", "-128.70", strategy="trend", thinking=True, positions=1
    ),
    summary(3, "Manual", TraderKind.MANUAL, "10000.00", "0.00", positions=1, orders=1),
)


def position(
    trader_id: int, symbol: str, quantity: str, entry: str, mark: str, liquidation: str | None
) -> Position:
    return Position(
        trader_id=trader_id,
        symbol=symbol,
        quantity=D(quantity),
        entry_price=D(entry),
        leverage=2,
        isolated_margin=abs(D(quantity)) * D(entry) / 2,
        mark_price=D(mark),
        liquidation_price=D(liquidation) if liquidation else None,
        opened_ms=NOW_MS - 3_600_000,
        funding=D("-0.42"),
    )


POSITIONS = (
    position(1, "BTC", "0.150", "66451.20", "67013.20", "33391.4"),
    position(2, "ETH", "-1.500", "3098.40", "3120.20", "4620.15"),
    position(3, "SOL", "20.0", "142.33", "142.33", None),
)


def order(
    order_id: str,
    trader_id: int,
    symbol: str,
    side: Side,
    kind: OrderType,
    quantity: str,
    price: str,
    *,
    status: OrderStatus = OrderStatus.ACCEPTED,
    reason: str = "",
    parent_id: str | None = None,
    time_in_force: TimeInForce = TimeInForce.GTC,
) -> Order:
    return Order(
        client_order_id=order_id,
        trader_id=trader_id,
        symbol=symbol,
        side=side,
        type=kind,
        quantity=D(quantity),
        created_ms=NOW_MS - 600_000,
        updated_ms=NOW_MS - 600_000,
        price=None if kind.is_trigger else D(price),
        trigger_price=D(price) if kind.is_trigger else None,
        time_in_force=time_in_force,
        reduce_only=parent_id is not None,
        parent_id=parent_id,
        status=status,
        status_reason=reason,
    )


ORDERS = (
    order("o-1", 1, "BTC", Side.SELL, OrderType.STOP_MARKET, "0.150", "65800.0", parent_id="o-0"),
    order("o-2", 1, "BTC", Side.SELL, OrderType.TAKE_PROFIT_MARKET, "0.150", "68500.0", parent_id="o-0"),
    order(
        "o-3", 3, "ETH", Side.BUY, OrderType.LIMIT, "0.500", "3050.00", time_in_force=TimeInForce.POST_ONLY
    ),
)
PAST_ORDERS = (
    order(
        "o-9",
        2,
        "ETH",
        Side.BUY,
        OrderType.LIMIT,
        "9.000",
        "3120.00",
        status=OrderStatus.DENIED,
        reason="max_notional: 28,080.00 is above this trader's limit of 20,000",
    ),
    order("o-8", 3, "SOL", Side.BUY, OrderType.LIMIT, "20.0", "142.33", status=OrderStatus.FILLED),
)

DECISIONS = (
    DecisionRecord(
        decision_id="d-1",
        trader_id=1,
        trigger=Trigger(
            kind=TriggerKind.SIGNAL,
            symbol="BTC",
            ts_ms=NOW_MS - 1_800_000,
            signal="RSI below 30",
            detail="28.4",
        ),
        started_ms=NOW_MS - 1_800_000,
        status=DecisionStatus.EXECUTED,
        decisions=(
            Decision(
                operation=Operation.BUY,
                symbol="BTC",
                portion=D("0.5"),
                leverage=2,
                stop_loss=D("65800.0"),
                take_profit=D("68500.0"),
                reason="RSI 28.4 is below 30 while the trend of the hour still rises.",
            ),
        ),
        reasoning="rsi=28.4 ma20=66890.2 price=66451.2",
        outcome="bought 0.150 BTC at 66,451.20",
        order_ids=("o-0",),
    ),
    DecisionRecord(
        decision_id="d-2",
        trader_id=2,
        trigger=Trigger(kind=TriggerKind.SCHEDULED, symbol="", ts_ms=NOW_MS - 900_000),
        started_ms=NOW_MS - 900_000,
        status=DecisionStatus.REFUSED,
        decisions=(
            Decision(
                operation=Operation.BUY,
                symbol="ETH",
                portion=D(1),
                leverage=5,
                reason="Breakout above the range.",
            ),
        ),
        reasoning="ETH trades above its 20-period average and volume grows.\n"
        "The position would be large, but the trend is clear.",
        outcome="max_notional: 28,080.00 is above this trader's limit of 20,000",
    ),
    DecisionRecord(
        decision_id="d-3",
        trader_id=2,
        trigger=Trigger(kind=TriggerKind.MANUAL, symbol="SOL", ts_ms=NOW_MS - 4_000),
        started_ms=NOW_MS - 4_000,
        reasoning="SOL has moved sideways for two hours. The range is narrow and the book",
    ),
)

RUNNING = MarketStatus(
    now_ms=NOW_MS,
    source="candles",
    replay=ReplayState.RUNNING,
    speed=60.0,
    feed_age_ms=180,
    armed=False,
    kill_switch=False,
)
