"""Every kind of condition there is, for hypothesis to choose from."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from engine.market.periods import Period
from engine.signals.conditions.condition import (
    Comparison,
    Condition,
    Crossing,
    Level,
    MacdEvent,
    MacdEvents,
    PatternBias,
    PatternSeen,
    Reference,
    TakerSide,
    TakerVolume,
    Target,
    TimesAverage,
)
from engine.signals.conditions.metric_names import find_metric
from engine.signals.conditions.metrics import FLOW_WINDOWS
from engine.signals.conditions.operators import Direction, Operator
from engine.signals.conditions.patterns import PATTERNS

CANDLE_METRICS = (
    "price",
    "volume",
    "rsi14",
    "macd_hist",
    "adx(14)",
    "bbands(20,2).upperband",
    "factor:roc10",
)
FLOW_METRICS = ("cvd", "oi_delta", "funding", "order_imbalance", "price_change")

_numbers = st.floats(0.01, 0.99) | st.floats(1e-7, 0.9) | st.just(0.5)
_multiples = st.builds(TimesAverage, st.floats(0.01, 1e6))
_periods = st.sampled_from(list(Period))
_windows = st.sampled_from(FLOW_WINDOWS)


def _compared(
    metrics: tuple[str, ...], targets: st.SearchStrategy[Target], periods: st.SearchStrategy[Period]
) -> st.SearchStrategy[Comparison | Crossing]:
    fields: dict[str, st.SearchStrategy[Any]] = {
        "metric": st.sampled_from(metrics).map(find_metric),
        "target": targets,
        "period": periods,
        "absolute": st.booleans(),
    }
    return st.builds(Comparison, operator=st.sampled_from(list(Operator)), **fields) | st.builds(
        Crossing, direction=st.sampled_from(list(Direction)), **fields
    )


_levels = st.builds(Level, _numbers)
_references = st.sampled_from(("rsi(21)", "stoch_k")).map(lambda name: Reference(find_metric(name)))

conditions: st.SearchStrategy[Condition] = (
    _compared(CANDLE_METRICS, _levels | _multiples, _periods)
    | _compared(("rsi14", "adx(14)", "factor:roc10"), _references, _periods)
    | _compared(FLOW_METRICS, _levels, _windows)
    | st.builds(
        TakerVolume,
        side=st.sampled_from(list(TakerSide)),
        ratio=st.floats(1, 1e6),
        volume=st.floats(0, 1e12),
        period=_windows,
    )
    | st.builds(
        MacdEvents,
        events=st.lists(st.sampled_from(list(MacdEvent)), min_size=1, unique=True).map(tuple),
        period=_periods,
    )
    | st.builds(
        PatternSeen,
        pattern=st.sampled_from(sorted(PATTERNS)),
        bias=st.sampled_from([None, *PatternBias]),
        period=_periods,
    )
)
