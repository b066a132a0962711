"""What a program is told of each measure of order flow, in the units it is told in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.market.flow.buckets import MOST_BUCKETS
from engine.market.flow.metrics import FlowQuantity
from engine.model.flow import FlowMetric
from engine.strategies.programs.data.columns import MISSING_TEXT, per_trigger

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.strategies.programs.batch import Answer
    from engine.strategies.programs.data.queries import Flow

type Column = NDArray[np.float64]
type Recent = Callable[[FlowQuantity, int], Column]
"""Gives a quantity in the last so many buckets: a row for each, the oldest first, and a column for each
trigger."""

FUNDING_UNITS_OF_A_PERCENT = 10_000.0
"""A funding rate is shown in millionths."""
_MILLION = 1e6
_DAYS_OF_A_YEAR = 365.0
_LATEST = 5


class FlowMoment(msgspec.Struct, frozen=True, eq=False):
    """What is known of one moment besides the buckets, for each trigger; the depths are in USD."""

    bid_depth: Column
    ask_depth: Column
    spread: Column
    funding_interval_hours: int


def flow_answer(question: Flow, recent: Recent, moment: FlowMoment) -> Answer:
    """Return a measure at each trigger; CVD's also has its window as the text `period`."""
    numbers = flow_numbers(question.metric, recent, moment)
    texts = {}
    if question.metric is FlowMetric.CVD:
        missing = np.isnan(numbers["current"]).tolist()
        texts["period"] = tuple(MISSING_TEXT if each else question.period.value for each in missing)
    return per_trigger(numbers, texts)


def flow_numbers(metric: FlowMetric, recent: Recent, moment: FlowMoment) -> dict[str, Column]:
    """Return a measure by the keys a program reads.

    ============ ==================================================================================
    CVD          `current`, `last_5`, `cumulative` over ten buckets: USD
    TAKER        `buy`, `sell`, `volume_last_5`: USD; `ratio` and `ratio_last_5`, 1 without sells
    OI           `current`, `last_5`: change within the bucket, USD
    OI_DELTA     `current`, `last_5`: the same in percent
    FUNDING      `current`, `last_5`, `change` (within the bucket): millionths; `current_pct` and
                 `change_pct`: percent per settlement; `annualized`: percent a year
    DEPTH        `bid`, `ask`: millions of USD near the mid; `ratio`, `ratio_last_5`; `spread`: USD
    IMBALANCE    `current`, `last_5`: -1 to 1
    PRICE_CHANGE `current`, `last_5`: percent within the bucket
    VOLATILITY   `current`, `last_5`: percent within the bucket
    ============ ==================================================================================

    The current one is the last bucket as far as it has formed. What ends in `_5` has a row for each
    trigger. A sum of which a part is missing is missing.
    """
    match metric:
        case FlowMetric.CVD:
            buckets = recent(FlowQuantity.CVD, MOST_BUCKETS)
            return _current_and_last(buckets) | {"cumulative": _sum(buckets)}
        case FlowMetric.TAKER:
            buys = recent(FlowQuantity.BUY_VOLUME, _LATEST)
            sells = recent(FlowQuantity.SELL_VOLUME, _LATEST)
            ratios = np.where(sells == 0.0, 1.0, recent(FlowQuantity.TAKER_RATIO, _LATEST))
            return {
                "buy": buys[-1],
                "sell": sells[-1],
                "ratio": ratios[-1],
                "ratio_last_5": ratios.T,
                "volume_last_5": (buys + sells).T,
            }
        case FlowMetric.OI:
            return _current_and_last(recent(FlowQuantity.OI_CHANGE, _LATEST))
        case FlowMetric.FUNDING:
            percents = recent(FlowQuantity.FUNDING, _LATEST)
            change = recent(FlowQuantity.FUNDING_CHANGE, 1)[-1]
            yearly = 24.0 / moment.funding_interval_hours * _DAYS_OF_A_YEAR
            return _current_and_last(percents * FUNDING_UNITS_OF_A_PERCENT) | {
                "current_pct": percents[-1],
                "change": change * FUNDING_UNITS_OF_A_PERCENT,
                "change_pct": change,
                "annualized": percents[-1] * yearly,
            }
        case FlowMetric.DEPTH:
            ratios = recent(FlowQuantity.DEPTH_RATIO, _LATEST)
            return {
                "bid": moment.bid_depth / _MILLION,
                "ask": moment.ask_depth / _MILLION,
                "ratio": ratios[-1],
                "ratio_last_5": ratios.T,
                "spread": moment.spread,
            }
        case FlowMetric.OI_DELTA:
            return _current_and_last(recent(FlowQuantity.OI_DELTA, _LATEST))
        case FlowMetric.IMBALANCE:
            return _current_and_last(recent(FlowQuantity.ORDER_IMBALANCE, _LATEST))
        case FlowMetric.PRICE_CHANGE:
            return _current_and_last(recent(FlowQuantity.PRICE_CHANGE, _LATEST))
        case FlowMetric.VOLATILITY:
            return _current_and_last(recent(FlowQuantity.VOLATILITY, _LATEST))


def _current_and_last(buckets: Column) -> dict[str, Column]:
    return {"current": buckets[-1], "last_5": buckets[-_LATEST:].T}


def _sum(buckets: Column) -> Column:
    # One bucket after the other, the oldest first, so that one trigger and many round alike.
    total: Column = buckets[0]
    for bucket in buckets[1:]:
        total = total + bucket
    return total
