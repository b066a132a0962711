"""How well a factor has foretold the return of the next candles.

The factor at the close of candle t is set against close(t + horizon) / close(t) - 1. The last
`horizon` candles have no outcome yet, and neither has a candle behind which one is not on record.
With a horizon above 1 neighbouring outcomes overlap, which makes windows look steadier than they are.

Grinold and Kahn, Active Portfolio Management (2nd ed.), chapter 6, for the information coefficient.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.errors import InvalidInput
from engine.market.periods import DAY_MS, Period
from engine.model.factor import FactorEffectiveness, WindowEffect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.candles.series import CandleSeries

    type Column = NDArray[np.float64]
    type Groups = NDArray[np.int64]
    type Order = NDArray[np.intp]

LEAST_SAMPLES = 20
"""A correlation of fewer pairs is None: below that even noise is often beyond ±0.4."""
LONGEST_HORIZON = 500
DECAY_HORIZONS = (1, 2, 3, 5, 8, 13, 21, 34, 55)
_WINDOW_DAYS = (1, 7, 28, 364)
_MONDAY_MS = 4 * DAY_MS


def effectiveness(
    values: Column,
    series: CandleSeries,
    *,
    factor: str,
    symbol: str,
    period: Period,
    horizon: int = 1,
) -> FactorEffectiveness:
    """Return how a factor's `values`, one for every candle of `series`, went with what came next.

    Windows are UTC days, or whole weeks from a Monday, as long as they must be to hold at least
    `LEAST_SAMPLES` candles. Raises `InvalidInput` for a horizon below 1 or above `LONGEST_HORIZON`.
    """
    if not 1 <= horizon <= LONGEST_HORIZON:
        raise InvalidInput.of("horizon", horizon, f"allowed is 1 to {LONGEST_HORIZON} candles")
    pairs = _Pairs.of(values, series, period, horizon)
    orders = np.argsort(pairs.factor), np.argsort(pairs.outcome)
    windows = pairs.windows(window_ms(period), orders)
    ic = pairs.ic()
    return FactorEffectiveness(
        factor=factor,
        symbol=symbol,
        period=period.value,
        horizon=horizon,
        samples=len(pairs.factor),
        ic=ic,
        rank_ic=pairs.rank_ic(orders),
        icir=_mean_over_deviation([window.ic for window in windows if window.ic is not None]),
        win_rate=pairs.win_rate(),
        decay=tuple(
            (each, ic if each == horizon else _Pairs.of(values, series, period, each).ic())
            for each in sorted({*DECAY_HORIZONS, horizon})
        ),
        windows=windows,
    )


def outcomes(series: CandleSeries, period: Period, horizon: int) -> Column:
    """Return the return of the `horizon` candles after each candle, NaN where they are not on record."""
    result = np.full(len(series), math.nan)
    if len(series) <= horizon:
        return result
    now, later = series.close[:-horizon], series.close[horizon:]
    on_record = series.open_ms[horizon:] - series.open_ms[:-horizon] == horizon * period.length_ms
    with np.errstate(all="ignore"):
        change = later / now - 1.0
    result[:-horizon] = np.where(on_record & np.isfinite(change), change, math.nan)
    return result


def window_ms(period: Period) -> int:
    """Return how long the windows are in which candles of this period are looked at apart."""
    return next(days * DAY_MS for days in _WINDOW_DAYS if days * DAY_MS >= LEAST_SAMPLES * period.length_ms)


def average_ranks(values: Column, groups: Groups, order: Order) -> Column:
    """Return each value's rank within its group from 1, equal values sharing the mean of theirs.

    `groups` number each value's group from 0; `order` is what sorts all values.
    """
    if len(values) == 0:
        return np.empty(0)
    # Numbers of at most 16 bits are sorted by their digits, in a time that grows with their count.
    compact = groups.astype(np.min_scalar_type(int(groups.max())))
    order = order[np.argsort(compact[order], kind="stable")]
    ordered, ordered_groups = values[order], groups[order]
    changes = (np.diff(ordered) != 0) | (np.diff(ordered_groups) != 0)
    firsts = np.flatnonzero(np.append(True, changes))
    lasts = np.append(firsts[1:], len(values)) - 1
    group_starts = np.searchsorted(ordered_groups, ordered_groups[firsts])
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((firsts + lasts) / 2 - group_starts + 1, lasts - firsts + 1)
    return ranks


def correlations(first: Column, second: Column, groups: Groups, count: int) -> Column:
    """Return Pearson's correlation in each of `count` groups, which lie one behind the other.

    NaN where there are fewer than `LEAST_SAMPLES` pairs or where one of the two does not vary.
    """
    result = np.full(count, math.nan)
    sizes = np.bincount(groups, minlength=count)
    present = np.flatnonzero(sizes)
    if len(present) == 0:
        return result
    starts = np.searchsorted(groups, present)
    with np.errstate(all="ignore"):  # sums beyond the largest float end as a spread that is not usable
        one, one_varies = _standardised(first, starts, sizes)
        other, other_varies = _standardised(second, starts, sizes)
        together = np.add.reduceat(one * other, starts)
        spread = np.sqrt(np.add.reduceat(one * one, starts) * np.add.reduceat(other * other, starts))
    usable = (sizes[present] >= LEAST_SAMPLES) & one_varies & other_varies & (spread > 0)
    result[present[usable]] = np.clip(together[usable] / spread[usable], -1.0, 1.0)
    return result


def _standardised(
    values: Column, starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> tuple[Column, NDArray[np.bool_]]:
    """Return distances from each group's mean, the largest being 1, and which groups vary at all."""
    counts = sizes[sizes > 0]
    varies = np.maximum.reduceat(values, starts) > np.minimum.reduceat(values, starts)
    away = values - np.repeat(np.add.reduceat(values, starts) / counts, counts)
    largest = np.maximum.reduceat(np.abs(away), starts)
    return away / np.repeat(np.where(largest > 0, largest, 1.0), counts), varies


class _Pairs(msgspec.Struct, frozen=True, eq=False):
    """The candles at which both the factor and its outcome are known."""

    open_ms: NDArray[np.int64]
    factor: Column
    outcome: Column

    @classmethod
    def of(cls, values: Column, series: CandleSeries, period: Period, horizon: int) -> _Pairs:
        outcome = outcomes(series, period, horizon)
        known = np.isfinite(values) & np.isfinite(outcome)
        return cls(series.open_ms[known], values[known], outcome[known])

    def ic(self) -> float | None:
        return _known(correlations(self.factor, self.outcome, self._together, 1)[0])

    def rank_ic(self, orders: tuple[Order, Order]) -> float | None:
        return _known(correlations(*self._ranks(self._together, orders), self._together, 1)[0])

    def win_rate(self) -> float | None:
        if len(self.factor) < LEAST_SAMPLES:
            return None
        side = np.sign(self.factor - np.median(self.factor))
        outcome_side = np.sign(self.outcome - np.median(self.outcome))
        decided = (side != 0) & (outcome_side != 0)
        if np.count_nonzero(decided) < LEAST_SAMPLES:
            return None
        return float(np.mean(side[decided] == outcome_side[decided]))

    def windows(self, length_ms: int, orders: tuple[Order, Order]) -> tuple[WindowEffect, ...]:
        if len(self.factor) == 0:
            return ()
        numbers, groups = np.unique((self.open_ms - _MONDAY_MS) // length_ms, return_inverse=True)
        count = len(numbers)
        ics = correlations(self.factor, self.outcome, groups, count)
        rank_ics = correlations(*self._ranks(groups, orders), groups, count)
        starts = (numbers * length_ms + _MONDAY_MS).tolist()
        sizes = np.bincount(groups, minlength=count).tolist()
        rows = zip(starts, sizes, ics.tolist(), rank_ics.tolist(), strict=True)
        return tuple(
            WindowEffect(start, start + length_ms, size, _known(ic), _known(rank_ic))
            for start, size, ic, rank_ic in rows
        )

    def _ranks(self, groups: Groups, orders: tuple[Order, Order]) -> tuple[Column, Column]:
        return (
            average_ranks(self.factor, groups, orders[0]),
            average_ranks(self.outcome, groups, orders[1]),
        )

    @property
    def _together(self) -> Groups:
        return np.zeros(len(self.factor), dtype=np.int64)


def _mean_over_deviation(ics: list[float]) -> float | None:
    if len(ics) < 2:
        return None
    deviation = float(np.std(ics, ddof=1))
    return float(np.mean(ics)) / deviation if deviation > 1e-12 else None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
