"""Market regimes: seven names for what price, takers and open interest do together."""

from __future__ import annotations

import enum

import msgspec


class Regime(enum.StrEnum):
    """What kind of market a closed candle was; `UNKNOWN` when an input is missing."""

    STOP_HUNT = "stop_hunt"
    BREAKOUT = "breakout"
    EXHAUSTION = "exhaustion"
    TRAP = "trap"
    ABSORPTION = "absorption"
    CONTINUATION = "continuation"
    NOISE = "noise"
    UNKNOWN = "unknown"


class CoarseRegime(enum.StrEnum):
    """The same in one of four words."""

    TRENDING = "trending"
    RANGING = "ranging"
    VOLATILE = "volatile"
    CALM = "calm"
    UNKNOWN = "unknown"


class RegimeDirection(enum.StrEnum):
    """Which way most of the signs point."""

    BULLISH = "bullish"
    BEARISH = "bearish"
    NEUTRAL = "neutral"


class RegimeThresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every number the classification compares with; all of them may be edited.

    `cvd` are shares of the traded notional, `price_atr` and `range_atr` multiples of the ATR,
    `oi` percent, `taker_log` natural logarithms of the taker ratio, `body` a share of the range.
    """

    stop_hunt_range_atr: float = 1.0
    stop_hunt_price_atr: float = 0.3
    strong_cvd: float = 0.15
    breakout_price_atr: float = 0.5
    breakout_body: float = 0.4
    breakout_taker_log: float = 3.5
    breakout_oi: float = 0.1
    exhaustion_oi: float = -0.5
    exhaustion_rsi_high: float = 70.0
    exhaustion_rsi_low: float = 30.0
    trap_oi: float = -0.5
    trap_price_atr: float = 0.3
    absorption_price_atr: float = 0.3
    continuation_cvd: float = 0.05
    continuation_price_atr: float = 0.3
    calm_range_atr: float = 0.5


class RegimeInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a classification was made from; None is missing, `taker_ratio` is plain buys over sells."""

    cvd_ratio: float | None
    taker_ratio: float | None
    oi_delta: float | None
    price_atr: float | None
    range_atr: float | None
    body: float | None
    rsi: float | None


class RegimeReading(msgspec.Struct, frozen=True, kw_only=True):
    """The regime of the last closed candle of a symbol and period.

    `confidence` is 0 to 1. `price_only` says that `coarse` was read from the price alone because
    the flow that the seven classes need is missing.
    """

    symbol: str
    period: str
    close_ms: int
    regime: Regime
    coarse: CoarseRegime
    direction: RegimeDirection
    confidence: float
    reasons: tuple[str, ...]
    inputs: RegimeInputs
    price_only: bool = False
