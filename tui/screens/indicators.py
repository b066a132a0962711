"""The dialog of indicators: those with a name of their own to tick, any other by its formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from engine.errors import DeskError
from engine.model.chart import ChartPlace, IndicatorInfo
from tui.screens.dialog import DialogScreen
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

MOST_INDICATORS = 8
HINT = "any other by name and parameters: adx(14)   bbands(20,2)   mfi(14)"
TOO_MANY = f"{MOST_INDICATORS} indicators at most: take one away first"
PLACES = {ChartPlace.PRICE: "over", ChartPlace.BELOW: "below"}


class IndicatorsScreen(DialogScreen[tuple[str, ...] | None], inherit_bindings=False):
    """Chooses indicators; dismissed with all that are chosen, or None to leave them as they were.

    `check` raises a `DeskError` for a text that is no indicator.
    """

    DEFAULT_CSS = """
    IndicatorsScreen .dialog { width: 78; }
    IndicatorsScreen LiveTable { height: auto; background: $surface; }
    IndicatorsScreen Input { height: 1; border: none; padding: 0 1; background: $panel; margin-top: 1; }
    IndicatorsScreen WrappedText { height: 2; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back"),
        Binding("ctrl+o,f10", "accept", "Use"),
        Binding("tab,shift+tab", "switch", "Switch", show=False),
        Binding("space", "tick", "Tick", show=False),
    ]

    def __init__(
        self, offered: Sequence[IndicatorInfo], chosen: Sequence[str], check: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._offered = tuple(offered)
        self._chosen = list(chosen)
        self._check = check

    @property
    def chosen(self) -> tuple[str, ...]:
        """What is chosen now."""
        return tuple(self._chosen)

    def compose(self) -> ComposeResult:
        """Build the list, the field and its message."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Indicators"
            dialog.border_subtitle = "Space ticks · Tab types another · Enter uses them · Esc leaves"
            columns = (
                Column("tick", "", 2),
                Column("name", "", 12),
                Column("place", "", 5, priority=1),
                Column("meaning", "", 20, weight=1, cut="words"),
            )
            yield LiveTable(columns, show_header=False)
            field = Input(placeholder="adx(14)")
            field.cursor_blink = False
            yield field
            yield WrappedText()
            yield Static("", classes="facts")

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one(Static).display = False
        self._show()
        self.query_one(LiveTable).focus()
        self._say(HINT, "muted")

    def action_switch(self) -> None:
        """Move between the list and the field."""
        table, field = self.query_one(LiveTable), self.query_one(Input)
        (table if field.has_focus else field).focus()

    def action_tick(self) -> None:
        """Tick the row under the cursor, or take its tick away."""
        key = self.query_one(LiveTable).cursor_key
        if key is None:
            return
        if key in self._chosen:
            self._chosen.remove(key)
        elif len(self._chosen) >= MOST_INDICATORS:
            self._say(TOO_MANY, "warning")
            return
        else:
            self._chosen.append(key)
        self._show()

    def action_accept(self) -> None:
        """Use what is chosen."""
        self.dismiss(self.chosen)

    @on(LiveTable.RowSelected)
    def accept(self, event: LiveTable.RowSelected) -> None:
        """Use what is chosen."""
        event.stop()
        self.action_accept()

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Say at once whether the text is an indicator."""
        event.stop()
        text = event.value.strip()
        if not text:
            self._say(HINT, "muted")
            return
        problem = self._problem(text)
        self._say(problem or f"Enter adds {text}", "danger" if problem else "gain")

    @on(Input.Submitted)
    def add(self, event: Input.Submitted) -> None:
        """Add what was typed; with nothing typed use what is chosen."""
        event.stop()
        text = event.value.strip()
        if not text:
            self.action_accept()
            return
        problem = self._problem(text)
        if problem:
            self._say(problem, "danger")
            return
        name = next((each.name for each in self._offered if each.name == text.upper()), text.lower())
        if name not in self._chosen:
            self._chosen.append(name)
        event.input.value = ""
        self._show()

    def _problem(self, text: str) -> str:
        if len(self._chosen) >= MOST_INDICATORS:
            return TOO_MANY
        try:
            self._check(text)
        except DeskError as error:
            return refusal_text(error)
        return ""

    def _show(self) -> None:
        names = {each.name for each in self._offered}
        rows = [
            Row(name, (Cell("✓", "gain"), Cell(name), Cell("", "muted"), Cell("typed", "muted")))
            for name in self._chosen
            if name not in names
        ]
        rows += [
            Row(
                each.name,
                (
                    Cell("✓" if each.name in self._chosen else " ", "gain"),
                    Cell(each.name, "text" if each.name in self._chosen else "muted"),
                    Cell(PLACES[each.place], "muted"),
                    Cell(each.meaning, "muted"),
                ),
            )
            for each in self._offered
        ]
        table = self.query_one(LiveTable)
        table.styles.height = min(len(rows), max(3, self.size.height - 10))
        table.show(rows)

    def _say(self, text: str, role: str) -> None:
        self.query_one(WrappedText).show(text, role)
