"""Market regimes of closed candles: over a whole history at once, or one candle at a time.

Both forms make the same inputs and ask the same rule, `engine.market.regime.rules`, so they agree
exactly. Only closed candles count: a forming one has no regime.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.errors import InvalidInput, NotFound
from engine.market.indicators import IndicatorStream, indicator, indicator_array
from engine.market.periods import Period
from engine.market.regime.candle_flow import NO_FLOW, CandleFlow, CandleFlowColumns
from engine.market.regime.reasons import regime_reasons
from engine.market.regime.rules import (
    COARSE_REGIMES,
    DIRECTIONS,
    REGIMES,
    RegimeCodes,
    RegimeColumns,
    regime_codes,
)
from engine.model.regime import (
    CoarseRegime,
    Regime,
    RegimeDirection,
    RegimeInputs,
    RegimeReading,
    RegimeThresholds,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.candles.series import CandleSeries
    from engine.model.candle import Candle

ATR = "ATR14"
RSI = "RSI14"
DEFAULT_THRESHOLDS = RegimeThresholds()
_ROWS_AT_ONCE = 65_536


class RegimeVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the rule says of one candle and why; see `RegimeReading` for the meanings."""

    regime: Regime
    coarse: CoarseRegime
    direction: RegimeDirection
    confidence: float
    price_only: bool
    reasons: tuple[str, ...]
    inputs: RegimeInputs

    def reading(self, symbol: str, period: Period, close_ms: int) -> RegimeReading:
        """Return the verdict as what the desk shows of a symbol's candle that closed at `close_ms`."""
        return RegimeReading(
            symbol=symbol,
            period=str(period),
            close_ms=close_ms,
            regime=self.regime,
            coarse=self.coarse,
            direction=self.direction,
            confidence=self.confidence,
            reasons=self.reasons,
            inputs=self.inputs,
            price_only=self.price_only,
        )


class RegimeSeries(msgspec.Struct, frozen=True, eq=False):
    """The regime of every candle of a series: its inputs, and the rule's codes for them."""

    open_ms: NDArray[np.int64]
    inputs: RegimeColumns
    codes: RegimeCodes
    thresholds: RegimeThresholds

    def __len__(self) -> int:
        return len(self.open_ms)

    def verdict(self, index: int) -> RegimeVerdict:
        """Return one candle's verdict with its reasons; negative counts from the end."""
        inputs = RegimeInputs(
            **{
                name: _known(float(getattr(self.inputs, name)[index]))
                for name in RegimeInputs.__struct_fields__
            }
        )
        return _verdict(inputs, self.codes, index, self.thresholds)


def check_thresholds(thresholds: RegimeThresholds) -> RegimeThresholds:
    """Return the thresholds; raise `InvalidInput` naming the first that makes no sense."""
    for name, value in msgspec.structs.asdict(thresholds).items():
        lowest, highest = _allowed(name)
        if not lowest <= value <= highest:
            raise InvalidInput.of(name, value, f"allowed is {lowest:g} to {highest:g}")
    if thresholds.exhaustion_rsi_low >= thresholds.exhaustion_rsi_high:
        raise InvalidInput.of(
            "exhaustion_rsi_low",
            thresholds.exhaustion_rsi_low,
            f"it is below exhaustion_rsi_high, {thresholds.exhaustion_rsi_high:g}",
        )
    if thresholds.calm_range_atr > thresholds.stop_hunt_range_atr:
        raise InvalidInput.of(
            "calm_range_atr",
            thresholds.calm_range_atr,
            f"it is not above stop_hunt_range_atr, {thresholds.stop_hunt_range_atr:g}",
        )
    return thresholds


def _allowed(name: str) -> tuple[float, float]:
    if name in ("exhaustion_oi", "trap_oi"):
        return -100.0, 0.0
    if name in ("strong_cvd", "continuation_cvd", "breakout_body"):
        return 0.0, 1.0
    return 0.0, 20.0 if name.endswith(("_atr", "_log")) else 100.0


def classify(inputs: RegimeInputs, thresholds: RegimeThresholds = DEFAULT_THRESHOLDS) -> RegimeVerdict:
    """Return the regime that inputs make, and the reasons in words."""
    columns = RegimeColumns(
        *(
            np.array([math.nan if value is None else value])
            for value in (getattr(inputs, name) for name in RegimeColumns.__struct_fields__)
        )
    )
    return _verdict(inputs, regime_codes(columns, thresholds), 0, thresholds)


def _verdict(
    inputs: RegimeInputs, codes: RegimeCodes, index: int, thresholds: RegimeThresholds
) -> RegimeVerdict:
    regime = REGIMES[codes.regime[index]]
    direction = DIRECTIONS[codes.direction[index]]
    return RegimeVerdict(
        regime=regime,
        coarse=COARSE_REGIMES[codes.coarse[index]],
        direction=direction,
        confidence=float(codes.confidence[index]),
        price_only=bool(codes.price_only[index]),
        reasons=regime_reasons(inputs, regime, direction, thresholds),
        inputs=inputs,
    )


def classify_series(
    candles: CandleSeries,
    flow: CandleFlowColumns | None = None,
    thresholds: RegimeThresholds = DEFAULT_THRESHOLDS,
) -> RegimeSeries:
    """Return the regime of every candle; `flow` has one row for each, None if nothing is known of it.

    Raises `InvalidInput` if the flow is not as long as the candles.
    """
    flow = CandleFlowColumns.missing(len(candles)) if flow is None else flow
    if len(flow) != len(candles):
        raise InvalidInput.of("flow", f"{len(flow)} rows", f"there are {len(candles)} candles")
    atr = indicator_array(indicator(ATR), candles)
    inputs = _columns(candles, flow, atr, indicator_array(indicator(RSI), candles))
    # In pieces, so that what is computed on the way stays in the processor's cache.
    starts = range(0, max(len(candles), 1), _ROWS_AT_ONCE)
    pieces = [regime_codes(_rows(inputs, slice(at, at + _ROWS_AT_ONCE)), thresholds) for at in starts]
    codes = RegimeCodes(
        *(
            np.concatenate([getattr(piece, name) for piece in pieces])
            for name in RegimeCodes.__struct_fields__
        )
    )
    return RegimeSeries(candles.open_ms, inputs, codes, thresholds)


def _columns(
    candles: CandleSeries, flow: CandleFlowColumns, atr: NDArray[np.float64], rsi: NDArray[np.float64]
) -> RegimeColumns:
    move = candles.close - candles.open
    span = candles.high - candles.low
    with np.errstate(divide="ignore", invalid="ignore"):
        return RegimeColumns(
            cvd_ratio=flow.cvd / flow.notional,
            taker_ratio=flow.taker_ratio,
            oi_delta=flow.oi_delta,
            price_atr=move / atr,
            range_atr=span / atr,
            body=np.abs(move) / span,
            rsi=rsi,
        )


def _rows(inputs: RegimeColumns, rows: slice) -> RegimeColumns:
    return RegimeColumns(*(column[rows] for column in msgspec.structs.astuple(inputs)))


class RegimeStream:
    """The regime of one symbol and period, carried forward one closed candle at a time."""

    def __init__(
        self,
        period: Period,
        thresholds: RegimeThresholds = DEFAULT_THRESHOLDS,
        history: CandleSeries | None = None,
    ) -> None:
        """Start from nothing, or as if every closed candle of `history` had been taken."""
        self.period = period
        self.thresholds = thresholds
        """May be replaced at any time; holds from the next candle on."""
        self.verdict: RegimeVerdict | None = None
        """Of the last candle taken, None before the first and until it has been judged."""
        self._candle = history.candle(-1) if history is not None and len(history) else None
        self._atr = IndicatorStream(indicator(ATR), history)
        self._rsi = IndicatorStream(indicator(RSI), history)

    def update(self, candle: Candle, flow: CandleFlow = NO_FLOW) -> RegimeVerdict:
        """Take the next closed candle and its order flow; return its regime."""
        self.take(candle)
        return self.judge(flow)

    def take(self, candle: Candle) -> None:
        """Take the next closed candle, whose regime is not asked for yet."""
        self._atr.update(candle)
        self._rsi.update(candle)
        self._candle = candle
        self.verdict = None

    def judge(self, flow: CandleFlow = NO_FLOW) -> RegimeVerdict:
        """Return the regime of the last candle taken; raise `NotFound` before the first.

        May be asked again when more of the candle's order flow is known.
        """
        candle = self._candle
        if candle is None:
            raise NotFound("regime: no candle has closed yet")
        atr, rsi = self._atr.value, self._rsi.value
        move, span = candle.close - candle.open, candle.high - candle.low
        inputs = RegimeInputs(
            cvd_ratio=_quotient(flow.cvd, flow.notional),
            taker_ratio=_known(flow.taker_ratio),
            oi_delta=_known(flow.oi_delta),
            price_atr=None if atr is None else _quotient(move, atr),
            range_atr=None if atr is None else _quotient(span, atr),
            body=_quotient(abs(move), span),
            rsi=rsi,
        )
        self.verdict = classify(inputs, self.thresholds)
        return self.verdict

    def reading(self, symbol: str) -> RegimeReading | None:
        """Return the last verdict as what the desk shows, None while there is none."""
        if self.verdict is None or self._candle is None:
            return None
        return self.verdict.reading(symbol, self.period, self.period.close_of(self._candle.open_ms))


def _quotient(numerator: float, denominator: float) -> float | None:
    if denominator != 0:
        return _known(numerator / denominator)
    is_infinite = numerator != 0 and not math.isnan(numerator)
    return math.copysign(math.inf, numerator) if is_infinite else None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
