"""A sweep as text for a terminal: its best runs, how they did on what came next, how far luck explains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.backtest.metrics import METRICS
from engine.backtest.metrics.value_text import ABSENT, utc_text, value_text
from engine.backtest.report.terminal_text import (
    BOLD,
    NARROWEST,
    WARNING,
    Painter,
    painter_for,
    sentences,
    wrapped,
)
from engine.model.backtest import SweepLine, SweepResult
from engine.model.program import Parameter
from engine.text import count, safe_line

LISTED_RUNS = 15
_COLUMNS = ("total_return_pct", "sharpe", "max_drawdown_pct", "profit_factor", "total_trades")
_HEADS = {"total_return_pct": "return", "max_drawdown_pct": "drawdown", "profit_factor": "factor"}


def sweep_summary(result: SweepResult, width: int = 100, *, color: bool | None = None) -> str:
    """Return the summary in lines of at most `width` cells (60 or more); `color` as in `text_summary`."""
    painter = painter_for(color)
    width = max(width, NARROWEST)
    blocks = (
        _title(result, painter, width),
        _best_runs(result, painter, width),
        _walk_forward(result, painter, width),
        _failures(result, painter, width),
        sentences("Before you believe it", result.warnings, painter, width, WARNING),
        _ending(result, width),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, blocks) if lines) + "\n"


def _title(result: SweepResult, painter: Painter, width: int) -> Iterator[str]:
    request = result.request.request
    yield painter.paint(safe_line(f"{request.name}: {count(len(result.lines), 'run')}", width), BOLD)
    yield from wrapped(f"{', '.join(request.symbols)} · {request.period} candles", width)
    if result.best is not None:
        best = result.lines[result.best]
        objective = result.request.objective
        yield from wrapped(
            f"Best by {objective} ({_value(best.metrics, objective)}): {_params_text(best.params)}", width
        )


def _best_runs(result: SweepResult, painter: Painter, width: int) -> Iterator[str]:
    objective = result.request.objective
    done = [line for line in result.lines if not line.error]
    if not done:
        return
    columns = [objective, *(name for name in _COLUMNS if name != objective)]
    ranked = sorted(done, key=lambda line: _rank(line, objective))
    shown = f", the best {LISTED_RUNS} of {len(done):,}" if len(done) > LISTED_RUNS else ""
    yield painter.paint(safe_line(f"Runs by {objective}{shown}", width), BOLD)
    rows = [
        (*(_value(line.metrics, name) for name in columns), _params_text(line.params))
        for line in ranked[:LISTED_RUNS]
    ]
    yield from _table(
        [*(_HEADS.get(name, name.replace("_", " ")) for name in columns), "parameters"], rows, width
    )


def _walk_forward(result: SweepResult, painter: Painter, width: int) -> Iterator[str]:
    if not result.steps:
        return
    objective = result.request.objective
    yield painter.paint(safe_line(f"Walk-forward: {objective} where chosen and after", width), BOLD)
    rows = [
        (
            _value(step.train, objective),
            _value(step.test, objective),
            _value(step.test, "total_return_pct"),
            f"{utc_text(step.train_end_ms)[:10]} to {utc_text(step.test_end_ms)[:10]}",
            _params_text(step.params),
        )
        for step in result.steps
    ]
    yield from _table(["chosen", "after", "return", "tested on", "parameters"], rows, width)


def _failures(result: SweepResult, painter: Painter, width: int) -> Iterator[str]:
    failed = [line for line in result.lines if line.error]
    if not failed:
        return
    yield painter.paint(
        f"{len(failed):,} of {count(len(result.lines), 'run')} failed, the first of them", WARNING
    )
    yield from wrapped(f"{_params_text(failed[0].params)}: {failed[0].error}", width, "- ", "  ")


def _ending(result: SweepResult, width: int) -> Iterator[str]:
    if result.deflated_sharpe is not None:
        yield from wrapped(
            "Deflated Sharpe ratio: the probability that the best run is better than luck alone explains "
            f"after so many is {result.deflated_sharpe * 100:.1f} % (Bailey and López de Prado 2014).",
            width,
        )
    yield from wrapped(f"Run in {result.run_s:.2f} s.", width)


def _table(heads: Sequence[str], rows: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    """Return rows of right-aligned columns, the last one left-aligned and cut to the width."""
    lengths = [max(len(row[column]) for row in (tuple(heads), *rows)) for column in range(len(heads) - 1)]
    for row in (tuple(heads), *rows):
        cells = [cell.rjust(length) for cell, length in zip(row, lengths, strict=False)]
        yield safe_line("  ".join((*cells, row[-1])), width).rstrip()


def _rank(line: SweepLine, objective: str) -> tuple[bool, float]:
    value = line.metrics.get(objective)
    return value is None, 0.0 if value is None else METRICS[objective].rank(value)


def _value(metrics: Mapping[str, float | None], name: str) -> str:
    return value_text(metrics.get(name), METRICS[name].unit)


def _params_text(params: Mapping[str, Parameter]) -> str:
    return ", ".join(f"{name}={value}" for name, value in params.items()) or ABSENT
