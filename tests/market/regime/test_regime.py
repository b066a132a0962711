"""Regimes: the rule of each class, what missing inputs do, and both forms equal event by event."""

from __future__ import annotations

import math
from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.market.candles.series import CandleSeries, aggregate, series_of
from engine.market.indicators import indicator, indicator_array
from engine.market.periods import Period
from engine.market.regime.candle_flow import NO_FLOW, CandleFlow, CandleFlowColumns
from engine.market.regime.classification import (
    RegimeStream,
    RegimeVerdict,
    check_thresholds,
    classify,
    classify_series,
)
from engine.model.regime import (
    CoarseRegime,
    Regime,
    RegimeDirection,
    RegimeInputs,
    RegimeThresholds,
)
from engine.samples import load_candles


@cache
def recorded() -> CandleSeries:
    return aggregate(series_of(load_candles("BTC")), Period.M5).closed


def inputs(
    *,
    cvd: float | None = 0.0,
    taker: float | None = 1.0,
    oi: float | None = 0.0,
    price: float | None = 0.0,
    span: float | None = 0.8,
    body: float | None = 0.5,
    rsi: float | None = 50.0,
) -> RegimeInputs:
    return RegimeInputs(
        cvd_ratio=cvd, taker_ratio=taker, oi_delta=oi, price_atr=price, range_atr=span, body=body, rsi=rsi
    )


STOP_HUNT = inputs(price=0.2, span=1.4, body=0.15)
BREAKOUT = inputs(cvd=0.2, oi=0.2, price=0.9, span=1.2, body=0.75, taker=1.5)
EXHAUSTION = inputs(cvd=0.2, oi=-0.8, price=0.4, rsi=75.0)
TRAP = inputs(cvd=-0.2, oi=-0.8, price=0.1)
ABSORPTION = inputs(cvd=0.3, price=0.2)
CONTINUATION = inputs(cvd=-0.08, taker=0.8, price=-0.45)
NOISE = inputs(cvd=0.02, price=0.1)


@pytest.mark.parametrize(
    ("given_", "regime", "coarse"),
    [
        (STOP_HUNT, Regime.STOP_HUNT, CoarseRegime.VOLATILE),
        (BREAKOUT, Regime.BREAKOUT, CoarseRegime.TRENDING),
        (EXHAUSTION, Regime.EXHAUSTION, CoarseRegime.VOLATILE),
        (TRAP, Regime.TRAP, CoarseRegime.VOLATILE),
        (ABSORPTION, Regime.ABSORPTION, CoarseRegime.RANGING),
        (inputs(cvd=0.3, price=0.2, span=0.4), Regime.ABSORPTION, CoarseRegime.CALM),
        (CONTINUATION, Regime.CONTINUATION, CoarseRegime.TRENDING),
        (NOISE, Regime.NOISE, CoarseRegime.RANGING),
        (inputs(span=0.4), Regime.NOISE, CoarseRegime.CALM),
    ],
)
def test_each_class_has_its_rule_and_its_coarse_word(
    given_: RegimeInputs, regime: Regime, coarse: CoarseRegime
) -> None:
    verdict = classify(given_)
    assert (verdict.regime, verdict.coarse, verdict.price_only) == (regime, coarse, False)


@pytest.mark.parametrize(
    ("given_", "change", "becomes"),
    [
        (STOP_HUNT, {"range_atr": 1.0}, Regime.NOISE),
        (STOP_HUNT, {"price_atr": 0.3}, Regime.NOISE),
        (BREAKOUT, {"cvd_ratio": 0.15}, Regime.CONTINUATION),
        (BREAKOUT, {"price_atr": 0.5}, Regime.CONTINUATION),
        (BREAKOUT, {"body": 0.4}, Regime.CONTINUATION),
        (BREAKOUT, {"body": None}, Regime.CONTINUATION),
        (BREAKOUT, {"oi_delta": 0.1}, Regime.CONTINUATION),
        (BREAKOUT, {"oi_delta": 0.1, "taker_ratio": math.exp(3.6)}, Regime.BREAKOUT),
        (BREAKOUT, {"oi_delta": None, "taker_ratio": math.exp(-3.6)}, Regime.BREAKOUT),
        (BREAKOUT, {"oi_delta": None, "taker_ratio": math.inf}, Regime.BREAKOUT),
        (BREAKOUT, {"cvd_ratio": -0.2}, Regime.NOISE),
        (EXHAUSTION, {"rsi": 70.0}, Regime.CONTINUATION),
        (EXHAUSTION, {"rsi": 29.0}, Regime.EXHAUSTION),
        (EXHAUSTION, {"oi_delta": -0.5}, Regime.CONTINUATION),
        (EXHAUSTION, {"oi_delta": None}, Regime.CONTINUATION),
        (TRAP, {"rsi": 20.0}, Regime.EXHAUSTION),
        (TRAP, {"price_atr": 0.3}, Regime.ABSORPTION),
        (TRAP, {"oi_delta": None}, Regime.ABSORPTION),
        (ABSORPTION, {"price_atr": 0.31}, Regime.CONTINUATION),
        (ABSORPTION, {"price_atr": -0.31}, Regime.NOISE),
        (CONTINUATION, {"cvd_ratio": -0.05}, Regime.NOISE),
        (BREAKOUT, {"price_atr": 0.2, "range_atr": 1.01}, Regime.STOP_HUNT),
    ],
)
def test_the_first_rule_that_matches_wins_and_its_edges_are_exact(
    given_: RegimeInputs, change: dict[str, float], becomes: Regime
) -> None:
    assert classify(msgspec.structs.replace(given_, **change)).regime is becomes


@pytest.mark.parametrize("missing", ["cvd_ratio", "taker_ratio"])
def test_missing_flow_is_unknown_except_for_a_stop_hunt(missing: str) -> None:
    verdict = classify(msgspec.structs.replace(BREAKOUT, **{missing: None}))
    assert (verdict.regime, verdict.confidence, verdict.price_only) == (Regime.UNKNOWN, 0.0, True)
    assert verdict.reasons[0].startswith("not known: ")
    hunt = classify(msgspec.structs.replace(STOP_HUNT, **{missing: None}))
    assert (hunt.regime, hunt.coarse, hunt.price_only) == (Regime.STOP_HUNT, CoarseRegime.VOLATILE, True)
    assert hunt.confidence > 0


@pytest.mark.parametrize(
    ("span", "price", "coarse"),
    [
        (1.1, 0.9, CoarseRegime.VOLATILE),
        (1.0, 0.6, CoarseRegime.TRENDING),
        (0.9, -0.6, CoarseRegime.TRENDING),
        (0.49, 0.1, CoarseRegime.CALM),
        (0.5, 0.5, CoarseRegime.RANGING),
    ],
)
def test_without_flow_the_coarse_word_comes_from_price_alone(
    span: float, price: float, coarse: CoarseRegime
) -> None:
    verdict = classify(inputs(cvd=None, taker=None, oi=None, span=span, price=price))
    assert (verdict.regime, verdict.coarse, verdict.price_only) == (Regime.UNKNOWN, coarse, True)


def test_fewer_than_fifteen_candles_are_unknown_even_with_flow() -> None:
    flow = CandleFlow(cvd=50.0, notional=100.0, taker_ratio=3.0, oi_delta=1.0)
    stream = RegimeStream(Period.M5)
    verdicts = [stream.update(candle, flow) for candle in recorded().candles()[:15]]
    assert {verdict.regime for verdict in verdicts[:14]} == {Regime.UNKNOWN}
    assert {verdict.coarse for verdict in verdicts[:14]} == {CoarseRegime.UNKNOWN}
    assert not any(verdict.price_only for verdict in verdicts)
    assert "15 candles" in verdicts[0].reasons[0]
    assert verdicts[14].regime is not Regime.UNKNOWN


def test_missing_open_interest_is_said() -> None:
    assert any("open interest is not known" in reason for reason in classify(inputs(oi=None)).reasons)
    assert not any("open interest" in reason for reason in classify(NOISE).reasons)


def test_reasons_name_the_numbers_and_what_they_were_compared_with() -> None:
    verdict = classify(BREAKOUT)
    assert verdict.reasons == (
        "takers' net is 20.0 % of the volume, beyond 15.0 %",
        "the candle moved 0.90 ATR the same way, beyond 0.5",
        "the body is 75.0 % of the range, above 40.0 %",
        "open interest changed by 0.20 %, above 0.1",
        "bullish: CVD up, takers up, price up",
    )


@pytest.mark.parametrize(
    ("given_", "direction"),
    [
        (inputs(cvd=0.1, taker=2.0, price=-0.4), RegimeDirection.BULLISH),
        (inputs(cvd=-0.1, taker=0.5, price=0.4), RegimeDirection.BEARISH),
        (inputs(cvd=0.1, taker=1.0, price=-0.4), RegimeDirection.NEUTRAL),
        (inputs(cvd=None, taker=None, price=-0.4), RegimeDirection.NEUTRAL),
    ],
)
def test_direction_is_where_two_of_three_signs_point(
    given_: RegimeInputs, direction: RegimeDirection
) -> None:
    assert classify(given_).direction is direction


@pytest.mark.parametrize(
    ("given_", "confidence"),
    [
        (inputs(cvd=0.6, taker=9.0, oi=-8.0, price=3.0, span=4.0, body=1.0), 1.0),
        (inputs(cvd=0.15, taker=1.0, oi=2.5, price=1.0, body=1.0), 0.4 * 0.925),
        (inputs(cvd=0.15, taker=1.0, oi=None, price=-1.0, body=0.0), 0.3 * 0.70 * 0.85),
        (inputs(cvd=0.3, taker=math.exp(0.5), oi=0.0, price=0.2, body=0.5), (0.43) * 0.85),
    ],
)
def test_confidence_is_the_weighted_sum_with_both_penalties(given_: RegimeInputs, confidence: float) -> None:
    assert classify(given_).confidence == pytest.approx(confidence)


unit = st.floats(-1, 1)
flows = st.builds(
    lambda cvd, notional, taker, oi: CandleFlow(cvd * notional, notional, taker, oi),
    unit,
    st.sampled_from([0.0, 1e3, 7.7e6]),
    st.one_of(st.floats(0, 40), st.just(math.inf)),
    st.floats(-3, 3),
)
thresholds_ = st.builds(
    RegimeThresholds,
    strong_cvd=st.floats(0.05, 0.5),
    breakout_taker_log=st.floats(0, 4),
    trap_oi=st.floats(-2, 0),
    stop_hunt_range_atr=st.floats(0.6, 3),
)


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(0, 12_000),
    some=st.lists(st.one_of(flows, st.just(NO_FLOW)), min_size=1, max_size=12),
    blanks=st.sets(st.sampled_from(["cvd", "notional", "taker_ratio", "oi_delta"])),
    limits=thresholds_,
)
def test_history_and_stream_agree_event_by_event(
    start: int, some: list[CandleFlow], blanks: set[str], limits: RegimeThresholds
) -> None:
    candles = recorded().slice(start, start + 80)
    rows = [
        msgspec.structs.replace(some[at % len(some)], **dict.fromkeys(blanks if at % 3 else (), math.nan))
        for at in range(len(candles))
    ]
    columns = CandleFlowColumns(
        *(np.array([getattr(row, name) for row in rows]) for name in CandleFlow.__struct_fields__)
    )
    history = classify_series(candles, columns, limits)
    stream = RegimeStream(Period.M5, limits)
    reopened = RegimeStream(Period.M5, limits, history=candles.slice(0, 40))
    for at, candle in enumerate(candles.candles()):
        live = stream.update(candle, rows[at])
        assert live == history.verdict(at)
        assert live == classify(live.inputs, limits)
        if at >= 40:
            assert reopened.update(candle, rows[at]) == live


def test_a_long_history_is_classified_as_its_parts_are(monkeypatch: pytest.MonkeyPatch) -> None:
    candles = recorded()
    flow = random_flow(len(candles))
    whole = classify_series(candles, flow)
    monkeypatch.setattr("engine.market.regime.classification._ROWS_AT_ONCE", 997)
    parts = classify_series(candles, flow)
    for one, other in zip(
        msgspec.structs.astuple(whole.codes), msgspec.structs.astuple(parts.codes), strict=True
    ):
        assert np.array_equal(one, other)
    stream = RegimeStream(Period.M5)
    seen: set[Regime] = set()
    for at, candle in enumerate(candles.candles()[:3000]):
        live = stream.update(candle, flow.row(at))
        seen.add(live.regime)
        assert live == whole.verdict(at)
    assert seen == set(Regime)


def random_flow(length: int) -> CandleFlowColumns:
    random = np.random.default_rng(7)
    notional = random.uniform(1e5, 1e7, length)
    cvd = notional * random.uniform(-0.4, 0.4, length)
    taker = (notional + cvd) / (notional - cvd)
    return CandleFlowColumns(cvd, notional, taker, random.normal(0, 0.7, length))


def test_inputs_are_what_the_contract_says_of_a_candle() -> None:
    candles = recorded()
    flow = random_flow(len(candles))
    at = 500
    verdict = classify_series(candles, flow).verdict(at)
    candle, atr = candles.candle(at), float(indicator_array(indicator("ATR14"), candles)[at])
    assert verdict.inputs == RegimeInputs(
        cvd_ratio=float(flow.cvd[at] / flow.notional[at]),
        taker_ratio=float(flow.taker_ratio[at]),
        oi_delta=float(flow.oi_delta[at]),
        price_atr=(candle.close - candle.open) / atr,
        range_atr=(candle.high - candle.low) / atr,
        body=abs(candle.close - candle.open) / (candle.high - candle.low),
        rsi=float(indicator_array(indicator("RSI14"), candles)[at]),
    )


def test_a_reading_names_its_candle() -> None:
    stream = RegimeStream(Period.M5)
    assert stream.reading("BTC") is None
    verdict: RegimeVerdict | None = None
    for candle in recorded().candles()[:40]:
        verdict = stream.update(candle)
    reading = stream.reading("BTC")
    assert verdict is not None
    assert reading is not None
    assert reading.close_ms == int(recorded().open_ms[40])
    assert (reading.symbol, reading.period, reading.inputs) == ("BTC", "5m", verdict.inputs)
    assert (reading.regime, reading.price_only) == (Regime.UNKNOWN, True)


def test_new_thresholds_hold_from_the_next_candle() -> None:
    flow = CandleFlow(cvd=10.0, notional=100.0, taker_ratio=1.2, oi_delta=0.0)
    stream = RegimeStream(Period.M5, history=recorded().slice(0, 100))
    stream.thresholds = RegimeThresholds(strong_cvd=0.01, absorption_price_atr=20.0, stop_hunt_price_atr=0.0)
    assert stream.update(recorded().candle(100), flow).regime is Regime.ABSORPTION


def test_an_empty_history_has_no_regimes() -> None:
    assert len(classify_series(CandleSeries.empty())) == 0


def test_flow_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidInput, match="flow: 3 rows is not allowed; there are 20 candles"):
        classify_series(recorded().slice(0, 20), CandleFlowColumns.missing(3))


@pytest.mark.parametrize("name", RegimeThresholds.__struct_fields__)
@pytest.mark.parametrize("value", [math.nan, math.inf, -1e9])
def test_a_threshold_that_makes_no_sense_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(InvalidInput, match=f"{name}: .* is not allowed; allowed is"):
        check_thresholds(msgspec.structs.replace(RegimeThresholds(), **{name: value}))


def test_thresholds_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InvalidInput, match="exhaustion_rsi_low: 70"):
        check_thresholds(RegimeThresholds(exhaustion_rsi_low=70.0))
    with pytest.raises(InvalidInput, match="calm_range_atr: 1"):
        check_thresholds(RegimeThresholds(calm_range_atr=1.5))
    assert check_thresholds(RegimeThresholds()) == RegimeThresholds()
