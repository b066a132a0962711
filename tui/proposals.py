"""Proposals: what a risky command would do, in a full sentence with its cost, before it happens.

The confirm dialog, the ticket and the command line all show a `Proposal` and then run it; running
returns the proof, one sentence about what has happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

import msgspec

from engine.errors import Conflict, DeskError, NotFound, OrderDenied
from engine.model.account import TraderSummary
from engine.model.order import Order, OrderRequest, OrderType
from engine.model.position import Position
from engine.text import count
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
    RemoveFactor,
    RemovePriceAlerts,
    SaveFactor,
)
from tui.order_entry import order_proof, order_request, preview_facts, preview_warning, request_sentence
from tui.view import DeskView, position_sentence
from tui.wording import ORDER_TYPE_LABELS, refusal_text

RiskyCommand = PlaceOrder | ClosePosition | CancelOrders | Flatten | EngageKillSwitch | ReleaseKillSwitch
Run = Callable[[], Awaitable[str]]

TOLERANCE = Decimal("0.005")
"""How far price or notional may move after the review before it has to be reviewed again."""


class Proposal(msgspec.Struct, frozen=True):
    """A risky command ready to run; `verb` is what the button says, `run` returns the proof."""

    title: str
    sentence: str
    verb: str
    run: Run
    facts: tuple[tuple[str, str], ...] = ()
    warning: str = ""
    price: Decimal | None = None
    notional: Decimal | None = None

    def has_moved_from(self, reviewed: Proposal) -> bool:
        """Tell whether price or notional are further from a reviewed proposal than `TOLERANCE`."""
        pairs = ((self.price, reviewed.price), (self.notional, reviewed.notional))
        return any(_differs(now, then) for now, then in pairs)


def _differs(now: Decimal | None, then: Decimal | None) -> bool:
    if now is None or then is None:
        return now is not then
    return abs(now - then) > abs(then) * TOLERANCE


def propose(command: Command, view: DeskView, bridge: DeskBridge) -> Proposal | None:
    """Return what a command would do, or None if it is harmless and just runs.

    Acts for the selected trader. Raises `DeskError` when the desk would refuse.
    """
    if isinstance(command, RiskyCommand):
        return propose_risky(command, view, bridge)
    if command == RemovePriceAlerts(None):
        return propose_remove_alerts(bridge)
    if isinstance(command, SaveFactor | RemoveFactor):
        from tui.factor_proposals import propose_factor

        return propose_factor(command, bridge)
    return None


def propose_risky(command: RiskyCommand, view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what a risky command would do. Raises `DeskError` when the desk would refuse."""
    match command:
        case PlaceOrder():
            return propose_order(command, view, bridge)
        case ClosePosition(symbol, fraction):
            trader = selected_trader(view)
            return propose_close(position_of(view, trader.trader_id, symbol), fraction, view, bridge)
        case CancelOrders(symbol, everyone):
            return propose_cancel_all(symbol, chosen_traders(view, everyone=everyone), view, bridge)
        case Flatten(everyone):
            return propose_flatten(chosen_traders(view, everyone=everyone), view, bridge)
        case EngageKillSwitch():
            return propose_kill(view, bridge)
        case ReleaseKillSwitch():
            return propose_release(view, bridge)


def propose_order(order: PlaceOrder, view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what an order of the selected trader would do."""
    trader = selected_trader(view)
    instrument = view.instrument(order.symbol)
    if instrument is None:
        raise NotFound(f"symbol: {order.symbol} is not on the desk", field="symbol", value=order.symbol)
    ticker = view.ticker(order.symbol)
    quote = ticker.quote if ticker else None
    request = order_request(order, trader.trader_id, instrument, quote)
    try:
        preview = bridge.preview(request)
    except OrderDenied as denial:
        raise _with_way_out(denial, request, view) from denial

    async def run() -> str:
        return order_proof(await bridge.desk.place_order(request))

    return Proposal(
        title=f"{order.side.capitalize()} {order.symbol}",
        sentence=f"{trader.name}: {request_sentence(request, instrument)}",
        verb="Send",
        run=run,
        facts=preview_facts(preview, instrument, quote),
        warning=preview_warning(preview),
        price=preview.expected_price,
        notional=preview.notional,
    )


def _with_way_out(denial: OrderDenied, request: OrderRequest, view: DeskView) -> OrderDenied:
    """Return the kill switch's refusal with what a person closing a position can do instead."""
    is_exit = any(
        position.trader_id == request.trader_id
        and position.symbol == request.symbol
        and position.side is not request.side
        for position in view.positions
    )
    if denial.details.get("reason") != "kill_switch" or not is_exit:
        return denial
    hint = f"to get out, close {request.symbol.lower()}, or add reduce"
    return OrderDenied(f"{denial.message}; {hint}", **denial.details)


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
            facts, warning = preview_facts(preview, instrument), preview_warning(preview)
        except DeskError as refusal:
            warning = refusal_text(refusal)
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
        price=position.mark_price,
        notional=position.notional * fraction,
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
        sentence=f"Cancel {order.side.upper()} {quantity} {order.symbol} {ORDER_TYPE_LABELS[order.type]}{at}"
        f" of {view.trader_name(order.trader_id)}.",
        verb="Cancel order",
        run=run,
        warning="This order protects a position." if protects else "",
    )


def propose_cancel_all(
    symbol: str | None, traders: Sequence[TraderSummary], view: DeskView, bridge: DeskBridge
) -> Proposal:
    """Return what cancelling the open orders of one trader, or of all of them, would do.

    Raises `NotFound` when there are none.
    """
    ids = {trader.trader_id for trader in traders}
    who = _names(traders)
    where = f" in {symbol}" if symbol else ""
    meant = [
        order
        for order in bridge.desk.orders()
        if order.trader_id in ids and order.status.is_open and symbol in (None, order.symbol)
    ]
    if not meant:
        raise NotFound(f"{who}: no open orders{where}", field="symbol" if symbol else "verb")

    async def run() -> str:
        cancelled = await bridge.desk.cancel_orders(_id_of(traders), symbol)
        return f"{who}: {count(len(cancelled), 'order')} cancelled"

    exits = sum(1 for order in meant if order.reduce_only and order.type.is_trigger)
    return Proposal(
        title="Cancel orders",
        sentence=f"{who}: cancel {count(len(meant), 'open order')}{where}.",
        verb="Cancel orders",
        run=run,
        warning=f"{count(exits, 'stop or take profit', 'stops and take profits')} among them." * bool(exits),
        notional=Decimal(len(meant)),
    )


def propose_flatten(traders: Sequence[TraderSummary], view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what flattening one trader, or all of them, would do.

    Raises `NotFound` when there is neither an order nor a position.
    """
    ids = {trader.trader_id for trader in traders}
    who = _names(traders)
    positions = [position for position in view.positions if position.trader_id in ids]
    orders = sum(trader.open_orders for trader in traders)
    if not positions and not orders:
        raise NotFound(f"{who}: no positions and no open orders", field="verb")
    notional = sum((position.notional for position in positions), Decimal(0))
    profit = sum((trader.account.unrealized_pnl for trader in traders), Decimal(0))

    async def run() -> str:
        closing = await bridge.desk.flatten(_id_of(traders))
        return f"{who} {'is' if len(traders) == 1 else 'are'} flat: {count(len(closing), 'position')} closed"

    return Proposal(
        title=f"Flatten {who}",
        sentence=f"{who}: cancel {count(orders, 'open order')} and close"
        f" {count(len(positions), 'position')} at the market.",
        verb="Flatten",
        run=run,
        facts=(("notional", fmt.money(notional)), ("open P&L", fmt.profit(profit))),
        notional=notional,
    )


def propose_kill(view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what engaging the kill switch would do; raises `Conflict` when it is on already."""
    if view.market.kill_switch:
        raise Conflict("the kill switch is on already; unkill releases it", field="verb")

    async def run() -> str:
        await bridge.desk.engage_kill_switch()
        # The desk's own alert says that it is on.
        return ""

    return Proposal(
        title="Kill switch",
        sentence="Stop every entry on the desk at once and cancel all entry orders. Positions and their"
        " stops stay. It stays on after a restart, until you release it.",
        verb="Kill",
        run=run,
    )


def propose_release(view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what releasing the kill switch would do; raises `Conflict` when it is not on."""
    if not view.market.kill_switch:
        raise Conflict("the kill switch is not on: there is nothing to release", field="verb")

    async def run() -> str:
        await bridge.desk.release_kill_switch()
        return "kill switch off: traders can enter again"

    return Proposal(
        title="Release kill switch",
        sentence="Allow entries again: every active trader can open positions from now on.",
        verb="Release",
        run=run,
    )


def propose_remove_alerts(bridge: DeskBridge) -> Proposal:
    """Return what taking back every price alert would do; raises `NotFound` when there is none."""
    alerts = bridge.desk.signals.price_alerts()
    if not alerts:
        raise NotFound("there are no price alerts", field="alert_id")
    waiting = sum(1 for alert in alerts if alert.fired_ms is None)

    async def run() -> str:
        for alert in alerts:
            await bridge.desk.signals.delete_price_alert(alert.alert_id)
        return f"{count(len(alerts), 'price alert')} gone"

    return Proposal(
        title="Remove price alerts",
        sentence=f"Remove {count(len(alerts), 'price alert')}, {waiting} of them still waiting.",
        verb="Remove",
        run=run,
        notional=Decimal(len(alerts)),
    )


def chosen_traders(view: DeskView, *, everyone: bool) -> tuple[TraderSummary, ...]:
    """Return every trader, or the selected one alone; raises `NotFound` while there is none."""
    selected = selected_trader(view)
    return view.traders if everyone else (selected,)


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


def _names(traders: Sequence[TraderSummary]) -> str:
    return " and ".join(filter(None, (", ".join(t.name for t in traders[:-1]), traders[-1].name)))


def _id_of(traders: Sequence[TraderSummary]) -> int | None:
    """Return what the desk takes for these traders: an id, or None for all of them."""
    return traders[0].trader_id if len(traders) == 1 else None
