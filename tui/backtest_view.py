"""What the backtests screen paints: the history of runs, and everything known of the one looked at."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from engine.model.backtest import (
    BacktestResult,
    BacktestRun,
    BacktestStatus,
    SweepResult,
)
from tui import format as fmt
from tui.signal_view import bar

MARK = "◆"
PROGRESS_CELLS = 6
_STATUS = {
    BacktestStatus.QUEUED: ("… queued", "muted"),
    BacktestStatus.RUNNING: ("▸ running", "accent"),
    BacktestStatus.COMPLETED: ("✓ completed", "gain"),
    BacktestStatus.PARTIAL: ("◐ partial", "warning"),
    BacktestStatus.ERROR: ("✗ error", "danger"),
    BacktestStatus.CANCELLED: ("‖ cancelled", "stale"),
    BacktestStatus.INTERRUPTED: ("! interrupted", "warning"),
}
_WHY_INCOMPLETE = {
    BacktestStatus.PARTIAL: "it ended early with what it had",
    BacktestStatus.ERROR: "it failed",
    BacktestStatus.CANCELLED: "it was cancelled · r resumes it",
    BacktestStatus.INTERRUPTED: "it was cut off · r resumes it",
}
INCOMPLETE = frozenset(_WHY_INCOMPLETE)


class RunSort(enum.StrEnum):
    """What the history of runs is sorted by."""

    NEWEST = "newest"
    RETURN = "return"
    DRAWDOWN = "drawdown"
    SHARPE = "Sharpe ratio"


_SORT_METRIC = {
    RunSort.RETURN: "total_return_pct",
    RunSort.DRAWDOWN: "max_drawdown_pct",
    RunSort.SHARPE: "sharpe",
}


class BacktestView(msgspec.Struct, frozen=True):
    """The history of runs in the order shown; `marked` are those to compare, in the order of marking."""

    runs: tuple[BacktestRun, ...] = ()
    marked: tuple[str, ...] = ()
    sort: RunSort = RunSort.NEWEST
    is_starting: bool = True

    def run(self, run_id: str | None) -> BacktestRun | None:
        """Return a run by its id."""
        return next((item for item in self.runs if item.run_id == run_id), None)

    @property
    def compared(self) -> tuple[BacktestRun, ...]:
        """The marked runs that are still there, if they are two or more."""
        found = tuple(run for run_id in self.marked if (run := self.run(run_id)) is not None)
        return found if len(found) > 1 else ()


class Compared(msgspec.Struct, frozen=True, eq=False):
    """A run that is compared, and its result."""

    run: BacktestRun
    result: BacktestResult


class Subject(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """What the panes beside the history show: one run and what it came to, as far as it is known.

    `result` is a backtest's, `sweep` a sweep's; with neither, `problem` says why, or the run is not over
    or still being read. `compared` has the marked runs. `symbol` is the market to look at, `trade` the
    number of the trade to look at closely.
    """

    run: BacktestRun | None = None
    result: BacktestResult | None = None
    sweep: SweepResult | None = None
    problem: str = ""
    compared: tuple[Compared, ...] = ()
    symbol: str = ""
    trade: int | None = None


def sorted_runs(runs: Iterable[BacktestRun], sort: RunSort) -> tuple[BacktestRun, ...]:
    """Return the runs sorted, the best first; those without the figure come last."""
    metric = _SORT_METRIC.get(sort)
    if metric is None:
        return tuple(runs)

    def key(run: BacktestRun) -> tuple[bool, float]:
        value = run.summary.get(metric)
        return value is None, -(value or 0.0)

    return tuple(sorted(runs, key=key))


def status_words(status: BacktestStatus) -> tuple[str, str]:
    """Return a status with its sign, and the role that goes with it."""
    return _STATUS[status]


def state_words(run: BacktestRun) -> tuple[str, str]:
    """Return how a run stands: its progress while it runs, its status else."""
    if run.status is not BacktestStatus.RUNNING:
        return status_words(run.status)
    share = progress_share(run)
    if share is None:
        return f"▸ {run.progress.stage}", "accent"
    return f"{bar(share, PROGRESS_CELLS)} {int(share * 100):>3}%", "accent"


def progress_share(run: BacktestRun) -> float | None:
    """Return how much of a run is done, None before that is known."""
    progress = run.progress
    return min(1.0, progress.done / progress.total) if progress.total > 0 else None


def progress_words(run: BacktestRun) -> str:
    """Return how far a run is: `deciding 1,203 of 2,810 · at 2026-01-12 03:00 · equity 10,123.40`."""
    progress = run.progress
    parts = [progress.stage]
    if progress.total:
        parts[0] += f" {progress.done:,} of {progress.total:,}"
    if progress.ts_ms:
        parts.append(f"at {fmt.market_date_time(progress.ts_ms)}")
    if progress.equity:
        parts.append(f"equity {progress.equity:,.2f}")
    return " · ".join(parts)


def reason_words(run: BacktestRun) -> str:
    """Return why a run is not what it should be: "" for one that completed, or is not over."""
    if run.status not in INCOMPLETE:
        return run.error
    return run.error or _WHY_INCOMPLETE[run.status]


def name_words(run: BacktestRun) -> str:
    """Return what was run: `RSI reversion`, `RSI reversion ×36` for a sweep of so many."""
    return f"{run.name} ×{run.combinations:,}" if run.combinations else run.name


def waiting_words(subject: Subject) -> str:
    """Return why there is no result to show."""
    run = subject.run
    if run is None:
        return "no run yet · N backtests a program"
    if subject.problem:
        return subject.problem
    if not run.status.is_over:
        return progress_words(run)
    return "reading the result …"


def percent(value: float | None, decimals: int = 2) -> str:
    """Return a number of per cent with its sign: `+1.23%`."""
    return fmt.percent(None if value is None else value / 100, decimals)
