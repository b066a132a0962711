"""The watchlist: bid, ask and change of each symbol, and how old that is."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from engine.model.event import ReplayState
from engine.model.instrument import Instrument
from tui import format as fmt
from tui.actions import Context, bindings_for
from tui.messages import SymbolChosen
from tui.panes.base import Pane
from tui.view import STALE_QUOTE_MS, DeskView, marked
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column

FRESH_QUOTE_MS = 1_000
"""A quote younger than this, in market time, is simply `ok`."""

COLUMNS = (
    Column("symbol", "  sym", 7),
    Column("bid", "bid", 10, weight=1, align="right"),
    Column("ask", "ask", 10, weight=1, align="right"),
    Column("spread", "spread", 8, weight=1, align="right", priority=3),
    Column("change", "24 h", 9, weight=1, align="right", priority=1),
    Column("age", "age", 4, weight=1, align="right", priority=2),
)


def watch_row(view: DeskView, instrument: Instrument) -> Row:
    """Return the cells of one symbol; every one is grey when the data is old or the feed silent."""
    ticker = view.ticker(instrument.symbol)
    name = Cell(marked(instrument.symbol, is_selected=instrument.symbol == view.selection.symbol))
    if ticker is None:
        return Row(instrument.symbol, (name, *(Cell(fmt.ABSENT, "muted"),) * (len(COLUMNS) - 1)))
    quote, tick = ticker.quote, instrument.tick_size
    # Against the newest quote: at 600x the picture itself is a minute of market time behind.
    age = max(other.quote.ts_ms for other in view.tickers) - quote.ts_ms
    is_stale = age >= STALE_QUOTE_MS or bool(view.market.feed_age_ms)
    change = ticker.change_24h
    cells: tuple[Cell, ...] = (
        name,
        Cell(fmt.price(quote.bid, tick), "bid"),
        Cell(fmt.price(quote.ask, tick), "ask"),
        Cell(fmt.price(quote.ask - quote.bid, tick), "muted"),
        Cell(fmt.change(change), fmt.trend_role(change)),
        Cell("<1s" if age < FRESH_QUOTE_MS else fmt.age(age), "muted"),
    )
    if is_stale:
        cells = tuple(Cell(cell.text, "stale") for cell in cells)
    return Row(instrument.symbol, cells)


class WatchlistPane(Pane):
    """A row for each symbol; the row under the cursor is the selected symbol."""

    context = Context.WATCHLIST
    BINDINGS = bindings_for(Context.WATCHLIST)
    HELP = "Move to a symbol to select it: b and s open a ticket for it."

    def __init__(self) -> None:
        super().__init__()
        self._marked = ""

    def compose(self) -> ComposeResult:
        """Build the table."""
        yield LiveTable(COLUMNS, empty_text="waiting for the market …")

    def show(self, view: DeskView) -> None:
        """Show the quotes and put the cursor on the selected symbol."""
        table = self.query_one(LiveTable)
        table.show([watch_row(view, instrument) for instrument in view.instruments])
        # Only a new selection moves the cursor: a picture must not undo a key pressed meanwhile.
        if view.instruments and view.selection.symbol != self._marked:
            self._marked = view.selection.symbol
            table.move_cursor_to(self._marked)
        self.set_subtitle("replay ended" if view.market.replay is ReplayState.ENDED else "")

    @on(LiveTable.RowHighlighted)
    @on(LiveTable.RowSelected)
    def choose(self, event: LiveTable.RowHighlighted | LiveTable.RowSelected) -> None:
        """Select the symbol under the cursor."""
        event.stop()
        if event.key is not None and event.key == event.table.cursor_key and event.table.has_focus:
            self._marked = event.key
            self.post_message(SymbolChosen(event.key))
