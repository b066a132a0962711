"""A venue made of the paper state machine and any feed: the thin shell around `paper_state`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from engine.errors import Conflict, NotFound, OrderRejected, Unavailable
from engine.exchanges.base import Capabilities, OrderReport, ReportListener, VenueReport
from engine.exchanges.paper_state import (
    AmendOrder,
    CancelOrder,
    PaperEvent,
    PlaceOrder,
    SettleFunding,
    apply,
    apply_quote,
)
from engine.exchanges.wallet import PaperWallet, account_of
from engine.model.account import Account
from engine.model.order import Order, OrderStatus, OrderType, TimeInForce
from engine.model.quote import BookSnapshot, Quote

REMEMBERED_ORDERS = 10_000
"""How many finished orders stay known, so that a repeated client order id finds its order."""

_CAPABILITIES = Capabilities(
    order_types=frozenset(OrderType),
    times_in_force=frozenset(TimeInForce),
    can_amend=True,
    has_order_book=True,
    has_client_order_ids=True,
)


class PaperExchange:
    """One trader's paper wallet, implementing `engine.exchanges.base.Exchange`.

    `wallet` comes from `open_wallet`. `quotes` and `books` look up the present market of a symbol
    (None: there is none), and `listener` gets everything one event caused, before the command that
    caused it returns. A refused command changes nothing and reports nothing: it raises.
    `remembered` are finished orders of earlier runs.
    """

    def __init__(
        self,
        wallet: PaperWallet,
        quotes: Callable[[str], Quote | None],
        listener: ReportListener,
        books: Callable[[str], BookSnapshot | None] | None = None,
        remembered: Iterable[Order] = (),
    ) -> None:
        self._wallet = wallet
        self._quotes = quotes
        self._books = books
        self._listener = listener
        self._finished: dict[str, Order] = {}
        self._open: dict[str, Order] = {order.client_order_id: order for order in wallet.open_orders}
        for order in remembered:
            if order.status.is_terminal:
                self._finished[order.client_order_id] = order

    @property
    def capabilities(self) -> Capabilities:
        """What the paper exchange can do: everything the desk knows."""
        return _CAPABILITIES

    @property
    def wallet(self) -> PaperWallet:
        """The wallet as it is now."""
        return self._wallet

    def account(self, marks: Mapping[str, Decimal]) -> Account:
        """Return the wallet's money at `marks`; `day_pnl` is left to the equity curve."""
        return account_of(self._wallet, marks)

    def on_quote(self, quote: Quote, book: BookSnapshot | None = None) -> None:
        """Let the market move."""
        wallet, reports = apply_quote(self._wallet, quote, book)
        if reports:
            self._commit(wallet, reports)

    def on_funding(self, symbol: str, rate: Decimal, mark: Decimal, ts_ms: int) -> None:
        """Settle a funding interval of one symbol."""
        self._step(SettleFunding(symbol, rate, mark, ts_ms))

    async def place_order(self, order: Order) -> Order:
        """Take an order; a repeat of a client order id returns the order already there.

        Raises `OrderRejected` with the reason, in numbers.
        """
        known = self._find(order.client_order_id)
        if known is not None:
            return known
        quote = self._quotes(order.symbol)
        wallet, reports = apply(self._wallet, PlaceOrder(order, quote, self._book(order.symbol)))
        placed = _last_state(order, reports)
        if placed.status is OrderStatus.REJECTED:
            self._remember(placed)
            raise OrderRejected(placed.status_reason, client_order_id=order.client_order_id)
        self._commit(wallet, reports)
        return placed

    async def cancel_order(self, client_order_id: str) -> Order:
        """Withdraw an order; one that is already finished is returned unchanged.

        Raises `NotFound` for an id this exchange never had.
        """
        order = self._known(client_order_id)
        if order.status.is_terminal:
            return order
        quote = self._quotes(order.symbol)
        ts_ms = max(order.updated_ms, quote.ts_ms if quote is not None else 0)
        self._step(CancelOrder(client_order_id, ts_ms))
        return self._known(client_order_id)

    async def amend_order(
        self, client_order_id: str, quantity: Decimal | None, price: Decimal | None
    ) -> Order:
        """Change a resting limit order; see `paper_state` for what a crossing price does.

        Raises `NotFound`, `Conflict`, `InvalidOrder` or `OrderRejected`; the order then stays as it
        was.
        """
        order = self._known(client_order_id)
        if order.status.is_terminal:
            raise Conflict(f"order: {client_order_id} is already {order.status}", field="client_order_id")
        quote = self._quotes(order.symbol)
        if quote is None:
            raise Unavailable(f"symbol: {order.symbol} has no quote yet", field="symbol")
        self._step(AmendOrder(client_order_id, quantity, price, quote, self._book(order.symbol)))
        return self._known(client_order_id)

    async def find_order(self, client_order_id: str) -> Order | None:
        """Return an open or remembered order, None when this exchange never had it."""
        return self._find(client_order_id)

    def _find(self, client_order_id: str) -> Order | None:
        return self._open.get(client_order_id) or self._finished.get(client_order_id)

    def _known(self, client_order_id: str) -> Order:
        order = self._find(client_order_id)
        if order is None:
            raise NotFound(
                f"client_order_id: {client_order_id} is not an order of this exchange",
                field="client_order_id",
                value=client_order_id,
            )
        return order

    def _step(self, event: PaperEvent) -> None:
        wallet, reports = apply(self._wallet, event)
        if reports:
            self._commit(wallet, reports)

    def _commit(self, wallet: PaperWallet, reports: tuple[VenueReport, ...]) -> None:
        self._wallet = wallet
        for report in reports:
            if isinstance(report, OrderReport):
                self._remember(report.order)
        self._listener(reports)

    def _remember(self, order: Order) -> None:
        identity = order.client_order_id
        if order.status.is_open:
            self._open[identity] = order
            return
        self._open.pop(identity, None)
        self._finished[identity] = order
        if len(self._finished) > REMEMBERED_ORDERS:
            del self._finished[next(iter(self._finished))]

    def _book(self, symbol: str) -> BookSnapshot | None:
        return self._books(symbol) if self._books is not None else None


def _last_state(order: Order, reports: tuple[VenueReport, ...]) -> Order:
    for report in reversed(reports):
        if isinstance(report, OrderReport) and report.order.client_order_id == order.client_order_id:
            return report.order
    return order
