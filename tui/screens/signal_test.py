"""Testing a signal or a pool now: its values, whether it is met, and what that would set off."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from engine.errors import DeskError
from tui.panes.span_line import Span
from tui.screens.dialog import REVIEW_INTERVAL_S, DialogScreen
from tui.signal_proposals import pool_named, signal_named
from tui.signal_view import (
    MET_WORDS,
    SignalView,
    met_glyph,
    met_role,
    number,
    threshold,
    trigger_verdict,
    with_unit,
)
from tui.theming import role_style
from tui.wording import refusal_text

Line = tuple[Span, ...]


def signal_test(view: SignalView, signal_id: int, symbol: str) -> list[Line]:
    """Return what testing a signal on a symbol says; raises `NotFound` when it has gone."""
    signal = signal_named(view, signal_id)
    lines = [_member_line(view, signal_id, symbol), (Span(f"  {signal.condition}", "muted"),), ()]
    pools = view.pools_using(signal_id)
    for pool in pools:
        lines += [
            (Span(f"{pool.name}  ", "header"), Span(symbol, "muted")),
            (Span(f"  {trigger_verdict(view, pool, symbol)}"),),
        ]
    if not pools:
        lines.append((Span("No pool uses it, so nothing evaluates it and it wakes nobody.", "muted"),))
    return lines


def pool_test(view: SignalView, pool_id: int, symbol: str) -> list[Line]:
    """Return what testing a pool on a symbol says; raises `NotFound` when it has gone."""
    pool = pool_named(view, pool_id)
    lines = [_member_line(view, signal_id, symbol) for signal_id in pool.signal_ids]
    return [*lines, (), (Span("would it fire?  ", "muted"), Span(trigger_verdict(view, pool, symbol)))]


def _member_line(view: SignalView, signal_id: int, symbol: str) -> Line:
    signal, state = view.signal(signal_id), view.signal_state(signal_id, symbol)
    met = state.met if state else None
    name = Span(f"{met_glyph(met)} {view.signal_name(signal_id)}  ", met_role(met))
    if signal is not None and not signal.enabled:
        return (name, Span("switched off", "muted"))
    if state is None or met is None:
        return (name, Span(state.why_unknown if state else "not evaluated on this symbol", "stale"))
    unit = view.unit(signal.condition) if signal else ""
    values = f"{with_unit(state.value, unit)} against {with_unit(state.target, unit, threshold)}"
    left = "" if met or state.distance is None else f", {number(state.distance)} to go"
    return (name, Span(f"{MET_WORDS[met]}: {values}"), Span(left, "muted"))


class SignalTestScreen(DialogScreen[None], inherit_bindings=False):
    """Shows a test, kept that of now; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,y,space", "dismiss(None)", "Close")]

    def __init__(self, title: str, make: Callable[[], list[Line]]) -> None:
        super().__init__()
        self._title = title
        self._make = make

    def compose(self) -> ComposeResult:
        """Build the text."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Text(self._title)
            dialog.border_subtitle = "as of now · Esc closes"
            with VerticalScroll(can_focus=False, classes="body"):
                yield Static("", id="test")

    def on_mount(self) -> None:
        """Test, and test again while it is open."""
        self._show()
        self.set_interval(REVIEW_INTERVAL_S, self._show)

    def _show(self) -> None:
        try:
            lines = self._make()
        except DeskError as error:
            lines = [(Span(refusal_text(error), "warning"),)]
        text = Text("\n").join(
            Text.assemble(*((span.text, role_style(self.app, span.role)) for span in line)) for line in lines
        )
        self.query_one("#test", Static).update(text)
