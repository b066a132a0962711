"""Derived columns and functions: what the factor language can say in its own words.

A formula is a pattern: writing `roc(close, 10)` is writing its expression with `x` and `n` put in.
"""

from __future__ import annotations

import msgspec

from engine.market.factors.functions import FUNCTIONS, Function, Window
from engine.model.factor import FactorWord

COLUMNS = ("open", "high", "low", "close", "volume")


class Formula(msgspec.Struct, frozen=True):
    """A name for an expression; one without arguments is a derived column, written without ( )."""

    name: str
    series: tuple[str, ...]
    windows: tuple[Window, ...]
    meaning: str
    expression: str

    @property
    def is_column(self) -> bool:
        """Whether it is written like a column."""
        return not self.series and not self.windows


def _column(name: str, meaning: str, expression: str) -> Formula:
    return Formula(name, (), (), meaning, expression)


def _of_candle(name: str, meaning: str, expression: str) -> Formula:
    return Formula(name, (), (Window("n"),), meaning, expression)


def _of_series(name: str, meaning: str, expression: str, least: int = 2) -> Formula:
    return Formula(name, ("x",), (Window("n", least),), meaning, expression)


_FAST_AND_SLOW = (Window("fast"), Window("slow"))
_BUYING = "(close - min2(low, delay(close, 1)))"
_MONEY_UP = "sum(where(delta(typical, 1) > 0, turnover, 0), n)"
_MONEY_DOWN = "sum(where(delta(typical, 1) < 0, turnover, 0), n)"

FORMULAS: dict[str, Formula] = {
    formula.name: formula
    for formula in (
        _column("typical", "mean of high, low and close", "(high + low + close) / 3"),
        _column("median", "middle of high and low", "(high + low) / 2"),
        _column("weighted", "like typical, with close counted twice", "(high + low + 2 * close) / 4"),
        _column("range", "high less low", "high - low"),
        _column("body", "close less open", "close - open"),
        _column(
            "returns", "change of close, as a fraction of the close before", "close / delay(close, 1) - 1"
        ),
        _column("log_returns", "logarithm of close over the close before", "log(close / delay(close, 1))"),
        _column(
            "true_range",
            "range, stretched to the close before",
            "max2(high, delay(close, 1)) - min2(low, delay(close, 1))",
        ),
        _column("turnover", "traded value, in the quote currency", "typical * volume"),
        _column(
            "vwap", "volume-weighted price since UTC midnight", "day_sum(typical * volume) / day_sum(volume)"
        ),
        _of_series("delta", "change over n candles", "x - delay(x, n)", 1),
        _of_series("mom", "the same as delta", "delta(x, n)", 1),
        _of_series("roc", "change over n candles, in percent", "100 * (x / delay(x, n) - 1)", 1),
        _of_series("zscore", "distance from the mean, in standard deviations", "(x - sma(x, n)) / std(x, n)"),
        _of_series(
            "efficiency",
            "Kaufman's ratio of the net change to the path, 0 to 1",
            "abs(delta(x, n)) / sum(abs(delta(x, 1)), n)",
        ),
        _of_series("trix", "change in percent of a triple ema", "roc(ema(ema(ema(x, n), n), n), 1)"),
        _of_series("vwma", "average weighted by volume", "sum(x * volume, n) / sum(volume, n)"),
        Formula(
            "beta",
            ("x", "y"),
            (Window("n", 3),),
            "slope of x against y",
            "cov(x, y, n) / cov(y, y, n)",
        ),
        Formula("macd", ("x",), _FAST_AND_SLOW, "ema(fast) less ema(slow)", "ema(x, fast) - ema(x, slow)"),
        Formula(
            "ppo",
            ("x",),
            _FAST_AND_SLOW,
            "macd in percent of ema(slow)",
            "100 * (ema(x, fast) / ema(x, slow) - 1)",
        ),
        _of_candle("natr", "average true range in percent of close", "100 * atr(n) / close"),
        _of_candle("midprice", "middle of the highest and lowest of n", "(max(high, n) + min(low, n)) / 2"),
        _of_candle(
            "stoch",
            "stochastic %K, 0 to 100",
            "100 * (close - min(low, n)) / (max(high, n) - min(low, n))",
        ),
        _of_candle("willr", "Williams' %R, -100 to 0", "stoch(n) - 100"),
        _of_candle(
            "cci",
            "commodity channel index",
            "(typical - sma(typical, n)) / (0.015 * avgdev(typical, n))",
        ),
        _of_candle("mfi", "money flow index, 0 to 100", f"100 * {_MONEY_UP} / ({_MONEY_UP} + {_MONEY_DOWN})"),
        _of_candle(
            "cmf",
            "Chaikin money flow, -1 to 1",
            "sum(where(range > 0, (2 * close - high - low) / range, 0) * volume, n) / sum(volume, n)",
        ),
        _of_candle("aroon_osc", "aroon_up less aroon_down", "aroon_up(n) - aroon_down(n)"),
        Formula(
            "ultosc",
            (),
            (Window("short"), Window("middle"), Window("long")),
            "ultimate oscillator, 0 to 100",
            "100 / 7 * ("
            f"4 * sum({_BUYING}, short) / sum(true_range, short)"
            f" + 2 * sum({_BUYING}, middle) / sum(true_range, middle)"
            f" + sum({_BUYING}, long) / sum(true_range, long))",
        ),
    )
}


def vocabulary() -> tuple[FactorWord, ...]:
    """Return every column and function, for a help page or completion."""
    columns = tuple(FactorWord(name, "of the candle") for name in COLUMNS)
    known: tuple[Formula | Function, ...] = (*FORMULAS.values(), *FUNCTIONS.values())
    return columns + tuple(FactorWord(signature(each.name), each.meaning) for each in known)


def signature(name: str) -> str:
    """Return how a derived column or a function is written, such as `ema(x, n)`."""
    word = FORMULAS[name] if name in FORMULAS else FUNCTIONS[name]
    if isinstance(word, Formula) and word.is_column:
        return name
    return f"{name}({', '.join((*word.series, *(window.name for window in word.windows)))})"
