"""What cancelling or deleting a run would do, in a sentence, before it happens."""

from __future__ import annotations

from engine.errors import NotFound
from engine.model.backtest import BacktestRun
from tui.backtest_view import BacktestView, name_words, progress_words, status_words
from tui.bridge import DeskBridge
from tui.price_alerts import Task
from tui.proposals import Proposal


def run_named(view: BacktestView, run_id: str) -> BacktestRun:
    """Return a run, or raise `NotFound` when it has gone."""
    run = view.run(run_id)
    if run is None:
        raise NotFound(f"run: there is no run {run_id} any more", field="run_id", value=run_id)
    return run


def propose_cancel(view: BacktestView, run_id: str, bridge: DeskBridge) -> Proposal:
    """Return what stopping a run would do; the desk itself refuses for one that is over."""
    run = run_named(view, run_id)

    async def carry_out() -> str:
        stopped = await bridge.desk.backtests.cancel(run_id)
        return f"{run_id} is {stopped.status.value}; r resumes it"

    over = f"It is over already: {run.status.value}." if run.status.is_over else ""
    return Proposal(
        title="Cancel run",
        sentence=f"Stop {run_id}, {name_words(run)} on {', '.join(run.symbols)}: {progress_words(run)}.",
        verb="Stop it",
        run=carry_out,
        warning=over,
    )


def propose_delete(view: BacktestView, run_id: str, bridge: DeskBridge) -> Proposal:
    """Return what deleting a run would do; the desk itself refuses while it runs."""
    run = run_named(view, run_id)

    async def carry_out() -> str:
        await bridge.desk.backtests.delete(run_id)
        return f"{run_id} is deleted with its result"

    return Proposal(
        title="Delete run",
        sentence=f"Delete {run_id}, {name_words(run)} on {', '.join(run.symbols)}, with its result.",
        verb="Delete",
        run=carry_out,
        warning="" if run.status.is_over else "It is not over: x stops it first.",
    )


def resume_run(view: BacktestView, run_id: str, bridge: DeskBridge) -> Task:
    """Return the task that runs an interrupted or cancelled run to its end; raises `NotFound`."""
    run_named(view, run_id)

    async def carry_out() -> str:
        run = await bridge.desk.backtests.resume(run_id)
        return f"{run_id} is {status_words(run.status)[0][2:]} again"

    return carry_out
