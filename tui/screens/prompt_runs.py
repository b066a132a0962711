"""The prompt backtests: every run and replay, how it stands, what it took, and a way to its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from engine.errors import DeskError, NotFound
from engine.model.prompt_backtest import PromptRun, PromptRunKind
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.bridge import DeskBridge
from tui.panes.footer import footer_spans
from tui.panes.span_line import Span, SpanLine
from tui.program_outline import Node, text_nodes
from tui.proposals import Proposal
from tui.replay_view import RUN_ROLES
from tui.screens.dialog import ActionDialog
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column
from tui.widgets.wrapped_text import WrappedText
from tui.wording import plain_words, refusal_text

REFRESH_S = 1.0
RESULT_WIDTH = 100
COLUMNS = (
    Column("run", "run", 9),
    Column("status", "status", 10),
    Column("name", "name", 12, weight=2, priority=1),
    Column("kind", "kind", 9, priority=3),
    Column("model", "model", 10, weight=1, priority=4),
    Column("asked", "asked", 9, align="right", priority=1),
    Column("failed", "failed", 6, align="right", priority=2),
    Column("cached", "recorded", 8, align="right", priority=5),
    Column("tokens", "tokens", 10, align="right", priority=3),
    Column("usd", "USD", 9, align="right", priority=1),
    Column("created", "started", 11, align="right", priority=2),
)


class PromptRunsScreen(ActionDialog[None], inherit_bindings=False):
    """Lists the runs newest first; Enter shows what one came to."""

    DEFAULT_CSS = """
    PromptRunsScreen .dialog { width: 140; height: 90%; padding: 0 1; }
    PromptRunsScreen .dialog LiveTable { height: 1fr; background: $surface; }
    PromptRunsScreen .dialog SpanLine { height: 1; }
    PromptRunsScreen .dialog #run-said { height: 2; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.PROMPT_RUNS)

    def __init__(self, bridge: DeskBridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._notice = Span("")
        self.handlers |= {
            "prompt-runs.stop": lambda: self._with_run(self._stop),
            "prompt-runs.retry": lambda: self._with_run(self._retry),
            "prompt-runs.delete": lambda: self._with_run(self._delete),
            "prompt-runs.close": lambda: self.dismiss(None),
        }

    def compose(self) -> ComposeResult:
        """Build the list, what is said of the run under the cursor, and the keys."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Text("Prompt backtests")
            dialog.border_subtitle = "Enter shows what a run came to"
            yield LiveTable(COLUMNS, empty_text="no prompt backtests yet: e in a decision asks it again")
            yield WrappedText(id="run-said")
            yield SpanLine(id="run-keys")

    def on_mount(self) -> None:
        """Fill the list, and keep it current."""
        self.query_one(LiveTable).focus()
        self._show()
        self.set_interval(REFRESH_S, self._show)

    @on(LiveTable.RowHighlighted)
    def cursor_moved(self) -> None:
        """Say what there is to say of the run under the cursor."""
        self._show_said()

    @on(LiveTable.RowSelected)
    async def choose(self, event: LiveTable.RowSelected) -> None:
        """Show what the run came to."""
        event.stop()
        await self._with_run(self._open)

    @property
    def _run(self) -> PromptRun | None:
        key = self.query_one(LiveTable).cursor_key
        runs = self._bridge.desk.prompt_backtests.runs()
        return next((run for run in runs if run.run_id == key), None)

    async def _with_run(self, act: Callable[[PromptRun], Awaitable[None]]) -> None:
        run = self._run
        if run is None:
            self._say("no run under the cursor", "warning")
            return
        try:
            await act(run)
        except DeskError as error:
            self._say(refusal_text(error), "warning")
        self._show()

    async def _open(self, run: PromptRun) -> None:
        if run.kind is PromptRunKind.REPLAY:
            from tui.screens.replay_result import ReplayResultScreen

            await self.app.push_screen(ReplayResultScreen(self._bridge, run.run_id))
            return
        from tui.screens.program_outline_screen import OutlineScreen

        async def load() -> Sequence[Node]:
            from engine.backtesting import result_text

            found = await self._bridge.desk.prompt_backtests.result(run.run_id)
            return text_nodes(result_text(found.result, RESULT_WIDTH), is_code=True)

        await self.app.push_screen(
            OutlineScreen(f"{run.run_id} · {run.name}", load=load, waiting="reading …")
        )

    async def _stop(self, run: PromptRun) -> None:
        await self._bridge.desk.prompt_backtests.cancel(run.run_id)
        self._say(f"{run.run_id} is stopped; what there is stays")

    async def _retry(self, run: PromptRun) -> None:
        await self._bridge.desk.prompt_backtests.retry(run.run_id)
        self._say(f"{run.run_id} asks again what failed")

    async def _delete(self, run: PromptRun) -> None:
        from tui.screens.confirm import ConfirmScreen

        desk = self._bridge.desk.prompt_backtests

        async def carry_out() -> str:
            await desk.delete(run.run_id)
            return f"{run.run_id} is deleted"

        def make() -> Proposal:
            if not any(each.run_id == run.run_id for each in desk.runs()):
                raise NotFound(f"prompt backtest: there is no {run.run_id} any more")
            return Proposal(
                title="Delete prompt backtest",
                sentence=f"Delete {run.run_id}, {run.name}, and its result.",
                verb="Delete",
                run=carry_out,
                warning="The replies stay recorded: the same questions cost nothing again.",
            )

        await self.app.push_screen(ConfirmScreen(make(), make), self._run_proposal)

    async def _run_proposal(self, confirmed: Proposal | None) -> None:
        if confirmed is None:
            return
        try:
            self._say(await confirmed.run())
        except DeskError as error:
            self._say(refusal_text(error), "warning")
        self._show()

    def _say(self, message: str, role: str = "accent") -> None:
        self._notice = Span(f"{message} ", role)
        self._show_said()

    def _show(self) -> None:
        now_ms = self._bridge.view.market.now_ms
        runs = self._bridge.desk.prompt_backtests.runs()
        self.query_one(LiveTable).show([_row(run, now_ms) for run in runs])
        self._show_said()

    def _show_said(self) -> None:
        run = self._run
        words = " · ".join(plain_words(text) for text in (run.error, *run.warnings) if text) if run else ""
        role = "danger" if run is not None and run.error else "warning"
        self.query_one("#run-said", WrappedText).show(words, role)
        self.query_one("#run-keys", SpanLine).show(footer_spans([Context.PROMPT_RUNS]), [self._notice])


def _row(run: PromptRun, now_ms: int) -> Row:
    kind = "snapshots" if run.kind is PromptRunKind.SNAPSHOTS else "replay"
    cells = (
        Cell(run.run_id, "accent"),
        Cell(run.status.value, RUN_ROLES[run.status]),
        Cell(run.name),
        Cell(kind, "muted"),
        Cell(run.model, "muted"),
        Cell(f"{run.completed:,}/{run.total:,}"),
        Cell(f"{run.failed:,}" if run.failed else fmt.ABSENT, "danger" if run.failed else "muted"),
        Cell(f"{run.cached:,}" if run.cached else fmt.ABSENT, "muted"),
        Cell(f"{run.tokens:,}"),
        Cell(fmt.money(run.cost_usd, 4)),
        Cell(fmt.time_or_day(run.created_ms, now_ms), "muted"),
    )
    return Row(run.run_id, cells)
