"""Orders: what was asked for, where it stands, and the one table of how it may move on."""

from __future__ import annotations

import enum
from decimal import Decimal
from functools import cached_property

import msgspec


class Side(enum.StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    @cached_property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @cached_property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(enum.StrEnum):
    """How an order fills; the two trigger types become market orders once the mark price reaches them."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_MARKET = "stop_market"
    TAKE_PROFIT_MARKET = "take_profit_market"

    @cached_property
    def is_trigger(self) -> bool:
        """Whether the order waits for a trigger price."""
        return self in (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)


class TimeInForce(enum.StrEnum):
    """How long an order stays: until cancelled, immediate-or-cancel, fill-or-kill, or post-only."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"


class OrderStatus(enum.StrEnum):
    """Where an order stands.

    `DENIED` is the desk's own no, `REJECTED` the venue's; `UNKNOWN` is an order that was sent and
    whose fate is not known yet: it is never treated as failed.
    """

    INTENT = "intent"
    SENT = "sent"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    DENIED = "denied"
    EXPIRED = "expired"

    @cached_property
    def is_terminal(self) -> bool:
        """Whether nothing more can happen to the order."""
        return not _NEXT_STATUSES[self]

    @cached_property
    def is_open(self) -> bool:
        """Whether the order may still trade."""
        return not self.is_terminal

    def can_become(self, status: OrderStatus) -> bool:
        """Tell whether the state table allows the step to `status` (staying put is always allowed)."""
        return status is self or status in _NEXT_STATUSES[self]


_AFTER_SENDING = frozenset(
    {
        OrderStatus.ACCEPTED,
        OrderStatus.PARTIALLY_FILLED,
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
    }
)
_NEXT_STATUSES: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.INTENT: frozenset({OrderStatus.SENT, OrderStatus.DENIED, OrderStatus.UNKNOWN})
    | _AFTER_SENDING,
    OrderStatus.SENT: frozenset({OrderStatus.UNKNOWN}) | _AFTER_SENDING,
    OrderStatus.UNKNOWN: _AFTER_SENDING,
    OrderStatus.ACCEPTED: _AFTER_SENDING - {OrderStatus.ACCEPTED},
    OrderStatus.PARTIALLY_FILLED: frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED}),
    OrderStatus.FILLED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.REJECTED: frozenset(),
    OrderStatus.DENIED: frozenset(),
    OrderStatus.EXPIRED: frozenset(),
}


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants traded, before the desk has given it an identity.

    `price` belongs to limit orders, `trigger_price` to stop and take-profit orders. `leverage` is
    used when the order opens or adds to a position; None keeps the trader's own. `stop_loss` and
    `take_profit` are trigger prices placed as reduce-only orders once the entry has filled.
    """

    trader_id: int
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    leverage: int | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order with its identity and its state.

    `client_order_id` is the desk's, unique for ever, and derived from the intent so that it is
    never sent twice under two names; `venue_order_id` is the venue's once it has answered.
    `average_price` is None until something has filled. `parent_id` links a stop or take-profit to
    the entry it protects. `status_reason` is the sentence that says why it was denied, rejected,
    cancelled or expired. `decision_id` is the decision behind it, None for an order by hand.
    """

    client_order_id: str
    trader_id: int
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    created_ms: int
    updated_ms: int
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    leverage: int | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    parent_id: str | None = None
    decision_id: str | None = None
    venue_order_id: str | None = None
    status: OrderStatus = OrderStatus.INTENT
    filled_quantity: Decimal = Decimal(0)
    average_price: Decimal | None = None
    fee: Decimal = Decimal(0)
    status_reason: str = ""

    @property
    def remaining_quantity(self) -> Decimal:
        """What has not filled yet, in the base currency."""
        return self.quantity - self.filled_quantity

    def as_request(self) -> OrderRequest:
        """Return what would have to be asked for to get this order."""
        return OrderRequest(**{name: getattr(self, name) for name in OrderRequest.__struct_fields__})


def order_of(
    request: OrderRequest,
    *,
    client_order_id: str,
    ts_ms: int,
    leverage: int | None = None,
    decision_id: str | None = None,
) -> Order:
    """Return the order that carries out a request; `leverage` is used where the request names none."""
    return Order(
        client_order_id=client_order_id,
        trader_id=request.trader_id,
        symbol=request.symbol,
        side=request.side,
        type=request.type,
        quantity=request.quantity,
        created_ms=ts_ms,
        updated_ms=ts_ms,
        price=request.price,
        trigger_price=request.trigger_price,
        time_in_force=request.time_in_force,
        reduce_only=request.reduce_only,
        leverage=request.leverage or leverage,
        stop_loss=request.stop_loss,
        take_profit=request.take_profit,
        decision_id=decision_id,
    )
