"""The signals pane: how every signal stands on each of its symbols, and how far it has to go."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model.signal import SignalDefinition, SignalState
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.panes.signal_base import SignalTablePane, subject_key, subject_of
from tui.signal_view import (
    BAR_CELLS,
    SignalView,
    bar,
    met_glyph,
    met_role,
    nearness,
    number,
    threshold,
    with_unit,
)
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

NEAR = 0.9
"""From this share of the way on a bar is shown as one to look at."""
_ABSENT = Cell(fmt.ABSENT, "muted")

COLUMNS = (
    Column("met", " ", 1),
    Column("name", "signal", 20, weight=2),
    Column("symbol", "sym", 4),
    Column("value", "now", 8, align="right"),
    Column("target", "target", 8, align="right"),
    Column("distance", "to go", 8, align="right"),
    Column("bar", "", BAR_CELLS, priority=2),
    Column("condition", "condition", 20, weight=5, cut="words"),
    Column("fired", "last fire", 11, align="right", priority=1),
)


def signal_rows(view: SignalView) -> list[Row]:
    """Return a row for each signal and symbol; a signal no pool uses has one row without a state."""
    return [row for signal in view.definitions for row in _rows_of(view, signal)]


def _rows_of(view: SignalView, signal: SignalDefinition) -> Iterator[Row]:
    states = [state for state in view.signal_states if state.signal_id == signal.signal_id]
    if not states:
        yield _row(view, signal, None, is_first=True)
    for place, state in enumerate(states):
        yield _row(view, signal, state, is_first=not place)


def _row(view: SignalView, signal: SignalDefinition, state: SignalState | None, *, is_first: bool) -> Row:
    symbol = state.symbol if state else ""
    is_watched = state is not None and signal.enabled
    name = Cell(signal.name, "text" if is_first and is_watched else "muted")
    condition = Cell(signal.condition, "muted")
    if state is None or not signal.enabled:
        met, distance = Cell("·", "muted"), "unused" if signal.enabled else "off"
        standing: tuple[Cell, ...] = (
            _ABSENT,
            _ABSENT,
            Cell(distance, "muted"),
            Cell(""),
            condition,
            _ABSENT,
        )
    else:
        met = Cell(met_glyph(state.met), met_role(state.met))
        standing = _standing(view, state, view.unit(signal.condition), condition)
    symbol_cell = Cell(symbol) if symbol else _ABSENT
    return Row(subject_key(signal.signal_id, symbol), (met, name, symbol_cell, *standing))


def _standing(view: SignalView, state: SignalState, unit: str, condition: Cell) -> tuple[Cell, ...]:
    """Return the cells that say how a signal stands, from its value on."""
    share = nearness(state)
    is_unknown = state.met is None
    fired = view.last_fire_with(state.signal_id, state.symbol)
    return (
        Cell(with_unit(state.value, unit), "stale" if is_unknown else "text"),
        Cell(with_unit(state.target, unit, number=threshold), "muted"),
        Cell("met", "accent") if state.met else Cell(number(state.distance), "muted"),
        Cell(bar(share), "accent" if share is not None and share >= NEAR else "muted"),
        Cell(state.why_unknown, "stale") if is_unknown else condition,
        Cell(fmt.time_or_day(fired, view.now_ms), "muted"),
    )


class SignalsPane(SignalTablePane):
    """A row for each signal on each symbol that a pool watches it on."""

    context = Context.SIGNALS
    BINDINGS = bindings_for(Context.SIGNALS)
    HELP = "e edits the signal under the cursor, N defines a new one, y tests it now."
    columns = COLUMNS
    empty_text = "no signals yet · N defines one"

    def show(self, view: SignalView) -> None:
        """Show how the signals stand."""
        self.table.show(signal_rows(view))
        self.set_subtitle(cursor_words(view, self.cursor_key))


def cursor_words(view: SignalView, key: str | None) -> str:
    """Return what the pane says of the row under its cursor: its condition, why unknown, what it is for."""
    subject = subject_of(key)
    signal = view.signal(subject[0]) if subject else None
    if subject is None or signal is None:
        return ""
    states = (state for state in view.signal_states if (state.signal_id, state.symbol) == subject)
    unknown = [state.why_unknown for state in states if state.met is None and signal.enabled]
    return " · ".join(filter(None, (signal.condition, *unknown, signal.description)))
