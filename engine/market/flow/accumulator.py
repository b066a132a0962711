"""Flow samples built as the market moves: what every fifteen seconds of one symbol add up to.

An event counts in the interval in which it arrived in market time, `ts_ms`, whatever the venue
stamped on it: a closed sample never changes, and holds nothing that was not known when it closed. An
interval is closed by the first event or the first `close_until` at or after its end, so the same
arrivals give the same samples live and in a replay.

Three things are never guessed. The first interval, if the feed began inside it, gives no sample; an
interval in which the feed said nothing gives none either. Where trades are known to be missing, what
takers dealt in the running interval is unknown (NaN), and so it is until the first trade has shown
that the feed tells them at all.
"""

from __future__ import annotations

import math

from engine.market.book.order_book import near_depth
from engine.model.candle import Candle
from engine.model.flow import SAMPLE_MS, FlowSample
from engine.model.order import Side
from engine.model.quote import BookSnapshot
from engine.model.trade import Trade

MINUTE_SECONDS = 60


class FlowAccumulator:
    """The running flow sample of one symbol; it begins with the first trade or book.

    Where `trade_ids_are_consecutive`, a hole in them shows exactly that trades are missing. Where
    they are not, the interval that follows a silent one is taken to miss some.
    """

    def __init__(self, trade_ids_are_consecutive: bool = True) -> None:
        self.missing_trades = 0
        """How many trades the holes in the ids have held so far."""
        self._ids_are_consecutive = trade_ids_are_consecutive
        self._closed: list[FlowSample] = []
        self._last_trade_id: int | None = None
        self._last_price = math.nan
        self._book: BookSnapshot | None = None
        self._open_interest = math.nan
        self._funding_rate = math.nan
        self._open_ms: int | None = None
        self._is_whole = False
        self._begin(None)

    @property
    def has_begun(self) -> bool:
        """Whether a trade or a book has come; until then the feed may be one of candles only."""
        return self._open_ms is not None

    def on_trade(self, trade: Trade, ts_ms: int) -> int:
        """Take a trade; return how many the ids show to be missing right before it.

        Consecutive ids must grow. A trade made more than a whole interval before the running one is
        history that the venue repeats to a new subscriber, and adds nothing.
        """
        open_ms = self._hear(ts_ms)
        missing = 0
        if self._ids_are_consecutive and self._last_trade_id is not None:
            missing = trade.trade_id - self._last_trade_id - 1
            if missing:
                self.missing_trades += missing
                self._taker_is_known = False
        self._last_trade_id = trade.trade_id
        if trade.ts_ms >= open_ms - SAMPLE_MS:
            self._add(trade)
        return missing

    def on_book(self, snapshot: BookSnapshot, ts_ms: int) -> None:
        """Take the order book."""
        self._hear(ts_ms)
        self._book = snapshot

    def on_book_lost(self) -> None:
        """Forget the order book."""
        self._book = None

    def on_open_interest(self, notional: float, ts_ms: int) -> None:
        """Take the open interest, in the quote currency."""
        self.on_sign_of_life(ts_ms)
        self._open_interest = notional

    def on_funding_rate(self, rate: float, ts_ms: int) -> None:
        """Take the rate of the coming settlement, a fraction."""
        self.on_sign_of_life(ts_ms)
        self._funding_rate = rate

    def on_sign_of_life(self, ts_ms: int) -> None:
        """Note that the feed has said something else, such as a quote."""
        if self._open_ms is not None:
            self._hear(ts_ms)

    def close_until(self, ts_ms: int) -> None:
        """Close the interval that runs if it has ended by `ts_ms`."""
        if self._open_ms is None or ts_ms < self._open_ms + SAMPLE_MS:
            return
        is_silent = not self._is_alive
        if self._is_alive and self._is_whole:
            self._closed.append(self._sample(self._open_ms))
        open_ms = ts_ms - ts_ms % SAMPLE_MS
        is_silent |= open_ms > self._open_ms + SAMPLE_MS
        self._is_whole = True
        self._begin(open_ms)
        if is_silent and not self._ids_are_consecutive:
            self._taker_is_known = False

    def take_closed(self) -> list[FlowSample]:
        """Return the samples closed since the last call, oldest first."""
        closed, self._closed = self._closed, []
        return closed

    def _add(self, trade: Trade) -> None:
        price = float(trade.price)
        if self._trades == 0:
            self._open = self._high = self._low = price
        self._high = max(self._high, price)
        self._low = min(self._low, price)
        self._last_price = price
        self._trades += 1
        notional = float(trade.price * trade.quantity)
        if trade.taker_side is Side.BUY:
            self._buy_notional += notional
        else:
            self._sell_notional += notional

    def _hear(self, ts_ms: int) -> int:
        """Return when the interval opened in which something arrives at `ts_ms`."""
        if self._open_ms is None:
            self._is_whole = ts_ms % SAMPLE_MS == 0
            self._open_ms = ts_ms - ts_ms % SAMPLE_MS
        elif ts_ms >= self._open_ms + SAMPLE_MS:
            self.close_until(ts_ms)
        self._is_alive = True
        return self._open_ms

    def _begin(self, open_ms: int | None) -> None:
        self._open_ms = open_ms
        self._taker_is_known = True
        self._is_alive = False
        self._trades = 0
        self._open = self._high = self._low = math.nan
        self._buy_notional = self._sell_notional = 0.0

    def _sample(self, open_ms: int) -> FlowSample:
        last = self._last_price
        prices = (self._open, self._high, self._low) if self._trades else (last, last, last)
        is_known = self._taker_is_known and not math.isnan(last)
        bid_depth, ask_depth = (math.nan, math.nan) if self._book is None else near_depth(self._book)
        return FlowSample(
            open_ms + SAMPLE_MS,
            *prices,
            last,
            self._buy_notional if is_known else math.nan,
            self._sell_notional if is_known else math.nan,
            self._open_interest,
            self._funding_rate,
            float(bid_depth),
            float(ask_depth),
            self._trades,
        )


def minute_sample(minute: Candle) -> FlowSample:
    """Return a closed minute as a sample that knows prices only; `FlowSeries.of_minutes` gives columns."""
    unknown = math.nan
    return FlowSample(
        close_ms=minute.open_ms + MINUTE_SECONDS * 1000,
        open=minute.open,
        high=minute.high,
        low=minute.low,
        close=minute.close,
        buy_notional=unknown,
        sell_notional=unknown,
        open_interest=unknown,
        funding_rate=unknown,
        bid_depth=unknown,
        ask_depth=unknown,
        seconds=MINUTE_SECONDS,
    )
