"""The triggers pane: every wake-up of the program by the page, and what came of each."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.app import ComposeResult

from engine.model.backtest import TriggerLine
from tui.action import Context
from tui.actions import bindings_for
from tui.backtest_trades import TRIGGER_COLUMNS, trigger_row
from tui.backtest_view import Subject, waiting_words
from tui.panes.backtest_base import BacktestPane
from tui.panes.backtest_trades import page_spans
from tui.panes.span_line import Span, SpanLine
from tui.widgets.live_table import LiveTable

OPERATIONS = ("", "buy", "sell", "close", "hold", "error")
"""What the log can be narrowed down to; "" is all of it."""
OF_A_SWEEP = "a sweep has no log of its own · Enter in its combinations runs one alone"


class TriggerPage(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Some lines of a run's log, `total` of that operation in all; `problem` says why there are none."""

    run_id: str
    offset: int
    operation: str
    total: int = 0
    lines: tuple[TriggerLine, ...] = ()
    problem: str = ""


class TriggersPane(BacktestPane):
    """A page of the trigger log."""

    context = Context.TRIGGERS
    BINDINGS = bindings_for(Context.TRIGGERS)
    HELP = "Enter shows what the program was given and asked, o narrows the log down, [ and ] turn pages."
    DEFAULT_CSS: ClassVar[str] = "TriggersPane LiveTable { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._subject = Subject()
        self._page: TriggerPage | None = None

    def compose(self) -> ComposeResult:
        """Build the head line and the table."""
        yield SpanLine(id="triggers-head")
        yield LiveTable(TRIGGER_COLUMNS, empty_text="")

    @property
    def cursor_index(self) -> int | None:
        """The number of the line under the cursor."""
        key = self.query_one(LiveTable).cursor_key
        return int(key) if key is not None else None

    def show(self, subject: Subject) -> None:
        """Show whose log this is."""
        if subject.run is None or self._subject.run is None or subject.run.run_id != self._subject.run.run_id:
            self._page = None
        self._subject = subject
        self._show()

    def show_page(self, page: TriggerPage) -> None:
        """Show a page of the log, once it has been read."""
        if page is not self._page:
            self._page = page
            self._show()

    def _show(self) -> None:
        subject, page = self._subject, self._page
        table, head = self.query_one(LiveTable), self.query_one("#triggers-head", SpanLine)
        table.show([trigger_row(line) for line in page.lines] if page else [])
        if subject.result is None:
            head.show([Span(OF_A_SWEEP if subject.sweep is not None else waiting_words(subject), "muted")])
            return
        if page is None or page.problem:
            head.show([Span(page.problem if page else "reading the log …", "muted")])
            return
        filters = [
            Span(f"[{name or 'all'}]", "accent", "triggers.filter")
            if name == page.operation
            else Span(f" {name or 'all'} ", "muted", "triggers.filter", priority=3)
            for name in OPERATIONS
        ]
        head.show(page_spans(page.offset, len(page.lines), page.total, "line"), filters)
