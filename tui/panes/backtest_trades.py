"""The trades pane: round trips by the page; of a sweep, its combinations, the best first."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from engine.model.backtest import BacktestResult, BacktestTrade
from engine.text import count
from tui.action import Context
from tui.actions import bindings_for
from tui.backtest_sweeps import combination_columns, combination_row, ordered_places
from tui.backtest_trades import TRADE_COLUMNS, trade_row
from tui.backtest_view import Subject, waiting_words
from tui.panes.backtest_base import BacktestPane, ChangingTable
from tui.panes.span_line import Span, SpanLine

PAGE = 200
"""So many rows are made at once: a run can have tens of thousands of trades."""


def page_spans(offset: int, shown: int, total: int, noun: str) -> tuple[Span, ...]:
    """Return which part of how many is shown."""
    if total <= PAGE:
        return (Span(count(total, noun), "muted"),)
    words = f"{offset + 1:,} – {offset + shown:,} of {count(total, noun)}"
    return (Span(words, "muted"), Span(" · [ ] pages", "muted", priority=1))


class TradesPane(BacktestPane):
    """A page of trades, oldest first."""

    context = Context.RUN_TRADES
    BINDINGS = bindings_for(Context.RUN_TRADES)
    HELP = "Enter looks at the trade closely in the price pane, [ and ] turn pages."
    DEFAULT_CSS: ClassVar[str] = "TradesPane LiveTable { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._subject = Subject()
        self._offset = 0
        self._order: list[int] = []

    def compose(self) -> ComposeResult:
        """Build the head line and the table."""
        yield SpanLine(id="trades-head")
        yield ChangingTable(TRADE_COLUMNS, empty_text="")

    @property
    def cursor_key(self) -> str | None:
        """The number of the trade, or the place of the combination, under the cursor."""
        return self.query_one(ChangingTable).cursor_key

    @property
    def total(self) -> int:
        """How many rows there are on all pages."""
        if self._subject.sweep is not None:
            return len(self._subject.sweep.lines)
        return len(self._subject.result.trades) if self._subject.result is not None else 0

    def show(self, subject: Subject) -> None:
        """Show the trades from their first page on, or the same page of the same run."""
        before = self._subject
        if subject.result is not before.result or subject.sweep is not before.sweep:
            self._offset = 0
            self._order = ordered_places(subject.sweep) if subject.sweep is not None else []
        self._subject = subject
        self._show_page()

    def turn_page(self, direction: int) -> None:
        """Show the page before or after this one, if there is one."""
        offset = self._offset + direction * PAGE
        if 0 <= offset < self.total:
            self._offset = offset
            self._show_page()
            self.query_one(ChangingTable).action_cursor_first()

    def _show_page(self) -> None:
        subject, table = self._subject, self.query_one(ChangingTable)
        page = slice(self._offset, self._offset + PAGE)
        noun = "trade"
        if subject.sweep is not None:
            sweep, noun = subject.sweep, "combination"
            table.use_columns(combination_columns(sweep))
            table.show([combination_row(sweep, place) for place in self._order[page]])
        else:
            table.use_columns(TRADE_COLUMNS)
            table.show([trade_row(trade) for trade in _trades(subject.result)[page]])
        self.set_heading("Combinations" if subject.sweep is not None else self.title)
        is_known = subject.result is not None or subject.sweep is not None
        spans = page_spans(self._offset, len(table.rows), self.total, noun)
        hint = "Enter runs it alone" if subject.sweep is not None else "Enter looks closely"
        self.query_one("#trades-head", SpanLine).show(
            spans if is_known else [Span(waiting_words(subject), "muted")],
            [Span(hint, "muted", priority=2)] if table.rows else [],
        )


def _trades(result: BacktestResult | None) -> tuple[BacktestTrade, ...]:
    return result.trades if result is not None else ()
