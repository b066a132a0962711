"""The line above the market: the symbol, its price, its regime, how its feed does, what is held."""

from __future__ import annotations

from engine.model.event import ReplayState
from tui import format as fmt
from tui.market_rows import regime_spans
from tui.market_view import MarketView
from tui.panes.span_line import Span, SpanLine

_PRICE_ROOM = len("999,999.9")


def header_spans(view: MarketView) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the left and the right half of the line."""
    if not view.symbol:
        return (Span(" waiting for the market …", "muted"),), ()
    ticker = view.desk.ticker(view.symbol)
    name = Span(f" {view.symbol} ", "accent")
    if ticker is None:
        return (name, Span(" no price yet", "muted")), ()
    mark = fmt.price(ticker.quote.mark, view.tick)
    change = ticker.change_24h
    left = [
        name,
        Span(f" {mark}", "stale" if view.is_stale else "text", room=_PRICE_ROOM),
        Span(f"  {fmt.change(change)}", "stale" if view.is_stale else fmt.trend_role(change), priority=1),
        Span(" 24 h", "muted", priority=4),
        Span("    "),
        *(
            span._replace(action="market.reasons")
            for span in regime_spans(view.regime, is_stale=view.is_stale)
        ),
    ]
    return tuple(left), (*_holding(view), *_feed(view), Span(" "))


def _feed(view: MarketView) -> tuple[Span, ...]:
    """Return how the feed does: fresh, old, or without its book; what was wrong since the start."""
    feed = view.feed
    if feed is None:
        return (Span("feed –", "muted", priority=2),)
    words = []
    if feed.book == "lost":
        words.append(Span("book lost, resyncing  ", "warning"))
    faults = [
        f"{count} {what}"
        for count, what in (
            (feed.resyncs, "resyncs"),
            (feed.out_of_order, "late"),
            (feed.crossed, "crossed"),
            (feed.missing_trades, "trades missing"),
        )
        if count
    ]
    if faults:
        words.append(Span(f"{', '.join(faults)}  ", "muted", priority=5))
    if feed.quote_age_ms is None:
        words.append(Span("no quote yet", "stale"))
    elif view.is_stale:
        words.append(Span(f"stale: {fmt.age(feed.quote_age_ms)} old", "stale"))
    elif view.desk.market.replay is not ReplayState.RUNNING:
        # Market time stands still: the quote does not age, and is not fresh either.
        ticker = view.desk.ticker(view.symbol)
        time = fmt.market_time(ticker.quote.ts_ms) if ticker is not None else fmt.ABSENT
        words.append(Span(f"quote of {time}", "muted", priority=2))
    else:
        age = f"{fmt.age(feed.quote_age_ms)} old" if feed.quote_age_ms else "fresh"
        words.append(Span(f"quote {age}", "muted", priority=2))
    return tuple(words)


def _holding(view: MarketView) -> tuple[Span, ...]:
    """Return what the selected trader holds of the symbol: keys act for that trader."""
    trader = view.desk.trader
    if trader is None:
        return ()
    position = view.position
    if position is None:
        return (Span(f"{trader.name}: flat   ", "muted", "trader.next", priority=3),)
    side = "long" if position.quantity > 0 else "short"
    size = fmt.quantity(abs(position.quantity), view.desk.lot_size(view.symbol))
    entry = fmt.price(view.tick * round(position.entry_price / view.tick), view.tick)
    profit = position.unrealized_pnl
    return (
        Span(f"{trader.name}: ", "muted", "trader.next", priority=3),
        Span(f"{side} {size} @ {entry} ", "text", "trader.next", priority=3),
        Span(f"{fmt.profit(profit)}   ", fmt.trend_role(profit), priority=3),
    )


class MarketHeader(SpanLine):
    """The line above the panes of the market."""

    def show_market(self, view: MarketView) -> None:
        """Show this picture of the market."""
        self.show(*header_spans(view))
