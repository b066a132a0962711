"""The form of the numbers regimes are told apart by, each with its meaning and its default."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, NamedTuple

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from engine.errors import DeskError, InvalidInput
from engine.model.regime import RegimeThresholds
from tui.bridge import DeskBridge
from tui.numbers import read_number
from tui.screens.signal_form import FormScreen
from tui.widgets.number_field import NumberField
from tui.widgets.wrapped_text import WrappedText

CHANGED_MARK = "*"
ATR, SHARE, PERCENT, LOG, POINTS = "× ATR", "of volume", "%", "ln", "points"


class Threshold(NamedTuple):
    """One number: its name on the desk, the regime it belongs to, what it means, unit and step."""

    name: str
    regime: str
    meaning: str
    unit: str
    step: str


THRESHOLDS = (
    Threshold("stop_hunt_range_atr", "stop hunt", "the candle's range is above", ATR, "0.05"),
    Threshold("stop_hunt_price_atr", "stop hunt", "it moved by less than", ATR, "0.05"),
    Threshold("strong_cvd", "strong flow", "takers' net is beyond", SHARE, "0.01"),
    Threshold("breakout_price_atr", "breakout", "the candle moved by more than", ATR, "0.05"),
    Threshold("breakout_body", "breakout", "its body is above", "of range", "0.05"),
    Threshold("breakout_taker_log", "breakout", "buys over sells are beyond, or", LOG, "0.1"),
    Threshold("breakout_oi", "breakout", "open interest rose by more than", PERCENT, "0.05"),
    Threshold("exhaustion_oi", "exhaustion", "open interest's change is below", PERCENT, "0.1"),
    Threshold("exhaustion_rsi_high", "exhaustion", "RSI is above, or", POINTS, "1"),
    Threshold("exhaustion_rsi_low", "exhaustion", "RSI is below", POINTS, "1"),
    Threshold("trap_oi", "trap", "open interest's change is below", PERCENT, "0.1"),
    Threshold("trap_price_atr", "trap", "the candle moved by less than", ATR, "0.05"),
    Threshold("absorption_price_atr", "absorption", "the candle moved by at most", ATR, "0.05"),
    Threshold("continuation_cvd", "continuation", "takers' net is beyond", SHARE, "0.01"),
    Threshold("continuation_price_atr", "continuation", "the candle moved by more than", ATR, "0.05"),
    Threshold("calm_range_atr", "calm", "the candle's range is below", ATR, "0.05"),
)
"""Every field of `RegimeThresholds`, in its order; flow is strong for breakout to absorption alike."""

DEFAULTS = msgspec.structs.asdict(RegimeThresholds())


def threshold_text(value: float) -> str:
    """Return a threshold as short as it can be said without losing any of it."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def read_threshold(text: str) -> float | None:
    """Return the number a text says, which may be below zero, or None if it says none."""
    typed = text.strip()
    number = read_number(typed.removeprefix("-"))
    if number is None:
        return None
    return float(-number if typed.startswith("-") else number)


class ThresholdField(NumberField):
    """A number field that takes a minus sign where the default has one."""

    def __init__(self, value: float, *, default: float, step: Decimal, id: str) -> None:
        super().__init__(step=step, id=id)
        self.value = threshold_text(value)
        self._has_sign = default < 0
        if self._has_sign:
            self.restrict = r"-?[0-9,]*\.?[0-9]*"

    def action_step(self, steps: int) -> None:
        """Change the number; what is below zero stays there."""
        if not self._has_sign:
            super().action_step(steps)
            return
        number = read_threshold(self.value)
        if number is not None:
            moved = (Decimal(repr(number)) / self.step).to_integral_value() + steps
            self.value = f"{min(Decimal(0), moved * self.step):f}"
            self.cursor_position = len(self.value)


class RegimeThresholdsScreen(FormScreen):
    """Edits the thresholds all at once; dismissed with the sentence that proves what was saved."""

    DEFAULT_CSS = """
    RegimeThresholdsScreen .dialog { width: 82; max-width: 100%; padding: 0 1; }
    RegimeThresholdsScreen .row { margin-bottom: 0; }
    RegimeThresholdsScreen .row Static.label { width: 51; }
    RegimeThresholdsScreen .row Static.unit { width: 10; margin-left: 1; }
    RegimeThresholdsScreen .row Static.default { width: 7; }
    RegimeThresholdsScreen .row Static.-changed { color: $accent; text-style: bold; }
    RegimeThresholdsScreen .row Static.value { width: 1fr; }
    RegimeThresholdsScreen .row.-titles Static { color: $header; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+r,f5", "reset", "Defaults")]
    heading = "Regime thresholds"
    hint = "tab next · ↑ ↓ step · ^r defaults · Enter saves · Esc leaves"
    first_field = THRESHOLDS[0].name

    def __init__(self, bridge: DeskBridge) -> None:
        """Read the thresholds that hold now; raises `DeskError` while there are none."""
        super().__init__()
        self._bridge = bridge
        self._held = msgspec.structs.asdict(bridge.desk.markets.regime_thresholds())

    def compose_fields(self) -> ComposeResult:
        """Build a row for each number."""
        with self.row("-titles"):
            yield Static(f"  {'regime':<14}holds when", classes="label", markup=False)
            yield Static(" value", classes="value")
            yield Static("", classes="unit")
            yield Static("default", classes="default")
        for item in THRESHOLDS:
            default = DEFAULTS[item.name]
            with self.row():
                yield self.label(item.name, _label(item))
                yield ThresholdField(
                    self._held[item.name], default=default, step=Decimal(item.step), id=item.name
                )
                yield Static(item.unit, classes="unit", markup=False)
                yield Static(threshold_text(default), classes="default", markup=False)

    @property
    def values(self) -> tuple[str, ...]:
        """What the fields hold, in the table's order."""
        return tuple(self._field(item).value.strip() for item in THRESHOLDS)

    def action_reset(self) -> None:
        """Put the defaults into the fields; Enter saves them."""
        for item in THRESHOLDS:
            self._field(item).value = threshold_text(DEFAULTS[item.name])

    async def save(self) -> str:
        """Keep the thresholds; raises `DeskError`."""
        numbers = {item.name: self._number(item) for item in THRESHOLDS}
        await self._bridge.desk.markets.set_regime_thresholds(RegimeThresholds(**numbers))
        changed = sum(number != DEFAULTS[name] for name, number in numbers.items())
        if not changed:
            return "regimes are told apart by the default thresholds"
        return f"regimes: {changed} of {len(THRESHOLDS)} thresholds are not the defaults"

    def blame(self, error: DeskError) -> None:
        """Show what was refused, in the words of the form."""
        super().blame(error)
        verdict = self.query_one("#verdict", WrappedText)
        said = verdict.text
        for item in THRESHOLDS:
            said = said.replace(item.name, f"{item.regime}, {item.meaning.removesuffix(', or')}")
        verdict.show(said, "warning")

    def changed(self) -> None:
        """Mark what differs from its default."""
        for item in THRESHOLDS:
            is_changed = read_threshold(self._field(item).value) != DEFAULTS[item.name]
            label = self.query_one(f"#label-{item.name}", Static)
            if label.has_class("-changed") is not is_changed:
                label.set_class(is_changed, "-changed")
                label.update(_label(item, CHANGED_MARK if is_changed else " "))

    def _field(self, item: Threshold) -> ThresholdField:
        return self.query_one(f"#{item.name}", ThresholdField)

    def _number(self, item: Threshold) -> float:
        text = self._field(item).value.strip()
        number = read_threshold(text)
        if number is None:
            example = threshold_text(DEFAULTS[item.name])
            raise InvalidInput.of(item.name, text or "an empty field", f"give a number such as {example}")
        return number


def _label(item: Threshold, mark: str = " ") -> str:
    return f"{mark} {item.regime:<14}{item.meaning}"
