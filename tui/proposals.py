"""Proposals: what a risky command would do, in a full sentence with its cost, before it happens.

The confirm dialog, the ticket and the command line all show a `Proposal` and then run it; running
returns the proof, one sentence about what has happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import msgspec

from engine.errors import DeskError, NotFound
from engine.model.account import TraderSummary
from engine.model.order import Order, OrderRequest, OrderType
from engine.model.position import Position
from tui import format as fmt
from tui.bridge import DeskBridge
from tui.commands import (
    CancelOrders,
    ClosePosition,
    Command,
    EngageKillSwitch,
    Flatten,
    PlaceOrder,
    ReleaseKillSwitch,
)
from tui.order_entry import order_proof, order_request, preview_facts, request_sentence, type_label
from tui.view import DeskView, position_sentence

Run = Callable[[], Awaitable[str]]


class Proposal(msgspec.Struct, frozen=True):
    """A risky command ready to run; `verb` is what the button says, `run` returns the proof."""

    title: str
    sentence: str
    verb: str
    run: Run
    facts: tuple[tuple[str, str], ...] = ()
    warning: str = ""


def propose(command: Command, view: DeskView, bridge: DeskBridge) -> Proposal | None:
    """Return what a command would do, or None if it is harmless and just runs.

    Acts for the selected trader. Raises `DeskError` when the desk would refuse.
    """
    match command:
        case PlaceOrder():
            return propose_order(command, view, bridge)
        case ClosePosition(symbol, fraction):
            trader = selected_trader(view)
            return propose_close(position_of(view, trader.trader_id, symbol), fraction, view, bridge)
        case CancelOrders(symbol):
            return propose_cancel_all(symbol, view, bridge)
        case Flatten():
            return propose_flatten(view, bridge)
        case EngageKillSwitch():
            return propose_kill(bridge)
        case ReleaseKillSwitch():
            return propose_release(bridge)
        case _:
            return None


def propose_order(order: PlaceOrder, view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what an order of the selected trader would do."""
    trader = selected_trader(view)
    instrument = view.instrument(order.symbol)
    if instrument is None:
        raise NotFound(f"symbol: {order.symbol} is not on the desk", field="symbol", value=order.symbol)
    ticker = view.ticker(order.symbol)
    request = order_request(order, trader.trader_id, instrument, ticker.quote if ticker else None)
    preview = bridge.preview(request)

    async def run() -> str:
        return order_proof(await bridge.desk.place_order(request))

    return Proposal(
        title=f"{order.side.capitalize()} {order.symbol}",
        sentence=f"{request_sentence(request, instrument)} · for {trader.name}",
        verb="Send",
        run=run,
        facts=preview_facts(preview, instrument),
        warning=preview.warning,
    )


def propose_close(position: Position, fraction: Decimal, view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what closing a share of a position would do."""
    instrument = view.instrument(position.symbol)
    facts: tuple[tuple[str, str], ...] = ()
    warning = ""
    if instrument is not None:
        quantity = abs(position.quantity)
        part = quantity if fraction == 1 else instrument.round_quantity_down(quantity * fraction)
        request = OrderRequest(
            trader_id=position.trader_id,
            symbol=position.symbol,
            side=position.side.opposite,
            type=OrderType.MARKET,
            quantity=part,
            reduce_only=True,
        )
        try:
            preview = bridge.preview(request)
            facts, warning = preview_facts(preview, instrument), preview.warning
        except DeskError as refusal:
            warning = refusal.message
    share = "" if fraction == 1 else f"{fmt.percent(fraction, 0, signed=False)} of "

    async def run() -> str:
        order = await bridge.desk.close_position(position.trader_id, position.symbol, fraction)
        return order_proof(order)

    profit = fmt.profit(position.unrealized_pnl * fraction)
    return Proposal(
        title=f"Close {position.symbol}",
        sentence=f"Close {share}{position_sentence(view, position)} at the market; open P&L {profit}.",
        verb="Close",
        run=run,
        facts=facts,
        warning=warning,
    )


def propose_cancel(order: Order, view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what cancelling one order would do."""
    price = order.price or order.trigger_price
    at = f" at {fmt.price(price, view.tick_size(order.symbol))}" if price else ""
    quantity = fmt.quantity(order.remaining_quantity, view.lot_size(order.symbol))
    protects = order.parent_id is not None or (order.reduce_only and order.type.is_trigger)

    async def run() -> str:
        return order_proof(await bridge.desk.cancel_order(order.client_order_id))

    return Proposal(
        title="Cancel order",
        sentence=f"Cancel {order.side.upper()} {quantity} {order.symbol} {type_label(order.type)}{at}"
        f" of {view.trader_name(order.trader_id)}.",
        verb="Cancel order",
        run=run,
        warning="This order protects a position." if protects else "",
    )


def propose_cancel_all(symbol: str | None, view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what cancelling the selected trader's open orders would do."""
    trader = selected_trader(view)
    where = f" in {symbol}" if symbol else ""

    async def run() -> str:
        cancelled = await bridge.desk.cancel_orders(trader.trader_id, symbol)
        return f"{_count(len(cancelled), 'order')} of {trader.name} cancelled"

    return Proposal(
        title="Cancel orders",
        sentence=f"Cancel every open order of {trader.name}{where}, stops and take-profits too.",
        verb="Cancel orders",
        run=run,
    )


def propose_flatten(view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what flattening the selected trader would do."""
    trader = selected_trader(view)
    positions = [position for position in view.positions if position.trader_id == trader.trader_id]
    notional = sum((position.notional for position in positions), Decimal(0))

    async def run() -> str:
        orders = await bridge.desk.flatten(trader.trader_id)
        return f"{trader.name} flattened with {_count(len(orders), 'order')}"

    return Proposal(
        title=f"Flatten {trader.name}",
        sentence=f"Cancel {_count(trader.open_orders, 'open order')} and close"
        f" {_count(len(positions), 'position')} of {trader.name} at the market.",
        verb="Flatten",
        run=run,
        facts=(
            ("notional", fmt.money(notional)),
            ("open P&L", fmt.profit(trader.account.unrealized_pnl)),
        ),
    )


def propose_kill(bridge: DeskBridge) -> Proposal:
    """Return what engaging the kill switch would do."""

    async def run() -> str:
        await bridge.desk.engage_kill_switch()
        return "kill switch on: no trader can enter; entry orders are cancelled"

    return Proposal(
        title="Kill switch",
        sentence="Stop every entry on the desk at once and cancel all entry orders. Positions and their"
        " stops stay. It stays on after a restart, until you release it.",
        verb="Kill",
        run=run,
    )


def propose_release(bridge: DeskBridge) -> Proposal:
    """Return what releasing the kill switch would do."""

    async def run() -> str:
        await bridge.desk.release_kill_switch()
        return "kill switch off: traders can enter again"

    return Proposal(
        title="Release kill switch",
        sentence="Allow entries again: every active trader can open positions from now on.",
        verb="Release",
        run=run,
    )


def selected_trader(view: DeskView) -> TraderSummary:
    """Return the selected trader, or raise `NotFound` while there is none."""
    trader = view.trader
    if trader is None:
        raise NotFound("trader: none is selected; the desk is still starting", field="trader")
    return trader


def position_of(view: DeskView, trader_id: int, symbol: str) -> Position:
    """Return a trader's position in a symbol, or raise `NotFound` saying whose it is."""
    for position in view.positions:
        if position.trader_id == trader_id and position.symbol == symbol:
            return position
    name = view.trader_name(trader_id)
    raise NotFound(f"position: {name} has none in {symbol}", field="symbol", value=symbol)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
