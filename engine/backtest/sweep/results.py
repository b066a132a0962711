"""What the trials of a sweep come to together: lines in order, the best of them, and the honesty checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.backtest.honesty import WalkForwardSplit, deflated_sharpe_of_best, sweep_warnings
from engine.backtest.sweep.combinations import combinations
from engine.backtest.sweep.trials import WHOLE, TrialOutcome, line_without_result
from engine.model.backtest import SweepLine, SweepRequest, SweepResult, WalkForwardStep
from engine.text import count

NOT_RUN = "not run: the sweep ended before it"

type Outcomes = Mapping[tuple[int, int], TrialOutcome]


def sweep_result(
    request: SweepRequest,
    trials: Iterable[TrialOutcome],
    splits: Sequence[WalkForwardSplit] = (),
    run_s: float = 0.0,
) -> SweepResult:
    """Return what a sweep came to, in the order of its combinations, whatever ended first.

    Combinations without an outcome are lines that say so, and a warning counts them.
    """
    outcomes = {outcome.key: outcome for outcome in trials}
    tried = combinations(request)
    lines = tuple(
        outcomes[WHOLE, number].line if (WHOLE, number) in outcomes else line_without_result(params, NOT_RUN)
        for number, params in enumerate(tried)
    )
    best = best_line(lines, request.objective)
    succeeded = [line for line in lines if not line.error]
    deflated = (
        None
        if best is None
        else deflated_sharpe_of_best(lines[best].metrics, [line.metrics.get("sharpe") for line in succeeded])
    )
    steps, lost = _steps(request, outcomes, splits, len(tried))
    return SweepResult(
        request=request,
        lines=lines,
        best=best,
        deflated_sharpe=deflated,
        steps=steps,
        warnings=(
            *_missing(lines),
            *lost,
            *sweep_warnings(len(succeeded), deflated, request.objective, steps),
        ),
        run_s=run_s,
    )


def best_line(lines: Sequence[SweepLine], objective: str) -> int | None:
    """Return the line that is best by a metric, the first of equals; None if none has it.

    The best of a metric that is better low, such as a drawdown, is the lowest.
    """
    from engine.backtest.metrics import METRICS

    metric = METRICS[objective]
    values = [(line.metrics.get(objective), number) for number, line in enumerate(lines) if not line.error]
    known = [(metric.rank(value), number) for value, number in values if value is not None]
    return min(known)[1] if known else None


def train_part(split: int) -> int:
    """Return the part of the trials that split `split` (from 0) is trained on."""
    return 2 * split + 1


def test_part(split: int) -> int:
    """Return the part of the trial that the best of split `split` (from 0) is tested on."""
    return 2 * split + 2


def trained_best(request: SweepRequest, outcomes: Outcomes, split: int, tried: int) -> int | None:
    """Return the combination that is best on a split's training part, None if none is or one is missing."""
    part = train_part(split)
    found = [outcomes[part, number].line for number in range(tried) if (part, number) in outcomes]
    return best_line(found, request.objective) if len(found) == tried else None


def _steps(
    request: SweepRequest, outcomes: Outcomes, splits: Sequence[WalkForwardSplit], tried: int
) -> tuple[tuple[WalkForwardStep, ...], list[str]]:
    steps, lost = [], []
    for number, split in enumerate(splits):
        best = trained_best(request, outcomes, number, tried)
        tested = None if best is None else outcomes.get((test_part(number), best))
        if best is None or tested is None or tested.line.error:
            reason = (
                tested.line.error
                if tested is not None
                else f"no run on its training part has the metric {request.objective}"
            )
            lost.append(f"Walk-forward split {number + 1} of {len(splits)} has no result: {reason}.")
            continue
        trained = outcomes[train_part(number), best].line
        steps.append(
            WalkForwardStep(
                train_start_ms=split.train_start_ms,
                train_end_ms=split.train_end_ms,
                test_end_ms=split.test_end_ms,
                params=trained.params,
                train=trained.metrics,
                test=tested.line.metrics,
            )
        )
    return tuple(steps), lost


def _missing(lines: Sequence[SweepLine]) -> list[str]:
    missing = sum(1 for line in lines if line.error == NOT_RUN)
    return [f"Ended early: {missing:,} of {count(len(lines), 'run')} not made."] if missing else []
