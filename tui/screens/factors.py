"""Every factor, and how well the one under the cursor has foretold the selected symbol's price."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Input

from engine.errors import DeskError
from engine.model.factor import FactorDefinition, FactorEffectiveness
from tui.bridge import DeskBridge
from tui.factor_proposals import propose_delete_factor
from tui.factor_view import (
    FACTOR_COLUMNS,
    WINDOW_COLUMNS,
    decay_lines,
    effect_heading,
    effect_spans,
    factor_rows,
    is_own,
    matching,
    window_rows,
)
from tui.panes.span_line import Span, SpanLine
from tui.screens.command_dialog import CommandDialog
from tui.screens.signal_form import TIGHT_BELOW
from tui.widgets.live_table import LiveTable
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

SETTLE_S = 0.25
"""How long the cursor has to rest on a factor before it is measured."""

HINT = "/ filters · N new · e edit · D delete · tab windows · Esc leaves"
EFFECT_LINES = ("figures", "decay-0", "decay-1", "decay-2")


class FactorsScreen(CommandDialog, inherit_bindings=False):
    """Lists factors and measures the one under the cursor on a symbol's candles of a period."""

    DEFAULT_CSS = """
    FactorsScreen .dialog { width: 100%; max-width: 100%; height: 96%; max-height: 100%; padding: 0 1; }
    FactorsScreen LiveTable { background: $surface; }
    FactorsScreen Input { height: 1; border: none; padding: 0 1; background: $panel; }
    FactorsScreen #factors { height: 3fr; }
    FactorsScreen #about { height: 3; background: $surface; padding-top: 1; }
    FactorsScreen #effect { height: 1; margin-top: 1; }
    FactorsScreen #windows { height: 2fr; min-height: 3; }
    FactorsScreen.-tight #about { height: 2; padding-top: 0; }
    FactorsScreen.-tight #effect { margin-top: 0; }
    FactorsScreen.-tight #windows { height: 4; }
    """
    refusal_role = "warning"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("q", "dismiss(None)", "Back", show=False),
        Binding("tab", "app.focus_next", "Next", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False),
        Binding("slash", "filter", "Filter"),
        Binding("N", "new_factor", "New"),
        Binding("e", "edit_factor", "Edit"),
        Binding("D", "delete_factor", "Delete"),
    ]

    def __init__(self, bridge: DeskBridge, symbol: str, period: str) -> None:
        super().__init__()
        self._bridge = bridge
        self._symbol = symbol
        self._period = period
        self._factors: tuple[FactorDefinition, ...] = ()
        self._effects: dict[str, FactorEffectiveness] = {}
        self._wanted = ""
        self._waiting: Timer | None = None
        self._proof_at: str | None = None
        """The factor the cursor has come to by a command, whose proof is more than is said of a factor."""

    def compose(self) -> ComposeResult:
        """Build the filter, the list, and what is known of the factor under the cursor."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Factors"
            dialog.border_subtitle = HINT
            field = Input(placeholder="/ filters by name, kind, expression or meaning", id="filter")
            field.cursor_blink = False
            yield field
            yield LiveTable(FACTOR_COLUMNS, empty_text="no factor is like that", id="factors")
            yield WrappedText(id="about")
            yield SpanLine(id="effect")
            for name in EFFECT_LINES:
                yield SpanLine(id=name)
            yield LiveTable(WINDOW_COLUMNS, id="windows")

    def on_mount(self) -> None:
        """Show every factor."""
        self._read()
        self._table.focus()

    @on(events.Resize)
    def fit_height(self, event: events.Resize) -> None:
        """Give the factors what room there is where there are few lines."""
        self.set_class(event.size.height < TIGHT_BELOW, "-tight")

    @on(Input.Changed, "#filter")
    def typed(self, event: Input.Changed) -> None:
        """Show the factors that match."""
        event.stop()
        self._show()

    @on(Input.Submitted, "#filter")
    def filtered(self, event: Input.Submitted) -> None:
        """Go to what was found."""
        event.stop()
        self._table.focus()

    @on(LiveTable.RowHighlighted, "#factors")
    def cursor_moved(self, event: LiveTable.RowHighlighted) -> None:
        """Say what the factor is, and measure it once the cursor rests."""
        event.stop()
        self._describe()

    @on(LiveTable.RowSelected)
    async def chosen(self, event: LiveTable.RowSelected) -> None:
        """Change the factor under the cursor."""
        event.stop()
        if event.table is self._table:
            await self.action_edit_factor()

    def action_back(self) -> None:
        """Take the filter away, else leave."""
        field = self.query_one("#filter", Input)
        if field.value or field.has_focus:
            field.value = ""
            self._table.focus()
        else:
            self.dismiss(None)

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one("#filter", Input).focus()

    async def action_new_factor(self) -> None:
        """Define a factor of one's own."""
        await self._edit(None)

    async def action_edit_factor(self) -> None:
        """Change a factor of one's own, or begin one with what a built-in one says."""
        factor = self._chosen
        if factor is not None:
            await self._edit(factor)

    async def action_delete_factor(self) -> None:
        """Delete a factor of one's own, after asking."""
        factor = self._chosen
        if factor is not None:
            name = factor.name
            await self.ask(lambda: propose_delete_factor(name, self._bridge))

    async def _edit(self, factor: FactorDefinition | None) -> None:
        from tui.screens.factors_editor import FactorEditor

        kept = factor if factor is not None and is_own(factor) else None
        expression = factor.expression if factor is not None and kept is None else ""

        def answered(proof: str | None) -> None:
            if proof is not None:
                # What another factor says may have changed with it.
                self._effects.clear()
                self._read()
                self._table.move_cursor_to(proof.split()[1])
                self._describe()

        await self.app.push_screen(FactorEditor(self._bridge, kept, expression=expression), answered)

    def say_here(self, text: str, role: str) -> None:
        """Say something below the list."""
        self._say(text, role)

    def show_outcome(self, proof: str, role: str) -> None:
        """Read the factors anew after a command, and say what came of it."""
        self._read()
        self._say(proof, role)
        self._proof_at = self._table.cursor_key

    @property
    def _table(self) -> LiveTable:
        return self.query_one("#factors", LiveTable)

    @property
    def _chosen(self) -> FactorDefinition | None:
        """The factor under the cursor."""
        key = self._table.cursor_key
        return next((factor for factor in self._factors if factor.name == key), None)

    def _read(self) -> None:
        self._factors = self._bridge.desk.markets.factors()
        self._show()

    def _show(self) -> None:
        found = matching(self._factors, self.query_one("#filter", Input).value)
        self._table.show(factor_rows(found))
        if not found:
            self._describe()

    def _describe(self) -> None:
        factor = self._chosen
        if self._waiting is not None:
            self._waiting.stop()
        self._wanted = factor.name if factor is not None else ""
        if factor is None:
            self._say("", "muted")
            self._show_effect(None)
            return
        if factor.name != self._proof_at:
            self._proof_at = None
            words = (f"{factor.name} = {factor.expression}", factor.meaning)
            self._say(" · ".join(filter(None, words)), "text")
        known = self._effects.get(factor.name)
        self._show_effect(known)
        if known is None:
            self._say_effect(f"{factor.name}: measuring on {self._symbol} {self._period} …", "muted")
            self._waiting = self.set_timer(SETTLE_S, self._measure)

    def _measure(self) -> None:
        if self._wanted:
            self.run_worker(
                self._show_measured(self._wanted), group="measure", exclusive=True, exit_on_error=False
            )

    async def _show_measured(self, name: str) -> None:
        try:
            effect = await self._bridge.desk.markets.factor_effectiveness(name, self._symbol, self._period)
        except DeskError as error:
            problem = refusal_text(error)
        except Exception as error:  # an engine fault must not take the screen with it
            problem = f"unexpected {type(error).__name__}: {error}"
        else:
            self._effects[name] = effect
            if name == self._wanted:
                self._show_effect(effect)
            return
        if name == self._wanted:
            self._say_effect(f"{name}: {problem}", "danger")

    def _show_effect(self, effect: FactorEffectiveness | None) -> None:
        lines = ((),) * len(EFFECT_LINES) if effect is None else (effect_spans(effect), *decay_lines(effect))
        for name, spans in zip(EFFECT_LINES, lines, strict=True):
            self.query_one(f"#{name}", SpanLine).show(spans)
        self.query_one("#windows", LiveTable).show([] if effect is None else window_rows(effect))
        self.query_one("#effect", SpanLine).show(() if effect is None else effect_heading(effect))

    def _say_effect(self, text: str, role: str) -> None:
        self.query_one("#effect", SpanLine).show((Span(text, role),))

    def _say(self, text: str, role: str) -> None:
        self.query_one("#about", WrappedText).show(text, role)
