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
    EquityPoint,
    TraderStatus,
    TraderSummary,
)
from engine.model.decision import DecisionRecord
from engine.model.event import Edge, MarketStatus, ReplayState, Topic
from engine.model.fill import Fill
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest, OrderStatus, OrderType, Side
from engine.model.position import Position
from engine.model.quote import BookSnapshot, Quote, Ticker
from engine.streams import Bus, Subscription
from tests.tui.recorded_arena import RecordedArena
from tests.tui.recorded_assistants import RecordedAssistants
from tests.tui.recorded_backtests import RecordedBacktests
from tests.tui.recorded_books import (
    DECISIONS,
    INSTRUMENTS,
    NOW_MS,
    ORDERS,
    PAST_ORDERS,
    POSITIONS,
    RUNNING,
    TICKERS,
    TRADERS,
    D,
    order,
)
from tests.tui.recorded_intelligence import RecordedIntelligence
from tests.tui.recorded_market import RecordedMarkets
from tests.tui.recorded_models import RecordedModels, RecordedVault
from tests.tui.recorded_programs import RecordedPrograms
from tests.tui.recorded_prompt_backtests import RecordedPromptBacktests
from tests.tui.recorded_prompts import RecordedPrompts
from tests.tui.recorded_signals import RecordedSignals
from tests.tui.recorded_traders import RecordedTraders

_SPAN_MS = {
    EquitySpan.DAY: 86_400_000,
    EquitySpan.WEEK: 7 * 86_400_000,
    EquitySpan.MONTH: 30 * 86_400_000,
    EquitySpan.QUARTER: 90 * 86_400_000,
    EquitySpan.ALL: 120 * 86_400_000,
}


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
