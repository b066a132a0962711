"""A signal definition reads like a sentence, goes both ways, and is refused at the wrong word."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.market.periods import Period
from engine.signals.conditions import LONGEST_RSI, SHORTEST_RSI, Direction, RsiCrossing, parse_condition

BELOW_30 = RsiCrossing(period=Period.M15, length=14, level=30, direction=Direction.BELOW)
ABOVE_70 = RsiCrossing(period=Period.M15, length=14, level=70, direction=Direction.ABOVE)


def test_the_text_form_goes_both_ways() -> None:
    text = "rsi14 crosses below 30 on 15m"
    assert parse_condition(text) == BELOW_30
    assert str(BELOW_30) == text
    assert parse_condition("  RSI7  Crosses ABOVE 72.5 on 1H ") == RsiCrossing(
        period=Period.H1, length=7, level=72.5, direction=Direction.ABOVE
    )


@given(
    st.builds(
        RsiCrossing,
        period=st.sampled_from(list(Period)),
        length=st.integers(SHORTEST_RSI, LONGEST_RSI),
        level=st.floats(0, 100, exclude_min=True, exclude_max=True, allow_nan=False),
        direction=st.sampled_from(list(Direction)),
    )
)
def test_every_definition_survives_being_written_down(condition: RsiCrossing) -> None:
    assert parse_condition(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "word", "says"),
    [
        ("", "", "a signal has six words, this has 0"),
        ("rsi14 below 30 on 15m", "rsi14 below 30 on 15m", "this has 5"),
        ("macd crosses below 30 on 15m", "macd", "a signal starts with rsi and a length"),
        ("rsi14 goes below 30 on 15m", "goes", "the second word is crosses"),
        ("rsi14 crosses under 30 on 15m", "under", "allowed is above or below"),
        ("rsi14 crosses below deep on 15m", "deep", "the level is a number"),
        ("rsi14 crosses below nan on 15m", "nan", "the level is a number"),
        ("rsi14 crosses below 30 at 15m", "at", "the fifth word is on"),
    ],
)
def test_a_wrong_word_is_named_with_its_place(text: str, word: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        parse_condition(text)
    assert caught.value.details["value"] == f"'{word}'"
    assert caught.value.details["position"] == str(text.find(word))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("rsi14 crosses below 30 on 7m", "period"),
        ("rsi1 crosses below 30 on 15m", "length"),
        ("rsi999 crosses below 30 on 15m", "length"),
        ("rsi14 crosses below 0 on 15m", "level"),
        ("rsi14 crosses above 100 on 15m", "level"),
    ],
)
def test_a_value_out_of_range_names_the_field(text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_condition(text)
    assert caught.value.details["field"] == field


@pytest.mark.parametrize(
    ("previous", "current", "below", "above"),
    [
        (31.0, 29.0, True, False),
        (30.0, 29.9, True, False),
        (31.0, 30.0, False, False),
        (29.0, 28.0, False, False),
        (29.0, 31.0, False, False),
        (69.0, 71.0, False, True),
        (70.0, 70.1, False, True),
        (69.0, 70.0, False, False),
        (None, 20.0, False, False),
        (40.0, None, False, False),
    ],
)
def test_crossing_is_leaving_the_level_on_the_far_side(
    previous: float | None, current: float | None, below: bool, above: bool
) -> None:
    assert BELOW_30.is_crossed(previous, current) is below
    assert ABOVE_70.is_crossed(previous, current) is above


def test_checking_a_definition_loads_no_array_library() -> None:
    program = (
        "import sys; from engine.signals.conditions import parse_condition as p; "
        "p('rsi14 crosses below 30 on 15m'); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
