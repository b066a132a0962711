"""The one rule by which a market's regime is told, over columns of any length.

Missing inputs are NaN, which no comparison matches, so a rule that needs a missing input does not
match. The first rule that matches wins::

    stop_hunt     range_atr > 1, |price_atr| < 0.3
    unknown       cvd_ratio, taker_ratio, price_atr or range_atr is missing
    breakout      |cvd| > 0.15, |price_atr| > 0.5, both of one sign, body > 0.4,
                  and |ln taker_ratio| > 3.5 or oi_delta > 0.1
    exhaustion    |cvd| > 0.15, oi_delta < -0.5, and RSI > 70 or < 30
    trap          |cvd| > 0.15, oi_delta < -0.5, |price_atr| < 0.3
    absorption    |cvd| > 0.15, |price_atr| <= 0.3
    continuation  |cvd| > 0.05, |price_atr| > 0.3, both of one sign
    noise         everything else

The numbers are the defaults of `RegimeThresholds`. Direction is where at least two of the signs of
CVD, taker and price point. Confidence is ::

    (0.3 |cvd|/0.3 + 0.2 |ln taker_ratio| + 0.2 |oi_delta|/5 + 0.3 |price_atr|/2) × shape × agreement

each quotient at most 1 and a missing one 0; shape is 0.7 for a candle without a body to 1 for one
that is all body; agreement is 0.85 without a direction, 1 with all three signs in it, 0.925 with two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.model.regime import CoarseRegime, Regime, RegimeDirection, RegimeThresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

REGIMES = tuple(Regime)
COARSE_REGIMES = tuple(CoarseRegime)
DIRECTIONS = tuple(RegimeDirection)

_CVD_SHARE, _TAKER_SHARE, _OI_SHARE, _PRICE_SHARE = 0.3, 0.2, 0.2, 0.3
_FULL_CVD, _FULL_OI, _FULL_PRICE_ATR = 0.3, 5.0, 2.0
_LEAST_SHAPE, _LEAST_AGREEMENT = 0.70, 0.85
_SIGNS = 3

_COARSE = {
    Regime.STOP_HUNT: CoarseRegime.VOLATILE,
    Regime.BREAKOUT: CoarseRegime.TRENDING,
    Regime.EXHAUSTION: CoarseRegime.VOLATILE,
    Regime.TRAP: CoarseRegime.VOLATILE,
    Regime.CONTINUATION: CoarseRegime.TRENDING,
}


class RegimeColumns(msgspec.Struct, frozen=True, eq=False):
    """The inputs of `RegimeInputs` as columns of equal length, NaN where missing."""

    cvd_ratio: NDArray[np.float64]
    taker_ratio: NDArray[np.float64]
    oi_delta: NDArray[np.float64]
    price_atr: NDArray[np.float64]
    range_atr: NDArray[np.float64]
    body: NDArray[np.float64]
    rsi: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.price_atr)


class RegimeCodes(msgspec.Struct, frozen=True, eq=False):
    """What the rule says of each row: int8 places in `REGIMES`, `COARSE_REGIMES` and `DIRECTIONS`."""

    regime: NDArray[np.int8]
    coarse: NDArray[np.int8]
    direction: NDArray[np.int8]
    confidence: NDArray[np.float64]
    price_only: NDArray[np.bool_]


def regime_codes(inputs: RegimeColumns, thresholds: RegimeThresholds) -> RegimeCodes:
    """Return regime, coarse regime, direction and confidence of each row."""
    with np.errstate(divide="ignore", invalid="ignore"):
        taker_log = np.log(inputs.taker_ratio)
    no_flow = np.isnan(inputs.cvd_ratio) | np.isnan(taker_log)
    no_price = np.isnan(inputs.price_atr) | np.isnan(inputs.range_atr)
    regime = _regime(inputs, taker_log, no_flow | no_price, thresholds)
    coarse = _coarse(inputs, regime, no_flow, no_price, thresholds)
    direction, agreeing = _direction(inputs, taker_log)
    confidence = _confidence(inputs, taker_log, agreeing)
    confidence[regime == REGIMES.index(Regime.UNKNOWN)] = 0.0
    return RegimeCodes(regime, coarse, direction, confidence, no_flow & ~no_price)


def _regime(
    inputs: RegimeColumns,
    taker_log: NDArray[np.float64],
    unknown: NDArray[np.bool_],
    thresholds: RegimeThresholds,
) -> NDArray[np.int8]:
    cvd, price = np.abs(inputs.cvd_ratio), np.abs(inputs.price_atr)
    oi, rsi = inputs.oi_delta, inputs.rsi
    strong = cvd > thresholds.strong_cvd
    aligned = inputs.cvd_ratio * inputs.price_atr > 0
    pushed = (np.abs(taker_log) > thresholds.breakout_taker_log) | (oi > thresholds.breakout_oi)
    stretched = (rsi > thresholds.exhaustion_rsi_high) | (rsi < thresholds.exhaustion_rsi_low)
    rules = (
        (
            Regime.STOP_HUNT,
            (inputs.range_atr > thresholds.stop_hunt_range_atr) & (price < thresholds.stop_hunt_price_atr),
        ),
        (Regime.UNKNOWN, unknown),
        (
            Regime.BREAKOUT,
            strong
            & (price > thresholds.breakout_price_atr)
            & aligned
            & (inputs.body > thresholds.breakout_body)
            & pushed,
        ),
        (Regime.EXHAUSTION, strong & (oi < thresholds.exhaustion_oi) & stretched),
        (Regime.TRAP, strong & (oi < thresholds.trap_oi) & (price < thresholds.trap_price_atr)),
        (Regime.ABSORPTION, strong & (price <= thresholds.absorption_price_atr)),
        (
            Regime.CONTINUATION,
            (cvd > thresholds.continuation_cvd) & (price > thresholds.continuation_price_atr) & aligned,
        ),
    )
    return _first_match(rules, REGIMES.index(Regime.NOISE), REGIMES)


def _coarse(
    inputs: RegimeColumns,
    regime: NDArray[np.int8],
    no_flow: NDArray[np.bool_],
    no_price: NDArray[np.bool_],
    thresholds: RegimeThresholds,
) -> NDArray[np.int8]:
    """Return the regime in four words; without the flow, from price alone."""
    volatile = inputs.range_atr > thresholds.stop_hunt_range_atr
    trending = np.abs(inputs.price_atr) > thresholds.breakout_price_atr
    by_regime = tuple((coarse, regime == REGIMES.index(named)) for named, coarse in _COARSE.items())
    rules = (
        (CoarseRegime.UNKNOWN, no_price),
        (CoarseRegime.VOLATILE, no_flow & volatile),
        (CoarseRegime.TRENDING, no_flow & trending),
        *by_regime,
        (CoarseRegime.CALM, inputs.range_atr < thresholds.calm_range_atr),
    )
    return _first_match(rules, COARSE_REGIMES.index(CoarseRegime.RANGING), COARSE_REGIMES)


def _first_match[Word](
    rules: tuple[tuple[Word, NDArray[np.bool_]], ...], otherwise: int, words: tuple[Word, ...]
) -> NDArray[np.int8]:
    codes = np.full(len(rules[0][1]), otherwise, dtype=np.int8)
    for word, matches in reversed(rules):
        codes[matches] = words.index(word)
    return codes


def _direction(
    inputs: RegimeColumns, taker_log: NDArray[np.float64]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return each row's direction, and how many of the three signs agree with it (0 if neutral)."""
    terms = (inputs.cvd_ratio, taker_log, inputs.price_atr)
    up = np.zeros(len(inputs), dtype=np.int8)
    down = np.zeros(len(inputs), dtype=np.int8)
    for term in terms:
        up += term > 0
        down += term < 0
    rules = ((RegimeDirection.BULLISH, up >= 2), (RegimeDirection.BEARISH, down >= 2))
    direction = _first_match(rules, DIRECTIONS.index(RegimeDirection.NEUTRAL), DIRECTIONS)
    most = np.maximum(up, down)
    return direction, np.where(most >= 2, most, np.int8(0))


def _confidence(
    inputs: RegimeColumns, taker_log: NDArray[np.float64], agreeing: NDArray[np.int8]
) -> NDArray[np.float64]:
    strength = (
        _CVD_SHARE * _capped(inputs.cvd_ratio, _FULL_CVD)
        + _TAKER_SHARE * _capped(taker_log, 1.0)
        + _OI_SHARE * _capped(inputs.oi_delta, _FULL_OI)
        + _PRICE_SHARE * _capped(inputs.price_atr, _FULL_PRICE_ATR)
    )
    shape = _LEAST_SHAPE + (1 - _LEAST_SHAPE) * _capped(inputs.body, 1.0)
    share = np.maximum(agreeing - 1, 0) / (_SIGNS - 1)
    return strength * shape * (_LEAST_AGREEMENT + (1 - _LEAST_AGREEMENT) * share)


def _capped(values: NDArray[np.float64], full: float) -> NDArray[np.float64]:
    """Return how much of `full` each value is, at most 1, missing ones as 0."""
    return np.fmax(np.minimum(np.abs(values) / full, 1.0), 0.0)
