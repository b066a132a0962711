"""The life of an order: checked, journalled, sent, and followed until its end.

    request ─▶ valid? ─▶ risk gate ─▶ intent, durable ─▶ venue ─▶ accepted ─▶ filled | cancelled | …
                 │           │                             └─▶ no answer: unknown, asked for by id
              InvalidOrder  OrderDenied

No durable intent, no send; only a reduce-only order may leave while the disk is refusing, since
getting out matters more. The same intent never gets a second client order id. A timeout keeps the
order `unknown`, with its size counted as risk, until the venue itself has said what became of it;
only two successful look-ups that do not find it, some seconds apart, prove it never arrived.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from engine.clock import Clock
from engine.errors import Conflict, NotFound, OrderRejected
from engine.exchanges.base import Exchange, VenueTimeout
from engine.exchanges.preview import preview_order
from engine.market.market_state import MarketState
from engine.model.account import TraderConfig
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest, OrderStatus, order_of
from engine.model.preview import OrderPreview
from engine.store.changes import Change, Setting
from engine.trading.books import TraderBooks
from engine.trading.feed_watch import FeedWatch
from engine.trading.kill_switch import KillSwitch
from engine.trading.ledger import TraderLedger
from engine.trading.order_check import Situation, check_request
from engine.trading.ordinals import Ordinals
from engine.trading.risk import DenialReason, deny

ORDER_RATE_WINDOW_MS = 60_000
"""In market time, so that a replay at any speed allows what the live market would."""
LOOK_UPS_THAT_PROVE_ABSENCE = 2
SECONDS_BETWEEN_LOOK_UPS = 4.0
EXIT_WAITS_FOR_DISK_SECONDS = 0.5


def _always() -> bool:
    return True


class OrderDesk:
    """Places, cancels and follows the orders of one trader."""

    def __init__(
        self,
        *,
        trader: TraderConfig,
        exchange: Exchange,
        books: TraderBooks,
        ledger: TraderLedger,
        market: MarketState,
        feed: FeedWatch,
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
        self._feed = feed
        self._instruments = instruments
        self._ordinals = ordinals
        self._kill_switch = kill_switch
        self._clock = clock
        self._entries_sent: deque[int] = deque(maxlen=trader.limits.max_orders_per_minute)
        self._withdrawn: set[str] = set()

    def configure(self, trader: TraderConfig) -> None:
        """Go by another configuration of the same trader from the next check on."""
        self._trader = trader
        self._entries_sent = deque(self._entries_sent, maxlen=trader.limits.max_orders_per_minute)

    def instrument(self, symbol: str) -> Instrument:
        """Return the instrument, or raise `NotFound` listing what there is."""
        found = self._instruments.get(symbol)
        if found is None:
            allowed = ", ".join(self._instruments)
            raise NotFound(f"symbol: {symbol} is not traded here; allowed: {allowed}", field="symbol")
        return found

    def preview(self, request: OrderRequest) -> OrderPreview:
        """Return what the order would do now; raise what placing it would raise."""
        situation = self._check(request)
        return preview_order(
            request,
            self.instrument(request.symbol),
            situation.quote,
            situation.book,
            situation.position,
            self._trader.limits.default_leverage,
            self._exchange.account(self._market.marks()).available,
        )

    async def submit(
        self,
        request: OrderRequest,
        decision_id: str | None = None,
        is_wanted: Callable[[], bool] = _always,
    ) -> Order:
        """Check, journal and send one order; return it as the venue has it, or `unknown`.

        `is_wanted` is asked once more after the journal. Raises `InvalidOrder`, `OrderDenied`,
        `OrderRejected`, `Conflict` or `StoreFailed`; whichever it is, the order does not trade.
        """
        self._check(request)
        intent, ordinal = self._intent(request, decision_id)
        changes = self._books.record(intent, ordinal)
        try:
            await self._write_down(intent, changes)
        except BaseException as error:
            self._end(intent, OrderStatus.DENIED, f"not sent, as it was not written down: {error}")
            raise
        self._refuse_if_overtaken(intent, is_wanted)
        return await self._send(intent)

    async def cancel(self, client_order_id: str) -> Order:
        """Cancel an open order; raise `NotFound` for one that is not open here.

        One that has not reached the venue yet is withdrawn before it does; one of unknown outcome
        is cancelled as soon as the venue is found to have it. Both raise `Conflict` to say so.
        """
        order = self._open_order(client_order_id)
        if order.status in (OrderStatus.INTENT, OrderStatus.UNKNOWN):
            self._withdrawn.add(client_order_id)
            raise Conflict(
                f"order: {client_order_id} is {order.status}; it is cancelled once it is known to exist",
                field="client_order_id",
            )
        cancelled = await self._exchange.cancel_order(client_order_id)
        await self._ledger.written(EXIT_WAITS_FOR_DISK_SECONDS)
        return cancelled

    async def amend(self, client_order_id: str, quantity: Decimal | None, price: Decimal | None) -> Order:
        """Change a resting limit order within the same limits a new one has to keep."""
        order = self._open_order(client_order_id)
        changed = msgspec.structs.replace(
            order, quantity=quantity or order.quantity, price=order.price if price is None else price
        )
        self._check(changed.as_request(), amended_id=client_order_id)
        amended = await self._exchange.amend_order(client_order_id, quantity, price)
        await self._ledger.written()
        return amended

    async def reconcile(self) -> None:
        """Settle every order whose outcome the desk does not know, by asking the venue."""
        for order in tuple(self._books.open_orders.values()):
            if order.status is OrderStatus.UNKNOWN:
                await self._settle(order)

    def _open_order(self, client_order_id: str) -> Order:
        order = self._books.open_orders.get(client_order_id)
        if order is None:
            raise NotFound(f"order: {client_order_id} is not open", field="client_order_id")
        return order

    def _check(self, request: OrderRequest, amended_id: str = "") -> Situation:
        """Return what an order met that keeps every rule and limit; raise for one that does not."""
        instrument = self.instrument(request.symbol)
        situation = self._situation(request.symbol, amended_id)
        check_request(request, self._trader, instrument, situation)
        return situation

    def _situation(self, symbol: str, amended_id: str) -> Situation:
        since = self._clock.now_ms() - ORDER_RATE_WINDOW_MS
        return Situation(
            quote=self._market.quote(symbol),
            book=self._market.book(symbol),
            position=self._books.positions.get(symbol),
            symbols_at_risk=self._books.symbols_at_risk(),
            orders=tuple(
                order
                for order in tuple(self._books.open_orders.values())
                if order.client_order_id != amended_id
            ),
            recent_orders=sum(1 for sent in tuple(self._entries_sent) if sent > since),
            quote_age_ms=max(self._market.quote_age_ms(symbol), self._feed.silent_ms()),
            kill_switch=self._kill_switch.engaged,
            trading_enabled=self._trader.trading_enabled,
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

    async def _write_down(self, intent: Order, changes: tuple[Change, ...]) -> None:
        if intent.reduce_only:
            self._ledger.write(*changes)
            await self._ledger.written(EXIT_WAITS_FOR_DISK_SECONDS)
        else:
            self._entries_sent.append(self._clock.now_ms())
            await self._ledger.journal(*changes)

    def _refuse_if_overtaken(self, intent: Order, is_wanted: Callable[[], bool]) -> None:
        """Raise if the order became unwanted while it waited for the disk."""
        if intent.client_order_id in self._withdrawn:
            self._withdrawn.discard(intent.client_order_id)
            self._end(intent, OrderStatus.CANCELLED, "cancelled before it was sent")
            raise Conflict("the order was cancelled before it was sent")
        if intent.reduce_only:
            return
        if self._kill_switch.engaged:
            refusal = deny(DenialReason.KILL_SWITCH, "the kill switch was engaged while the order waited")
            self._end(intent, OrderStatus.DENIED, refusal.message)
            raise refusal
        if not self._trader.trading_enabled:
            refusal = deny(
                DenialReason.TRADING_DISABLED, "trading was disabled for this trader while the order waited"
            )
            self._end(intent, OrderStatus.DENIED, refusal.message)
            raise refusal
        if not is_wanted():
            self._end(intent, OrderStatus.DENIED, "the trader was paused while the order waited")
            raise Conflict("the trader was paused while the order waited")

    async def _send(self, intent: Order) -> Order:
        try:
            placed = await self._exchange.place_order(
                msgspec.structs.replace(intent, status=OrderStatus.SENT)
            )
        except OrderRejected as rejection:
            self._end(intent, OrderStatus.REJECTED, rejection.message)
            raise
        except BaseException as error:
            # Whatever went wrong on the way, the venue may have the order: only it can tell.
            unknown = self._end(intent, OrderStatus.UNKNOWN, f"no answer from the venue: {error}")
            if not isinstance(error, VenueTimeout):
                raise
            return self._books.order(intent.client_order_id) or unknown
        await self._ledger.written(EXIT_WAITS_FOR_DISK_SECONDS if intent.reduce_only else None)
        return placed

    async def _settle(self, order: Order) -> None:
        identity = order.client_order_id
        for look_up in range(LOOK_UPS_THAT_PROVE_ABSENCE):
            if look_up:
                await self._clock.sleep(SECONDS_BETWEEN_LOOK_UPS)
            found = await self._exchange.find_order(identity)
            if found is not None:
                self._store(found)
                await self._cancel_if_withdrawn(found)
                return
        self._withdrawn.discard(identity)
        self._end(order, OrderStatus.REJECTED, "it never reached the venue")

    async def _cancel_if_withdrawn(self, order: Order) -> None:
        if order.client_order_id in self._withdrawn:
            self._withdrawn.discard(order.client_order_id)
            with contextlib.suppress(NotFound):
                await self._exchange.cancel_order(order.client_order_id)

    def _end(self, order: Order, status: OrderStatus, reason: str) -> Order:
        ended = msgspec.structs.replace(
            order, status=status, status_reason=reason, updated_ms=self._clock.now_ms()
        )
        self._store(ended)
        return ended

    def _store(self, order: Order) -> None:
        changes = self._books.record(order)
        if changes:
            self._ledger.write(*changes)
