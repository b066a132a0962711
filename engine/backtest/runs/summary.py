"""The line a run has in the history of runs, made from what it came to."""

from __future__ import annotations

import hashlib

import msgspec

from engine.backtest.runs.frames import Finished
from engine.model.backtest import BacktestResult, BacktestRun, BacktestStatus, SweepResult
from engine.text import count


def summary_of(result: BacktestResult) -> Finished:
    """Return what the history says of a backtest."""
    error = "" if result.error is None else result.error.sentence()
    return Finished(
        status=result.status,
        metrics=result.metrics,
        total_trades=len(result.trades),
        final_equity=float(result.final_equity),
        total_pnl=float(result.total_pnl),
        result_hash=result.result_hash,
        error="" if result.status is BacktestStatus.COMPLETED else result.ended_early or error,
    )


def summary_of_sweep(result: SweepResult) -> Finished:
    """Return what the history says of a sweep: its best run, and a hash over all of them."""
    failed = sum(1 for line in result.lines if line.error)
    best = None if result.best is None else result.lines[result.best]
    if best is not None:
        status = BacktestStatus.PARTIAL if failed else BacktestStatus.COMPLETED
    else:
        status = BacktestStatus.ERROR if failed == len(result.lines) else BacktestStatus.COMPLETED
    first_error = next((line.error for line in result.lines if line.error), "")
    told = f"{failed} of {count(len(result.lines), 'run')} failed; the first: {first_error}" if failed else ""
    cash = float(result.request.request.cash)
    return Finished(
        status=status,
        metrics={} if best is None else best.metrics,
        total_trades=0 if best is None else best.total_trades,
        final_equity=None if best is None else best.final_equity,
        total_pnl=None if best is None else best.final_equity - cash,
        result_hash=sweep_hash(result),
        error=told,
    )


def sweep_hash(result: SweepResult) -> str:
    """Return a hash over every run of a sweep, the same wherever and in whichever order they ran.

    Metrics are left out: they follow from the runs, and their last digits from the machine.
    """
    runs = [(line.params, line.result_hash, line.final_equity, line.error) for line in result.lines]
    steps = [(step.train_end_ms, step.test_end_ms, step.params) for step in result.steps]
    told = msgspec.msgpack.encode((runs, steps, result.best))
    return hashlib.blake2b(told, digest_size=16).hexdigest()


def finished_run(run: BacktestRun, finished: Finished, now_ms: int) -> BacktestRun:
    """Return a run's line once it is over with a result."""
    return msgspec.structs.replace(
        run,
        status=finished.status,
        finished_ms=now_ms,
        summary=finished.metrics,
        total_trades=finished.total_trades,
        final_equity=finished.final_equity,
        total_pnl=finished.total_pnl,
        result_hash=finished.result_hash,
        error=finished.error,
    )
