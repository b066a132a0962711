"""The trigger log: what fired, on which values, in which market, and who was woken."""

from __future__ import annotations

from engine.model.signal import PoolFire, TriggerDelivery, TriggerOutcome
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.panes.signal_base import SignalTablePane
from tui.signal_view import SignalView, fired_signals_text
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

COLUMNS = (
    Column("time", "time", 11),
    Column("pool", "pool", 9, weight=1),
    Column("symbol", "sym", 4),
    Column("delivered", "woken or why not", 18, weight=4, cut="words"),
    Column("signals", "on these values", 18, weight=4, priority=1, cut="words"),
    Column("regime", "regime", 12, priority=2),
)


def delivery_text(view: SignalView, delivery: TriggerDelivery) -> str:
    """Return what became of a fire for one trader: `Reversion woken`, `Rules skipped: still thinking`."""
    name = view.desk.trader_name(delivery.trader_id)
    reason = f": {delivery.reason}" if delivery.reason else ""
    return f"{name} {delivery.outcome}{reason}"


def deliveries_cell(view: SignalView, fire: PoolFire) -> Cell:
    """Return who took a fire; one that woke nobody is not like one that did."""
    if not fire.deliveries:
        return Cell("nobody listens", "muted")
    # Who was skipped comes first: that is what a person looks for.
    ordered = sorted(fire.deliveries, key=lambda item: item.outcome is TriggerOutcome.WOKEN)
    is_skipped = ordered[0].outcome is TriggerOutcome.SKIPPED
    return Cell(", ".join(delivery_text(view, item) for item in ordered), "warning" if is_skipped else "text")


def fire_row(view: SignalView, fire: PoolFire) -> Row:
    """Return the cells of one line of the trigger log."""
    return Row(
        str(fire.fire_id),
        (
            Cell(fmt.time_or_day(fire.ts_ms, view.now_ms), "muted"),
            Cell(fire.pool_name),
            Cell(fire.symbol),
            deliveries_cell(view, fire),
            Cell(fired_signals_text(fire.signals), "muted"),
            Cell(fire.regime.replace("_", " ") or fmt.ABSENT, "muted"),
        ),
    )


class FiresPane(SignalTablePane):
    """A row for each fire, newest first."""

    context = Context.FIRES
    BINDINGS = bindings_for(Context.FIRES)
    HELP = "Enter goes to the pool that fired."
    columns = COLUMNS
    empty_text = "nothing has fired yet"

    def show(self, view: SignalView) -> None:
        """Show the log."""
        self.table.show([fire_row(view, fire) for fire in reversed(view.fires)])
        fire = next((item for item in view.fires if str(item.fire_id) == self.cursor_key), None)
        values = fired_signals_text(fire.signals) if fire else ""
        self.set_subtitle(f"{deliveries_cell(view, fire).text} · {values}" if fire else "")
