"""What a program is told of a market regime."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.strategies.programs.data.columns import MISSING_TEXT, per_trigger

if TYPE_CHECKING:
    from engine.market.regime.classification import RegimeVerdict
    from engine.model.regime import RegimeReading
    from engine.strategies.programs.batch import Answer

_INPUTS = ("cvd_ratio", "oi_delta", "taker_ratio", "price_atr", "rsi")


def regime_answer(regimes: Sequence[RegimeVerdict | RegimeReading | None]) -> Answer:
    """Return the regime at each trigger, None where no candle has closed yet."""
    return per_trigger(
        {"conf": [math.nan if each is None else each.confidence for each in regimes]}
        | {name: [_input(each, name) for each in regimes] for name in _INPUTS},
        {
            "regime": tuple(MISSING_TEXT if each is None else str(each.regime) for each in regimes),
            "coarse": tuple(MISSING_TEXT if each is None else str(each.coarse) for each in regimes),
            "direction": tuple(MISSING_TEXT if each is None else str(each.direction) for each in regimes),
            "reason": tuple(MISSING_TEXT if each is None else "; ".join(each.reasons) for each in regimes),
        },
    )


def _input(regime: RegimeVerdict | RegimeReading | None, name: str) -> float:
    value: float | None = None if regime is None else getattr(regime.inputs, name)
    return math.nan if value is None else value
