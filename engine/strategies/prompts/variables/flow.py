"""Variables of order flow: the nine measures of a symbol over a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.flow import FlowMetric
from engine.model.prompt import VariableFamily
from engine.strategies.programs.batch import DataQuery
from engine.strategies.prompts.variables.answers import recent_numbers
from engine.strategies.prompts.variables.row import MONTH, Holes, VariableRow
from engine.strategies.prompts.variables.wording import number, numbers
from engine.strategies.prompts.view import PromptView

if TYPE_CHECKING:
    from engine.strategies.context import StrategyContext

_UNITS = {
    FlowMetric.CVD: "USD, taker buys less sells",
    FlowMetric.TAKER: "USD; ratio of buys to sells",
    FlowMetric.OI: "USD, change within a bucket",
    FlowMetric.OI_DELTA: "%, change of open interest within a bucket",
    FlowMetric.FUNDING: "millionths per settlement; the keys in _pct and annualized are %",
    FlowMetric.DEPTH: "millions of USD near the mid; ratio of bids to asks; spread in USD",
    FlowMetric.IMBALANCE: "-1 to 1, bids against asks",
    FlowMetric.PRICE_CHANGE: "% within a bucket",
    FlowMetric.VOLATILITY: "%, range within a bucket",
}
"""What the numbers are, which a model cannot know."""
_MOST = 5


def _query(_context: StrategyContext, holes: Holes) -> tuple[DataQuery, ...]:
    if holes["PERIOD"] == MONTH:
        return ()
    return (DataQuery("flow", holes["SYMBOL"], holes["METRIC"].upper(), holes["PERIOD"]),)


def _flow(view: PromptView, holes: Holes) -> str | None:
    for query in _query(view.context, holes):
        answer = view.answer(query)
        if answer is None:
            return None
        figures = {key: recent_numbers(answer, key, _MOST) for key in answer.numbers}
        if all(value is None for values in figures.values() for value in values):
            return None
        told = ", ".join(
            f"{key} {number(values[0]) if len(values) == 1 else numbers(values)}"
            for key, values in figures.items()
        )
        return f"{told} ({_UNITS[FlowMetric(holes['METRIC'])]})"
    return None


ROWS = (
    VariableRow(
        pattern="<SYMBOL>_<METRIC>_<PERIOD>",
        family=VariableFamily.FLOW,
        meaning=(
            "A measure of a symbol's order flow over calendar windows: of the present one as far as it has"
            f" formed, and of the last {_MOST}, with its unit. There are no data for `{MONTH}`."
        ),
        render=_flow,
        queries=_query,
    ),
)
