"""The indicators with a name of their own: one table from a name to what is computed.

`INDICATOR_INFOS` has an entry for each indicator, `INDICATORS` one for each line: `BOLL` is an
indicator of three lines, `BOLL_UPPER` one of them. Everything else is written in the general form,
see `engine.market.indicators.names`. Imports nothing heavy.
"""

from __future__ import annotations

import msgspec

from engine.model.chart import ChartPlace, IndicatorInfo


class IndicatorDefinition(msgspec.Struct, frozen=True):
    """One line: a function of TA-Lib on columns of a candle, with parameters, and which output.

    `output` picks one of the function's results where it has several, else it is None. `group` is
    the indicator the line belongs to.
    """

    name: str
    function: str
    inputs: tuple[str, ...]
    parameters: tuple[tuple[str, int | float], ...]
    output: int | None = None
    group: str = ""
    place: ChartPlace = ChartPlace.BELOW


INDICATORS: dict[str, IndicatorDefinition] = {}
"""Every named line, by name."""

INDICATOR_INFOS: dict[str, IndicatorInfo] = {}
"""Every named indicator, by name."""

_HIGH_LOW_CLOSE = ("high", "low", "close")


def rsi(length: int) -> IndicatorDefinition:
    """Return Wilder's relative strength index of the last `length` candles, 0 to 100."""
    name = f"RSI{length}"
    return IndicatorDefinition(name, "RSI", ("close",), (("timeperiod", length),), group=name)


def _add(
    name: str,
    label: str,
    meaning: str,
    place: ChartPlace,
    function: str,
    inputs: tuple[str, ...],
    lines: tuple[str, ...] = (),
    **parameters: int | float,
) -> None:
    given = tuple(parameters.items())
    for output, line in enumerate(lines or (name,)):
        INDICATORS[line] = IndicatorDefinition(
            line, function, inputs, given, output if lines else None, name, place
        )
    INDICATOR_INFOS[name] = IndicatorInfo(name, label, place, lines or (name,), meaning)


for _length in (14, 7):
    _add(
        f"RSI{_length}",
        f"RSI {_length}",
        "Wilder's relative strength index: rises against all moves, 0 to 100",
        ChartPlace.BELOW,
        "RSI",
        ("close",),
        timeperiod=_length,
    )
for _length in (5, 10, 20):
    _add(
        f"MA{_length}",
        f"MA {_length}",
        f"mean of the last {_length} closes",
        ChartPlace.PRICE,
        "SMA",
        ("close",),
        timeperiod=_length,
    )
for _length in (20, 50, 100):
    _add(
        f"EMA{_length}",
        f"EMA {_length}",
        f"exponential mean of the closes, {_length} candles",
        ChartPlace.PRICE,
        "EMA",
        ("close",),
        timeperiod=_length,
    )
_add(
    "MACD",
    "MACD 12 26 9",
    "EMA 12 less EMA 26 of the closes, its own EMA 9 (signal), and their difference",
    ChartPlace.BELOW,
    "MACD",
    ("close",),
    ("MACD", "MACD_SIGNAL", "MACD_HIST"),
    fastperiod=12,
    slowperiod=26,
    signalperiod=9,
)
_add(
    "BOLL",
    "Bollinger 20 2",
    "mean of the last 20 closes, and two standard deviations above and below it",
    ChartPlace.PRICE,
    "BBANDS",
    ("close",),
    ("BOLL_UPPER", "BOLL_MIDDLE", "BOLL_LOWER"),
    timeperiod=20,
    nbdevup=2.0,
    nbdevdn=2.0,
)
_add(
    "ATR14",
    "ATR 14",
    "Wilder's average true range: how far price moves in a candle",
    ChartPlace.BELOW,
    "ATR",
    _HIGH_LOW_CLOSE,
    timeperiod=14,
)
_add(
    "VWAP",
    "VWAP of the day",
    "mean typical price (high, low, close) weighted by volume since 00:00 UTC",
    ChartPlace.PRICE,
    "VWAP",
    (*_HIGH_LOW_CLOSE, "volume"),
)
_add(
    "STOCH",
    "Stochastic 14 3",
    "where the close lies in the range of 14 candles, 0 to 100, smoothed over 3 (K), and its mean of 3 (D)",
    ChartPlace.BELOW,
    "STOCH",
    _HIGH_LOW_CLOSE,
    ("STOCH_K", "STOCH_D"),
    fastk_period=14,
    slowk_period=3,
    slowd_period=3,
)
_add(
    "OBV",
    "On-balance volume",
    "volume of rising candles less that of falling ones, since the first on record",
    ChartPlace.BELOW,
    "OBV",
    ("close", "volume"),
)
