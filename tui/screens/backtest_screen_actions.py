"""What each action of the table does that works only on the backtests screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from engine.errors import DeskError
from engine.model.backtest import BacktestRequest, BacktestRun
from tui.action import Context
from tui.backtest_view import BacktestView, RunSort, Subject
from tui.panes.backtest_trades import TradesPane
from tui.panes.backtest_triggers import TriggersPane
from tui.screens.surface import WorkspaceSurface
from tui.screens.workspace_actions import WorkspaceActions
from tui.wording import refusal_text

if TYPE_CHECKING:
    from tui.program_outline import Node
    from tui.proposals import Proposal

NO_RUN = "no run under the cursor · N backtests a program"


class BacktestSurface(WorkspaceSurface, Protocol):
    """The backtests screen, as its actions use it."""

    @property
    def backtests(self) -> BacktestView:
        """The history of runs as last read."""

    @property
    def subject(self) -> Subject:
        """The run that is looked at, and what it came to."""

    @property
    def listed_run(self) -> BacktestRun | None:
        """The run under the cursor of the history."""

    def toggle_mark(self, run_id: str) -> None:
        """Mark a run for comparing, or let it go."""

    def sort_by(self, sort: RunSort) -> None:
        """Sort the history."""

    def choose_run(self, run_id: str) -> None:
        """Put the cursor of the history on a run, as soon as it is there."""

    def turn_log_page(self, direction: int) -> None:
        """Show another page of the trigger log."""

    def narrow_log(self) -> None:
        """Show the lines of the next operation only."""


class BacktestActions(WorkspaceActions):
    """Runs actions and commands for the backtests screen."""

    def __init__(self, screen: BacktestSurface) -> None:
        super().__init__(screen)
        self._backtests = screen
        self.handlers |= {
            "run.new": self.new_run,
            "run.change": lambda: self._with_run(self._run_again),
            "run.sweep": lambda: self._with_run(self._sweep),
            "run.mark": lambda: self._with_run(self._mark),
            "run.cancel": lambda: self._with_run(self._cancel),
            "run.resume": lambda: self._with_run(self._resume),
            "run.delete": lambda: self._with_run(self._delete),
            "run.sort": self._sort,
            "run.report": lambda: self._with_run(self._say_how_to_report),
            "trades.before": lambda: self._turn_trades(-1),
            "trades.after": lambda: self._turn_trades(1),
            "triggers.before": lambda: screen.turn_log_page(-1),
            "triggers.after": lambda: screen.turn_log_page(1),
            "triggers.filter": screen.narrow_log,
            "trigger.show": self._show_trigger,
            "combination.run": self._run_combination,
        }

    async def new_run(self, program: str = "") -> None:
        """Ask what to backtest: a program by its name if one is given."""
        await self._open_form(None, program)

    async def _with_run(self, act: Callable[[BacktestRun], Awaitable[None]]) -> None:
        """Act on the run under the cursor; say so where there is none, or it has just gone."""
        run = self._backtests.listed_run
        if run is None:
            self._backtests.say(NO_RUN, "warning")
            return
        try:
            await act(run)
        except DeskError as error:
            self._backtests.say(refusal_text(error), "warning")

    async def _request_of(self, run: BacktestRun) -> BacktestRequest:
        """Return what a run was asked for; raises `Conflict` before it is over."""
        desk = self._backtests.bridge.desk.backtests
        if run.combinations:
            return (await desk.sweep_result(run.run_id)).request.request
        return (await desk.result(run.run_id)).request

    async def _run_again(self, run: BacktestRun) -> None:
        await self._open_form(await self._request_of(run))

    async def _run_combination(self) -> None:
        screen = self._backtests
        sweep, key = screen.subject.sweep, self._trades.cursor_key
        if sweep is None or key is None:
            return
        request, line = sweep.request.request, sweep.lines[int(key)]
        await self._open_form(msgspec.structs.replace(request, params={**request.params, **line.params}))

    async def _open_form(self, request: BacktestRequest | None, program: str = "") -> None:
        from tui.screens.backtest_form import BacktestForm

        screen = self._backtests
        if screen.view.is_starting:
            screen.say("the desk is still starting", "warning")
            return
        form = BacktestForm(screen.bridge, request, self._started, program=program)
        await screen.app.push_screen(form, self._say_proof)

    async def _sweep(self, run: BacktestRun) -> None:
        from tui.screens.backtest_sweep_form import SweepForm

        screen = self._backtests
        request = await self._request_of(run)
        await screen.app.push_screen(SweepForm(screen.bridge, request, self._started), self._say_proof)

    def _started(self, run: BacktestRun) -> None:
        self._backtests.choose_run(run.run_id)

    async def _mark(self, run: BacktestRun) -> None:
        if run.combinations:
            self._backtests.say("a sweep is compared in its own table; mark single runs", "warning")
        else:
            self._backtests.toggle_mark(run.run_id)

    async def _cancel(self, run: BacktestRun) -> None:
        def make() -> Proposal:
            from tui.backtest_proposals import propose_cancel

            return propose_cancel(self._backtests.backtests, run.run_id, self._backtests.bridge)

        await self._backtests.ask(make)

    async def _delete(self, run: BacktestRun) -> None:
        def make() -> Proposal:
            from tui.backtest_proposals import propose_delete

            return propose_delete(self._backtests.backtests, run.run_id, self._backtests.bridge)

        await self._backtests.ask(make)

    async def _resume(self, run: BacktestRun) -> None:
        from tui.backtest_proposals import resume_run

        screen = self._backtests
        screen.send(resume_run(screen.backtests, run.run_id, screen.bridge))

    def _sort(self) -> None:
        sorts = tuple(RunSort)
        self._backtests.sort_by(sorts[(sorts.index(self._backtests.backtests.sort) + 1) % len(sorts)])

    async def _say_how_to_report(self, run: BacktestRun) -> None:
        from tui.backtest_reports import report_command

        self._backtests.say(report_command(await self._request_of(run)))

    @property
    def _trades(self) -> TradesPane:
        pane = self._backtests.pane(Context.RUN_TRADES)
        assert isinstance(pane, TradesPane)
        return pane

    def _turn_trades(self, direction: int) -> None:
        self._trades.turn_page(direction)

    async def _show_trigger(self) -> None:
        from tui.backtest_reports import trigger_nodes
        from tui.screens.program_outline_screen import OutlineScreen

        screen = self._backtests
        pane, run = screen.pane(Context.TRIGGERS), screen.listed_run
        index = pane.cursor_index if isinstance(pane, TriggersPane) else None
        if run is None or index is None:
            return

        async def load() -> Sequence[Node]:
            return trigger_nodes(await screen.bridge.desk.backtests.trigger_detail(run.run_id, index))

        title = f"Trigger {index} of {run.run_id}"
        waiting = "running the program on it once more …"
        await screen.app.push_screen(OutlineScreen(title, load=load, waiting=waiting))
