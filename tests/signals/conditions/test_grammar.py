"""A condition reads like a sentence, goes both ways, and is refused at the wrong word."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given

from engine.errors import InvalidInput
from engine.market.factors.library import FactorLibrary
from engine.model.factor import FactorCategory, FactorDefinition
from engine.signals.conditions.condition import Condition
from engine.signals.conditions.grammar import parse_condition
from engine.signals.conditions.meanings import check_condition
from tests.signals.some_conditions import conditions


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("rsi14 crosses below 30 on 15m", ""),
        ("  RSI7  Crosses ABOVE 72.5 on 1H ", "rsi7 crosses above 72.5 on 1h"),
        ("rsi21 crosses below 30 on 15m", "rsi(21) crosses below 30 on 15m"),
        ("rsi(14) < 30 on 15m", "rsi14 < 30 on 15m"),
        ("price > 70000 on 1m", ""),
        ("close>70_000 on 1m", "price > 70000 on 1m"),
        ("price greater_than 7e4 on 1m", "price > 70000 on 1m"),
        ("volume > 2x average on 5m", ""),
        ("volume > 2x_avg on 5m", "volume > 2x average on 5m"),
        ("volume crosses above average on 5m", "volume crosses above 1x average on 5m"),
        ("ema20 crosses_above ema_50 on 1h", "ema20 crosses above ema50 on 1h"),
        ("price < boll_lower on 15m", ""),
        ("price > bbands(20, 2).upperband on 15m", "price > bbands(20,2).upperband on 15m"),
        ("cvd > 5000000 on 15m", ""),
        ("CVD < -5000000 on 15m", "cvd < -5000000 on 15m"),
        ("taker > 1.5 on 5m", "taker_ratio > 1.5 on 5m"),
        ("taker_buy_ratio > 1.5 on 5m", "taker_ratio > 1.5 on 5m"),
        ("imbalance >= 0.4 on 1m", "order_imbalance >= 0.4 on 1m"),
        ("depth <= 0.5 on 1m", "depth_ratio <= 0.5 on 1m"),
        ("oi_delta_percent != 0 on 1d", "oi_delta != 0 on 1d"),
        ("funding_rate > 0.001 on 8h", "funding > 0.001 on 8h"),
        ("abs price_change > 1.5 on 1h", ""),
        ("taker buy 1.5 volume 1000000 on 5m", ""),
        ("taker any 2 on 5m", "taker any 2 volume 0 on 5m"),
        ("macd golden_cross or histogram_positive on 1h", ""),
        ("macd > 0 on 1h", ""),
        ("macd crosses below macd_signal on 1h", ""),
        ("factor:roc10 > 0.02 on 1h", ""),
        ("pattern engulfing bullish on 4h", ""),
        ("pattern morningstar on 1w", "pattern morning_star on 1w"),
        ("adx(14) > 25 on 1h", ""),
        ("mom(10) > 5 on 3d", ""),
    ],
)
def test_what_people_type_has_one_canonical_text(text: str, canonical: str) -> None:
    assert str(parse_condition(text)) == (canonical or text)


@given(conditions)
def test_every_condition_survives_being_written_down(condition: Condition) -> None:
    assert parse_condition(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "word", "says"),
    [
        ("", "", "a condition begins with a metric"),
        ("rsj14 > 30 on 15m", "rsj14", "did you mean rsi14"),
        ("price > emo20 on 1h", "emo20", "did you mean ema20"),
        ("boll > 3 on 1h", "boll", "BOLL_UPPER"),
        ("rsi(0) > 3 on 1h", "rsi(0)", "2 to"),
        ("factor:roc11 > 0 on 1h", "factor:roc11", "did you mean factor:roc10"),
        ("macd_events > 3 on 1h", "macd_events", "golden_cross"),
        ("rsi14 goes below 30 on 15m", "goes", "crosses above|below"),
        ("rsi14 crosses under 30 on 15m", "under", "above or below"),
        ("rsi14 crosses below", "", "write a number, a metric"),
        ("rsi14 < 30x on 15m", "on", "after 30x comes average"),
        ("rsi14 < 3o on 15m", "3o", "no number"),
        ("price > 70_ on 15m", "70_", "no number"),
        ("price > 7__0 on 15m", "7__0", "no number"),
        ("taker buy 1_ on 15m", "1_", "a number"),
        ("rsi14 < nan on 15m", "nan", "metric"),
        ("rsi14 > 150 on 1h", "150", "0 to 100"),
        ("rsi14 > 100 on 1h", "100", "never above 100"),
        ("rsi14 crosses below 0 on 1h", "0", "never below 0"),
        ("abs order_imbalance > 2 on 1m", "2", "0 to 1"),
        ("price > 1e999 on 1m", "1e999", "price takes 0 or more"),
        ("price > rsi14 on 1h", "rsi14", "price is in USD, rsi14 in points"),
        ("cvd > price on 1h", "price", "flow metrics"),
        ("cvd > 2x average on 1h", "2x", "no average"),
        ("rsi14 < 30 at 15m", "at", "on and a period"),
        ("rsi14 < 30 on 7m", "7m", "1m, 3m, 5m"),
        ("cvd > 3 on 1w", "1w", "cvd has the windows"),
        ("taker buy 1.5 on 3d", "3d", "windows"),
        ("taker up 1.5 on 1h", "up", "buy, sell, any"),
        ("taker buy 0.5 on 1h", "0.5", "1 or more"),
        ("taker buy 1.5 volume -3 on 1h", "-3", "0 or more"),
        ("macd golden on 1h", "golden", "did you mean golden_cross"),
        ("macd golden_cross or golden_cross on 1h", "macd", "each once"),
        ("pattern engulf on 1h", "engulf", "did you mean engulfing"),
        ("rsi14 < 30 on 15m today", "today", "nothing follows"),
    ],
)
def test_a_wrong_word_is_named_with_its_place(text: str, word: str, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_condition(text)
    assert says in caught.value.message
    place = int(caught.value.details["position"])
    assert place == (text.index(word) if word else len(text))


def test_ones_own_factors_are_looked_up_where_they_are() -> None:
    own = FactorDefinition(
        name="mine", category=FactorCategory.CUSTOM, expression="close / open", meaning="body"
    )
    text = "factor:mine > 1 on 1h"
    assert str(parse_condition(text, FactorLibrary([own]))) == text
    with pytest.raises(InvalidInput, match="factor:mine"):
        parse_condition(text)


def test_a_checked_condition_says_what_it_means_and_in_which_unit() -> None:
    check = check_condition("CVD > 5000000 on 15m")
    assert check.condition == "cvd > 5000000 on 15m"
    assert check.meaning == "cvd is above 5000000 USD in the running 15m window"
    assert check.unit == "USD"


@given(conditions)
def test_every_condition_has_a_meaning(condition: Condition) -> None:
    meaning = check_condition(str(condition)).meaning
    assert condition.period.value in meaning
    assert "  " not in meaning


def test_reading_an_everyday_condition_loads_no_array_library() -> None:
    program = (
        "import sys; from engine.signals.conditions.grammar import parse_condition as p; "
        "p('rsi14 crosses below 30 on 15m'); p('cvd > 3 on 5m'); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("price > 1 on 1m" + " " * 2_000, "1000", "a text of 2015 characters"),
        ("pri\x1b[31mce > 1 on 1m", "3", r"U\+001B"),
        ("price > \u202e1 on 1m", "8", r"U\+202E"),
    ],
)
def test_what_is_too_long_or_unfit_for_a_screen_is_refused_unread(
    text: str, position: str, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says) as refusal:
        parse_condition(text)
    assert refusal.value.details["position"] == position
    assert refusal.value.message.isprintable()
