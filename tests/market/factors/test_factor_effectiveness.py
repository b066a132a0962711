"""Effectiveness: right by a slow independent reading, and never from what was not known yet."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import InvalidInput
from engine.market.candles.series import CandleSeries
from engine.market.factors.effectiveness import (
    LEAST_SAMPLES,
    average_ranks,
    effectiveness,
    outcomes,
    window_ms,
)
from engine.market.factors.library import FactorLibrary
from engine.market.periods import DAY_MS, MINUTE_MS, Period
from engine.model.factor import FactorEffectiveness
from tests.market.factors.factor_markets import recorded, with_holes

LIBRARY = FactorLibrary()


def of(
    values: NDArray[np.float64], series: CandleSeries, horizon: int = 1, period: Period = Period.M1
) -> FactorEffectiveness:
    return effectiveness(values, series, factor="f", symbol="BTC", period=period, horizon=horizon)


def slow_pearson(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < LEAST_SAMPLES or any(len(set(column)) == 1 for column in zip(*pairs, strict=True)):
        return None
    return statistics.correlation(*zip(*pairs, strict=True))


def slow_spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < LEAST_SAMPLES or any(len(set(column)) == 1 for column in zip(*pairs, strict=True)):
        return None
    return statistics.correlation(*zip(*pairs, strict=True), method="ranked")


def close_to(value: float | None) -> object:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("factor", "horizon"), [("rsi14", 1), ("volume_ratio20", 5), ("aroon25", 13)])
def test_every_figure_against_a_slow_reading(factor: str, horizon: int) -> None:
    series = with_holes(recorded("ETH").slice(1_000, 6_000), seed=3, share=0.001)
    values = LIBRARY.array(factor, series)
    samples = [
        (open_ms, value, after / now - 1)
        for open_ms, value, now, after in zip(
            series.open_ms.tolist(),
            values.tolist(),
            series.close.tolist(),
            [*series.close[horizon:].tolist(), *[math.nan] * horizon],
            strict=True,
        )
        if not math.isnan(value + now + after)
    ]
    found = of(values, series, horizon)
    pairs = [(value, outcome) for _, value, outcome in samples]
    assert found.samples == len(samples)
    assert found.ic == close_to(slow_pearson(pairs))
    assert found.rank_ic == close_to(slow_spearman(pairs))

    middles = [statistics.median(column) for column in zip(*pairs, strict=True)]
    sides = [[(x > m) - (x < m) for x, m in zip(pair, middles, strict=True)] for pair in pairs]
    decided = [one == other for one, other in sides if one and other]
    assert found.win_rate == pytest.approx(sum(decided) / len(decided))

    days = sorted({open_ms // DAY_MS for open_ms, _, _ in samples})
    assert [window.start_ms for window in found.windows] == [day * DAY_MS for day in days]
    for day, window in zip(days, found.windows, strict=True):
        inside = [(value, outcome) for open_ms, value, outcome in samples if open_ms // DAY_MS == day]
        assert window.end_ms - window.start_ms == DAY_MS
        assert window.samples == len(inside)
        assert window.ic == close_to(slow_pearson(inside))
        assert window.rank_ic == close_to(slow_spearman(inside))
    ics = [window.ic for window in found.windows if window.ic is not None]
    assert found.icir == pytest.approx(statistics.mean(ics) / statistics.stdev(ics))

    decay = dict(found.decay)
    assert decay[horizon] == found.ic
    assert decay[34] == of(values, series, 34).ic


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 3)), min_size=1, max_size=60))
def test_ranks_within_groups_share_the_mean_of_equal_values(rows: list[tuple[int, int]]) -> None:
    rows.sort(key=lambda row: row[0])
    groups = np.array([group for group, _ in rows])
    values = np.array([float(value) for _, value in rows])
    ranks = average_ranks(values, groups, np.argsort(values, kind="stable"))
    for row, (group, value) in enumerate(rows):
        others = [other for each, other in rows if each == group]
        below = sum(other < value for other in others)
        assert ranks[row] == below + (others.count(value) + 1) / 2


def test_perfect_foresight_is_1_and_its_opposite_minus_1() -> None:
    series = recorded().slice(0, 5_000)
    known_ahead = outcomes(series, Period.M1, 5)
    found = of(known_ahead, series, 5)
    assert found.ic == pytest.approx(1)
    assert found.rank_ic == pytest.approx(1)
    assert found.win_rate == 1
    assert found.samples == 5_000 - 5
    against = of(-known_ahead, series, 5)
    assert against.ic == pytest.approx(-1)
    assert against.win_rate == 0
    decay = [ic for horizon, ic in found.decay if horizon >= 5 and ic is not None]
    assert decay == sorted(decay, reverse=True)


def test_foresight_shuffled_in_time_foretells_nothing() -> None:
    series = recorded()
    known_ahead = outcomes(series, Period.M1, 1)
    shuffled = np.random.default_rng(5).permutation(known_ahead)
    found = of(shuffled, series)
    assert found.ic == pytest.approx(0, abs=0.02)
    assert found.rank_ic == pytest.approx(0, abs=0.02)
    assert found.win_rate == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 1e300])
def test_a_constant_factor_has_no_figures(value: float) -> None:
    series = recorded().slice(0, 3_000)
    found = of(np.full(3_000, value), series)
    assert found.samples == 2_999
    assert (found.ic, found.rank_ic, found.icir, found.win_rate) == (None, None, None, None)
    assert {ic for _, ic in found.decay} == {None}
    assert {(window.ic, window.rank_ic) for window in found.windows} == {(None, None)}


@pytest.mark.parametrize("rows", [0, 1, 2, LEAST_SAMPLES, LEAST_SAMPLES + 1])
def test_too_few_samples_give_no_figures(rows: int) -> None:
    series = recorded().slice(0, rows)
    found = of(series.volume, series)
    assert found.samples == max(0, rows - 1)
    assert (found.ic is not None) == (rows == LEAST_SAMPLES + 1)
    assert found.icir is None


def test_the_last_candles_have_no_outcome_and_none_is_made_up_over_a_gap() -> None:
    series = recorded().slice(0, 100)
    assert np.isnan(outcomes(series, Period.M1, 8)[-8:]).all()
    assert outcomes(series, Period.M1, 8)[10] == series.close[18] / series.close[10] - 1
    late = series.open_ms + np.where(np.arange(100) >= 50, MINUTE_MS, 0)
    gapped = outcomes(msgspec.structs.replace(series, open_ms=late), Period.M1, 8)
    assert np.flatnonzero(np.isnan(gapped)).tolist() == [*range(42, 50), *range(92, 100)]


def test_scale_does_not_matter_up_to_the_limits_of_a_float() -> None:
    series = recorded().slice(0, 2_000)
    values = LIBRARY.array("rsi14", series)
    plain = of(values, series)
    for scale in (1e-200, 1e250, -1.0):
        found = of(values * scale, series)
        assert found.ic == pytest.approx(math.copysign(1, scale) * (plain.ic or math.nan))
    beyond = of(values * 2.0**1016, series)
    assert beyond.ic is None
    assert beyond.rank_ic == plain.rank_ic


@pytest.mark.parametrize(
    ("period", "days"),
    [("1m", 1), ("1h", 1), ("2h", 7), ("8h", 7), ("12h", 28), ("1d", 28), ("3d", 364), ("1w", 364)],
)
def test_windows_are_as_long_as_they_must_be(period: str, days: int) -> None:
    assert window_ms(Period(period)) == days * DAY_MS


@pytest.mark.parametrize("horizon", [0, -1, 501])
def test_a_horizon_out_of_range_is_refused(horizon: int) -> None:
    with pytest.raises(InvalidInput, match="allowed is 1 to 500 candles") as refused:
        of(recorded().volume, recorded(), horizon)
    assert refused.value.details["field"] == "horizon"
