"""What a metric is."""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec

from engine.backtest.metrics.measured import MeasuredRun


class Unit(enum.StrEnum):
    """What a metric's number counts."""

    PERCENT = "per cent"
    SHARE = "share from 0 to 1"
    RATIO = "ratio"
    MONEY = "currency"
    COUNT = "count"
    TIME = "UTC milliseconds"
    DURATION = "milliseconds"


class Group(enum.StrEnum):
    """Where a report shows a metric."""

    RETURN = "Return"
    RISK = "Risk"
    DISTRIBUTION = "Days"
    TRADES = "Trades"
    SIDES = "Long and short"
    COSTS = "Costs"


class Better(enum.IntEnum):
    """Which of two values of a metric a trader wants."""

    LOWER = -1
    NEITHER = 0
    HIGHER = 1


type Formula = Callable[[MeasuredRun], float | None]


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric: what it is called, counts and means, where its formula is from, and the formula.

    `source` is empty for what needs none, such as a sum.
    """

    name: str
    title: str
    unit: Unit
    group: Group
    better: Better
    meaning: str
    source: str
    formula: Formula

    def rank(self, value: float) -> float:
        """Return what sorts values best first; without a better one, the highest first."""
        return value if self.better is Better.LOWER else -value


def metric(
    name: str,
    title: str,
    unit: Unit,
    meaning: str,
    formula: Formula,
    *,
    group: Group,
    better: Better = Better.NEITHER,
    source: str = "",
) -> Metric:
    """Return a line of the table."""
    return Metric(
        name=name,
        title=title,
        unit=unit,
        group=group,
        better=better,
        meaning=meaning,
        source=source,
        formula=formula,
    )
