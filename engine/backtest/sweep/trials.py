"""Trials of a sweep, and how a worker process carries a few of them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from engine.backtest.sweep.combinations import Parameters
from engine.errors import DeskError
from engine.model.backtest import BacktestRequest, BacktestResult, BacktestStatus, SweepLine
from engine.model.program import Parameter

if TYPE_CHECKING:
    from engine.backtest.history import LoadedHistory

type Runner = Callable[[BacktestRequest], BacktestResult]

WHOLE = 0
"""The part of a trial that runs over all of the range."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One run: the combination's number, its parameters, and the part of the range it runs over.

    Part 0 is the whole range, 2k - 1 and 2k are the training and the test part of the k-th split.
    """

    part: int
    combination: int
    params: dict[str, Parameter]
    start_ms: int | None
    end_ms: int | None

    @property
    def key(self) -> tuple[int, int]:
        """What tells the trial from the others of its sweep."""
        return self.part, self.combination


class TrialOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one trial ended."""

    part: int
    combination: int
    line: SweepLine

    @property
    def key(self) -> tuple[int, int]:
        """The key of the trial it is of."""
        return self.part, self.combination


class TrialBatch(msgspec.Struct, frozen=True):
    """Several trials of one request, which a worker runs one after the other.

    `home` is where the candle store is, for a worker that reads the history itself.
    """

    request: BacktestRequest
    home: str
    trials: tuple[Trial, ...]


def run_trials(batch: TrialBatch, history: LoadedHistory | None = None) -> tuple[TrialOutcome, ...]:
    """Run a batch in this process; without `history` it is read once and kept for the batches to come.

    A trial that fails is an outcome with its error.
    """
    from engine.backtest.sweep.worker_state import worker_state

    state = worker_state()
    return tuple(
        outcome_of(trial, lambda request: state.run(request, batch, history), batch.request)
        for trial in batch.trials
    )


def find_range(batch: TrialBatch, history: LoadedHistory | None = None) -> tuple[int, int]:
    """Return when the runs of a sweep begin and end; reads the history as `run_trials` does.

    Raises the `DeskError` that every run would fail with: a file that is not there, dates outside it.
    """
    from engine.backtest.request_check import range_of
    from engine.backtest.sweep.worker_state import worker_state

    return range_of(batch.request, worker_state().history_of(batch) if history is None else history)


def outcome_of(trial: Trial, run: Runner, request: BacktestRequest) -> TrialOutcome:
    """Run one trial and return how it ended, whatever it does."""
    try:
        result = run(
            msgspec.structs.replace(
                request,
                params={**request.params, **trial.params},
                start_ms=trial.start_ms,
                end_ms=trial.end_ms,
            )
        )
    except DeskError as error:
        return failed_trial(trial, error.message)
    except Exception as error:  # one combination must not take the others with it
        return failed_trial(trial, f"the run broke: {type(error).__name__}: {error}")
    return TrialOutcome(
        part=trial.part,
        combination=trial.combination,
        line=SweepLine(
            params=trial.params,
            metrics=result.metrics,
            total_trades=len(result.trades),
            final_equity=float(result.final_equity),
            result_hash=result.result_hash,
            error="" if result.status is BacktestStatus.COMPLETED else _why_incomplete(result),
        ),
    )


def failed_trial(trial: Trial, error: str) -> TrialOutcome:
    """Return the outcome of a trial that has no result."""
    line = line_without_result(trial.params, error)
    return TrialOutcome(part=trial.part, combination=trial.combination, line=line)


def line_without_result(params: Parameters, error: str) -> SweepLine:
    """Return the line of a combination that came to nothing, and why."""
    return SweepLine(params=params, metrics={}, total_trades=0, final_equity=0.0, result_hash="", error=error)


def _why_incomplete(result: BacktestResult) -> str:
    return result.ended_early or (result.error.sentence() if result.error else str(result.status))
