"""Conditions as JSON: both families of forms are read, and what is written reads back."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from engine.errors import InvalidInput
from engine.signals.conditions.condition import Condition
from engine.signals.conditions.json_form import condition_of, form_of, read_form
from tests.signals.some_conditions import conditions


@given(conditions)
def test_every_condition_survives_being_sent(condition: Condition) -> None:
    sent = msgspec.json.encode(form_of(condition))
    assert condition_of(read_form(msgspec.json.decode(sent))) == condition


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({"indicator": "rsi", "period": "15m", "operator": "<", "threshold": 30}, "rsi14 < 30 on 15m"),
        ({"indicator": "rsi", "period": 7, "operator": "<", "threshold": 30}, "rsi7 < 30 on 5m"),
        ({"indicator": "volume", "operator": ">", "threshold": "2x_avg"}, "volume > 2x average on 5m"),
        (
            {"indicator": "price", "period": "1h", "operator": "crosses_above", "reference": "ema_50"},
            "price crosses above ema50 on 1h",
        ),
        (
            {"type": "threshold", "indicator": "rsi", "threshold": 30, "direction": "below"},
            "rsi14 < 30 on 5m",
        ),
        (
            {"type": "crossover", "indicator": "ema_20", "reference": "ema_50", "direction": "above"},
            "ema20 crosses above ema50 on 5m",
        ),
        (
            {"type": "pattern", "indicator": "engulfing", "direction": "above", "period": "4h"},
            "pattern engulfing bullish on 4h",
        ),
        (
            {"metric": "oi_delta_percent", "operator": "greater_than", "threshold": 0.5},
            "oi_delta > 0.5 on 5m",
        ),
        (
            {"metric": "cvd", "operator": "abs_greater_than", "threshold": 1e6, "time_window": "1h"},
            "abs cvd > 1000000 on 1h",
        ),
        ({"metric": "funding_rate", "operator": "lte", "threshold": "0"}, "funding <= 0 on 5m"),
        (
            {"metric": "taker_volume", "direction": "sell", "volume_threshold": 1e6},
            "taker sell 1.5 volume 1000000 on 5m",
        ),
        (
            {"metric": "macd", "event_types": ["golden_cross", "macd_above_zero"], "time_window": "15m"},
            "macd golden_cross or macd_above_zero on 15m",
        ),
        ({"metric": "factor:roc10", "operator": ">", "threshold": 0.02}, "factor:roc10 > 0.02 on 5m"),
    ],
)
def test_the_forms_clients_send(form: dict[str, object], text: str) -> None:
    assert str(condition_of(read_form(form))) == text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"operator": ">", "threshold": 1}, "indicator"),
        ({"metric": "whales", "operator": ">", "threshold": 1}, "metric"),
        ({"metric": "cvd", "operator": "approx", "threshold": 1}, "operator"),
        ({"metric": "cvd", "threshold": 1}, "direction"),
        ({"metric": "cvd", "operator": ">"}, "threshold"),
        ({"metric": "cvd", "operator": ">", "threshold": "many"}, "threshold"),
        ({"metric": "cvd", "operator": ">", "threshold": 1, "time_window": "7m"}, "period"),
        ({"metric": "cvd", "operator": ">", "threshold": 1, "time_window": "1w"}, "period"),
        ({"indicator": "rsi", "operator": ">", "threshold": 150}, "threshold"),
        ({"metric": "macd", "event_types": ["moon"]}, "event_types"),
        ({"metric": "taker_volume", "direction": "up"}, "direction"),
        ({"type": "pattern", "indicator": "moon"}, "indicator"),
        ({"type": "magic", "indicator": "rsi", "threshold": 3, "direction": "above"}, "type"),
        ({"metric": "cvd", "operator": 3}, "condition"),
        ({"metric": "cvd", "colour": "red"}, "condition"),
        ("cvd > 3", "condition"),
    ],
)
def test_a_wrong_field_is_named(form: object, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        condition_of(read_form(form))
    assert caught.value.details["field"] == field
