"""The words a program passes to its `data`: periods, indicators, flow metrics."""

from __future__ import annotations

from engine.market.periods import Period
from engine.strategies.programs.api_table.shapes import Field

PERIODS = tuple(str(period) for period in Period)

INDICATORS = (
    Field("RSI14, RSI7", "value, previous, series", "Wilder's relative strength index, 0 to 100"),
    Field("MA5, MA10, MA20", "value, previous, series", "mean of the closes, USD"),
    Field("EMA20, EMA50, EMA100", "value, previous, series", "exponential mean of the closes, USD"),
    Field("ATR14", "value, previous, series", "average true range: how far a candle travels, USD"),
    Field("VWAP", "value, previous, series", "mean price weighted by volume since 00:00 UTC, USD"),
    Field("OBV", "value, previous, series", "on-balance volume, in the coin"),
    Field("MACD", "macd, signal, histogram", "EMA12 less EMA26, its EMA9, their difference, USD"),
    Field("BOLL", "upper, middle, lower", "mean of 20 closes and two deviations on either side, USD"),
    Field("STOCH", "k, d", "place of the close in the range of 14 candles, 0 to 100"),
)
INDICATOR_NAMES = tuple(name for row in INDICATORS for name in row.name.split(", "))

FLOW_METRICS = (
    Field("CVD", "current, last_5, cumulative", "bought less sold by takers, USD"),
    Field("TAKER", "buy, sell, ratio, ratio_last_5, volume_last_5", "bought and sold by takers, USD"),
    Field("OI", "current, last_5", "change of open interest per window, USD"),
    Field("OI_DELTA", "current, last_5", "the same, %"),
    Field(
        "FUNDING",
        "current, current_pct, change, change_pct, last_5, annualized",
        "`current` is the rate times 1,000,000; `current_pct` and `annualized` are %",
    ),
    Field("DEPTH", "bid, ask, ratio, ratio_last_5, spread", "resting within 0.5 % of the mid, USD millions"),
    Field("IMBALANCE", "current, last_5", "bids less asks over both, -1 to 1"),
    Field("PRICE_CHANGE", "current, last_5", "last price against the window's first, %"),
    Field("VOLATILITY", "current, last_5", "highest less lowest price over the lowest, %"),
)
FLOW_NAMES = tuple(row.name for row in FLOW_METRICS)
