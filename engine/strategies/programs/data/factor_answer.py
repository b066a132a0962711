"""What a program is told of a factor, and how well each has foretold the price."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.market.factors.effectiveness import effectiveness
from engine.market.periods import HOUR_MS, Period
from engine.strategies.programs.data.columns import per_trigger

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.candles.series import CandleSeries
    from engine.market.factors.library import FactorLibrary
    from engine.model.factor import FactorDefinition, FactorEffectiveness
    from engine.strategies.programs.batch import Answer

MEASURED_CANDLES = 5000
RANKING_PERIOD = Period.M5


class FactorMeasure(msgspec.Struct, frozen=True):
    """A factor's value at a closed candle, and how it has done over the candles up to that one.

    See `FactorEffectiveness` for the figures; `decay_half_life_hours` is when its IC has fallen to half.
    """

    definition: FactorDefinition
    last_open_ms: int
    value: float | None
    ic: float | None
    icir: float | None
    win_rate: float | None
    decay_half_life_hours: float | None


def measure_factor(
    name: str, library: FactorLibrary, closed: CandleSeries, symbol: str, period: Period
) -> FactorMeasure:
    """Return how a factor did over the last `MEASURED_CANDLES` candles; there is at least one."""
    recent = closed.slice(max(0, len(closed) - MEASURED_CANDLES))
    definition = library.get(name)
    values = library.array(name, recent)
    found = effectiveness(values, recent, factor=definition.name, symbol=symbol, period=period)
    return FactorMeasure(
        definition,
        int(recent.open_ms[-1]),
        None if math.isnan(values[-1]) else float(values[-1]),
        found.ic,
        found.icir,
        found.win_rate,
        decay_half_life_hours(found),
    )


def decay_half_life_hours(found: FactorEffectiveness) -> float | None:
    """Return after how many hours the IC has fallen to half of that at the nearest horizon.

    Between two measured horizons it is taken to fall evenly; None if it never has fallen so far.
    """
    known = [(horizon, abs(ic)) for horizon, ic in found.decay if ic is not None]
    if not known or known[0][1] == 0.0:
        return None
    half = known[0][1] / 2
    for (before, higher), (after, lower) in itertools.pairwise(known):
        if lower <= half < higher:
            candles = before + (after - before) * (higher - half) / (higher - lower)
            return candles * Period(found.period).length_ms / HOUR_MS
    return None


def factor_answer(
    definition: FactorDefinition,
    symbol: str,
    period: Period,
    values: NDArray[np.float64],
    measure: FactorMeasure | None = None,
) -> Answer:
    """Return a factor at each trigger; without a measure the figures of how well it does are missing."""
    count = len(values)
    figures = {
        name: np.full(count, math.nan if value is None else value)
        for name, value in (
            ("ic", None if measure is None else measure.ic),
            ("icir", None if measure is None else measure.icir),
            ("win_rate", None if measure is None else measure.win_rate),
            ("decay_half_life_hours", None if measure is None else measure.decay_half_life_hours),
        )
    }
    texts = {
        "factor_name": definition.name,
        "id": definition.name,
        "symbol": symbol,
        "period": period.value,
        "expression": definition.expression,
        "description": definition.meaning,
        "category": definition.category.value,
    }
    return per_trigger({"value": values, **figures}, {key: (text,) for key, text in texts.items()})


def ranking_text(measures: Iterable[FactorMeasure], count: int) -> str:
    """Return the `count` factors with the largest IC either way as JSON, the largest first."""
    measured = [each for each in measures if each.ic is not None]
    measured.sort(key=lambda each: (-abs(each.ic or 0.0), each.definition.name))
    return json.dumps(
        [
            {
                "factor_name": each.definition.name,
                "category": each.definition.category.value,
                "description": each.definition.meaning,
                "value": each.value,
                "ic": each.ic,
                "icir": each.icir,
                "win_rate": each.win_rate,
                "decay_half_life_hours": each.decay_half_life_hours,
            }
            for each in measured[:count]
        ]
    )
