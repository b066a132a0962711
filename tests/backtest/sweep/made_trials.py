"""Trials without a simulation: metrics that are arithmetic on the parameters and the range.

Module-level functions, so that any worker process can find them by name.
"""

from __future__ import annotations

import os
import signal
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.backtest.sweep.trials import TrialBatch, TrialOutcome, outcome_of
from engine.errors import InvalidInput, StrategyFailed
from engine.model.backtest import (
    BacktestRequest,
    BacktestResult,
    BacktestStatus,
    ParameterRange,
    SweepRequest,
    WalkForward,
)
from tests.backtest.runs.made_runs import DAY_MS, START_MS, made_request, made_result

RANGE = (START_MS, START_MS + 100 * DAY_MS)
LENGTHS = tuple(range(2, 14))


def sweep_request(
    *, samples: int = 0, seed: int = 0, walk_forward: WalkForward | None = None, source: str = "fine"
) -> SweepRequest:
    return SweepRequest(
        request=msgspec.structs.replace(made_request(source), seed=seed),
        ranges=(ParameterRange("length", LENGTHS), ParameterRange("edge", (0.25, 0.5, 0.75))),
        samples=samples,
        walk_forward=walk_forward,
    )


def simulated(request: BacktestRequest) -> BacktestResult:
    """Return a result whose Sharpe ratio is highest at one length, another one in each part of the range."""
    length, edge = request.params["length"], request.params["edge"]
    assert isinstance(length, int)
    assert isinstance(edge, float)
    start_ms = request.start_ms or RANGE[0]
    end_ms = request.end_ms or RANGE[1]
    if request.source == "refuse 7" and length == 7:
        raise StrategyFailed("seven is refused")
    if request.source == "break 7" and length == 7:
        raise ZeroDivisionError("division by zero")
    if request.source == "stop at 7" and length == 7:
        return made_result(request, status=BacktestStatus.PARTIAL, ended_early="stopped after 3 failures")
    best_length = 3 + (start_ms - RANGE[0]) // (10 * DAY_MS)
    sharpe = 2.0 - abs(length - best_length) / 10 + edge / 100 + (end_ms - start_ms) / 1e13
    result = made_result(request, sharpe=sharpe, result_hash=f"{length}-{edge}-{start_ms}-{end_ms}")
    return msgspec.structs.replace(result, final_equity=Decimal(1000 + length))


def run_trials(batch: TrialBatch, history: object = None) -> tuple[TrialOutcome, ...]:
    return tuple(outcome_of(trial, simulated, batch.request) for trial in batch.trials)


def find_range(batch: TrialBatch, history: object = None) -> tuple[int, int]:
    return RANGE


def no_range(batch: TrialBatch, history: object = None) -> tuple[int, int]:
    raise InvalidInput.of("candles", "no.csv", "name a file")


def run_trials_that_kill(batch: TrialBatch, history: object = None) -> tuple[TrialOutcome, ...]:
    """Kill the worker once for the file that `home` names, and always at length 5 if it is so named."""
    once = Path(batch.home)
    if once.suffix == ".always":
        if any(trial.params["length"] == 5 for trial in batch.trials):
            _die()
    elif any(trial.params["length"] == 6 for trial in batch.trials) and _is_first(once):
        _die()
    return run_trials(batch)


def run_trials_on_shared(batch: TrialBatch, history: object = None) -> tuple[TrialOutcome, ...]:
    """Run only where the history that was sent ahead has arrived."""
    if history != SHARED:
        raise AssertionError(f"the history did not arrive, but {history!r}")
    return run_trials(batch)


def find_shared_range(batch: TrialBatch, history: object = None) -> tuple[int, int]:
    assert history == SHARED
    return RANGE


SHARED = {"BTC": tuple(range(1000))}


def _is_first(once: Path) -> bool:
    try:
        once.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
