"""The editor of a factor of one's own: words complete and the expression is judged as it is typed.

What is wrong stands below the expression, under the very word, and nothing is kept by half.
"""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import DeskError
from engine.model.factor import FactorDefinition
from tui.bridge import DeskBridge
from tui.factor_view import WORD_COLUMNS, completed, language_words, word_rows, words_like
from tui.screens.signal_fields import ConditionField, TextField
from tui.screens.signal_form import FormScreen
from tui.widgets.live_table import LiveTable
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

EXAMPLE = "(close - sma(close, 20)) / atr(14)"
LONGEST_NAME = 40
_WORD = re.compile(r"\w+|\S")


class FactorForm(msgspec.Struct, frozen=True):
    """What the fields hold."""

    name: str
    expression: str
    meaning: str


class FactorEditor(FormScreen):
    """Edits one factor, new (None) or kept.

    `name` and `expression` are what a new one starts with, `problem` why the desk has refused that.
    """

    DEFAULT_CSS = """
    FactorEditor #said { height: 3; margin: 0 0 1 13; padding: 0 1; }
    FactorEditor #words { height: 9; margin-left: 13; background: $surface; }
    FactorEditor.-tight #said { margin-bottom: 0; }
    """
    field_of_detail: ClassVar[dict[str, str]] = {"factor": "name"}
    hint = "tab completes, goes on · Enter saves · Esc leaves"

    def __init__(
        self,
        bridge: DeskBridge,
        factor: FactorDefinition | None,
        *,
        name: str = "",
        expression: str = "",
        problem: DeskError | None = None,
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._kept = FactorForm("", "", "")
        self._problem = problem
        if factor is not None:
            self._kept = FactorForm(factor.name, factor.expression, factor.meaning)
        self._is_new = factor is None
        self._started = msgspec.structs.replace(
            self._kept, name=name or self._kept.name, expression=expression or self._kept.expression
        )
        markets = bridge.desk.markets
        self._words = language_words(markets.factor_words(), markets.factors())
        self.heading = f"Factor {factor.name}" if factor is not None else "New factor"
        self.first_field = "name" if factor is None and not name else "expression"

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields, and the words an expression is made of."""
        started = self._started
        with self.row():
            yield self.label("name", "name")
            name = TextField(started.name, placeholder="stretch20", max_length=LONGEST_NAME, id="name")
            # Another name is another factor: what uses this one would lose it.
            name.disabled = not self._is_new
            yield name
        with self.row("-joined"):
            yield self.label("expression", "expression")
            yield ConditionField(started.expression, self._complete, placeholder=EXAMPLE, id="expression")
        yield WrappedText(id="said")
        with self.row():
            yield self.label("meaning", "meaning")
            yield TextField(started.meaning, placeholder="what it tells", id="meaning")
        yield LiveTable(WORD_COLUMNS, empty_text="the desk is still starting", id="words")

    def on_mount(self) -> None:
        """Show what the desk has refused already, once the fields stand."""
        if self._problem is not None:
            self.call_after_refresh(self.blame, self._problem)

    def starting_values(self) -> FactorForm:
        """Return the factor as it is kept: what was taken from elsewhere is a change already."""
        return self._kept

    @property
    def values(self) -> FactorForm:
        """The factor as the fields have it."""
        return FactorForm(self._text("name"), self._text("expression"), self._text("meaning"))

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    async def save(self) -> str:
        """Keep the factor; raises `DeskError`."""
        form = self.values
        saved = await self._bridge.desk.markets.save_factor(form.name, form.expression, form.meaning)
        return f"factor {saved.name} = {saved.expression}"

    def blame(self, error: DeskError) -> None:
        """Show what was refused; a word of the expression is pointed at."""
        super().blame(error)
        if error.details.get("position"):
            self.show_verdict("", "expression")
            self._point_at(error)
            self.set_focus(self.query_one("#expression"))

    def changed(self) -> None:
        """Judge the expression as it is typed, and show the words that could be meant."""
        field = self.query_one(ConditionField)
        field.clear_error()
        found = words_like(self._words, field.value)
        table = self.query_one("#words", LiveTable)
        table.show(word_rows(found))
        table.action_cursor_first()
        self._judge(field.value)

    def _judge(self, expression: str) -> None:
        if not expression.strip():
            self._say(f"such as {EXAMPLE}", "muted")
            return
        try:
            self._bridge.desk.markets.check_factor(expression.strip())
        except DeskError as error:
            position = error.details.get("position", "")
            if not position:
                self._say(refusal_text(error), "danger")
            elif position == str(len(expression.strip())):
                # Nothing is wrong with what is there: it is not finished.
                self._say(f"goes on: {error.details['allowed']}", "muted")
            else:
                self._point_at(error)
        else:
            self._say("understood", "muted")

    def _point_at(self, error: DeskError) -> None:
        field = self.query_one(ConditionField)
        text = field.value
        pointer = ""
        position = error.details["position"]
        if position.isdecimal():
            blanks = len(text) - len(text.lstrip())
            start = min(int(position) + blanks, len(text))
            found = _WORD.match(text, start)
            end = found.end() if found else start + 1
            if start < len(text):
                field.mark_error(start, end)
            # A text wider than the field has scrolled away from its words: the underline must do.
            if len(text) < field.size.width:
                pointer = " " * start + "^" * max(1, end - start) + "\n"
        self._say(pointer + refusal_text(error), "danger")

    def _say(self, text: str, role: str) -> None:
        self.query_one("#said", WrappedText).show(text, role)

    def _complete(self, text: str) -> str | None:
        return completed(self._words, text)
