"""A whole sweep with an executor of its own: this machine's processes, or the cluster it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from engine.backtest.history import load_history
from engine.backtest.sweep.cluster_executor import cluster_executor
from engine.backtest.sweep.local_executor import local_executor
from engine.backtest.sweep.sweep import SweepWork, sweep
from engine.backtest.sweep.trials import TrialOutcome
from engine.model.backtest import BacktestProgress, SweepRequest, SweepResult


def run_sweep(
    request: SweepRequest,
    home: Path | None,
    *,
    finished: Iterable[TrialOutcome] = (),
    on_outcome: Callable[[TrialOutcome], None] = lambda outcome: None,
    on_progress: Callable[[BacktestProgress], None] = lambda progress: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> SweepResult:
    """Run a sweep where its request says; see `engine.backtest.sweep.sweep.sweep`.

    Processes of this machine read the history themselves, each once. A cluster's workers, which need
    not see this machine's files, are sent it once.
    """
    on_progress(BacktestProgress(stage="connecting" if request.cluster else "starting"))
    if not request.cluster:
        with local_executor(request.workers) as executor:
            result = sweep(
                request,
                executor,
                workers=executor.workers,
                home="" if home is None else str(home),
                finished=finished,
                on_outcome=on_outcome,
                on_progress=on_progress,
                is_cancelled=is_cancelled,
            )
            if is_cancelled():
                executor.end_now()
            return result
    history = load_history(request.request, home)
    with cluster_executor(request.cluster) as cluster:
        on_progress(BacktestProgress(stage="sending the history"))
        return sweep(
            request,
            cluster,
            workers=request.workers or cluster.workers,
            work=SweepWork(history=cluster.share(history)),
            finished=finished,
            on_outcome=on_outcome,
            on_progress=on_progress,
            is_cancelled=is_cancelled,
        )
