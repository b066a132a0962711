"""Keeps what is plainly wrong away from the desk, and says how well each symbol's feed does.

Refused are events older than the last one of their kind and symbol, trades that come twice, quotes
and books whose bid is not below their ask, prices or sizes that are not positive numbers, and candles
off the minute. What was refused counts as never heard. An event from the future, further than the
limit below, sets no mark: one wrong stamp must not make everything after it seem old. A closed candle
from there is refused, as it would keep out all candles until its time has come.

A symbol is stale when nothing acceptable has come from it for longer than a limit *in market time*.
Live, that is the machine's time. In a replay it is the recording's: a paused one does not age, and
at any speed the same symbols go stale at the same places, so that signals fire alike.

A trouble begins with its first sign and is over once none has shown for the same limit: a feed that
sends nothing but nonsense is told of once, not with every frame.
"""

from __future__ import annotations

import enum
import math
from collections import deque
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from engine.market.periods import Period
from engine.model.candle import Candle
from engine.model.chart import FeedStatus
from engine.model.quote import BookSnapshot, Quote
from engine.model.trade import Trade

STALE_AFTER_MS = 15_000
REMEMBERED_TRADE_IDS = 1_000
_ZERO = Decimal(0)


class FeedTrouble(enum.StrEnum):
    """What can be wrong with a symbol's feed; the value is how it is put to a person."""

    STALE = "silent, its signals are suspended"
    OUT_OF_ORDER = "sends events that jump back in time; they are dropped"
    CROSSED = "sends bids at or above asks; they are dropped"
    IMPOSSIBLE = "sends prices or sizes that cannot be; they are dropped"
    TRADES_MISSING = "left out trades; order flow is unknown for a while"
    BOOK_LOST = "has no true order book, a new one is awaited"


class _Kind(enum.Enum):
    """Events whose times are compared with each other."""

    QUOTE = enum.auto()
    TRADE = enum.auto()
    BOOK = enum.auto()
    CANDLE = enum.auto()
    OPEN_INTEREST = enum.auto()
    FUNDING_RATE = enum.auto()


class FeedChange(msgspec.Struct, frozen=True):
    """A trouble of a symbol's feed began, or is over."""

    symbol: str
    trouble: FeedTrouble
    is_over: bool
    ts_ms: int

    @property
    def message(self) -> str:
        """The sentence to alert a person with."""
        ending = " (this is over)" if self.is_over else ""
        return f"{self.symbol} feed: {self.trouble}{ending}"


class FeedGuard:
    """Judges every event of every symbol; `now_ms` is always the market's time.

    Where `trade_ids_are_consecutive`, a trade whose id does not grow is refused; elsewhere one
    whose id was seen lately.
    """

    def __init__(
        self,
        symbols: Iterable[str],
        now_ms: int,
        stale_after_ms: int = STALE_AFTER_MS,
        trade_ids_are_consecutive: bool = True,
    ) -> None:
        self._feeds = {
            symbol: _SymbolFeed(symbol, now_ms, stale_after_ms, trade_ids_are_consecutive)
            for symbol in symbols
        }

    def admit_quote(self, quote: Quote, now_ms: int) -> bool:
        """Tell whether a quote is fit to be acted on."""
        feed = self._feeds[quote.symbol]
        if not _are_positive(quote.bid, quote.ask, quote.mark, quote.bid_quantity, quote.ask_quantity):
            return feed.refuse(FeedTrouble.IMPOSSIBLE, now_ms)
        if quote.bid >= quote.ask:
            return feed.refuse(FeedTrouble.CROSSED, now_ms)
        if not feed.is_in_order(_Kind.QUOTE, quote.ts_ms, now_ms):
            return feed.refuse(FeedTrouble.OUT_OF_ORDER, now_ms)
        return feed.hear(now_ms)

    def admit_trade(self, trade: Trade, now_ms: int) -> bool:
        """Tell whether a trade may count."""
        feed = self._feeds[trade.symbol]
        if not _are_positive(trade.price, trade.quantity):
            return feed.refuse(FeedTrouble.IMPOSSIBLE, now_ms)
        in_order = feed.is_in_order(_Kind.TRADE, trade.ts_ms, now_ms)
        if not in_order or not feed.is_new_trade(trade.trade_id):
            return feed.refuse(FeedTrouble.OUT_OF_ORDER, now_ms)
        return feed.hear(now_ms)

    def admit_book(self, book: BookSnapshot, now_ms: int) -> bool:
        """Tell whether a book may be shown and filled from; after a crossed or impossible one, none may."""
        feed = self._feeds[book.symbol]
        levels = (*book.bids, *book.asks)
        if not all(_are_positive(level.price, level.quantity) for level in levels):
            self.on_book_lost(book.symbol, now_ms)
            return feed.refuse(FeedTrouble.IMPOSSIBLE, now_ms)
        if book.bids and book.asks and book.bids[0].price >= book.asks[0].price:
            self.on_book_lost(book.symbol, now_ms)
            return feed.refuse(FeedTrouble.CROSSED, now_ms)
        if not feed.is_in_order(_Kind.BOOK, book.ts_ms, now_ms):
            return feed.refuse(FeedTrouble.OUT_OF_ORDER, now_ms)
        feed.has_book = True
        feed.end(FeedTrouble.BOOK_LOST, now_ms)
        return feed.hear(now_ms)

    def admit_candle(self, symbol: str, candle: Candle, now_ms: int) -> bool:
        """Tell whether a one-minute candle may be added."""
        feed = self._feeds[symbol]
        body = sorted((candle.open, candle.close))
        is_possible = (
            0 < candle.low <= body[0] <= body[1] <= candle.high < math.inf
            and 0 <= candle.volume < math.inf
            and Period.M1.open_of(candle.open_ms) == candle.open_ms
        )
        if not is_possible:
            return feed.refuse(FeedTrouble.IMPOSSIBLE, now_ms)
        if candle.closed and feed.is_from_the_future(Period.M1.close_of(candle.open_ms), now_ms):
            return feed.refuse(FeedTrouble.OUT_OF_ORDER, now_ms)
        if not feed.is_in_order(_Kind.CANDLE, candle.open_ms, now_ms):
            return feed.refuse(FeedTrouble.OUT_OF_ORDER, now_ms)
        return feed.hear(now_ms)

    def admit_open_interest(self, symbol: str, notional: Decimal, ts_ms: int, now_ms: int) -> bool:
        """Tell whether an open interest of `ts_ms` is news."""
        feed = self._feeds[symbol]
        if not (notional.is_finite() and notional >= 0):
            return feed.refuse(FeedTrouble.IMPOSSIBLE, now_ms)
        if not feed.is_in_order(_Kind.OPEN_INTEREST, ts_ms, now_ms):
            return feed.refuse(FeedTrouble.OUT_OF_ORDER, now_ms)
        return feed.hear(now_ms)

    def admit_funding_rate(self, symbol: str, rate: Decimal, ts_ms: int, now_ms: int) -> bool:
        """Tell whether a funding rate of `ts_ms` is news."""
        feed = self._feeds[symbol]
        if not rate.is_finite():
            return feed.refuse(FeedTrouble.IMPOSSIBLE, now_ms)
        if not feed.is_in_order(_Kind.FUNDING_RATE, ts_ms, now_ms):
            return feed.refuse(FeedTrouble.OUT_OF_ORDER, now_ms)
        return feed.hear(now_ms)

    def on_book_lost(self, symbol: str, now_ms: int) -> None:
        """Note that a symbol's book was given up and is being fetched anew."""
        feed = self._feeds[symbol]
        if feed.has_book and FeedTrouble.BOOK_LOST not in feed.troubles:
            feed.resyncs += 1
            feed.begin(FeedTrouble.BOOK_LOST, now_ms)

    def has_lost_book(self, symbol: str) -> bool:
        """Tell whether a symbol's book was given up and has not come back."""
        return FeedTrouble.BOOK_LOST in self._feeds[symbol].troubles

    def on_missing_trades(self, symbol: str, count: int, now_ms: int) -> None:
        """Note that `count` trades of a symbol were left out."""
        feed = self._feeds[symbol]
        feed.missing_trades += count
        feed.begin(FeedTrouble.TRADES_MISSING, now_ms)

    def take_changes(self, now_ms: int) -> list[FeedChange]:
        """Return what has begun and what is over since the last call, each symbol's in time order."""
        changes: list[FeedChange] = []
        for feed in self._feeds.values():
            feed.check(now_ms)
            if feed.changes:
                changes += feed.changes
                feed.changes = []
        return changes

    def is_stale(self, symbol: str, now_ms: int) -> bool:
        """Tell whether a symbol has been silent for longer than the limit."""
        return self._feeds[symbol].is_silent(now_ms)

    def status(self, symbol: str, now_ms: int) -> FeedStatus:
        """Return how a symbol's feed does."""
        return self._feeds[symbol].status(now_ms)


class _SymbolFeed:
    """What one symbol's feed has said and got wrong."""

    def __init__(self, symbol: str, now_ms: int, limit_ms: int, ids_are_consecutive: bool) -> None:
        self._symbol = symbol
        self._limit_ms = limit_ms
        self._heard_ms = now_ms
        self._latest_ms = dict.fromkeys(_Kind, -1)
        self._last_trade_id = -1
        self._recent_ids: _RecentIds | None = None if ids_are_consecutive else _RecentIds()
        self.has_book = False
        self.resyncs = 0
        self.missing_trades = 0
        self.refused = dict.fromkeys(FeedTrouble, 0)
        self.troubles: dict[FeedTrouble, int] = {}
        """What is wrong now, and when it last showed."""
        self.changes: list[FeedChange] = []

    def hear(self, now_ms: int) -> bool:
        """Note an event that was accepted."""
        if self.troubles or now_ms - self._heard_ms > self._limit_ms:
            self.check(now_ms)
            self.end(FeedTrouble.STALE, now_ms)
        self._heard_ms = now_ms
        return True

    def refuse(self, trouble: FeedTrouble, now_ms: int) -> bool:
        """Note an event that was not."""
        self.refused[trouble] += 1
        self.begin(trouble, now_ms)
        return False

    def is_in_order(self, kind: _Kind, ts_ms: int, now_ms: int) -> bool:
        """Tell whether an event is not older than the last one of its kind, and remember it."""
        latest_ms = self._latest_ms[kind]
        if ts_ms < latest_ms and not self.is_from_the_future(latest_ms, now_ms):
            return False
        self._latest_ms[kind] = ts_ms
        return True

    def is_from_the_future(self, ts_ms: int, now_ms: int) -> bool:
        return ts_ms > now_ms + self._limit_ms

    def is_new_trade(self, trade_id: int) -> bool:
        """Tell whether a trade comes for the first time, and remember it."""
        if self._recent_ids is not None:
            return self._recent_ids.add(trade_id)
        is_new = trade_id > self._last_trade_id
        self._last_trade_id = max(trade_id, self._last_trade_id)
        return is_new

    def is_silent(self, now_ms: int) -> bool:
        return now_ms - self._heard_ms > self._limit_ms

    def begin(self, trouble: FeedTrouble, now_ms: int) -> None:
        """Note a sign of trouble."""
        if trouble not in self.troubles:
            self.changes.append(FeedChange(self._symbol, trouble, False, now_ms))
        self.troubles[trouble] = now_ms

    def end(self, trouble: FeedTrouble, now_ms: int) -> None:
        """Note that a trouble is over, if it was there."""
        if self.troubles.pop(trouble, None) is not None:
            self.changes.append(FeedChange(self._symbol, trouble, True, now_ms))

    def check(self, now_ms: int) -> None:
        """Look at what time alone brings: silence, and the end of troubles that have not shown again."""
        if self.is_silent(now_ms):
            if FeedTrouble.STALE not in self.troubles:
                self.begin(FeedTrouble.STALE, now_ms)
            return
        for trouble, last_ms in tuple(self.troubles.items()):
            if trouble not in _LASTING and now_ms - last_ms > self._limit_ms:
                self.end(trouble, now_ms)

    def status(self, now_ms: int) -> FeedStatus:
        quote_ms = self._latest_ms[_Kind.QUOTE]
        has_lost_book = FeedTrouble.BOOK_LOST in self.troubles
        return FeedStatus(
            symbol=self._symbol,
            quote_age_ms=None if quote_ms < 0 else max(0, now_ms - quote_ms),
            is_stale=self.is_silent(now_ms),
            book="lost" if has_lost_book else "true" if self.has_book else "none",
            resyncs=self.resyncs,
            out_of_order=self.refused[FeedTrouble.OUT_OF_ORDER],
            crossed=self.refused[FeedTrouble.CROSSED],
            missing_trades=self.missing_trades,
        )


_LASTING = frozenset({FeedTrouble.STALE, FeedTrouble.BOOK_LOST})
"""Troubles that are over when the thing itself is back."""


def _are_positive(*values: Decimal) -> bool:
    """Tell whether all are numbers above 0; comparing with what is not a number would raise."""
    return all(value.is_finite() and value > _ZERO for value in values)


class _RecentIds:
    """The last trade ids, for venues whose ids have no order."""

    def __init__(self) -> None:
        self._order: deque[int] = deque()
        self._known: set[int] = set()

    def add(self, trade_id: int) -> bool:
        """Remember an id; return False if it was known."""
        if trade_id in self._known:
            return False
        self._known.add(trade_id)
        self._order.append(trade_id)
        if len(self._order) > REMEMBERED_TRADE_IDS:
            self._known.discard(self._order.popleft())
        return True
