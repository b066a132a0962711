"""A sweep in a terminal."""

from __future__ import annotations

import msgspec
import pytest
from rich.cells import cell_len

from engine.backtest.report import sweep_summary
from engine.model.backtest import (
    ParameterRange,
    SweepLine,
    SweepRequest,
    SweepResult,
    WalkForwardStep,
)
from engine.model.program import Parameter
from tests.backtest.metrics.run_figures import START_MS
from tests.backtest.report.recorded_result import recorded_result

HOURS = (6, 12, 24, 48, 72)


def line_of(hours: int) -> SweepLine:
    result = recorded_result(hours)
    params: dict[str, Parameter] = {"hours": hours}
    return SweepLine(
        params=params,
        metrics=result.metrics,
        total_trades=len(result.trades),
        final_equity=float(result.final_equity),
        result_hash="",
    )


def recorded_sweep() -> SweepResult:
    lines = tuple(line_of(hours) for hours in HOURS)
    failed = SweepLine(
        params={"hours": 0},
        metrics={},
        total_trades=0,
        final_equity=0,
        result_hash="",
        error="hours: 0 is not allowed",
    )
    step = WalkForwardStep(
        train_start_ms=START_MS,
        train_end_ms=START_MS + 20 * 86_400_000,
        test_end_ms=START_MS + 30 * 86_400_000,
        params={"hours": 48},
        train={"sharpe": 2.5},
        test={"sharpe": -0.5, "total_return_pct": -1.25},
    )
    return SweepResult(
        request=SweepRequest(
            request=recorded_result().request, ranges=(ParameterRange("hours", (*HOURS, 0)),)
        ),
        lines=(*lines, failed),
        best=3,
        deflated_sharpe=0.412,
        steps=(step,),
        warnings=("Over-fitting: told.",),
        run_s=1.5,
    )


def test_the_best_comes_first_and_the_rest_in_order() -> None:
    text = sweep_summary(recorded_sweep(), color=False)
    assert "Best by sharpe (1.23): hours=48" in text
    table = text[text.index("Runs by sharpe") :].split("\n\n")[0].splitlines()
    sharpes = [float(row.split()[0]) for row in table[2:]]
    assert sharpes == sorted(sharpes, reverse=True)
    assert len(sharpes) == len(HOURS)
    assert table[2].endswith("hours=48")


def test_what_came_next_what_failed_and_what_to_doubt_are_told() -> None:
    text = sweep_summary(recorded_sweep(), color=False)
    assert "2.50  -0.50  -1.25 %  2025-05-21 to 2025-05-31  hours=48" in text
    assert "1 of 6 runs failed" in text
    assert "hours=0: hours: 0 is not allowed" in text
    assert "- Over-fitting: told." in text
    assert "41.2 % (Bailey and López de Prado 2014)" in " ".join(text.split("\n"))


@pytest.mark.parametrize("width", [0, 60, 100])
def test_no_line_is_wider_than_asked_for(width: int) -> None:
    sweep = recorded_sweep()
    long_name: dict[str, Parameter] = {"a" * 200: 1}
    sweep = msgspec.structs.replace(
        sweep, lines=tuple(msgspec.structs.replace(line, params=long_name) for line in sweep.lines)
    )
    for line in sweep_summary(sweep, width, color=False).splitlines():
        assert cell_len(line) <= max(width, 60)


def test_a_sweep_of_failures_alone_says_so() -> None:
    sweep = recorded_sweep()
    nothing = msgspec.structs.replace(
        sweep, lines=sweep.lines[-1:], best=None, deflated_sharpe=None, steps=(), warnings=()
    )
    text = sweep_summary(nothing, color=False)
    assert "1 of 1 run failed" in text
    assert "Runs by" not in text
