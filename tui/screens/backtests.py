"""The backtests screen: the history of runs, and everything the one under its cursor came to."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType

from engine.errors import DeskError
from engine.model.backtest import BacktestResult, BacktestRun, BacktestStatus, SweepResult, TriggerLine
from tui.action import Context
from tui.actions import bindings_for
from tui.backtest_results import Results
from tui.backtest_view import (
    BacktestView,
    Compared,
    RunSort,
    Subject,
    percent,
    reason_words,
    sorted_runs,
)
from tui.bridge import DeskBridge
from tui.panes.backtest_base import BacktestPane
from tui.panes.backtest_equity import EquityPane
from tui.panes.backtest_figures import FiguresPane
from tui.panes.backtest_months import MonthsPane
from tui.panes.backtest_price import PricePane
from tui.panes.backtest_runs import RunsPane
from tui.panes.backtest_trades import TradesPane
from tui.panes.backtest_triggers import OPERATIONS, TriggerPage, TriggersPane
from tui.screens.backtest_layout import BacktestLayout
from tui.screens.backtest_screen_actions import BacktestActions
from tui.screens.workspace import WorkspaceScreen
from tui.view import DeskView
from tui.widgets.live_table import LiveTable
from tui.wording import refusal_text

SETTLE_S = 0.15
"""How long the cursor must rest before a result is worth reading."""
LOG_PAGE = 100
MOST_COMPARED = 6
"""No more runs are compared at once: fewer than results are kept."""

type LogPlace = tuple[str, int, str]
"""A page of a trigger log: the run, the first line, and the operation it is narrowed down to."""


class BacktestsScreen(WorkspaceScreen):
    """Runs, figures, equity, price, trades, months and triggers."""

    workspace = Context.BACKTEST_DESK
    first_pane = Context.RUNS
    panes = (RunsPane, FiguresPane, EquityPane, PricePane, TradesPane, MonthsPane, TriggersPane)
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.BACKTEST_DESK)

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        self.backtests = BacktestView()
        self.subject = Subject()
        super().__init__(bridge, frames_per_second)
        self._results = Results(bridge.desk.backtests)
        self._runs_shown: BacktestView | None = None
        self._subject_key: tuple[object, ...] | None = None
        self._shown: dict[str, Subject] = {}
        self._marked: tuple[str, ...] = ()
        self._sort = RunSort.NEWEST
        self._trade: tuple[str, int] | None = None
        self._asked: tuple[BacktestRun, ...] = ()
        self._wanted_cursor: str | None = None
        self._log_place: LogPlace = ("", 0, "")
        self._log_asked: LogPlace | None = None
        self._log_page: TriggerPage | None = None

    def make_layout(self) -> BacktestLayout:
        """Return the layout of the backtests screen."""
        return BacktestLayout()

    def make_actions(self) -> BacktestActions:
        """Return what runs its actions."""
        self.backtest_actions = BacktestActions(self)
        return self.backtest_actions

    def on_mount(self) -> None:
        """Let the price pane ask the desk for candles."""
        self.query_one(PricePane).desk = self.bridge.desk
        super().on_mount()

    @property
    def listed_run(self) -> BacktestRun | None:
        """The run under the cursor of the history."""
        return self.backtests.run(self.query_one(RunsPane).cursor_key)

    def show_picture(self, view: DeskView) -> None:
        """Read the history, hand each visible pane what it shows, and ask for results that are missing."""
        self._read_history(view)
        shown = self.grid.shown_ids()
        self._make_subject()
        for pane in self.query(BacktestPane):
            if pane.id in shown and self._shown.get(pane.id or "") is not self.subject:
                self._shown[pane.id or ""] = self.subject
                pane.show(self.subject)
        self._load_missing()
        if Context.TRIGGERS.value in shown:
            self._show_log()

    def toggle_mark(self, run_id: str) -> None:
        """Mark a run for comparing, or let it go."""
        without = tuple(other for other in self._marked if other != run_id)
        self._marked = without if run_id in self._marked else (*self._marked, run_id)[-MOST_COMPARED:]
        self.paint_tick()

    def sort_by(self, sort: RunSort) -> None:
        """Sort the history."""
        self._sort = sort
        self.paint_tick()

    def choose_run(self, run_id: str) -> None:
        """Put the cursor of the history on a run, as soon as it is there."""
        self._wanted_cursor = run_id
        self.paint_tick()

    def turn_log_page(self, direction: int) -> None:
        """Show another page of the trigger log."""
        run_id, offset, operation = self._log_place
        total = self._log_page.total if self._log_page is not None else 0
        if 0 <= offset + direction * LOG_PAGE < total:
            self._log_place = (run_id, offset + direction * LOG_PAGE, operation)
            self.paint_tick()

    def narrow_log(self) -> None:
        """Show the lines of the next operation only."""
        run_id, _, operation = self._log_place
        self._log_place = (run_id, 0, OPERATIONS[(OPERATIONS.index(operation) + 1) % len(OPERATIONS)])
        self.paint_tick()

    @on(LiveTable.RowHighlighted, "#runs LiveTable")
    def cursor_moved(self) -> None:
        """Show at once what is known of the new run."""
        self._runs_shown = None
        self.call_after_refresh(self.paint_tick)

    @on(LiveTable.RowSelected, "#runs LiveTable")
    def run_chosen(self) -> None:
        """Go to the figures of the run."""
        self.go_to(Context.FIGURES)

    @on(LiveTable.RowSelected, "#run-trades LiveTable")
    async def trade_chosen(self, event: LiveTable.RowSelected) -> None:
        """Look at a trade closely, or at all again; run a combination alone."""
        if self.subject.sweep is not None:
            await self.action_perform("combination.run")
        elif self.subject.run is not None:
            trade = (self.subject.run.run_id, int(event.key))
            self._trade = None if self._trade == trade else trade
            if Context.RUN_PRICE.value not in self.grid.shown_ids():
                self.go_to(Context.RUN_PRICE)
            self.paint_tick()

    @on(LiveTable.RowSelected, "#triggers LiveTable")
    async def trigger_chosen(self) -> None:
        """Show everything about a trigger."""
        await self.action_perform("trigger.show")

    def on_key(self, event: events.Key) -> None:
        """Let Enter on the price show all of it again."""
        pane = self.focused_pane
        if event.key == "enter" and pane is not None and pane.context is Context.RUN_PRICE and self._trade:
            event.stop()
            self._trade = None
            self.paint_tick()

    def _read_history(self, view: DeskView) -> None:
        runs = sorted_runs(self.bridge.desk.backtests.runs(), self._sort)
        read = BacktestView(runs, self._marked, self._sort, view.is_starting)
        if read != self.backtests:
            self._tell_of_ends(self.backtests, read)
            self.backtests = read
        if self._runs_shown is not self.backtests:
            self._runs_shown = self.backtests
            self.query_one(RunsPane).show(self.backtests)
        wanted = self._wanted_cursor
        if wanted is not None and self.backtests.run(wanted) is not None:
            self._wanted_cursor = None
            self.query_one(RunsPane).table.move_cursor_to(wanted)

    def _tell_of_ends(self, before: BacktestView, now: BacktestView) -> None:
        """Say which runs have come to an end since."""
        for run in now.runs:
            old = before.run(run.run_id)
            if old is None or old.status.is_over or not run.status.is_over:
                continue
            if run.status is BacktestStatus.COMPLETED:
                self.say(f"{run.run_id} completed: {percent(run.summary.get('total_return_pct'))}")
            else:
                self.say(f"{run.run_id} {run.status.value}: {reason_words(run)}", "warning")

    def _make_subject(self) -> None:
        """Make the picture of the run under the cursor, the same object while nothing of it has changed."""
        run = self.listed_run
        loaded = self._results.of(run) if run is not None else None
        result = loaded if isinstance(loaded, BacktestResult) else None
        compared = tuple(
            Compared(item, other)
            for item in self.backtests.compared
            if isinstance(other := self._results.of(item), BacktestResult)
        )
        compared = compared if len(compared) == len(self.backtests.compared) else ()
        trade = self._trade[1] if self._trade and run and self._trade[0] == run.run_id else None
        symbol = self._symbol_of(result)
        key = (run, id(loaded), tuple(id(item.result) for item in compared), symbol, trade)
        if key == self._subject_key:
            return
        self._subject_key = key
        self.subject = Subject(
            run=run,
            result=result,
            sweep=loaded if isinstance(loaded, SweepResult) else None,
            problem=loaded if isinstance(loaded, str) else "",
            compared=compared,
            symbol=symbol,
            trade=trade,
        )

    def _symbol_of(self, result: BacktestResult | None) -> str:
        """Return the selected symbol if the run has it, else its first one."""
        if result is None:
            return ""
        symbols = result.request.symbols
        return self.selection.symbol if self.selection.symbol in symbols else symbols[0]

    def _load_missing(self) -> None:
        listed = self.listed_run
        wanted = (*((listed,) if listed else ()), *self.backtests.compared)
        missing = tuple(dict.fromkeys(run.run_id for run in wanted if self._results.lacks(run)))
        runs = tuple(run for run_id in missing if (run := self.backtests.run(run_id)) is not None)
        if runs and runs != self._asked:
            self._asked = runs
            self.run_worker(self._load(runs), group="results", exclusive=True, exit_on_error=False)

    async def _load(self, runs: tuple[BacktestRun, ...]) -> None:
        await asyncio.sleep(SETTLE_S)
        for run in runs:
            await self._results.load(run)
        self._asked = ()
        self.paint_tick()

    def _show_log(self) -> None:
        """Show the page of the log that is wanted, and ask for it if it is not there."""
        result, run = self.subject.result, self.subject.run
        if result is None or run is None:
            return
        if self._log_place[0] != run.run_id:
            self._log_place = (run.run_id, 0, self._log_place[2])
        page = self._log_page
        if page is not None and (page.run_id, page.offset, page.operation) == self._log_place:
            self.query_one(TriggersPane).show_page(page)
        elif self._log_asked != self._log_place:
            self._log_asked = self._log_place
            self.run_worker(self._read_log(self._log_place), group="log", exclusive=True, exit_on_error=False)

    async def _read_log(self, place: LogPlace) -> None:
        run_id, offset, operation = place
        total, problem = 0, ""
        lines: tuple[TriggerLine, ...] = ()
        try:
            total, lines = await self.bridge.desk.backtests.triggers(
                run_id, offset=offset, limit=LOG_PAGE, operation=operation
            )
        except DeskError as error:
            problem = refusal_text(error)
        except Exception as error:  # an engine fault must not leave the pane waiting for ever
            problem = f"unexpected {type(error).__name__}: {error}"
        self._log_page = TriggerPage(
            run_id=run_id, offset=offset, operation=operation, total=total, lines=lines, problem=problem
        )
        self._log_asked = None
        self.paint_tick()
