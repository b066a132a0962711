"""What tab offers while a condition is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.market.periods import Period
from engine.model.signal import MetricInfo
from engine.signals.conditions.grammar import parse_condition
from engine.signals.conditions.metric_names import metric_infos
from tui.screens.signal_completion import EVENT_FORMS, OPERATORS, complete_condition

INFOS: tuple[MetricInfo, ...] = metric_infos()
PERIODS = tuple(Period)


def offered(text: str) -> tuple[str, ...]:
    return complete_condition(text, INFOS, PERIODS).candidates


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("rs", "rsi14"),
        ("abs oi_d", "oi_delta"),
        ("rsi14 ", ">"),
        ("rsi14 c", "crosses"),
        ("rsi14 crosses ", "above"),
        ("rsi14 crosses b", "below"),
        ("rsi14 crosses below 30 ", "on"),
        ("rsi14 < 30 on ", "1m"),
        ("rsi14 < 30 on 4", "4h"),
        ("price > e", "ema20"),
        ("volume > 2x ", "average"),
        ("tak", "taker_ratio"),
        ("taker ", "buy"),
        ("taker buy 1.5 ", "on"),
        ("taker buy 1.5 v", "volume"),
        ("macd g", "golden_cross"),
        ("macd cr", "crosses"),
        ("macd golden_cross ", "on"),
        ("macd golden_cross or d", "death_cross"),
        ("pattern eng", "engulfing"),
        ("pattern engulfing be", "bearish"),
    ],
)
def test_completion_offers_what_may_come_next(text: str, first: str) -> None:
    assert offered(text)[0] == first


def test_nothing_is_offered_where_a_number_is_due_or_all_is_said() -> None:
    assert offered("taker buy ") == ()
    assert offered("taker buy 1.5 volume ") == ()
    assert offered("rsi14 < 30 on 15m ") == ()


def test_only_metrics_of_the_same_unit_are_offered_to_compare_with() -> None:
    units = {metric.unit for metric in INFOS if metric.name in offered("price > ")}
    assert units == {"USD"}
    assert "price" not in offered("price > ")


@given(st.text(max_size=60))
def test_completion_never_fails(text: str) -> None:
    completion = complete_condition(text, INFOS, PERIODS)
    assert 0 <= completion.start <= len(text)


def is_read(text: str) -> bool:
    try:
        parse_condition(text)
    except InvalidInput:
        return False
    return True


def test_what_is_offered_is_what_the_desk_reads() -> None:
    for word in (*OPERATORS, "crosses above", "crosses below"):
        assert is_read(f"rsi14 {word} 30 on 15m"), word
    for period in offered("rsi14 < 30 on "):
        assert is_read(f"rsi14 < 30 on {period}"), period
    for side in EVENT_FORMS["taker"]:
        assert is_read(f"taker {side} 1.5 volume 1000 on 15m"), side
    for event in EVENT_FORMS["macd"]:
        assert is_read(f"macd {event} on 15m"), event
    for pattern in EVENT_FORMS["pattern"]:
        assert is_read(f"pattern {pattern} bearish on 15m"), pattern
