"""Price alerts in words: what one waits for and how far away that is, and the commands about them.

A price far from the market is allowed: the sentence that proves the alert says how far it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

from engine.errors import NotFound
from engine.model.signal import AlertDirection, PriceAlert
from tui import format as fmt
from tui.bridge import DeskBridge
from tui.commands import AddPriceAlert, format_command
from tui.view import DeskView

Task = Callable[[], Awaitable[str]]
"""Does something at the desk and returns one sentence about it."""

_FAR = Decimal("0.1")
"""From this distance on a decimal more would say nothing."""


def mark_price(view: DeskView, symbol: str) -> Decimal | None:
    """Return the mark price of a symbol, None while it has no quote."""
    ticker = view.ticker(symbol)
    return ticker.quote.mark if ticker else None


def is_beyond(alert: PriceAlert, mark: Decimal) -> bool:
    """Tell whether a mark price is where an alert waits for it: strictly beyond its price."""
    return mark > alert.price if alert.direction is AlertDirection.ABOVE else mark < alert.price


def way_to_go(alert: PriceAlert, mark: Decimal | None) -> Decimal | None:
    """Return how far the mark price has to move as a share of it, with its sign; 0 once it is beyond."""
    if not mark:
        return None
    return Decimal(0) if is_beyond(alert, mark) else (alert.price - mark) / mark


def way_words(way: Decimal) -> str:
    """Return a way to go as the screen shows it: `+4.2%`, `-38%`."""
    return fmt.percent(way, 0 if abs(way) >= _FAR else 1 if abs(way) >= _FAR / 100 else 2)


def alert_price(view: DeskView, symbol: str, price: Decimal) -> str:
    """Return the price of an alert with the instrument's decimals, or all of its own if it needs more."""
    instrument = view.instrument(symbol)
    is_on_tick = instrument is not None and instrument.is_on_tick(price)
    return fmt.price(price, view.tick_size(symbol) if is_on_tick else None)


def alert_condition(view: DeskView, alert: PriceAlert) -> str:
    """Return what an alert waits for: `BTC above 70,000.0`."""
    return f"{alert.symbol} {alert.direction} {alert_price(view, alert.symbol, alert.price)}"


def alert_proof(view: DeskView, alert: PriceAlert) -> str:
    """Return the sentence after an alert was set: what it waits for, the price now, the way to go."""
    mark = mark_price(view, alert.symbol)
    way = way_to_go(alert, mark)
    sentence = f"alert {alert.alert_id}: {alert_condition(view, alert)}"
    if mark is None or way is None:
        return f"{sentence}, no price yet"
    now = fmt.price(mark, view.tick_size(alert.symbol))
    left = "it is there already" if is_beyond(alert, mark) else f"{way_words(way)} to go"
    return f"{sentence}, now {now} ({left})"


def add_alert(command: AddPriceAlert, view: DeskView, bridge: DeskBridge) -> Task:
    """Return the task that sets an alert; what `crosses` means depends on where the price is now.

    Raises `NotFound` when the price has to cross and there is no price yet.
    """
    direction = command.direction
    if direction is None:
        mark = mark_price(view, command.symbol)
        if mark is None:
            raise NotFound(f"symbol: {command.symbol} has no price yet; say > or <", field="symbol")
        direction = AlertDirection.ABOVE if command.price >= mark else AlertDirection.BELOW

    async def run() -> str:
        alert = await bridge.desk.signals.add_price_alert(command.symbol, direction, command.price)
        return alert_proof(view, alert)

    return run


def remove_alert(alert_id: int, view: DeskView, bridge: DeskBridge) -> Task:
    """Return the task that takes one alert back and says how to set it again; raises `NotFound`."""
    alert = next((item for item in bridge.desk.signals.price_alerts() if item.alert_id == alert_id), None)
    if alert is None:
        raise NotFound(f"alert: there is no alert {alert_id}; alerts shows them", field="alert_id")

    async def run() -> str:
        await bridge.desk.signals.delete_price_alert(alert_id)
        again = format_command(AddPriceAlert(alert.symbol, alert.direction, alert.price))
        return f"alert {alert_id} is gone: {alert_condition(view, alert)} · to undo: {again.lower()}"

    return run
