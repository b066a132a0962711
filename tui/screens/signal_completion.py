"""What could come next in a condition as it is typed: a pure function of the text before the cursor.

It only offers; what a condition may say is the desk's to judge (`desk.signals.check`).
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.model.signal import MetricInfo
from tui.completion import Completion

ABSOLUTE, CROSSES, ON = "abs", "crosses", "on"
DIRECTIONS = ("above", "below")
OPERATORS = (">", "<", ">=", "<=", "==", "!=")
EVENT_FORMS: dict[str, tuple[str, ...]] = {
    "taker": ("buy", "sell", "any"),
    "macd": (
        "golden_cross",
        "death_cross",
        "histogram_positive",
        "histogram_negative",
        "macd_above_zero",
        "macd_below_zero",
    ),
    "pattern": ("engulfing", "hammer", "doji", "morning_star", "evening_star", "harami", "shooting_star"),
}
"""What follows the first word of a condition about something that happens, the most usual first."""

_FORM_OF_METRIC = {"taker_volume": "taker", "macd_events": "macd"}


def complete_condition(text: str, metrics: Sequence[MetricInfo], periods: Sequence[str]) -> Completion:
    """Return what the last word of the text could become; nothing where a number is due."""
    words = text.split(" ")
    typing = words[-1].casefold()
    done = [word.casefold() for word in words[:-1] if word]
    if done[:1] == [ABSOLUTE]:
        done = done[1:]
    offered = _expected(done, metrics, periods)
    matching = tuple(name for name in offered if name.startswith(typing) and name != typing)
    return Completion(len(text) - len(words[-1]), matching)


def _expected(done: Sequence[str], metrics: Sequence[MetricInfo], periods: Sequence[str]) -> tuple[str, ...]:
    if not done:
        return tuple(dict.fromkeys(_FORM_OF_METRIC.get(metric.name, metric.name) for metric in metrics))
    first, last = done[0], done[-1]
    if last == ON:
        return tuple(periods)
    if ON in done:
        return ()
    if len(done) == 1:
        is_compared = first not in ("taker", "pattern")
        return (*EVENT_FORMS.get(first, ()), *((*OPERATORS, CROSSES) if is_compared else ()))
    if last == CROSSES:
        return DIRECTIONS
    if last in (*OPERATORS, *DIRECTIONS):
        unit = next((metric.unit for metric in metrics if metric.name == first), "")
        return tuple(metric.name for metric in metrics if metric.unit == unit and metric.name != first)
    return _before_period(first, done)


def _before_period(first: str, done: Sequence[str]) -> tuple[str, ...]:
    """Return what may stand between the end of a comparison or an event and its period."""
    if first == "pattern":
        return ("bullish", "bearish", ON) if len(done) == 2 else (ON,)
    if first == "macd" and done[1] in EVENT_FORMS["macd"]:
        return EVENT_FORMS["macd"] if done[-1] == "or" else (ON, "or")
    if first == "taker":
        # A ratio is due after the side, an amount after `volume`.
        return {2: (), 3: (ON, "volume"), 4: ()}.get(len(done), (ON,))
    if done[-1].endswith("x"):
        return ("average",)
    return (ON,)
