"""Isolated-margin arithmetic of one position: fills, margin, liquidation, funding, profit.

Pure, and the only place these formulas live: the paper exchange, the risk gate, the order preview
and backtests all call it. Amounts are in the quote currency, rounded to `MONEY_STEP` as they are
booked, so that sums of booked amounts are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import msgspec

from engine.model.fill import Liquidity
from engine.model.instrument import Instrument
from engine.model.order import Side
from engine.model.position import Position

MONEY_STEP: Final = Decimal("1e-8")
"""The step booked amounts and average prices are rounded to: eight decimals, as the venue books."""

_RATIO_STEP: Final = Decimal("0.0001")
"""What a ratio of booked amounts is rounded to first, so that their own rounding does not show."""


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """An execution as the position's arithmetic sees it.

    `quantity` is unsigned, `fee` what the whole trade paid, `leverage` that of a part that opens,
    `mark` the mark price at `ts_ms`.
    """

    trader_id: int
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    leverage: int
    mark: Decimal
    ts_ms: int


class PositionChange(msgspec.Struct, frozen=True, kw_only=True):
    """What one fill did to a position.

    `closed_quantity` and `opened_quantity` are unsigned shares of the fill: a flip has both.
    `margin_moved` is the collateral set aside (positive) or released (negative).
    """

    position: Position | None
    realized_pnl: Decimal
    closed_quantity: Decimal
    opened_quantity: Decimal
    margin_moved: Decimal


def round_money(amount: Decimal) -> Decimal:
    """Return `amount` as it is booked: rounded half to even to `MONEY_STEP`."""
    return amount.quantize(MONEY_STEP)


def initial_margin(notional: Decimal, leverage: int) -> Decimal:
    """Return what opening `notional` sets aside: notional / leverage (Binance USD-M, account v3)."""
    return round_money(notional / leverage)


def fee_of(notional: Decimal, liquidity: Liquidity, instrument: Instrument) -> Decimal:
    """Return the fee of an execution: notional x the maker or the taker rate."""
    rate = instrument.maker_fee if liquidity is Liquidity.MAKER else instrument.taker_fee
    return round_money(notional * rate)


def effective_leverage(entry_notional: Decimal, isolated_margin: Decimal, highest: int) -> int:
    """Return the leverage of a position made of parts: notional at entry / isolated margin.

    Rounded up to a whole number, as a position shows no less risk than it has, and never above
    `highest`, the highest its parts asked for, which funding paid out of the margin could exceed.
    """
    if isolated_margin * highest <= entry_notional:
        return highest
    ratio = (entry_notional / isolated_margin).quantize(_RATIO_STEP)
    return max(1, int(ratio.to_integral_value(ROUND_CEILING)))


def liquidation_price(
    quantity: Decimal, entry_price: Decimal, isolated_margin: Decimal, instrument: Instrument
) -> Decimal | None:
    """Return the mark price at which a position of signed `quantity` is liquidated.

    Binance's isolated one-way formula,
    LP = (margin - side x |q| x entry) / (|q| x mmr - side x |q|):
    the price at which margin + unrealised profit equals the maintenance margin. None when no price
    above zero does it.
    """
    rate = instrument.maintenance_margin_rate
    price = (isolated_margin - quantity * entry_price) / (abs(quantity) * rate - quantity)
    return round_money(price) if price > 0 else None


def bankruptcy_price(position: Position, instrument: Instrument) -> Decimal:
    """Return the price at which closing as a taker costs exactly the isolated margin.

    Solves margin + q x (price - entry) - |q| x price x taker fee = 0 and rounds to the tick on the
    trader's side; zero or less when no price above zero does it.
    """
    side = position.side.sign
    price = (position.quantity * position.entry_price - position.isolated_margin) / (
        position.quantity * (1 - side * instrument.taker_fee)
    )
    rounding = ROUND_CEILING if side > 0 else ROUND_FLOOR
    return (price / instrument.tick_size).to_integral_value(rounding) * instrument.tick_size


def worst_closing_price(position: Position | None, side: Side, instrument: Instrument) -> Decimal | None:
    """Return the worst price an order on `side` may close a position at: its bankruptcy price.

    None for an order that does not close anything.
    """
    if position is None or position.side is side:
        return None
    return bankruptcy_price(position, instrument)


def is_liquidated(position: Position, mark: Decimal) -> bool:
    """Tell whether the mark price has reached the position's liquidation price."""
    price = position.liquidation_price
    if price is None:
        # A short always has one above zero unless funding has eaten more than it is worth.
        return position.quantity < 0
    return mark <= price if position.quantity > 0 else mark >= price


def liquidation_fill_price(position: Position, mark: Decimal, instrument: Instrument) -> Decimal:
    """Return the price a liquidation closes at: the mark, but never worse than bankruptcy.

    When the mark has jumped past the bankruptcy price the insurance fund takes the difference, so
    that a position never loses more than its isolated margin.
    """
    bankruptcy = bankruptcy_price(position, instrument)
    return max(mark, bankruptcy) if position.quantity > 0 else min(mark, bankruptcy)


def funding_payment(quantity: Decimal, mark: Decimal, rate: Decimal) -> Decimal:
    """Return what funding adds to cash: -signed quantity x mark x rate (Binance USD-M)."""
    return round_money(-quantity * mark * rate)


def apply_funding(position: Position, payment: Decimal, mark: Decimal, instrument: Instrument) -> Position:
    """Return the position after a funding payment, which moves its collateral too."""
    margin = position.isolated_margin + payment
    return msgspec.structs.replace(
        position,
        isolated_margin=margin,
        mark_price=mark,
        funding=position.funding + payment,
        liquidation_price=liquidation_price(position.quantity, position.entry_price, margin, instrument),
    )


def apply_fill(position: Position | None, trade: Trade, instrument: Instrument) -> PositionChange:
    """Return what a trade makes of a position (None is flat).

    Opening sets aside `initial_margin` of the trade. Adding averages the entry price, sets aside
    margin at the trade's own leverage and shows what the two then come to (`effective_leverage`).
    Reducing keeps the entry price, realises quantity x (price - entry) and releases the same share of
    the margin. A trade larger than an opposite position closes it and opens the rest at its own price;
    the new position carries the share of the fee that opened it.
    """
    if position is None or position.side is trade.side:
        return _open_or_add(position, trade, instrument)
    held = abs(position.quantity)
    closed = min(held, trade.quantity)
    opened = trade.quantity - closed
    realized = round_money(closed * (trade.price - position.entry_price) * position.side.sign)
    released = (
        position.isolated_margin if closed == held else round_money(position.isolated_margin * closed / held)
    )
    left: Position | None = None
    moved = -released
    if closed < held:
        left = _reduce(position, trade, closed, released, realized, instrument)
    elif opened > 0:
        share_of_fee = round_money(trade.fee * opened / trade.quantity)
        rest = msgspec.structs.replace(trade, quantity=opened, fee=share_of_fee)
        fresh = _open_or_add(None, rest, instrument)
        left, moved = fresh.position, moved + fresh.margin_moved
    return PositionChange(
        position=left,
        realized_pnl=realized,
        closed_quantity=closed,
        opened_quantity=opened,
        margin_moved=moved,
    )


def _open_or_add(position: Position | None, trade: Trade, instrument: Instrument) -> PositionChange:
    added_margin = initial_margin(trade.quantity * trade.price, trade.leverage)
    quantity = trade.quantity * trade.side.sign
    entry, margin, leverage = trade.price, added_margin, trade.leverage
    if position is not None:
        held = abs(position.quantity)
        total_cost = held * position.entry_price + trade.quantity * trade.price
        entry = round_money(total_cost / (held + trade.quantity))
        quantity += position.quantity
        margin += position.isolated_margin
        leverage = effective_leverage(total_cost, margin, max(position.leverage, trade.leverage))
    opened = Position(
        trader_id=trade.trader_id,
        symbol=instrument.symbol,
        quantity=quantity,
        entry_price=entry,
        leverage=leverage,
        isolated_margin=margin,
        mark_price=trade.mark,
        liquidation_price=liquidation_price(quantity, entry, margin, instrument),
        opened_ms=position.opened_ms if position else trade.ts_ms,
        funding=position.funding if position else Decimal(0),
        realized_pnl=position.realized_pnl if position else Decimal(0),
        fees=(position.fees if position else Decimal(0)) + trade.fee,
    )
    return PositionChange(
        position=opened,
        realized_pnl=Decimal(0),
        closed_quantity=Decimal(0),
        opened_quantity=trade.quantity,
        margin_moved=added_margin,
    )


def _reduce(
    position: Position,
    trade: Trade,
    closed: Decimal,
    released: Decimal,
    realized: Decimal,
    instrument: Instrument,
) -> Position:
    quantity = position.quantity + closed * trade.side.sign
    margin = position.isolated_margin - released
    return msgspec.structs.replace(
        position,
        quantity=quantity,
        isolated_margin=margin,
        mark_price=trade.mark,
        liquidation_price=liquidation_price(quantity, position.entry_price, margin, instrument),
        realized_pnl=position.realized_pnl + realized,
        fees=position.fees + trade.fee,
    )


def total_unrealized_pnl(positions: Iterable[Position], marks: Mapping[str, Decimal]) -> Decimal:
    """Return the unrealised profit of all positions at `marks`.

    A symbol without a mark is valued at the position's own last mark price.
    """
    return sum(
        (p.quantity * (marks.get(p.symbol, p.mark_price) - p.entry_price) for p in positions), Decimal(0)
    )
