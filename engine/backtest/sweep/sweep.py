"""A sweep: trials handed out to an executor's workers, their outcomes put together in order."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from typing import Any

import msgspec

from engine.backtest.honesty import WalkForwardSplit, walk_forward_splits
from engine.backtest.sweep.combinations import Parameters, combinations
from engine.backtest.sweep.results import sweep_result, test_part, train_part, trained_best
from engine.backtest.sweep.trials import (
    WHOLE,
    Trial,
    TrialBatch,
    TrialOutcome,
    failed_trial,
    find_range,
    run_trials,
)
from engine.errors import DeskError, Unavailable
from engine.market.periods import parse_period
from engine.model.backtest import BacktestProgress, SweepRequest, SweepResult
from engine.text import first_line

LARGEST_BATCH = 20
BATCHES_PER_WORKER = 8
BATCHES_IN_FLIGHT = 2
"""How many batches each worker is given ahead: one to run, one so that it need not wait."""

MOST_LOST_IN_A_ROW = 3
SECONDS_BETWEEN_LOOKS = 0.2


class SweepWork(msgspec.Struct, frozen=True):
    """What workers do: both functions must be importable by name in their processes.

    A cluster's executor that sent the history ahead names it in `history`; both get it as their
    second argument.
    """

    run: Callable[..., tuple[TrialOutcome, ...]] = run_trials
    find_range: Callable[..., tuple[int, int]] = find_range
    history: object = None


RUN_HERE = SweepWork()
"""Backtests on a history that each worker reads itself."""


def sweep(
    request: SweepRequest,
    executor: Executor,
    *,
    workers: int,
    home: str = "",
    work: SweepWork = RUN_HERE,
    finished: Iterable[TrialOutcome] = (),
    on_outcome: Callable[[TrialOutcome], None] = lambda outcome: None,
    on_progress: Callable[[BacktestProgress], None] = lambda progress: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> SweepResult:
    """Run every trial of a sweep that is not among `finished`, and return them all in order.

    The result depends on the request and the history alone, not on the executor, its `workers` or who
    finished first. A trial that fails is a line with its error, and so is one that alone costs its
    worker; `on_outcome` is told of each as it ends. A cancelled sweep returns what it has.

    Raises `InvalidInput` or `NotFound` for a request or history no trial could run on, and
    `Unavailable` when the workers are lost.
    """
    running = _Sweep(request, executor, workers, home, work)
    return running.run(finished, on_outcome, on_progress, is_cancelled)


class _Sweep:
    def __init__(
        self, request: SweepRequest, executor: Executor, workers: int, home: str, work: SweepWork
    ) -> None:
        self._request = request
        self._executor = executor
        self._work = work
        self._home = home
        self._tried = combinations(request)
        splits = request.walk_forward.splits if request.walk_forward else 0
        self._planned = len(self._tried) * (1 + splits) + splits
        share = math.ceil(self._planned / (workers * BATCHES_PER_WORKER))
        self._batch_size = max(1, min(LARGEST_BATCH, share))
        self._most_in_flight = workers * BATCHES_IN_FLIGHT
        self._outcomes: dict[tuple[int, int], TrialOutcome] = {}
        self._splits: tuple[WalkForwardSplit, ...] = ()
        self._untested: list[int] = []
        self._pending: deque[Trial] = deque()
        self._in_flight: dict[Future[tuple[TrialOutcome, ...]], tuple[Trial, ...]] = {}
        self._suspects: deque[Trial] = deque()
        self._alone: Future[tuple[TrialOutcome, ...]] | None = None
        self._range: Future[tuple[int, int]] | None = None
        self._ranges_lost = 0
        self._best_equity = 0.0

    def run(
        self,
        finished: Iterable[TrialOutcome],
        on_outcome: Callable[[TrialOutcome], None],
        on_progress: Callable[[BacktestProgress], None],
        is_cancelled: Callable[[], bool],
    ) -> SweepResult:
        started = time.perf_counter()
        self._on_outcome = on_outcome
        self._outcomes = {outcome.key: outcome for outcome in finished}
        whole = self._request.request
        self._plan(WHOLE, enumerate(self._tried), whole.start_ms, whole.end_ms)
        self._range = self._submit_range()
        try:
            while self._has_work and not is_cancelled():
                on_progress(self._progress())
                self._hand_out()
                self._look()
        finally:
            for future in self._awaited:
                future.cancel()
        on_progress(self._progress())
        run_s = time.perf_counter() - started
        return sweep_result(self._request, self._outcomes.values(), self._splits, run_s)

    @property
    def _has_work(self) -> bool:
        return bool(self._range or self._pending or self._suspects or self._in_flight)

    @property
    def _awaited(self) -> set[Future[Any]]:
        return {*self._in_flight, *([self._range] if self._range else [])}

    # --- planning --------------------------------------------------------------------------------

    def _plan(
        self,
        part: int,
        chosen: Iterable[tuple[int, Parameters]],
        start_ms: int | None,
        end_ms: int | None,
    ) -> None:
        for number, params in chosen:
            trial = Trial(part=part, combination=number, params=params, start_ms=start_ms, end_ms=end_ms)
            if trial.key not in self._outcomes:
                self._pending.append(trial)

    def _plan_walk_forward(self, start_ms: int, end_ms: int) -> None:
        walk = self._request.walk_forward
        if walk is None or self._splits:
            return
        step_ms = parse_period(self._request.request.period).length_ms
        self._splits = walk_forward_splits(walk, start_ms, end_ms, step_ms)
        self._untested = list(range(len(self._splits)))
        for number, split in enumerate(self._splits):
            self._plan(train_part(number), enumerate(self._tried), split.train_start_ms, split.train_end_ms)
        self._plan_tests()

    def _plan_tests(self) -> None:
        """Give the best of each split that is now trained its test."""
        for number in tuple(self._untested):
            best = trained_best(self._request, self._outcomes, number, len(self._tried))
            if best is not None:
                self._untested.remove(number)
                split = self._splits[number]
                chosen = [(best, self._tried[best])]
                self._plan(test_part(number), chosen, split.train_end_ms, split.test_end_ms)

    # --- handing out -----------------------------------------------------------------------------

    def _hand_out(self) -> None:
        """Keep every worker busy; a trial that may have cost a worker runs alone."""
        if self._suspects:
            if not self._awaited:
                self._alone = self._submit((self._suspects.popleft(),))
            return
        while self._pending and len(self._in_flight) < self._most_in_flight:
            size = min(self._batch_size, len(self._pending))
            self._submit(tuple(self._pending.popleft() for _ in range(size)))

    def _submit(self, trials: tuple[Trial, ...]) -> Future[tuple[TrialOutcome, ...]]:
        future = self._executor.submit(self._work.run, self._batch(trials), *self._sent)
        self._in_flight[future] = trials
        return future

    def _submit_range(self) -> Future[tuple[int, int]]:
        return self._executor.submit(self._work.find_range, self._batch(()), *self._sent)

    def _batch(self, trials: tuple[Trial, ...]) -> TrialBatch:
        return TrialBatch(self._request.request, self._home, trials)

    @property
    def _sent(self) -> Sequence[object]:
        return () if self._work.history is None else (self._work.history,)

    # --- what came back --------------------------------------------------------------------------

    def _look(self) -> None:
        """Wait a moment for something to end, and take it."""
        done, _ = wait(self._awaited, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
        for future in done:
            if future is self._range:
                self._take_range(future)
            else:
                self._take(future, self._in_flight.pop(future))

    def _take_range(self, future: Future[tuple[int, int]]) -> None:
        reason = _lost_because(future)
        if not reason:
            self._range, self._ranges_lost = None, 0
            self._plan_walk_forward(*future.result())
            return
        self._ranges_lost += 1
        if self._ranges_lost == MOST_LOST_IN_A_ROW:
            raise Unavailable(f"the sweep's workers are lost: {reason}")
        self._range = self._submit_range()

    def _take(self, future: Future[tuple[TrialOutcome, ...]], trials: tuple[Trial, ...]) -> None:
        reason = _lost_because(future)
        if not reason:
            for outcome in future.result():
                self._keep(outcome)
            self._plan_tests()
        elif future is self._alone:
            self._keep(failed_trial(trials[0], f"its worker was lost: {reason}"))
            self._plan_tests()
            self._range = self._submit_range()  # which tells whether there are workers at all
        else:
            self._suspects.extend(trials)

    def _keep(self, outcome: TrialOutcome) -> None:
        self._outcomes[outcome.key] = outcome
        self._on_outcome(outcome)
        if outcome.part == WHOLE:
            self._best_equity = max(self._best_equity, outcome.line.final_equity)

    def _progress(self) -> BacktestProgress:
        return BacktestProgress(
            stage="running", done=len(self._outcomes), total=self._planned, equity=self._best_equity
        )


def _lost_because(future: Future[Any]) -> str:
    """Say why a future ended without its work having failed, empty if it did not; raises its `DeskError`."""
    if future.cancelled():
        return "its work was cancelled"
    error = future.exception()
    if error is None:
        return ""
    if isinstance(error, DeskError):
        raise error
    if isinstance(error, CancelledError):
        return "its work was cancelled"
    return f"{type(error).__name__}: {first_line(error)}"
