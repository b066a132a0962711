"""From a decision to an order: how big, which side, at which limit.

Pure. The share of the available balance a decision names becomes margin; the taker fee is
reserved before sizing, and the quantity is rounded down to the lot. A buy while short (or a sell
while long) also covers the whole opposite position.
"""

from __future__ import annotations

from decimal import Decimal

from engine.errors import Conflict, InvalidOrder
from engine.model.account import TraderConfig
from engine.model.decision import Decision, Operation
from engine.model.instrument import Instrument
from engine.model.order import OrderRequest, OrderType, Side
from engine.model.position import Position


def order_for_decision(
    decision: Decision,
    trader: TraderConfig,
    instrument: Instrument,
    position: Position | None,
    available: Decimal,
) -> OrderRequest:
    """Return the order a buy, sell or close decision asks for.

    Raises `Conflict` for a close without a position and `InvalidOrder` when the size rounds to
    nothing or the needed price guard is missing.
    """
    if decision.operation is Operation.CLOSE:
        return _closing_order(decision, trader, instrument, position)
    return _entry_order(decision, trader, instrument, position, available)


def closing_quantity(position: Position, fraction: Decimal, instrument: Instrument) -> Decimal:
    """Return how much to trade to close `fraction` of a position, on the lot grid; all of it for 1."""
    if not fraction.is_finite() or not 0 < fraction <= 1:
        raise InvalidOrder.of("fraction", fraction, "allowed is above 0 up to 1 (100 %)")
    whole = abs(position.quantity)
    quantity = whole if fraction == 1 else instrument.round_quantity_down(whole * fraction)
    if quantity == 0:
        raise InvalidOrder.of(
            "fraction", fraction, f"its share of {whole} is below the lot size {instrument.lot_size}"
        )
    return quantity


def _entry_order(
    decision: Decision,
    trader: TraderConfig,
    instrument: Instrument,
    position: Position | None,
    available: Decimal,
) -> OrderRequest:
    side = Side.BUY if decision.operation is Operation.BUY else Side.SELL
    guard = decision.max_price if side is Side.BUY else decision.min_price
    if guard is None:
        field = "max_price" if side is Side.BUY else "min_price"
        raise InvalidOrder.of(field, guard, f"a {side} needs it to limit slippage")
    price = _toward_passive(instrument, guard, side)
    margin = max(available, Decimal(0)) * decision.portion
    # Per unit of notional, 1/leverage is set aside as margin and the taker fee is paid.
    per_notional = Decimal(1) / decision.leverage + instrument.taker_fee
    quantity = instrument.round_quantity_down(margin / per_notional / price)
    if quantity == 0:
        raise InvalidOrder.of(
            "target_portion_of_balance",
            decision.portion,
            f"that share of the available {available:,.2f} buys less than one lot of {instrument.lot_size}",
        )
    if position is not None and position.side is not side:
        quantity += abs(position.quantity)
    return OrderRequest(
        trader_id=trader.trader_id,
        symbol=decision.symbol,
        side=side,
        type=OrderType.LIMIT,
        quantity=quantity,
        price=price,
        time_in_force=decision.time_in_force,
        leverage=decision.leverage,
        stop_loss=_on_tick(instrument, decision.stop_loss),
        take_profit=_on_tick(instrument, decision.take_profit),
    )


def _closing_order(
    decision: Decision, trader: TraderConfig, instrument: Instrument, position: Position | None
) -> OrderRequest:
    if position is None:
        raise Conflict(f"close: there is no open position in {decision.symbol}", field="symbol")
    side = position.side.opposite
    guard = decision.max_price if side is Side.BUY else decision.min_price
    quantity = closing_quantity(position, decision.portion, instrument)
    return OrderRequest(
        trader_id=trader.trader_id,
        symbol=decision.symbol,
        side=side,
        type=OrderType.MARKET if guard is None else OrderType.LIMIT,
        quantity=quantity,
        price=None if guard is None else _toward_passive(instrument, guard, side),
        time_in_force=decision.time_in_force,
        reduce_only=True,
    )


def _on_tick(instrument: Instrument, price: Decimal | None) -> Decimal | None:
    return None if price is None else instrument.round_price(price)


def _toward_passive(instrument: Instrument, guard: Decimal, side: Side) -> Decimal:
    """Return the guard on the tick grid, never looser than what was asked."""
    price = instrument.round_price(guard)
    if (price - guard) * side.sign > 0:
        price -= instrument.tick_size * side.sign
    return price
