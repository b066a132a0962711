"""Round trips: what an account's fills amount to, a position from flat to flat at a time.

A fill that turns a position over ends one trade and begins the next; its fee is split by quantity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec

from engine.backtest.account import BacktestAccount
from engine.backtest.excursions import HeldSpan, price_ranges
from engine.backtest.market.base import RunMarket
from engine.exchanges.margin import round_money
from engine.model.backtest import BacktestTrade, ExitReason
from engine.model.fill import Fill
from engine.model.order import Order

ZERO = Decimal(0)
_LIQUIDATION = "-liquidation-"


class TriggerTold(msgspec.Struct, frozen=True):
    """What the trigger log says of the trigger behind an order."""

    reason: str
    pool_name: str
    signals: tuple[str, ...]


class _RoundTrip:
    """A position while its fills come in."""

    __slots__ = (
        "entry_ms",
        "entry_paid",
        "entry_quantity",
        "exit_ms",
        "exit_paid",
        "exit_quantity",
        "fees",
        "funding",
        "gross",
        "leverage",
        "order",
        "quantity",
        "symbol",
    )

    def __init__(self, fill: Fill, order: Order) -> None:
        self.symbol = fill.symbol
        self.order = order
        self.leverage = order.leverage or 1
        self.entry_ms = fill.ts_ms
        self.exit_ms = 0
        self.quantity = self.entry_quantity = self.entry_paid = ZERO
        self.exit_quantity = self.exit_paid = ZERO
        self.gross = self.fees = self.funding = ZERO

    def open(self, fill: Fill, quantity: Decimal, fee: Decimal) -> None:
        self.quantity += quantity * fill.side.sign
        self.entry_quantity += quantity
        self.entry_paid += quantity * fill.price
        self.fees += fee

    def close(self, fill: Fill, quantity: Decimal, fee: Decimal) -> None:
        self.quantity += quantity * fill.side.sign
        self.exit_quantity += quantity
        self.exit_paid += quantity * fill.price
        self.exit_ms = fill.ts_ms
        self.gross += fill.realized_pnl
        self.fees += fee


class _Finished(msgspec.Struct, frozen=True):
    trip: _RoundTrip
    is_long: bool
    reason: ExitReason
    entry_price: Decimal
    exit_order: Order | None = None
    exit_price: Decimal | None = None
    unrealized: Decimal = ZERO


def round_trips(
    account: BacktestAccount,
    market: RunMarket,
    told: Callable[[int], TriggerTold],
    lines: Sequence[int],
    end_ms: int,
) -> tuple[BacktestTrade, ...]:
    """Return every trade in the order they ended, open ones last, valued at the mark before `end_ms`.

    `told` gives what is known of a trigger by its number, `lines` has its line in the log.
    """
    orders = account.orders | account.open_orders
    finished: list[_Finished] = []
    running: dict[str, _RoundTrip] = {}
    funding = iter((*account.funding, None))
    next_funding = next(funding)
    for fill in account.fills:
        while next_funding is not None and next_funding.ts_ms <= fill.ts_ms:
            _add_funding(running, next_funding.symbol, next_funding.amount)
            next_funding = next(funding)
        _take(fill, orders[fill.client_order_id], running, finished)
    while next_funding is not None:
        _add_funding(running, next_funding.symbol, next_funding.amount)
        next_funding = next(funding)
    for symbol, trip in running.items():
        # The account's entry price: after a part was closed, that of the trade's fills is another.
        position = account.positions[symbol]
        profit = position.quantity * (market.mark_before(symbol, end_ms) - position.entry_price)
        entry = trip.entry_paid / trip.entry_quantity
        finished.append(_Finished(trip, trip.quantity > 0, ExitReason.OPEN, entry, unrealized=profit))
    excursions = _excursions(finished, market, end_ms)
    return tuple(
        _trade(number, done, told, lines, *excursion)
        for number, (done, excursion) in enumerate(zip(finished, excursions, strict=True), start=1)
    )


def _add_funding(running: Mapping[str, _RoundTrip], symbol: str, amount: Decimal) -> None:
    if symbol in running:
        running[symbol].funding += amount


def _take(fill: Fill, order: Order, running: dict[str, _RoundTrip], finished: list[_Finished]) -> None:
    trip = running.get(fill.symbol)
    if trip is None:
        trip = running[fill.symbol] = _RoundTrip(fill, order)
        trip.open(fill, fill.quantity, fill.fee)
        return
    if (trip.quantity > 0) is (fill.side.sign > 0):
        trip.open(fill, fill.quantity, fill.fee)
        return
    is_long, held = trip.quantity > 0, abs(trip.quantity)
    closed = min(held, fill.quantity)
    fee = fill.fee if closed == fill.quantity else round_money(fill.fee * closed / fill.quantity)
    trip.close(fill, closed, fee)
    if trip.quantity != 0:
        return
    turns = fill.quantity > closed
    del running[fill.symbol]
    reason = _exit_reason(order, turns=turns)
    entry, left = trip.entry_paid / trip.entry_quantity, trip.exit_paid / trip.exit_quantity
    finished.append(_Finished(trip, is_long, reason, entry, order, left))
    if turns:
        next_trip = running[fill.symbol] = _RoundTrip(fill, order)
        next_trip.open(fill, fill.quantity - closed, fill.fee - fee)


def _exit_reason(order: Order, *, turns: bool) -> ExitReason:
    if _LIQUIDATION in order.client_order_id:
        return ExitReason.LIQUIDATION
    if order.parent_id is not None:
        is_stop = order.client_order_id.removeprefix(order.parent_id).startswith("-sl")
        return ExitReason.STOP_LOSS if is_stop else ExitReason.TAKE_PROFIT
    return ExitReason.REVERSAL if turns else ExitReason.DECISION


def _trade(
    number: int,
    done: _Finished,
    told: Callable[[int], TriggerTold],
    lines: Sequence[int],
    low: float,
    high: float,
) -> BacktestTrade:
    trip, entry = done.trip, done.entry_price
    gross = trip.gross + done.unrealized
    pnl = gross - trip.fees + trip.funding
    price = float(entry)
    against, favour = (price - low, high - price) if done.is_long else (high - price, price - low)
    trigger = _trigger_of(trip.order)
    about = told(trigger)
    ended_by = done.exit_order if done.reason in (ExitReason.DECISION, ExitReason.REVERSAL) else None
    return BacktestTrade(
        number=number,
        symbol=trip.symbol,
        side="long" if done.is_long else "short",
        quantity=trip.entry_quantity,
        leverage=trip.leverage,
        entry_ms=trip.entry_ms,
        entry_price=_as_price(entry),
        exit_ms=trip.exit_ms if done.exit_order is not None else None,
        exit_price=None if done.exit_price is None else _as_price(done.exit_price),
        exit_reason=done.reason,
        pnl=pnl,
        gross_pnl=gross,
        fees=trip.fees,
        funding=trip.funding,
        return_pct=float(pnl) / float(trip.entry_paid) * 100,
        mae_pct=max(0.0, against / price * 100),
        mfe_pct=max(0.0, favour / price * 100),
        trigger_index=lines[trigger],
        exit_trigger_index=None if ended_by is None else lines[_trigger_of(ended_by)],
        reason=about.reason,
        pool_name=about.pool_name,
        signals=about.signals,
    )


def _as_price(price: Decimal) -> Decimal:
    return (
        round_money(price).normalize() if price != price.to_integral_value() else price.quantize(Decimal(1))
    )


def _excursions(finished: list[_Finished], market: RunMarket, end_ms: int) -> list[tuple[float, float]]:
    """Return the lowest and the highest price each trade saw."""
    found: list[tuple[float, float]] = [(0.0, 0.0)] * len(finished)
    for symbol in {done.trip.symbol for done in finished}:
        numbers = [number for number, done in enumerate(finished) if done.trip.symbol == symbol]
        spans = [_span(finished[number], end_ms) for number in numbers]
        for number, seen in zip(
            numbers, price_ranges(spans, market.bars(symbol), market.bar_ms), strict=True
        ):
            found[number] = seen
    return found


def _span(done: _Finished, end_ms: int) -> HeldSpan:
    trip, price = done.trip, done.exit_price
    return HeldSpan(
        is_long=done.is_long,
        from_ms=trip.entry_ms,
        until_ms=end_ms if price is None else trip.exit_ms,
        entry_price=float(done.entry_price),
        exit_price=None if price is None else float(price),
    )


def _trigger_of(order: Order) -> int:
    """Return the number of the trigger whose decision an order carries out."""
    assert order.decision_id is not None, order
    return int(order.decision_id)
