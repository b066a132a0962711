"""Order flow: what fifteen seconds of trading add up to, and the nine measures read from it.

`FLOW_MEASURES` is the one place where each measure's meaning and unit is said.
"""

from __future__ import annotations

import enum

import msgspec

SAMPLE_MS = 15_000
"""How long one flow sample lasts; samples end at multiples of it."""


class FlowMetric(enum.StrEnum):
    """A measure of order flow over a window."""

    CVD = "cvd"
    TAKER = "taker"
    OI = "oi"
    OI_DELTA = "oi_delta"
    FUNDING = "funding"
    DEPTH = "depth"
    IMBALANCE = "imbalance"
    PRICE_CHANGE = "price_change"
    VOLATILITY = "volatility"


class FlowMeasure(msgspec.Struct, frozen=True):
    """What a measure means; `decimals` is how many digits after the point a person needs."""

    label: str
    unit: str
    meaning: str
    decimals: int


FLOW_MEASURES: dict[FlowMetric, FlowMeasure] = {
    FlowMetric.CVD: FlowMeasure("CVD", "USD", "taker buys less taker sells since the window opened", 0),
    FlowMetric.TAKER: FlowMeasure("Taker", "ratio", "taker buys over taker sells, 1 is even", 2),
    FlowMetric.OI: FlowMeasure("OI", "USD", "open interest now", 0),
    FlowMetric.OI_DELTA: FlowMeasure("OI Δ", "%", "change of open interest since the window opened", 2),
    FlowMetric.FUNDING: FlowMeasure("Funding", "%", "funding rate of the coming settlement", 4),
    FlowMetric.DEPTH: FlowMeasure("Depth", "ratio", "resting bids over resting asks near the mid", 2),
    FlowMetric.IMBALANCE: FlowMeasure(
        "Imbalance", "-1..1", "resting bids less asks, over both, near the mid", 2
    ),
    FlowMetric.PRICE_CHANGE: FlowMeasure("Change", "%", "price against where the window opened", 2),
    FlowMetric.VOLATILITY: FlowMeasure("Range", "%", "highest less lowest price, over the lowest", 2),
}


class FlowSample(msgspec.Struct, frozen=True):
    """What one sample interval of a symbol saw; NaN is what its feed does not tell.

    `close_ms` is when the interval ended. Prices are of trades; where the feed has only candles the
    sample is a closed minute and `seconds` is 60. `buy_notional` and `sell_notional` are what takers
    bought and sold, `open_interest` and the two depths are the last ones seen, all in the quote
    currency; `funding_rate` is a fraction per settlement interval. The depths count what rests
    within 0.5 % of the mid.
    """

    close_ms: int
    open: float
    high: float
    low: float
    close: float
    buy_notional: float
    sell_notional: float
    open_interest: float
    funding_rate: float
    bid_depth: float
    ask_depth: float
    trades: int = 0
    seconds: int = SAMPLE_MS // 1000


class FlowValue(msgspec.Struct, frozen=True):
    """A measure's value, None while it cannot be known; a ratio may be infinite."""

    metric: FlowMetric
    value: float | None


class FlowReading(msgspec.Struct, frozen=True):
    """All nine measures of a symbol over a calendar window, as far as it had formed at `as_of_ms`.

    It is the window that holds the last sample, which is that of now unless the feed is silent.
    """

    symbol: str
    window: str
    window_open_ms: int
    as_of_ms: int
    values: tuple[FlowValue, ...]

    def value(self, metric: FlowMetric) -> float | None:
        """Return one measure's value."""
        return next((each.value for each in self.values if each.metric is metric), None)
