"""The life of an order: checked, journalled, sent, and followed until its end.

    request ─▶ valid? ─▶ risk gate ─▶ intent, durable ─▶ venue ─▶ accepted ─▶ filled | cancelled | …
                 │           │                             └─▶ no answer: unknown, asked for by id
              InvalidOrder  OrderDenied

No durable intent, no send. The same intent never gets a second client order id. A timeout keeps
the order `unknown`, with its size counted as risk, until the venue itself has said what became of
it; only two successful look-ups that do not find it, some seconds apart, prove it never arrived.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.clock import Clock
from engine.errors import DeskError, InvalidOrder, NotFound, OrderRejected
from engine.exchanges.base import Exchange, VenueTimeout
from engine.exchanges.preview import preview_order
from engine.exchanges.validation import validate_order
from engine.market.market_state import MarketState
from engine.model.account import TraderConfig
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest, OrderStatus, order_of
from engine.model.preview import OrderPreview
from engine.store.changes import Setting
from engine.trading.books import TraderBooks
from engine.trading.kill_switch import KillSwitch
from engine.trading.ledger import TraderLedger
from engine.trading.ordinals import Ordinals
from engine.trading.risk import DenialReason, Exposure, check_order, deny

ORDER_RATE_WINDOW_MS = 60_000
LOOK_UPS_THAT_PROVE_ABSENCE = 2
SECONDS_BETWEEN_LOOK_UPS = 4.0


class OrderDesk:
    """Places, cancels and follows the orders of one trader."""

    def __init__(
        self,
        trader: TraderConfig,
        exchange: Exchange,
        books: TraderBooks,
        ledger: TraderLedger,
        market: MarketState,
        instruments: Mapping[str, Instrument],
        ordinals: Ordinals,
        kill_switch: KillSwitch,
        clock: Clock,
    ) -> None:
        self._trader = trader
        self._exchange = exchange
        self._books = books
        self._ledger = ledger
        self._market = market
        self._instruments = instruments
        self._ordinals = ordinals
        self._kill_switch = kill_switch
        self._clock = clock

    def instrument(self, symbol: str) -> Instrument:
        """Return the instrument, or raise `NotFound` listing what there is."""
        found = self._instruments.get(symbol)
        if found is None:
            allowed = ", ".join(self._instruments)
            raise NotFound(f"symbol: {symbol} is not traded here; allowed: {allowed}", field="symbol")
        return found

    def preview(self, request: OrderRequest) -> OrderPreview:
        """Return what the order would do now; raise what placing it would raise."""
        return self._check(request)

    async def submit(self, request: OrderRequest, decision_id: str | None = None) -> Order:
        """Check, journal and send one order; return it as the venue has it, or `unknown`.

        Raises `InvalidOrder`, `OrderDenied`, `OrderRejected` or `StoreFailed`; whichever it is,
        the order does not trade.
        """
        self.preview(request)
        intent, ordinal = self._intent(request, decision_id)
        try:
            await self._ledger.journal(*self._books.record(intent, ordinal))
        except DeskError as error:
            self._books.record(self._ended(intent, OrderStatus.DENIED, f"not journalled: {error.message}"))
            raise
        if self._kill_switch.engaged and not request.reduce_only:
            refusal = deny(DenialReason.KILL_SWITCH, "the kill switch was engaged while the order waited")
            self._store(self._ended(intent, OrderStatus.DENIED, refusal.message))
            raise refusal
        return await self._send(intent)

    async def cancel(self, client_order_id: str) -> Order:
        """Cancel an open order; raise `NotFound` for one that is not open here."""
        if client_order_id not in self._books.open_orders:
            raise NotFound(f"order: {client_order_id} is not open", field="client_order_id")
        cancelled = await self._exchange.cancel_order(client_order_id)
        await self._ledger.written()
        return cancelled

    async def amend(self, client_order_id: str, quantity: Decimal | None, price: Decimal | None) -> Order:
        """Change a resting limit order within the same limits a new one has to keep."""
        order = self._books.open_orders.get(client_order_id)
        if order is None:
            raise NotFound(f"order: {client_order_id} is not open", field="client_order_id")
        changed = msgspec.structs.replace(
            order, quantity=quantity or order.quantity, price=order.price if price is None else price
        )
        self._check(changed.as_request(), amended_id=client_order_id)
        amended = await self._exchange.amend_order(client_order_id, quantity, price)
        await self._ledger.written()
        return amended

    async def reconcile(self) -> None:
        """Settle every order whose outcome the desk does not know, by asking the venue."""
        for order in list(self._books.open_orders.values()):
            if order.status is OrderStatus.UNKNOWN:
                await self._settle(order)

    def _check(self, request: OrderRequest, amended_id: str = "") -> OrderPreview:
        """Return the preview of an order that keeps every rule and limit; raise for one that does not."""
        instrument = self.instrument(request.symbol)
        if request.symbol not in self._trader.symbols:
            allowed = ", ".join(self._trader.symbols)
            raise InvalidOrder.of("symbol", request.symbol, f"this trader trades {allowed}")
        quote = self._market.quote(request.symbol)
        position = self._books.positions.get(request.symbol)
        validate_order(request, instrument, quote, position)
        preview = preview_order(
            request,
            instrument,
            quote,
            self._market.book(request.symbol),
            position,
            self._trader.limits.default_leverage,
            self._exchange.account(self._market.marks()).available,
        )
        check_order(request, self._trader.limits, self._exposure(request.symbol, preview, amended_id))
        return preview

    def _exposure(self, symbol: str, preview: OrderPreview, amended_id: str) -> Exposure:
        position = self._books.positions.get(symbol)
        orders = tuple(order for identity, order in self._books.open_orders.items() if identity != amended_id)
        return Exposure(
            mark=self._market.quote(symbol).mark,
            quote_age_ms=self._market.quote_age_ms(symbol),
            expected_price=preview.expected_price,
            slippage=preview.slippage,
            position=position.quantity if position else Decimal(0),
            position_leverage=position.leverage if position else 0,
            symbols_at_risk=self._books.symbols_at_risk(),
            orders=orders,
            recent_orders=self._books.orders_since(self._clock.now_ms() - ORDER_RATE_WINDOW_MS),
            kill_switch=self._kill_switch.engaged,
        )

    def _intent(self, request: OrderRequest, decision_id: str | None) -> tuple[Order, Setting]:
        client_order_id, ordinal = self._ordinals.next_client_order_id(self._trader.trader_id)
        leverage = None
        if not request.reduce_only:
            position = self._books.positions.get(request.symbol)
            leverage = position.leverage if position else self._trader.limits.default_leverage
        order = order_of(
            request,
            client_order_id=client_order_id,
            ts_ms=self._clock.now_ms(),
            leverage=leverage,
            decision_id=decision_id,
        )
        return order, ordinal

    async def _send(self, intent: Order) -> Order:
        try:
            placed = await self._exchange.place_order(
                msgspec.structs.replace(intent, status=OrderStatus.SENT)
            )
        except OrderRejected as rejection:
            self._store(self._ended(intent, OrderStatus.REJECTED, rejection.message))
            raise
        except BaseException as error:
            # Whatever went wrong on the way, the venue may have the order: only it can tell.
            unknown = self._ended(intent, OrderStatus.UNKNOWN, f"no answer from the venue: {error}")
            self._store(unknown)
            if not isinstance(error, VenueTimeout):
                raise
            return self._books.order(intent.client_order_id) or unknown
        await self._ledger.written()
        return placed

    async def _settle(self, order: Order) -> None:
        for look_up in range(LOOK_UPS_THAT_PROVE_ABSENCE):
            if look_up:
                await self._clock.sleep(SECONDS_BETWEEN_LOOK_UPS)
            found = await self._exchange.find_order(order.client_order_id)
            if found is not None:
                self._store(found)
                return
        self._store(self._ended(order, OrderStatus.REJECTED, "it never reached the venue"))

    def _store(self, order: Order) -> None:
        changes = self._books.record(order)
        if changes:
            self._ledger.write(*changes)

    def _ended(self, order: Order, status: OrderStatus, reason: str) -> Order:
        return msgspec.structs.replace(
            order, status=status, status_reason=reason, updated_ms=self._clock.now_ms()
        )
