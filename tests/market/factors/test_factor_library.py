"""The built-in factors on recorded markets, and the library one's own are kept in."""

from __future__ import annotations

import weakref
from collections import Counter

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Conflict, InvalidInput, NotFound
from engine.market.candles.series import CandleSeries
from engine.market.factors.builtin import BUILT_IN
from engine.market.factors.formulas import COLUMNS, FORMULAS
from engine.market.factors.functions import FUNCTIONS
from engine.market.factors.library import FactorLibrary
from engine.market.periods import Period
from engine.model.factor import FactorCategory, FactorDefinition
from tests.market.factors.factor_markets import assert_same_bits, recorded, shared, streamed, with_holes

LIBRARY = FactorLibrary()
NAMES = [definition.name for definition in BUILT_IN]


def custom(name: str, expression: str, meaning: str = "mine") -> FactorDefinition:
    return FactorDefinition(name=name, category=FactorCategory.CUSTOM, expression=expression, meaning=meaning)


def test_there_are_at_least_64_in_six_categories() -> None:
    counts = Counter(definition.category for definition in LIBRARY.definitions())
    assert sum(counts.values()) >= 64
    assert set(counts) == set(FactorCategory) - {FactorCategory.CUSTOM}
    assert min(counts.values()) >= 10


def test_names_and_expressions_are_unique_and_shadow_nothing() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert len({definition.expression for definition in BUILT_IN}) == len(NAMES)
    assert not {*COLUMNS, *FORMULAS, *FUNCTIONS} & set(NAMES)
    assert all(definition.meaning.endswith(".") for definition in BUILT_IN)


@pytest.mark.parametrize("name", NAMES)
def test_stream_equals_array_event_by_event_on_three_recorded_markets(name: str) -> None:
    for symbol in ("BTC", "ETH", "SOL"):
        # Minutes over a midnight, and an odd start, so that nothing is aligned by luck.
        series = recorded(symbol).slice(4_313, 5_313)
        values = LIBRARY.array(name, series)
        assert_same_bits(values, streamed(LIBRARY.stream(name), series))
        assert not np.isinf(values).any()
    quarter_hours = recorded("BTC", Period.M15).slice(0, 1_500)
    values = LIBRARY.array(name, quarter_hours)
    assert_same_bits(values, streamed(LIBRARY.stream(name), quarter_hours))
    assert np.isfinite(values[200:]).all()
    assert np.ptp(values[200:]) > 0


@pytest.mark.parametrize(
    "file", ["binance_um_BTCUSDT_1h.parquet", "hyperliquid_BTC_5m.parquet", "binance_um_SOLUSDT_1h.parquet"]
)
def test_stream_equals_array_on_longer_recordings(file: str) -> None:
    series = shared(file).slice(0, 700)
    for name in NAMES:
        assert_same_bits(LIBRARY.array(name, series), streamed(LIBRARY.stream(name), series))


@settings(max_examples=40)
@given(name=st.sampled_from(NAMES), cut=st.integers(0, 600), holes=st.booleans())
def test_a_stream_opened_in_the_middle_goes_on_exactly(name: str, cut: int, holes: bool) -> None:
    series = recorded("SOL").slice(20_000, 20_600)
    series = with_holes(series, seed=cut, share=0.005) if holes else series
    stream = LIBRARY.stream(name, series.slice(0, cut))
    rest = streamed(stream, series.slice(cut))
    assert_same_bits(LIBRARY.array(name, series)[cut:], rest)


@settings(max_examples=60)
@given(name=st.sampled_from(NAMES), now=st.integers(0, 499), scale=st.floats(0.01, 100))
def test_no_candle_after_now_changes_a_value_up_to_now(name: str, now: int, scale: float) -> None:
    series = recorded("ETH").slice(30_000, 30_500)
    later = np.where(np.arange(500) > now, scale, 1.0)
    changed = CandleSeries(
        series.open_ms,
        *(getattr(series, column) * later for column in ("open", "high", "low", "close", "volume")),
    )
    values = LIBRARY.array(name, series)[: now + 1]
    assert_same_bits(values, LIBRARY.array(name, changed)[: now + 1])
    assert_same_bits(values, LIBRARY.array(name, series.slice(0, now + 1)))


def test_a_stream_knows_its_value_and_the_one_before() -> None:
    series = recorded().slice(0, 30)
    stream = LIBRARY.stream("roc5")
    assert [stream.update(candle) for candle in series.slice(0, 5).candles()] == [None] * 5
    values = LIBRARY.array("roc5", series)
    for row in range(5, 8):
        before = stream.value
        assert stream.update(series.candle(row)) == stream.value == values[row]
        assert stream.previous == before


def test_some_values_are_what_their_names_say() -> None:
    from engine.market.indicators import indicator, indicator_array

    series = recorded().slice(0, 500)
    assert_same_bits(LIBRARY.array("rsi14", series), indicator_array(indicator("RSI14"), series))
    gap = LIBRARY.array("sma20_gap", series)
    assert gap[100] == pytest.approx(series.close[100] / series.close[81:101].mean() - 1)
    high = series.high[80:100].max()
    ranges = indicator_array(indicator("ATR14"), series)
    assert LIBRARY.array("breakout20", series)[100] == pytest.approx((series.close[100] - high) / ranges[99])


def test_no_candles_give_no_values() -> None:
    empty = CandleSeries.empty()
    for name in NAMES:
        assert len(LIBRARY.array(name, empty)) == 0
        assert LIBRARY.stream(name, empty).value is None


def test_names_are_found_in_any_case_and_unknown_ones_get_the_nearest() -> None:
    assert LIBRARY.get(" RSI21 ").name == "rsi21"
    with pytest.raises(NotFound, match="rsi15 is not known; the nearest are rsi21, rsi14") as refused:
        LIBRARY.array("rsi15", recorded())
    assert refused.value.details["value"] == "rsi15"


def test_a_custom_factor_may_use_columns_functions_and_other_factors() -> None:
    library = LIBRARY.with_factor(custom("calm", "rsi14 / (1 + natr14)")).with_factor(
        custom("calm_rank", "ts_rank(calm, 30)", meaning="a\x1b[31m rank\n of it")
    )
    assert library.get("calm_rank").meaning == "a rank  of it"
    assert library.definitions()[-2:] == (library.get("calm"), library.get("calm_rank"))
    assert library.users_of("calm") == ("calm_rank",)
    assert "calm" in library.users_of("RSI14")
    series = recorded().slice(0, 400)
    values = library.array("calm", series)
    wanted = library.array("rsi14", series) / (1 + library.array("natr14", series))
    assert_same_bits(values, wanted)
    assert_same_bits(library.array("calm_rank", series), streamed(library.stream("calm_rank"), series))
    with pytest.raises(NotFound):
        LIBRARY.get("calm")


def test_custom_factors_come_in_any_order() -> None:
    library = FactorLibrary([custom("second", "first * 2"), custom("first", "close")])
    assert library.array("second", recorded().slice(0, 1))[0] == 2 * recorded().close[0]


def test_a_factor_that_would_hold_the_desk_up_is_refused() -> None:
    costly = " + ".join(f"kurt(close, {length})" for length in range(481, 501))
    library = LIBRARY.with_factor(custom("costly", costly))
    with pytest.raises(InvalidInput, match="a factor looks at 10000 values a candle at most") as refused:
        library.with_factor(custom("worse", "costly + skew(open, 500)"))
    assert refused.value.details["factor"] == "worse"
    library.check_expression("costly + costly * 2")  # what is computed once counts once


def test_a_plan_keeps_only_what_a_later_step_needs() -> None:
    plan = LIBRARY._plan("oscillator_mean14")
    seen: list[weakref.ref[np.ndarray]] = []
    alive: list[int] = []

    def count(place: int, arguments: list[np.ndarray]) -> None:
        seen.extend(weakref.ref(array) for array in arguments)
        alive.append(len({id(array) for each in seen if (array := each()) is not None}))

    plan.visit(recorded("BTC"), count)
    assert len(plan.steps) > 30
    assert max(alive) < 12


def test_a_circle_is_refused_by_its_path() -> None:
    library = LIBRARY.with_factor(custom("a", "close")).with_factor(custom("b", "a + 1"))
    library = library.with_factor(custom("c", "sma(b, 5)"))
    with pytest.raises(InvalidInput, match="a → c → b → a at character 4 is not allowed") as refused:
        library.with_factor(custom("a", "1 + c"))
    assert refused.value.details["position"] == "4"
    assert refused.value.details["factor"] == "a"
    with pytest.raises(InvalidInput, match="own → own at character 0"):
        LIBRARY.with_factor(custom("own", "own + 1"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("close", "the factor language has a word of that name"),
        ("returns", "the factor language has a word of that name"),
        ("ema", "the factor language has a word of that name"),
        ("rsi14", "another factor has that name already"),
        ("Mine", "1 to 40 of a-z, 0-9 and _"),
        ("1st", "1 to 40 of a-z, 0-9 and _"),
        ("_x", "1 to 40 of a-z, 0-9 and _"),
        ("", "1 to 40 of a-z, 0-9 and _"),
        ("a" * 41, "1 to 40 of a-z, 0-9 and _"),
        ("x\n", "1 to 40 of a-z, 0-9 and _"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(name: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        LIBRARY.with_factor(custom(name, "close"))
    assert refused.value.details["field"] == "name"
    assert says in refused.value.details["allowed"]


def test_a_factor_that_claims_to_be_built_in_is_refused() -> None:
    claimed = msgspec.structs.replace(custom("mine", "close"), category=FactorCategory.TREND)
    with pytest.raises(InvalidInput, match="a factor of one's own is custom"):
        LIBRARY.with_factor(claimed)


def test_an_error_names_the_factor_its_position_is_in() -> None:
    with pytest.raises(InvalidInput) as refused:
        FactorLibrary([custom("uses", "broken + 1"), custom("broken", "1 + nope")])
    assert refused.value.details["factor"] == "broken"
    assert refused.value.details["position"] == "4"


def test_a_factor_is_replaced_by_its_namesake_and_removed_when_unused() -> None:
    library = LIBRARY.with_factor(custom("a", "close")).with_factor(custom("b", "a"))
    library = library.with_factor(custom("a", "open"))
    assert library.array("b", recorded())[0] == recorded().open[0]
    with pytest.raises(Conflict, match="a is used by b"):
        library.without_factor("a")
    with pytest.raises(Conflict, match="rsi14 is built in"):
        library.without_factor("rsi14")
    with pytest.raises(NotFound):
        library.without_factor("zz")
    left = library.without_factor("b").without_factor("a")
    assert left.definitions() == LIBRARY.definitions()
