"""A sweep comes to the same whatever runs it, in whichever order, and however often it was cut off."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backtest.honesty import walk_forward_splits
from engine.backtest.runs.summary import summary_of_sweep, sweep_hash
from engine.backtest.sweep.combinations import combinations
from engine.backtest.sweep.results import NOT_RUN, sweep_result
from engine.backtest.sweep.sweep import SweepWork, sweep
from engine.backtest.sweep.trials import TrialOutcome
from engine.errors import InvalidInput, Unavailable
from engine.model.backtest import BacktestStatus, ParameterRange, SweepRequest, SweepResult, WalkForward
from tests.backtest.runs.made_runs import DAY_MS
from tests.backtest.sweep import made_trials
from tests.backtest.sweep.made_trials import RANGE, sweep_request

WORK = SweepWork(run=made_trials.run_trials, find_range=made_trials.find_range)
FOLDS = WalkForward(splits=3, train_share=0.6)


class OutOfOrder(Executor):
    """Does nothing until it is told to, and then whichever task it is told; a worker may die of one."""

    def __init__(self, choose: Callable[[int], int], kills: Callable[[object], bool] = lambda task: False):
        self._choose = choose
        self._kills = kills
        self.waiting: list[tuple[Future[Any], Callable[[], object], object]] = []

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        self.waiting.append((future, functools.partial(fn, *args, **kwargs), args[0]))
        return future

    def finish_one(self) -> bool:
        """Finish a task; return False, as for a sweep that nobody cancels."""
        self.waiting = [each for each in self.waiting if not each[0].done()]
        if not self.waiting:
            return False
        future, call, task = self.waiting.pop(self._choose(len(self.waiting)))
        if self._kills(task):
            for each in (future, *(other for other, _, _ in self.waiting)):
                each.set_exception(BrokenProcessPool("a process was terminated"))
            return False
        try:
            future.set_result(call())
        except Exception as error:
            future.set_exception(error)
        return False


def in_order(
    request: SweepRequest,
    finished: Iterable[TrialOutcome] = (),
    on_outcome: Callable[[TrialOutcome], None] = lambda outcome: None,
) -> SweepResult:
    executor = OutOfOrder(lambda waiting: 0)
    return sweep(
        request,
        executor,
        workers=2,
        work=WORK,
        finished=finished,
        on_outcome=on_outcome,
        is_cancelled=executor.finish_one,
    )


def without_time(result: SweepResult) -> SweepResult:
    return msgspec.structs.replace(result, run_s=0.0)


@settings(max_examples=25)
@given(st.data(), st.integers(1, 9), st.sampled_from([None, FOLDS]))
def test_the_order_of_finishing_changes_nothing(
    data: st.DataObject, workers: int, walk_forward: WalkForward | None
) -> None:
    request = sweep_request(walk_forward=walk_forward)
    executor = OutOfOrder(lambda waiting: data.draw(st.integers(0, waiting - 1)))
    result = sweep(request, executor, workers=workers, work=WORK, is_cancelled=executor.finish_one)
    assert without_time(result) == without_time(in_order(request))


@settings(max_examples=25)
@given(st.data())
def test_one_that_was_cut_off_goes_on_with_what_is_missing(data: st.DataObject) -> None:
    request = sweep_request(walk_forward=FOLDS)
    kept: list[TrialOutcome] = []
    whole = in_order(request, on_outcome=kept.append)
    finished = data.draw(st.lists(st.sampled_from(kept), unique_by=lambda outcome: outcome.key))
    more: list[TrialOutcome] = []
    resumed = in_order(request, finished=finished, on_outcome=more.append)
    assert without_time(resumed) == without_time(whole)
    assert {outcome.key for outcome in more} == {each.key for each in kept} - {each.key for each in finished}
    assert len(more) == len(kept) - len(finished)


def test_lines_are_the_combinations_in_order_and_the_best_is_named() -> None:
    request = sweep_request()
    result = in_order(request)
    assert [line.params for line in result.lines] == list(combinations(request))
    assert result.best is not None
    assert result.lines[result.best].params == {"length": 3, "edge": 0.75}
    assert result.deflated_sharpe is not None
    assert not any(line.error for line in result.lines)
    summary = summary_of_sweep(result)
    assert (summary.status, summary.final_equity, summary.error) == (BacktestStatus.COMPLETED, 1003.0, "")
    assert (
        summary.result_hash == sweep_hash(in_order(request)) != sweep_hash(in_order(sweep_request(samples=9)))
    )


def test_walk_forward_trains_on_each_part_and_tests_on_the_next() -> None:
    result = in_order(sweep_request(walk_forward=FOLDS))
    splits = walk_forward_splits(FOLDS, *RANGE)
    assert len(result.steps) == len(splits) == 3
    for step, split in zip(result.steps, splits, strict=True):
        borders = (step.train_start_ms, step.train_end_ms, step.test_end_ms)
        assert borders == (split.train_start_ms, split.train_end_ms, split.test_end_ms)
        best_length = 3 + (split.train_start_ms - RANGE[0]) // (10 * DAY_MS)
        assert step.params == {"length": best_length, "edge": 0.75}
        assert step.train["sharpe"] != step.test["sharpe"], "the test is a run on another part"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("refuse 7", "seven is refused"),
        ("break 7", "the run broke: ZeroDivisionError: division by zero"),
        ("stop at 7", "stopped after 3 failures"),
    ],
)
def test_a_combination_that_fails_is_a_line_with_its_error(source: str, error: str) -> None:
    result = in_order(sweep_request(source=source))
    assert {line.params["length"]: line.error for line in result.lines if line.error} == {7: error}
    assert sum(bool(line.error) for line in result.lines) == 3
    assert result.lines[result.best or 0].params["length"] == 3
    summary = summary_of_sweep(result)
    assert summary.status is BacktestStatus.PARTIAL
    assert summary.error == f"3 of 36 runs failed; the first: {error}"


def test_a_cancelled_one_returns_what_it_has_and_says_so() -> None:
    executor = OutOfOrder(lambda waiting: 0)
    looks = iter(range(100))

    def cancelled() -> bool:
        executor.finish_one()
        return next(looks) == 8

    kept: list[TrialOutcome] = []
    result = sweep(
        sweep_request(), executor, workers=1, work=WORK, is_cancelled=cancelled, on_outcome=kept.append
    )
    missing = [line for line in result.lines if line.error == NOT_RUN]
    assert 0 < len(missing) == 36 - len(kept) < 36
    assert result.warnings[0] == f"Ended early: {len(missing)} of 36 runs not made."
    assert all(future.cancelled() for future, _, _ in executor.waiting)
    assert without_time(result) == sweep_result(sweep_request(), kept)


def test_a_history_that_cannot_be_read_ends_it_at_once() -> None:
    executor = OutOfOrder(lambda waiting: 0)
    work = SweepWork(run=made_trials.run_trials, find_range=made_trials.no_range)
    with pytest.raises(InvalidInput, match=r"candles: no\.csv"):
        sweep(sweep_request(), executor, workers=2, work=work, is_cancelled=executor.finish_one)


def test_a_split_too_short_to_train_on_is_refused() -> None:
    request = sweep_request(walk_forward=WalkForward(splits=2, train_share=1.0))
    with pytest.raises(InvalidInput, match=r"walk_forward\.train_share: 1\.0"):
        in_order(request)


def test_the_trial_that_costs_its_worker_is_found_and_the_others_run() -> None:
    executor = OutOfOrder(lambda waiting: 0, kills=lambda task: _has_length(task, 5))
    result = sweep(sweep_request(), executor, workers=2, work=WORK, is_cancelled=executor.finish_one)
    failed = {line.params["length"] for line in result.lines if line.error}
    assert failed == {5}
    assert result.lines[9].error == "its worker was lost: BrokenProcessPool: a process was terminated"


def test_without_workers_it_gives_up() -> None:
    executor = OutOfOrder(lambda waiting: 0, kills=lambda task: True)
    with pytest.raises(Unavailable, match="the sweep's workers are lost: BrokenProcessPool"):
        sweep(sweep_request(), executor, workers=2, work=WORK, is_cancelled=executor.finish_one)


def test_a_split_on_which_nothing_succeeds_is_a_warning() -> None:
    request = msgspec.structs.replace(
        sweep_request(source="refuse 7", walk_forward=FOLDS), ranges=(ParameterRange("length", (7,)),)
    )
    request = msgspec.structs.replace(request, ranges=(*request.ranges, ParameterRange("edge", (0.5,))))
    result = in_order(request)
    assert (result.best, result.steps) == (None, ())
    lost = "has no result: no run on its training part has the metric sharpe."
    assert [warning for warning in result.warnings if lost in warning] == list(result.warnings)
    assert len(result.warnings) == 3
    assert summary_of_sweep(result).status is BacktestStatus.ERROR


def _has_length(task: object, length: int) -> bool:
    trials = getattr(task, "trials", ())
    return any(trial.params["length"] == length for trial in trials)
