"""The price alerts: what each waits for, how far away that is, or when it went off."""

from __future__ import annotations

from engine.model.signal import AlertDirection, PriceAlert
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.panes.signal_base import SignalTablePane
from tui.price_alerts import alert_price, mark_price, way_to_go, way_words
from tui.signal_view import SignalView
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

COLUMNS = (
    Column("id", "#", 3, align="right"),
    Column("symbol", "sym", 4),
    Column("direction", " ", 1),
    Column("price", "price", 9, weight=1, align="right"),
    Column("mark", "now", 9, weight=1, align="right", priority=1),
    Column("way", "to go", 7, weight=1, align="right"),
    Column("state", "state", 13, weight=1),
    Column("created", "set", 11, align="right", priority=2),
)

_SIGNS = {AlertDirection.ABOVE: ">", AlertDirection.BELOW: "<"}


def alert_row(view: SignalView, alert: PriceAlert) -> Row:
    """Return the cells of one alert; one that went off is dimmed."""
    mark = mark_price(view.desk, alert.symbol)
    way = way_to_go(alert, mark) if alert.fired_ms is None else None
    role = "text" if alert.fired_ms is None else "muted"
    fired = f"✓ {fmt.time_or_day(alert.fired_ms, view.now_ms)}"
    return Row(
        str(alert.alert_id),
        (
            Cell(str(alert.alert_id), "muted"),
            Cell(alert.symbol, role),
            Cell(_SIGNS[alert.direction], "muted"),
            Cell(alert_price(view.desk, alert.symbol, alert.price), role),
            Cell(fmt.price(mark, view.desk.tick_size(alert.symbol)), "muted"),
            Cell(fmt.ABSENT if way is None else way_words(way), role),
            Cell("○ waiting", "muted") if alert.fired_ms is None else Cell(fired, "accent"),
            Cell(fmt.time_or_day(alert.created_ms, view.now_ms), "muted"),
        ),
    )


class AlertsPane(SignalTablePane):
    """A row for each price alert, waiting ones first."""

    context = Context.ALERTS
    BINDINGS = bindings_for(Context.ALERTS)
    HELP = "N types a new alert, D takes back the one under the cursor."
    columns = COLUMNS
    empty_text = "no price alerts · : alert btc > 70000"

    def show(self, view: SignalView) -> None:
        """Show the alerts."""
        self.table.show([alert_row(view, alert) for alert in view.alerts])
        waiting = sum(1 for alert in view.alerts if alert.fired_ms is None)
        self.set_subtitle(f"{waiting} waiting" if view.alerts else "")
