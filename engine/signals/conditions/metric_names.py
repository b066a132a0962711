"""Finds the metric that a name means: a row of the table, an indicator or a factor."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from engine.errors import InvalidInput, NotFound
from engine.market.indicators import INDICATOR_INFOS, INDICATORS, indicator
from engine.market.indicators.functions import talib_function
from engine.model.chart import ChartPlace
from engine.model.signal import MetricInfo
from engine.signals.conditions.metrics import METRICS, METRICS_BY_ALIAS, Metric, MetricKind

if TYPE_CHECKING:
    from engine.market.factors.library import FactorLibrary
    from engine.market.indicators import IndicatorDefinition

FACTOR_PREFIX = "factor:"

_POINTS = ("points", 0.0, 100.0)
_PRICE = ("USD", 0.0, None)
_SCALES: Mapping[str, tuple[str, float | None, float | None]] = (
    dict.fromkeys(("ADX", "ADXR", "AROON", "DX", "IMI", "MFI", "MINUS_DI", "PLUS_DI", "RSI"), _POINTS)
    | dict.fromkeys(("STOCH", "STOCHF", "STOCHRSI", "ULTOSC"), _POINTS)
    | dict.fromkeys(("ATR", "EMA", "SMA", "STDDEV", "TRANGE", "VWAP", "WMA"), _PRICE)
    | dict.fromkeys(("MACD", "MOM"), ("USD", None, None))
    | dict.fromkeys(("AROONOSC", "CMO"), ("points", -100.0, 100.0))
    | {
        "BOP": ("ratio", -1.0, 1.0),
        "CORREL": ("ratio", -1.0, 1.0),
        "NATR": ("%", 0.0, None),
        "OBV": ("base", None, None),
        "ROC": ("%", -100.0, None),
        "WILLR": ("points", -100.0, 0.0),
    }
)
"""Unit and bounds of TA-Lib's functions, where its own description does not say them."""

_INDICATOR_ALIASES = {
    "rsi": "rsi14",
    "atr": "atr14",
    "ma": "ma20",
    "ema": "ema20",
    "macd_histogram": "macd_hist",
    "histogram": "macd_hist",
    "bb_upper": "boll_upper",
    "bb_middle": "boll_middle",
    "bb_lower": "boll_lower",
}
_LENGTH = re.compile(r"([a-z]+)_?(\d{1,4})")


def find_metric(name: str, factors: FactorLibrary | None = None) -> Metric:
    """Return the metric that `name` means, in any case.

    `factors` are those a `factor:` name is looked up in; without it the built-in ones. Raises
    `InvalidInput` for the field `metric`, with the nearest names.
    """
    wanted = name.lower()
    if wanted in METRICS_BY_ALIAS:
        return METRICS_BY_ALIAS[wanted]
    if wanted.startswith(FACTOR_PREFIX):
        return _factor(wanted.removeprefix(FACTOR_PREFIX), factors)
    found = _find_indicator(wanted)
    if found is None:
        raise _unknown(
            name, (*METRICS_BY_ALIAS, *(known.lower() for known in INDICATORS), *_INDICATOR_ALIASES)
        )
    return found


def metric_infos(factors: FactorLibrary | None = None) -> tuple[MetricInfo, ...]:
    """Return every metric that has a name of its own, for people to choose from."""
    named = (*METRICS.values(), *(find_metric(name) for name in INDICATORS))
    library = built_in_factors() if factors is None else factors
    from_factors = (_factor(definition.name, library) for definition in library.definitions())
    return tuple(metric.info for metric in (*named, *from_factors))


@cache
def built_in_factors() -> FactorLibrary:
    """Return the factors every desk has."""
    from engine.market.factors.library import FactorLibrary

    return FactorLibrary()


@cache
def indicator_metric(name: str) -> Metric:
    """Return an indicator as a metric; raises `NotFound` or `InvalidInput` as `indicator` does."""
    definition = _in_table(indicator(name))
    on_price_scale = definition.place is ChartPlace.PRICE
    unit, lowest, highest = _SCALES.get(definition.function, ("USD" if on_price_scale else "", None, None))
    info = INDICATOR_INFOS.get(definition.group)
    return Metric(
        name=definition.name.lower(),
        kind=MetricKind.INDICATOR,
        source=definition.name,
        unit=unit,
        meaning=info.meaning if info else talib_function(definition.function).meaning.lower(),
        lowest=lowest,
        highest=highest,
    )


def _in_table(definition: IndicatorDefinition) -> IndicatorDefinition:
    """Return the table's entry that computes the same, such as RSI14 for rsi(14), if there is one."""
    for named in INDICATORS.values():
        if _computes(named) == _computes(definition):
            return named
    return definition


def _computes(definition: IndicatorDefinition) -> tuple[object, ...]:
    return definition.function, definition.inputs, definition.parameters, definition.output


def _find_indicator(name: str) -> Metric | None:
    """Return the indicator of a name, or None where no indicator is called so.

    A length may follow a name directly, as in `rsi21` or `ema_50`. A known indicator with impossible
    parameters raises.
    """
    name = _INDICATOR_ALIASES.get(name, name)
    with_length = _LENGTH.fullmatch(name)
    spellings = [name]
    if with_length is not None:
        function, length = with_length.groups()
        spellings = [function + length, f"{'sma' if function == 'ma' else function}({length})"]
    for spelling in spellings:
        try:
            return indicator_metric(spelling)
        except NotFound:
            continue
    return None


def _factor(name: str, factors: FactorLibrary | None) -> Metric:
    library = built_in_factors() if factors is None else factors
    try:
        definition = library.get(name)
    except NotFound:
        known = (FACTOR_PREFIX + each.name for each in library.definitions())
        raise _unknown(FACTOR_PREFIX + name, known) from None
    return Metric(
        name=FACTOR_PREFIX + definition.name,
        kind=MetricKind.FACTOR,
        source=definition.name,
        unit="",
        meaning=definition.meaning,
    )


def _unknown(name: str, known: Iterable[str]) -> InvalidInput:
    near = difflib.get_close_matches(name.lower(), list(known), n=3)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else "a metric is price, volume, rsi14, cvd or the like"
    )
    error = InvalidInput.of("metric", f"'{name}'", hint)
    error.details["suggestions"] = " ".join(near)
    return error
