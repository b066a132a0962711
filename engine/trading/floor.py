"""The trading floor: every market event goes through here, in one order, whatever its source.

A quote first updates the market, then lets each wallet match, trigger and liquidate. When the moment
ends, equity is sampled and schedules look at the time, and what has closed moves the signals. All
of it is synchronous and quick: strategies only get a trigger queued.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from engine.market.market_state import MarketState
from engine.model.account import EquityPoint
from engine.model.candle import Candle
from engine.model.event import Topic
from engine.model.quote import BookSnapshot, Quote
from engine.model.trade import Trade
from engine.streams import Bus
from engine.trading.journal import DeskJournal
from engine.trading.signal_floor import SignalFloor
from engine.trading.trader import TraderRuntime
from engine.trading.waking import Roster


class TradingFloor:
    """Takes the market's events (a `MarketSink`) and passes them on to every trader."""

    def __init__(
        self,
        market: MarketState,
        traders: Sequence[TraderRuntime],
        roster: Roster,
        signals: SignalFloor,
        journal: DeskJournal,
        bus: Bus,
        sample_ms: int,
    ) -> None:
        self._market = market
        self._traders = traders
        self._roster = roster
        self._signals = signals
        self._journal = journal
        self._bus = bus
        self._sample_ms = sample_ms
        self._next_sample_ms = 0
        self._moment_ms = 0
        self._is_quoted = False
        self.trade_taken: Callable[[Trade], None] = lambda trade: None
        """Told of every trade of the market that counts."""

    def on_moment_start(self, ts_ms: int) -> None:
        """Collect what the moment at `ts_ms` causes."""
        self._moment_ms = ts_ms
        self._journal.begin_moment()

    def on_moment_end(self) -> None:
        """Sample equity, let what has closed move the signals, then write it all as one unit."""
        if self._is_quoted and self._moment_ms >= self._next_sample_ms:
            self._on_sample(self._moment_ms)
        self._is_quoted = False
        self._signals.end_moment(self._moment_ms)
        self._journal.end_moment()

    def on_quote(self, quote: Quote) -> None:
        """Take the best bid and ask of a symbol."""
        if not self._market.on_quote(quote):
            return
        book = self._market.book(quote.symbol)
        for trader in self._traders:
            trader.exchange.on_quote(quote, book)
        self._signals.on_mark(quote.symbol, quote.mark, quote.ts_ms)
        self._bus.publish_level(Topic.QUOTES, quote.symbol, quote)
        self._is_quoted = True

    def on_book(self, snapshot: BookSnapshot) -> None:
        """Take the order book of a symbol."""
        self._market.on_book(snapshot)

    def on_book_lost(self, symbol: str) -> None:
        """Forget a symbol's order book, which is not to be trusted any more."""
        self._market.on_book_lost(symbol)

    def on_candle(self, symbol: str, candle: Candle) -> None:
        """Take a one-minute candle; closed ones move the signals."""
        self._signals.on_candles(symbol, self._market.on_candle(symbol, candle))

    def on_trade(self, trade: Trade) -> None:
        """Take a trade of the market."""
        if self._market.on_trade(trade):
            self.trade_taken(trade)

    def on_open_interest(self, symbol: str, notional: Decimal, ts_ms: int) -> None:
        """Take the open interest of a symbol."""
        self._market.on_open_interest(symbol, notional, ts_ms)

    def on_funding_rate(self, symbol: str, rate: Decimal, ts_ms: int) -> None:
        """Take the rate at which a symbol's coming settlement stands."""
        self._market.on_funding_rate(symbol, rate, ts_ms)

    def on_funding(self, symbol: str, rate: Decimal, mark: Decimal, ts_ms: int) -> None:
        """Take a funding settlement that is due now."""
        for trader in self._traders:
            trader.exchange.on_funding(symbol, rate, mark, ts_ms)

    def _on_sample(self, ts_ms: int) -> None:
        self._next_sample_ms = ts_ms - ts_ms % self._sample_ms + self._sample_ms
        for trader in self._traders:
            equity = trader.exchange.account(self._market.marks()).equity
            if trader.equity.append(ts_ms, equity):
                trader.ledger.write(EquityPoint(trader.config.trader_id, ts_ms, equity))
        for waking in self._roster.all:
            waking.on_time(ts_ms)
