"""Factors: named formulas over candles, and how well each has foretold the price."""

from __future__ import annotations

import enum

import msgspec


class FactorCategory(enum.StrEnum):
    """What a factor looks at."""

    TREND = "trend"
    MOMENTUM = "momentum"
    VOLATILITY = "volatility"
    VOLUME = "volume"
    STATISTICAL = "statistical"
    COMPOSITE = "composite"
    CUSTOM = "custom"


class FactorDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A factor by name; `expression` is its formula in the factor language."""

    name: str
    category: FactorCategory
    expression: str
    meaning: str


class FactorWord(msgspec.Struct, frozen=True):
    """A word of the factor language as it is written, such as `ema(x, n)`, and what it means."""

    written: str
    meaning: str


class WindowEffect(msgspec.Struct, frozen=True):
    """How a factor did in one stretch of time."""

    start_ms: int
    end_ms: int
    samples: int
    ic: float | None
    rank_ic: float | None


class FactorEffectiveness(msgspec.Struct, frozen=True, kw_only=True):
    """How a factor's value went with the return of the next `horizon` candles.

    `ic` is Pearson's and `rank_ic` Spearman's correlation, `icir` the mean of the windows' ICs over
    their standard deviation, `win_rate` the share of candles (0 to 1) at which factor and return were
    on the same side of their medians, `decay` the IC by horizon in candles. None where there are too
    few samples.
    """

    factor: str
    symbol: str
    period: str
    horizon: int
    samples: int
    ic: float | None
    rank_ic: float | None
    icir: float | None
    win_rate: float | None
    decay: tuple[tuple[int, float | None], ...]
    windows: tuple[WindowEffect, ...]
