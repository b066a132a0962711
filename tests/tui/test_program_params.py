from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from tui.program_params import params_text, read_params, read_schedule
from tui.signal_view import duration

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_what_is_written_is_read_back(params: dict[str, str | float | int | bool | None]) -> None:
    assert read_params(params_text(params)) == params


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("", {}),
        ("oversold=30", {"oversold": 30}),
        (" oversold = 30 , portion=0.25,", {"oversold": 30, "portion": 0.25}),
        ("side=long, fast=True, limit=none", {"side": "long", "fast": True, "limit": None}),
        ('note="a, b = c"', {"note": "a, b = c"}),
        ("symbol=BTC", {"symbol": "BTC"}),
    ],
)
def test_a_person_writes_them_without_ceremony(text: str, params: dict[str, object]) -> None:
    assert read_params(text) == params


@pytest.mark.parametrize("text", ["oversold", "=3", "two words=3", "oversold=", "1st=2", "a=1, b"])
def test_what_says_no_parameter_is_named(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"params: .* is not allowed; write name=value") as raised:
        read_params(text)
    assert raised.value.details["field"] == "params"


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="params: a is not allowed; each parameter is given once"):
        read_params("a=1, a=2")


@pytest.mark.parametrize("text", ["a=nan", "a=1e999"])
def test_no_parameter_is_a_number_that_is_none(text: str) -> None:
    try:
        value = read_params(text)["a"]
    except InvalidInput:
        return
    assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 0), ("none", 0), ("5m", 300), ("every 5m", 300), ("1h 30m", 5_400), ("1h30m", 5_400), ("90", 90)],
)
def test_a_schedule_is_a_span_of_time(text: str, seconds: int) -> None:
    assert read_schedule(text) == seconds


@given(st.integers(1, 3_599))
def test_a_schedule_that_is_shown_is_read_back(seconds: int) -> None:
    assert read_schedule(duration(seconds)) == seconds


@pytest.mark.parametrize("text", ["soon", "5x", "m", "-5m", "5m later", "0m"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"schedule_seconds: .* give a span such as 5m"):
        read_schedule(text)
