"""A desk whose values are fixed: what the screen's tests and snapshots look at.

The figures are those of one recorded afternoon; commands are noted in `calls` and change only what
a test needs to see change.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from engine.desk import (
    ArenaDesk,
    AssistantDesk,
    EquitySpan,
    ModelDesk,
    OrderPreview,
    PromptBacktestDesk,
    PromptDesk,
    TraderDesk,
    VaultDesk,
)
from engine.errors import InvalidOrder, NotFound
from engine.model.account import (
    Account,
    EquityPoint,
    TraderKind,
    TraderStatus,
    TraderSummary,
    TradingMode,
)
from engine.model.decision import Decision, DecisionRecord, DecisionStatus, Operation
from engine.model.event import Edge, MarketStatus, ReplayState, Topic
from engine.model.fill import Fill
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from engine.model.position import Position
from engine.model.quote import BookSnapshot, Quote, Ticker
from engine.model.trigger import Trigger, TriggerKind
from engine.streams import Bus, Subscription
from tests.tui.recorded_arena import RecordedArena
from tests.tui.recorded_assistants import RecordedAssistants
from tests.tui.recorded_backtests import RecordedBacktests
from tests.tui.recorded_intelligence import RecordedIntelligence
from tests.tui.recorded_market import RecordedMarkets
from tests.tui.recorded_models import RecordedModels, RecordedVault
from tests.tui.recorded_programs import RecordedPrograms
from tests.tui.recorded_prompt_backtests import RecordedPromptBacktests
from tests.tui.recorded_prompts import RecordedPrompts
from tests.tui.recorded_signals import RecordedSignals
from tests.tui.recorded_traders import RecordedTraders

NOW_MS = 1_772_373_807_000
D = Decimal

_SPAN_MS = {
    EquitySpan.DAY: 86_400_000,
    EquitySpan.WEEK: 7 * 86_400_000,
    EquitySpan.MONTH: 30 * 86_400_000,
    EquitySpan.QUARTER: 90 * 86_400_000,
    EquitySpan.ALL: 120 * 86_400_000,
}


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


class RecordedDesk:
    """The desk's interface over fixed values."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.calls: list[tuple[Any, ...]] = []
        self.status = RUNNING
        self.trader_list: tuple[TraderSummary, ...] = TRADERS
        self.position_list: tuple[Position, ...] = POSITIONS
        self.open_orders: tuple[Order, ...] = ORDERS
        self.decision_list: tuple[DecisionRecord, ...] = DECISIONS
        self.ticker_list: tuple[Ticker, ...] = TICKERS
        self.instrument_list: tuple[Instrument, ...] = INSTRUMENTS
        self.fill_list: tuple[Fill, ...] = ()
        self.failure: Exception | None = None
        self.markets = RecordedMarkets(self._quote, lambda: self.status.now_ms)
        self.signals = RecordedSignals(self._note)
        self.programs = RecordedPrograms(self._note)
        self.backtests = RecordedBacktests(self._note)
        self.intelligence = RecordedIntelligence()
        self.prompts: PromptDesk = RecordedPrompts(self._note)
        self.models: ModelDesk = RecordedModels(self._note)
        self.vault: VaultDesk = RecordedVault(self._note)
        self.prompt_backtests: PromptBacktestDesk = RecordedPromptBacktests(self._note)
        self.arena: ArenaDesk = RecordedArena(self._note, lambda: self.decision_list)
        self.assistants: AssistantDesk = RecordedAssistants(self._note, self.publish)
        self.roster: TraderDesk = RecordedTraders(self._note, self.traders, self._list_traders)

    def instruments(self) -> tuple[Instrument, ...]:
        return self.instrument_list

    def traders(self) -> tuple[TraderSummary, ...]:
        return self.trader_list

    def positions(self, trader_id: int | None = None) -> tuple[Position, ...]:
        return tuple(item for item in self.position_list if trader_id in (None, item.trader_id))

    def orders(self, trader_id: int | None = None, *, open_only: bool = True) -> tuple[Order, ...]:
        orders = self.open_orders if open_only else (*PAST_ORDERS, *self.open_orders)
        return tuple(item for item in orders if trader_id in (None, item.trader_id))

    def fills(self, trader_id: int | None = None, limit: int = 50) -> tuple[Fill, ...]:
        return tuple(item for item in self.fill_list if trader_id in (None, item.trader_id))[-limit:]

    def decisions(self, trader_id: int | None = None, limit: int = 50) -> tuple[DecisionRecord, ...]:
        return self.decision_list

    def equity(
        self, trader_id: int | None, span: EquitySpan, max_points: int = 400
    ) -> tuple[EquityPoint, ...]:
        length = _SPAN_MS[span]
        slope = {1: 204.51, 2: -128.70, 3: 0.0}.get(trader_id or 3, 75.81)
        return tuple(
            EquityPoint(
                trader_id or 0,
                NOW_MS - length + length * index // 120,
                D(str(round(10_000 + slope * index / 120 + 30 * math.sin(index / 9 + (trader_id or 0)), 2))),
            )
            for index in range(121)
        )

    def tickers(self) -> tuple[Ticker, ...]:
        return self.ticker_list

    def book(self, symbol: str, depth: int = 20) -> BookSnapshot | None:
        return self.markets.book(symbol, depth)

    def market(self) -> MarketStatus:
        return self.status

    def preview_order(self, request: OrderRequest) -> OrderPreview:
        rules = next((item for item in INSTRUMENTS if item.symbol == request.symbol), None)
        if rules is None:
            raise NotFound(f"symbol: {request.symbol} is not known", field="symbol", value=request.symbol)
        if not rules.is_on_lot(request.quantity):
            raise InvalidOrder.of("quantity", request.quantity, f"steps of {rules.lot_size} are allowed")
        if request.stop_loss is not None and request.side is Side.BUY and request.stop_loss > D(68000):
            raise InvalidOrder.of("stop_loss", request.stop_loss, "a buy's stop-loss is below its entry")
        quote = next(item.quote for item in self.ticker_list if item.quote.symbol == request.symbol)
        price = (
            request.price or request.trigger_price or (quote.ask if request.side is Side.BUY else quote.bid)
        )
        notional = price * request.quantity
        return OrderPreview(
            request=request,
            expected_price=price,
            notional=notional,
            margin=notional / (request.leverage or 2),
            fee=notional * rules.taker_fee,
            slippage=abs(price - quote.mid) / quote.mid,
            liquidation_price=price / 2,
            position_after=request.quantity * request.side.sign,
            warning="larger than 10% of the account" if notional > 30_000 else "",
        )

    async def place_order(self, request: OrderRequest) -> Order:
        self._note("place_order", request)
        return Order(
            client_order_id="o-100",
            trader_id=request.trader_id,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            quantity=request.quantity,
            created_ms=NOW_MS,
            updated_ms=NOW_MS,
            price=request.price,
            status=OrderStatus.FILLED,
            filled_quantity=request.quantity,
            average_price=request.price or D("67014.1"),
        )

    async def cancel_order(self, client_order_id: str) -> Order:
        self._note("cancel_order", client_order_id)
        found = next(item for item in self.open_orders if item.client_order_id == client_order_id)
        self.open_orders = tuple(item for item in self.open_orders if item is not found)
        return msgspec.structs.replace(found, status=OrderStatus.CANCELLED)

    async def cancel_orders(
        self, trader_id: int | None = None, symbol: str | None = None
    ) -> tuple[Order, ...]:
        self._note("cancel_orders", trader_id, symbol)
        return ()

    async def amend_order(
        self, client_order_id: str, *, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> Order:
        self._note("amend_order", client_order_id, quantity, price)
        return self.open_orders[0]

    async def close_position(self, trader_id: int, symbol: str, fraction: Decimal = Decimal(1)) -> Order:
        self._note("close_position", trader_id, symbol, fraction)
        found = next(
            item for item in self.position_list if (item.trader_id, item.symbol) == (trader_id, symbol)
        )
        self.position_list = tuple(item for item in self.position_list if item is not found)
        return order(
            "o-101",
            trader_id,
            symbol,
            Side.SELL,
            OrderType.LIMIT,
            "0.150",
            "67012.3",
            status=OrderStatus.FILLED,
        )

    async def flatten(self, trader_id: int | None = None) -> tuple[Order, ...]:
        self._note("flatten", trader_id)
        return ()

    async def start_trader(self, trader_id: int) -> TraderSummary:
        return self._set_status("start_trader", trader_id, TraderStatus.ACTIVE)

    async def pause_trader(self, trader_id: int) -> TraderSummary:
        return self._set_status("pause_trader", trader_id, TraderStatus.PAUSED)

    async def trigger(self, trader_id: int, symbol: str = "") -> None:
        self._note("trigger", trader_id, symbol)

    async def engage_kill_switch(self, *, flatten: bool = False) -> None:
        self._note("engage_kill_switch", flatten)
        self.status = msgspec.structs.replace(self.status, kill_switch=True)

    async def release_kill_switch(self) -> None:
        self._note("release_kill_switch")
        self.status = msgspec.structs.replace(self.status, kill_switch=False)

    async def set_replay(self, *, speed: float | None = None, paused: bool | None = None) -> MarketStatus:
        self._note("set_replay", speed, paused)
        if speed is not None:
            self.status = msgspec.structs.replace(self.status, speed=speed)
        if paused is not None:
            state = ReplayState.PAUSED if paused else ReplayState.RUNNING
            self.status = msgspec.structs.replace(self.status, replay=state)
        return self.status

    async def step_replay(self) -> MarketStatus:
        self._note("step_replay")
        return self.status

    def stream(self, topics: Iterable[Topic], bound: int = 10_000) -> Subscription:
        return self.bus.subscribe(topics, bound)

    def publish(self, topic: Topic, event: Edge) -> None:
        self.bus.publish_edge(topic, event)

    def _quote(self, symbol: str) -> Quote | None:
        return next((item.quote for item in self.ticker_list if item.quote.symbol == symbol), None)

    def _note(self, *call: Any) -> None:
        self.calls.append(call)
        if self.failure is not None:
            raise self.failure

    def _list_traders(self, traders: tuple[TraderSummary, ...]) -> None:
        self.trader_list = traders

    def _set_status(self, call: str, trader_id: int, status: TraderStatus) -> TraderSummary:
        self._note(call, trader_id)
        self.trader_list = tuple(
            msgspec.structs.replace(item, status=status) if item.trader_id == trader_id else item
            for item in self.trader_list
        )
        return next(item for item in self.trader_list if item.trader_id == trader_id)
