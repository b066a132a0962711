"""What the editors of signals and pools share: fields with labels, the field to blame, saving, leaving.

Nothing is saved by half: the desk takes a whole value or says what is wrong with it, and the
sentence stands below the fields while the field it is about is marked. Escape leaves at once only
when nothing was changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.errors import DeskError
from tui.screens.dialog import DialogScreen
from tui.screens.signal_fields import PickList
from tui.screens.ticket_fields import ChoiceField
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

LEAVE_WARNING = "Not saved: Esc again leaves it unsaved, any change goes on."
TIGHT_BELOW = 30
HINT = "tab next · Enter saves · Esc leaves"
PICKING_HINT = "tab next · space picks · Enter saves · Esc leaves"


class FormScreen(DialogScreen[str | None], inherit_bindings=False):
    """A dialog of labelled fields; dismissed with the sentence that proves what was saved, or None."""

    DEFAULT_CSS = """
    FormScreen .dialog { width: 84; }
    FormScreen .row { height: 1; margin-bottom: 1; background: $surface; }
    FormScreen .row.-list { height: 5; }
    FormScreen .row Static { width: 13; color: $muted; }
    FormScreen .row Static.-second { width: 11; margin-left: 2; }
    FormScreen .row Static.-wrong { color: $danger; text-style: bold; }
    FormScreen .row Input { height: 1; border: none; padding: 0 1; width: 1fr; background: $panel; }
    FormScreen .row Input:focus { border: none; background: $block-cursor-background; }
    FormScreen .row PickList { height: 100%; width: 1fr; }
    FormScreen #verdict { height: 2; background: $surface; }
    FormScreen WrappedText { background: $surface; }
    FormScreen .row.-joined { margin-bottom: 0; }
    FormScreen.-tight .row { margin-bottom: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("enter", "submit", "Save"),
        Binding("tab", "app.focus_next", "Next field", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False),
    ]
    heading: str
    hint: ClassVar[str] = HINT
    first_field: str
    field_of_detail: ClassVar[dict[str, str]] = {}
    """The field that shows an error about another name of the desk's."""

    def __init__(self) -> None:
        super().__init__()
        self._is_leaving = False
        self._is_saving = False
        self._started_with: object = None

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields."""
        raise NotImplementedError

    @property
    def values(self) -> object:
        """What the fields hold now, as something that can be compared."""
        raise NotImplementedError

    async def save(self) -> str:
        """Keep what the fields hold and return the proof; raises `DeskError`."""
        raise NotImplementedError

    def changed(self) -> None:
        """Do what a change of a field asks for."""

    def compose(self) -> ComposeResult:
        """Build the fields and the verdict below them."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Text(self.heading)
            dialog.border_subtitle = self.hint
            yield from self.compose_fields()
            yield WrappedText(id="verdict")

    def on_mount(self) -> None:
        """Start at the first field, and remember what it all started with."""
        self._started_with = self.starting_values()
        self.set_focus(self.query_one(f"#{self.first_field}"))
        self.changed()

    def starting_values(self) -> object:
        """Return the values that leaving loses nothing of."""
        return self.values

    @on(events.Resize)
    def fit_height(self, event: events.Resize) -> None:
        """Leave out the lines between the rows where there are few lines."""
        self.set_class(event.size.height < TIGHT_BELOW, "-tight")

    @property
    def is_changed(self) -> bool:
        """Whether anything would be lost by leaving."""
        return self.values != self._started_with

    def action_leave(self) -> None:
        """Leave; with something to lose only the second time."""
        if self._is_leaving or not self.is_changed:
            self.dismiss(None)
            return
        self._is_leaving = True
        self.show_verdict(LEAVE_WARNING)

    def action_submit(self) -> None:
        """Save, once at a time."""
        if not self._is_saving:
            self._is_saving = True
            self.run_worker(self._save(), group="save", exit_on_error=False)

    async def _save(self) -> None:
        try:
            self.dismiss(await self.save())
        except DeskError as error:
            self.blame(error)
        except Exception as error:  # an engine fault must not swallow what was typed
            self.show_verdict(f"unexpected {type(error).__name__}: {error}")
        finally:
            self._is_saving = False

    def blame(self, error: DeskError) -> None:
        """Show what the desk refused, mark its field and go there."""
        detail = error.details.get("field", "")
        name = self.field_of_detail.get(detail, detail)
        self.show_verdict(refusal_text(error), name)
        for field in self.query(f"#{name}" if name else "#none"):
            self.set_focus(field)

    def show_verdict(self, message: str, field: str = "") -> None:
        """Say something below the fields and mark the field it is about."""
        self.query_one("#verdict", WrappedText).show(message, "warning")
        for label in self.query("Static.label"):
            label.set_class(label.id == f"label-{field}", "-wrong")

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Save with Enter in a field."""
        event.stop()
        self.action_submit()

    @on(Input.Changed)
    @on(ChoiceField.Changed)
    @on(PickList.Changed)
    def field_changed(self, event: Input.Changed | ChoiceField.Changed | PickList.Changed) -> None:
        """Forget what was said about other values."""
        event.stop()
        self._is_leaving = False
        self.show_verdict("")
        self.changed()

    def label(self, name: str, text: str, classes: str = "") -> Static:
        """Return the label of a field."""
        return Static(text, id=f"label-{name}", classes=f"label {classes}".strip(), markup=False)

    @contextmanager
    def row(self, classes: str = "") -> Iterator[Widget]:
        """Open a row of labels and fields."""
        with Horizontal(classes=f"row {classes}".strip()) as row:
            yield row
