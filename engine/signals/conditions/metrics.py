"""What a condition can compare: one table of metrics.

Metrics that are not rows of it are named by what computes them: an indicator (`rsi14`, `boll_lower`,
or `adx(14)` for anything TA-Lib has) and a factor (`factor:momentum_10`); see
`engine.signals.conditions.metric_names`.
"""

from __future__ import annotations

import enum
import math

import msgspec

from engine.errors import InvalidInput
from engine.market.periods import Period
from engine.model.flow import FLOW_MEASURES, FlowMetric
from engine.model.signal import MetricInfo

FLOW_WINDOWS = tuple(period for period in Period if period not in (Period.D3, Period.W1))
"""The windows a flow metric can be measured over."""


class MetricKind(enum.Enum):
    """Where a metric's value comes from."""

    COLUMN = enum.auto()
    """A column of a closed candle; `source` names it."""
    INDICATOR = enum.auto()
    """An indicator of closed candles; `source` is its name in `engine.market.indicators`."""
    FACTOR = enum.auto()
    """A factor of closed candles; `source` is its name in the library."""
    FLOW = enum.auto()
    """Order flow of a calendar window as far as it has formed; `source` is a `FlowQuantity`."""
    EVENTS = enum.auto()
    """Something that happens and has no single value; such a metric has a form of its own."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A value that can be compared; `lowest` and `highest` bound it where it is bounded.

    `needs` is what the feed must give: `candles`, `trades`, `book`, `open interest` or `funding`.
    """

    name: str
    kind: MetricKind
    source: str
    unit: str
    meaning: str
    lowest: float | None = None
    highest: float | None = None
    needs: str = "candles"
    aliases: tuple[str, ...] = ()

    @property
    def is_flow(self) -> bool:
        """Whether it moves inside its window, with each flow sample."""
        return self.kind is MetricKind.FLOW

    @property
    def info(self) -> MetricInfo:
        """The same for people to read."""
        return MetricInfo(self.name, self.unit, self.meaning, self.lowest, self.highest, self.needs)

    def bounds(self, absolute: bool = False) -> tuple[float, float]:
        """Return the lowest and highest value it, or its absolute value, can have; infinite for none."""
        lowest = -math.inf if self.lowest is None else self.lowest
        highest = math.inf if self.highest is None else self.highest
        return (0.0, max(abs(lowest), abs(highest))) if absolute else (lowest, highest)

    def check_threshold(self, threshold: float, absolute: bool = False) -> None:
        """Raise `InvalidInput` for a threshold that is no number or that the metric never reaches."""
        lowest, highest = self.bounds(absolute)
        if math.isfinite(threshold) and lowest <= threshold <= highest:
            return
        name = f"abs {self.name}" if absolute else self.name
        raise InvalidInput.of("threshold", f"{threshold:g}", f"{name} takes {_range_text(lowest, highest)}")


def _range_text(lowest: float, highest: float) -> str:
    if math.isinf(lowest) and math.isinf(highest):
        return "any finite number"
    if math.isinf(highest):
        return f"{lowest:g} or more"
    return f"{highest:g} or less" if math.isinf(lowest) else f"{lowest:g} to {highest:g}"


def _flow(
    name: str,
    source: str,
    like: FlowMetric,
    needs: str,
    *aliases: str,
    meaning: str = "",
    unit: str = "",
    lowest: float | None = None,
    highest: float | None = None,
) -> Metric:
    measure = FLOW_MEASURES[like]
    return Metric(
        name=name,
        kind=MetricKind.FLOW,
        source=source,
        unit=unit or measure.unit,
        meaning=meaning or measure.meaning,
        lowest=lowest,
        highest=highest,
        needs=needs,
        aliases=aliases,
    )


_ROWS = (
    Metric(
        name="price",
        kind=MetricKind.COLUMN,
        source="close",
        unit="USD",
        meaning="the last price of a closed candle",
        lowest=0,
        aliases=("close",),
    ),
    Metric(
        name="volume",
        kind=MetricKind.COLUMN,
        source="volume",
        unit="base",
        meaning="what was traded in a closed candle, in the base currency",
        lowest=0,
    ),
    _flow("cvd", "cvd", FlowMetric.CVD, "trades"),
    _flow("taker_ratio", "taker_ratio", FlowMetric.TAKER, "trades", "taker", "taker_buy_ratio", lowest=0),
    _flow(
        "buy_volume",
        "buy_volume",
        FlowMetric.CVD,
        "trades",
        lowest=0,
        meaning="what takers have bought since the window opened",
    ),
    _flow(
        "sell_volume",
        "sell_volume",
        FlowMetric.CVD,
        "trades",
        lowest=0,
        meaning="what takers have sold since the window opened",
    ),
    _flow(
        "oi",
        "oi_change",
        FlowMetric.OI,
        "open interest",
        "oi_change",
        meaning="change of open interest since the window opened",
    ),
    _flow("oi_delta", "oi_delta", FlowMetric.OI_DELTA, "open interest", "oi_delta_percent", lowest=-100),
    _flow("open_interest", "oi", FlowMetric.OI, "open interest", lowest=0),
    _flow(
        "funding",
        "funding_change",
        FlowMetric.FUNDING,
        "funding",
        "funding_rate",
        "funding_change",
        meaning="change of the funding rate since the window opened",
    ),
    _flow("funding_level", "funding", FlowMetric.FUNDING, "funding"),
    _flow("depth_ratio", "depth_ratio", FlowMetric.DEPTH, "book", "depth", lowest=0),
    _flow(
        "order_imbalance",
        "order_imbalance",
        FlowMetric.IMBALANCE,
        "book",
        "imbalance",
        lowest=-1,
        highest=1,
    ),
    _flow("price_change", "price_change", FlowMetric.PRICE_CHANGE, "candles", lowest=-100),
    _flow("volatility", "volatility", FlowMetric.VOLATILITY, "candles", lowest=0),
    Metric(
        name="taker_volume",
        kind=MetricKind.EVENTS,
        source="taker",
        unit="ratio",
        meaning="takers of one side outweigh the other, written taker buy 1.5 volume 1000000",
        needs="trades",
    ),
    Metric(
        name="macd_events",
        kind=MetricKind.EVENTS,
        source="macd",
        unit="",
        meaning="what the MACD does at a close, written macd golden_cross or histogram_positive",
    ),
    Metric(
        name="pattern",
        kind=MetricKind.EVENTS,
        source="pattern",
        unit="",
        meaning="a candlestick pattern at a close, written pattern engulfing bullish",
    ),
)
METRICS: dict[str, Metric] = {metric.name: metric for metric in _ROWS}
METRICS_BY_ALIAS = {alias: metric for metric in _ROWS for alias in (metric.name, *metric.aliases)}
"""The same by every name they have."""
