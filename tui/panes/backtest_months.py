"""The months pane: the return of each calendar month, and of each year."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from tui.action import Context
from tui.actions import bindings_for
from tui.backtest_trades import MONTH_CELLS, month_columns, month_rows
from tui.backtest_view import Subject, waiting_words
from tui.panes.backtest_base import BacktestPane, ChangingTable
from tui.panes.span_line import Span, SpanLine

WIDE = 5 + 13 * (MONTH_CELLS + 1) + 1
"""From this width on a year is one row of twelve months."""
OF_A_SWEEP = "a sweep has no months of its own · Enter in its combinations runs one alone"


class MonthsPane(BacktestPane):
    """A table of months; where it is narrow, years stand side by side."""

    context = Context.MONTHS
    BINDINGS = bindings_for(Context.MONTHS)
    HELP = "Returns of calendar months in UTC, compounded to years."
    DEFAULT_CSS: ClassVar[str] = """
    MonthsPane LiveTable { height: 1fr; }
    MonthsPane #months-head.-empty { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._subject = Subject()

    def compose(self) -> ComposeResult:
        """Build the table."""
        yield SpanLine(id="months-head")
        yield ChangingTable((), empty_text="")

    def on_resize(self, event: events.Resize) -> None:
        """Lay the months out anew."""
        self.call_after_refresh(lambda: self.show(self._subject))

    def show(self, subject: Subject) -> None:
        """Show the months."""
        self._subject = subject
        table, head = self.query_one(ChangingTable), self.query_one("#months-head", SpanLine)
        months = subject.result.monthly if subject.result is not None else ()
        years_down = self.content_size.width >= WIDE
        table.use_columns(month_columns(months, years_down=years_down))
        table.show(month_rows(months, years_down=years_down))
        self.set_heading(f"{self.title} · per cent" if months else self.title)
        words = "" if months else OF_A_SWEEP if subject.sweep is not None else waiting_words(subject)
        if subject.result is not None and not months:
            words = "shorter than a day"
        head.show([Span(words, "muted")])
        head.set_class(not words, "-empty")
