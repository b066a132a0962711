"""A sweep as tables and a map: its combinations, its best, its walk-forward steps, and how far luck goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.model.backtest import ParameterRange, SweepLine, SweepResult, WalkForwardStep
from engine.model.program import Parameter
from engine.text import count
from tui import format as fmt
from tui.backtest_metrics import METRICS, metric_role, metric_text, title_of
from tui.backtest_view import percent
from tui.program_params import params_text
from tui.widgets.heat_map import HeatMap
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

SIGNIFICANT = 0.95
BEST = "▸"
MOST_PLACES = 120
"""More values than this are on no terminal."""
_SHOWN = ("total_return_pct", "max_drawdown_pct", "sharpe")
STEP_COLUMNS = (
    Column("train", "chosen on", 19, weight=1),
    Column("test", "tried until", 11, priority=2),
    Column("params", "parameters", 12, weight=3, cut="words"),
    Column("in", "in sample", 9, align="right"),
    Column("out", "out of it", 9, align="right"),
    Column("return", "return", 9, align="right", priority=1),
)


def ordered_places(sweep: SweepResult) -> list[int]:
    """Return the places of a sweep's lines, the best by its objective first, failed ones last."""
    objective = sweep.request.objective

    def key(place: int) -> tuple[bool, bool, float, int]:
        line = sweep.lines[place]
        value = line.metrics.get(objective)
        return bool(line.error), value is None, -(value or 0.0), place

    return sorted(range(len(sweep.lines)), key=key)


def combination_columns(sweep: SweepResult) -> tuple[Column, ...]:
    """Return a column for each parameter, the objective and what else tells runs apart."""
    objective = sweep.request.objective
    names = [item.name for item in sweep.request.ranges]
    return (
        Column("best", "", 1),
        *(Column(f"p:{name}", name, max(5, min(10, len(name))), align="right") for name in names),
        *(
            Column(
                f"m:{name}",
                _short_title(name),
                9,
                align="right",
                priority=0 if name == objective else 1 + place,
            )
            for place, name in enumerate(_shown_metrics(objective))
        ),
        Column("trades", "trades", 7, align="right", priority=5),
        Column("error", "", 10, weight=1, priority=6, cut="words"),
    )


def combination_row(sweep: SweepResult, place: int) -> Row:
    """Return one run of a sweep."""
    line = sweep.lines[place]
    is_best = place == sweep.best
    role = "accent" if is_best else "text"
    names = [item.name for item in sweep.request.ranges]
    return Row(
        str(place),
        (
            Cell(BEST if is_best else "", "accent"),
            *(Cell(parameter_text(line.params.get(name)), role) for name in names),
            *(_metric_cell(line, name) for name in _shown_metrics(sweep.request.objective)),
            Cell(f"{line.total_trades:,}", "muted"),
            Cell(line.error, "danger"),
        ),
    )


def _metric_cell(line: SweepLine, name: str) -> Cell:
    if line.error:
        return Cell("failed" if name == "total_return_pct" else fmt.ABSENT, "danger")
    value = line.metrics.get(name)
    return Cell(metric_text(METRICS[name], value), metric_role(METRICS[name], value))


def _shown_metrics(objective: str) -> tuple[str, ...]:
    """Return the objective and the usual metrics beside it."""
    known = (objective,) if objective in METRICS else ()
    return (*known, *(name for name in _SHOWN if name != objective))


def _short_title(name: str) -> str:
    short = {"total_return_pct": "return", "max_drawdown_pct": "drawdown", "sharpe": "Sharpe"}
    return short.get(name) or fmt.fit(title_of(name), 9).rstrip()


def parameter_text(value: Parameter) -> str:
    """Return a parameter as short as it can be said."""
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


class _Axis(NamedTuple):
    """A range along one side of a map: the places of those of its values that are shown."""

    name: str
    places: dict[Parameter, int]

    def place_of(self, line: SweepLine) -> int | None:
        """Return where a run stands, None where its value is not shown."""
        return self.places.get(line.params.get(self.name))


def heat_map_of(sweep: SweepResult) -> HeatMap | None:
    """Return a sweep's objective over its two longest ranges, None for one that has no two values.

    Where there are more ranges, a cell has the best over the others. Values that were never drawn are
    left out, and of very many those far from the best.
    """
    ranges = _longest_two(sweep.request.ranges)
    if not ranges:
        return None
    across, down = _axis(sweep, ranges[0]), _axis(sweep, ranges[1]) if len(ranges) > 1 else None
    objective = sweep.request.objective
    values: list[list[float | None]] = [
        [None] * len(across.places) for _ in range(len(down.places) if down else 1)
    ]
    for line in sweep.lines:
        value = line.metrics.get(objective)
        cell = _cell_of(line, across, down)
        if value is not None and not line.error and cell is not None:
            before = values[cell[0]][cell[1]]
            values[cell[0]][cell[1]] = value if before is None else max(before, value)
    return HeatMap(
        x_name=across.name,
        y_name=down.name if down else title_of(objective),
        xs=tuple(parameter_text(value) for value in across.places),
        ys=tuple(parameter_text(value) for value in down.places) if down else ("",),
        values=tuple(map(tuple, values)),
        best=_cell_of(sweep.lines[sweep.best], across, down) if sweep.best is not None else None,
    )


def _longest_two(ranges: Sequence[ParameterRange]) -> list[ParameterRange]:
    """Return the (at most two) ranges with the most values, the longer one first."""
    return sorted((item for item in ranges if len(item.values) > 1), key=lambda item: -len(item.values))[:2]


def _axis(sweep: SweepResult, of: ParameterRange) -> _Axis:
    tried = {line.params.get(of.name) for line in sweep.lines}
    shown = [value for value in of.values if value in tried]
    if len(shown) > MOST_PLACES:
        best = sweep.lines[sweep.best].params.get(of.name) if sweep.best is not None else shown[0]
        first = max(0, min(shown.index(best) - MOST_PLACES // 2, len(shown) - MOST_PLACES))
        shown = shown[first : first + MOST_PLACES]
    return _Axis(of.name, {value: place for place, value in enumerate(shown)})


def _cell_of(line: SweepLine, across: _Axis, down: _Axis | None) -> tuple[int, int] | None:
    """Return the row and the column of a run, None where they are not shown."""
    column, row = across.place_of(line), down.place_of(line) if down else 0
    return None if column is None or row is None else (row, column)


def heat_map_words(sweep: SweepResult) -> str:
    """Return what the map's cells are."""
    others = [item.name for item in sweep.request.ranges if item not in _longest_two(sweep.request.ranges)]
    varying = [name for name in others if len({line.params.get(name) for line in sweep.lines}) > 1]
    over = f", the best over {', '.join(varying)}" if varying else ""
    return f"{title_of(sweep.request.objective)}{over}"


def step_row(sweep: SweepResult, place: int, step: WalkForwardStep) -> Row:
    """Return one step of a walk forward."""
    objective = METRICS.get(sweep.request.objective)
    inside, outside = step.train.get(sweep.request.objective), step.test.get(sweep.request.objective)
    texts = [
        fmt.ABSENT if value is None else metric_text(objective, value) if objective else f"{value:.2f}"
        for value in (inside, outside)
    ]
    made = step.test.get("total_return_pct")
    return Row(
        str(place),
        (
            Cell(f"{_day(step.train_start_ms)} – {_day(step.train_end_ms)}", "muted"),
            Cell(_day(step.test_end_ms), "muted"),
            Cell(params_text(step.params)),
            Cell(texts[0], "muted"),
            Cell(
                texts[1],
                "loss" if outside is None or (inside is not None and outside < inside / 2) else "gain",
            ),
            Cell(percent(made), fmt.trend_role(made)),
        ),
    )


def _day(ts_ms: int) -> str:
    return fmt.market_date_time(ts_ms)[2:10]


def deflated_words(sweep: SweepResult) -> tuple[str, str]:
    """Return the deflated Sharpe ratio in a sentence, and its role."""
    share, trials = sweep.deflated_sharpe, len(sweep.lines)
    if share is None:
        return f"The deflated Sharpe ratio of {count(trials, 'run')} is undefined.", "muted"
    tries = count(trials, "try", "tries")
    words = f"After {tries} the best Sharpe ratio is above 0 with a probability of {share:.0%}"
    if share >= SIGNIFICANT:
        return f"{words}: more than luck explains (deflated Sharpe ratio).", "gain"
    return f"{words}: luck alone may explain it (deflated Sharpe ratio).", "warning"


def best_words(sweep: SweepResult) -> str:
    """Return the best objective and the parameters it came of."""
    if sweep.best is None:
        return "no run came to anything"
    line = sweep.lines[sweep.best]
    value = line.metrics.get(sweep.request.objective)
    metric = METRICS.get(sweep.request.objective)
    text = metric_text(metric, value) if metric else f"{value}"
    return f"{text} at {params_text(line.params)}"
