"""The fields of the signal editors: a condition that completes itself, and a list to pick from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui.widgets.command_input import CommandInput, Complete
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column

MAX_NAME_LENGTH = 100
YES_NO = (("yes", "yes"), ("no", "no"))
PICKED, NOT_PICKED = "[×]", "[ ]"
PICK_COLUMNS = (
    Column("mark", "", 3),
    Column("label", "", 10, weight=1),
    Column("detail", "", 10, weight=2, priority=1, cut="words"),
)


class TextField(Input):
    """A line of plain text."""

    def __init__(self, value: str, *, placeholder: str = "", max_length: int = 0, id: str) -> None:
        super().__init__(value, placeholder=placeholder, max_length=max_length, select_on_focus=False, id=id)
        self.cursor_blink = False


class ConditionField(CommandInput):
    """A condition; tab completes its last word, or goes on to the next field."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete_or_go_on", "Complete", show=False)]

    def __init__(self, value: str, complete: Complete, *, placeholder: str, id: str) -> None:
        super().__init__(complete, placeholder=placeholder, id=id)
        self.value = value
        self._completed: Callable[[str], str | None] = complete

    def action_complete_or_go_on(self) -> None:
        """Take the completion; without one move to the next field."""
        if self.value.strip() and self._completed(self.value):
            self.action_complete()
        else:
            self.screen.focus_next()


class Choice(msgspec.Struct, frozen=True):
    """One line of a list to pick from."""

    key: str
    label: str
    detail: str = ""


class PickList(LiveTable):
    """A list in which space or a click picks lines; enter is the dialog's."""

    DEFAULT_CSS = "PickList { background: $panel; padding: 0 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "select_row", "Pick", show=False),
        Binding("enter", "screen.submit", "Save", show=False),
    ]

    class Changed(Message):
        """Another set of lines is picked."""

    def __init__(self, choices: Sequence[Choice], picked: Sequence[str], *, empty_text: str, id: str) -> None:
        super().__init__(PICK_COLUMNS, empty_text=empty_text, show_header=False, id=id)
        self._choices = tuple(choices)
        self._picked = frozenset(picked)

    @property
    def picked(self) -> tuple[str, ...]:
        """The keys of the picked lines, in the order of the list."""
        return tuple(choice.key for choice in self._choices if choice.key in self._picked)

    def on_mount(self) -> None:
        """Show the lines."""
        self._show_choices()

    def action_select_row(self) -> None:
        """Pick the line under the cursor, or let it go."""
        if self.cursor_key is not None:
            self._picked ^= {self.cursor_key}
            self._show_choices()
            self.post_message(self.Changed())

    def _show_choices(self) -> None:
        self.show([self._row(choice) for choice in self._choices])

    def _row(self, choice: Choice) -> Row:
        is_picked = choice.key in self._picked
        mark = Cell(PICKED if is_picked else NOT_PICKED, "accent" if is_picked else "muted")
        return Row(choice.key, (mark, Cell(choice.label), Cell(choice.detail, "muted")))
