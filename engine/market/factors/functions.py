"""The one table of the factor language's functions: name, arguments, meaning and computation.

A function that can be said in terms of these stands in `engine.market.factors.formulas` instead.
"""

from __future__ import annotations

import operator

import msgspec

from engine.market.factors import arithmetic
from engine.market.factors.arithmetic import root
from engine.market.factors.forms import (
    DaySum,
    Delayed,
    Elementwise,
    Form,
    Windowed,
)
from engine.market.factors.talib_forms import Talib, TalibElementwise

LONGEST_WINDOW = 500


class Window(msgspec.Struct, frozen=True):
    """A whole-number argument and the range it is allowed in."""

    name: str
    least: int = 2
    most: int = LONGEST_WINDOW


class Function(msgspec.Struct, frozen=True):
    """A function: first its `series` arguments, then its `windows`.

    `columns` are taken from the candle and not written: `atr(14)` needs high, low and close.
    """

    name: str
    series: tuple[str, ...]
    windows: tuple[Window, ...]
    meaning: str
    form: Form
    columns: tuple[str, ...] = ()


OPERATORS: dict[str, Form] = {
    "+": Elementwise(operator.add),
    "-": Elementwise(operator.sub),
    "*": Elementwise(operator.mul),
    "/": Elementwise(arithmetic.divide),
    "<": Elementwise(lambda one, other: (one < other) * 1.0, loses_missing=True),
    "<=": Elementwise(lambda one, other: (one <= other) * 1.0, loses_missing=True),
    ">": Elementwise(lambda one, other: (one > other) * 1.0, loses_missing=True),
    ">=": Elementwise(lambda one, other: (one >= other) * 1.0, loses_missing=True),
}
"""By sign; a comparison is 1 where it holds and 0 where it does not."""

_X = ("x",)
_N = (Window("n"),)
_N_FROM_1 = (Window("n", 1),)
_HLC = ("high", "low", "close")


def _of_value(name: str, meaning: str, form: Form) -> Function:
    return Function(name, _X, (), meaning, form)


def _talib(name: str, function: str, meaning: str, *, needs_movement: bool = False) -> Function:
    return Function(name, _X, _N, meaning, Talib(function, needs_movement=needs_movement))


def _windowed(name: str, meaning: str, arithmetic: Windowed, least: int = 2) -> Function:
    return Function(name, _X, (Window("n", least),), meaning, arithmetic)


def _of_candle(name: str, columns: tuple[str, ...], meaning: str, form: Talib) -> Function:
    return Function(name, (), _N if form.parameters else (), meaning, form, columns)


def _directional(function: str) -> Talib:
    return Talib(function, needs_movement=True)


FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        _of_value("abs", "x without its sign", Elementwise(abs)),
        _of_value("sign", "1, 0 or -1", Elementwise(arithmetic.sign, loses_missing=True)),
        _of_value("sqrt", "square root; missing below 0", Elementwise(root)),
        _of_value("log", "natural logarithm; missing at 0 and below", TalibElementwise("LN", True)),
        _of_value("exp", "e to the power of x", TalibElementwise("EXP")),
        _of_value("tanh", "hyperbolic tangent, -1 to 1", TalibElementwise("TANH")),
        Function("power", _X, (Window("n", 2, 8),), "x to the power of n", Elementwise(arithmetic.power)),
        Function("max2", ("x", "y"), (), "the larger one", Elementwise(arithmetic.larger, True)),
        Function("min2", ("x", "y"), (), "the smaller one", Elementwise(arithmetic.smaller, True)),
        Function(
            "clip",
            ("x", "low", "high"),
            (),
            "x, but at least low and at most high",
            Elementwise(arithmetic.clip, True),
        ),
        Function(
            "where",
            ("condition", "x", "y"),
            (),
            "x where the condition is not 0, else y",
            Elementwise(arithmetic.where),
        ),
        Function("delay", _X, _N_FROM_1, "x as it was n candles ago", Delayed()),
        Function("day_sum", _X, (), "sum since UTC midnight", DaySum(), ("open_ms",)),
        _windowed("sum", "sum of n", Windowed(arithmetic.total)),
        _windowed("product", "product of n", Windowed(arithmetic.product)),
        _windowed("avgdev", "mean distance from the mean", Windowed(arithmetic.mean_absolute_deviation)),
        _windowed("skew", "skewness of n", Windowed(arithmetic.skewness), 3),
        _windowed("kurt", "excess kurtosis of n", Windowed(arithmetic.excess_kurtosis), 4),
        _windowed("ts_rank", "share of the n - 1 before that are lower", Windowed(arithmetic.rank_of_last)),
        _windowed("argmax", "candles since the highest of n", Windowed(arithmetic.since_highest)),
        _windowed("argmin", "candles since the lowest of n", Windowed(arithmetic.since_lowest)),
        Function(
            "corr", ("x", "y"), (Window("n", 3),), "Pearson correlation", Windowed(arithmetic.correlation)
        ),
        Function("cov", ("x", "y"), _N, "population covariance", Windowed(arithmetic.covariance)),
        _talib("sma", "SMA", "simple moving average"),
        _talib("ema", "EMA", "exponential moving average"),
        _talib("rma", "RMA", "Wilder's moving average"),
        _talib("wma", "WMA", "linearly weighted moving average, the newest weighing most"),
        _talib("decay_linear", "WMA", "the same as wma"),
        _talib("dema", "DEMA", "double exponential moving average"),
        _talib("tema", "TEMA", "triple exponential moving average"),
        _talib("trima", "TRIMA", "triangular moving average"),
        _talib("kama", "KAMA", "Kaufman's adaptive moving average"),
        _talib("hma", "HMA", "Hull's moving average"),
        _talib("zlema", "ZLEMA", "zero-lag exponential moving average"),
        _talib("max", "MAX", "highest of n"),
        _talib("min", "MIN", "lowest of n"),
        _talib("std", "STDDEV", "population standard deviation"),
        _talib("var", "VAR", "population variance"),
        _talib("linreg", "LINEARREG", "end of the regression line through n"),
        _talib("linreg_slope", "LINEARREG_SLOPE", "slope of the regression line, per candle"),
        _talib("linreg_angle", "LINEARREG_ANGLE", "slope of the regression line, in degrees"),
        _talib("linreg_intercept", "LINEARREG_INTERCEPT", "start of the regression line"),
        _talib("tsf", "TSF", "the regression line one candle ahead"),
        _talib("rsi", "RSI", "relative strength index, 0 to 100", needs_movement=True),
        _talib("cmo", "CMO", "Chande momentum oscillator, -100 to 100", needs_movement=True),
        _of_candle("atr", _HLC, "average true range", Talib("ATR")),
        _of_candle("adx", _HLC, "average directional index, 0 to 100", _directional("ADX")),
        _of_candle("plus_di", _HLC, "positive directional indicator", _directional("PLUS_DI")),
        _of_candle("minus_di", _HLC, "negative directional indicator", _directional("MINUS_DI")),
        _of_candle("aroon_down", ("high", "low"), "100 at a new low of n", Talib("AROON", output=0)),
        _of_candle("aroon_up", ("high", "low"), "100 at a new high of n", Talib("AROON", output=1)),
        _of_candle("obv", ("close", "volume"), "on-balance volume", Talib("OBV", ())),
        _of_candle("ad", (*_HLC, "volume"), "accumulation/distribution line", Talib("AD", ())),
        _of_candle("sar", ("high", "low"), "parabolic stop and reverse", Talib("SAR", ())),
    )
}
