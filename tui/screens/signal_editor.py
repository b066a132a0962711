"""The editor of a signal: its condition is read as it is typed, and tried on the recorded past."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import DeskError
from engine.model.signal import SignalDefinition
from tui.bridge import DeskBridge
from tui.command_words import split_words
from tui.screens.signal_completion import complete_condition
from tui.screens.signal_fields import MAX_NAME_LENGTH, YES_NO, ConditionField, TextField
from tui.screens.signal_form import FormScreen
from tui.screens.signal_trial import TrialLine
from tui.screens.ticket_fields import ChoiceField
from tui.signal_preview import PreviewSpan, PreviewTarget
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

EXAMPLE = "rsi14 crosses below 30 on 15m"
PREVIEW_SPAN = PreviewSpan.WEEK


class SignalEditor(FormScreen):
    """Edits one signal, new (`signal_id` 0) or kept; `condition` is one to start with instead of its own."""

    DEFAULT_CSS = """
    SignalEditor #said { height: 4; margin: 0 0 1 13; padding: 0 1; }
    """
    field_of_detail: ClassVar[dict[str, str]] = {"signal": "condition", "enabled": "enabled"}

    def __init__(
        self, bridge: DeskBridge, signal: SignalDefinition, symbol: str, *, condition: str = ""
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._signal = signal
        self._symbol = symbol
        self._condition = condition or signal.condition
        self._metrics = bridge.desk.signals.metrics()
        self._periods = bridge.desk.markets.periods()
        self._suggested: tuple[str, ...] = ()
        self.first_field = "condition" if signal.signal_id else "name"
        self.heading = f"Signal {signal.name}" if signal.signal_id else "New signal"

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields."""
        signal = self._signal
        symbols = [(item.symbol, item.symbol) for item in self._bridge.view.instruments]
        with self.row():
            yield self.label("name", "name")
            yield TextField(signal.name, placeholder="RSI low", max_length=MAX_NAME_LENGTH, id="name")
        with self.row("-joined"):
            yield self.label("condition", "condition")
            yield ConditionField(self._condition, self._complete, placeholder=EXAMPLE, id="condition")
        yield WrappedText(id="said")
        with self.row():
            yield self.label("description", "description")
            yield TextField(signal.description, placeholder="what it is for", id="description")
        with self.row():
            yield self.label("enabled", "enabled")
            yield ChoiceField(YES_NO, "yes" if signal.enabled else "no", id="enabled")
            yield self.label("symbol", "tried on", "-second")
            yield ChoiceField(symbols or [(self._symbol, self._symbol)], self._symbol, id="symbol")
        yield TrialLine(self._bridge, id="tried")

    def starting_values(self) -> SignalDefinition:
        """Return the signal as it is kept: what was taken from elsewhere is a change already."""
        return self._signal

    @property
    def values(self) -> SignalDefinition:
        """The signal as the fields have it."""
        return msgspec.structs.replace(
            self._signal,
            name=self._text("name"),
            condition=self._text("condition"),
            description=self._text("description"),
            enabled=self.query_one("#enabled", ChoiceField).value == "yes",
        )

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    async def save(self) -> str:
        """Keep the signal; raises `DeskError`."""
        saved = await self._bridge.desk.signals.save_signal(self.values)
        return f"signal {saved.name}: {saved.condition}"

    def blame(self, error: DeskError) -> None:
        """Show what was refused; what is neither name nor description is about the condition."""
        super().blame(error)
        if error.details.get("position"):
            self._point_at(error)
            self.set_focus(self.query_one("#condition"))

    def changed(self) -> None:
        """Read the condition, say what it means or what is wrong, and try it soon."""
        field = self.query_one(ConditionField)
        text = field.value
        field.clear_error()
        self._suggested = ()
        trial = self.query_one(TrialLine)
        if not text.strip():
            self._say(f"such as {EXAMPLE} · Tab completes a word", "muted")
            trial.forget()
            return
        try:
            check = self._bridge.desk.signals.check(text)
        except DeskError as error:
            self._point_at(error)
            trial.forget()
            return
        unit = f", in {check.unit}" if check.unit else ""
        canonical = "" if check.condition == text.strip() else f"\n= {check.condition}"
        self._say(f"✓ {check.meaning}{unit}{canonical}", "gain")
        symbol = self.query_one("#symbol", ChoiceField).value
        trial.try_soon(PreviewTarget(name="", symbol=symbol, span=PREVIEW_SPAN, condition=check.condition))

    def _point_at(self, error: DeskError) -> None:
        """Underline the word an error is about and say below it what is allowed."""
        field = self.query_one(ConditionField)
        text = field.value
        self._suggested = tuple(error.details.get("suggestions", "").split())
        pointer = ""
        position = str(error.details.get("position", ""))
        if position.isdecimal():
            start = min(int(position), len(text))
            word = next((item for item in split_words(text) if item.start <= start < item.end), None)
            end = word.end if word else start + 1
            if start < len(text):
                field.mark_error(start, end)
            # A text wider than the field has scrolled away from its words: the underline must do.
            if len(text) < field.size.width:
                pointer = " " * start + "^" * max(1, end - start) + "\n"
        self._say(pointer + refusal_text(error), "danger")

    def _say(self, text: str, role: str) -> None:
        self.query_one("#said", WrappedText).show(text, role)

    def _complete(self, text: str) -> str | None:
        """Return the whole text a completion makes of what is typed so far."""
        completion = complete_condition(text, self._metrics, self._periods)
        typed = text[completion.start :]
        if completion.candidates:
            return text + completion.candidates[0][len(typed) :]
        return text[: completion.start] + self._suggested[0] if self._suggested and typed else None
