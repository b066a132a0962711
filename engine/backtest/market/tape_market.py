"""The recording that the desk replays, as a backtest's market: the same quotes, second by second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from engine.backtest.market.base import Bars, QuoteColumns, QuoteTaker, bars_of
from engine.market.candles.series import CandleSeries
from engine.market.periods import MINUTE_MS
from engine.market.replay.candle_tape import CandleTape
from engine.model.quote import Quote

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TapeMarket:
    """Implements `engine.backtest.market.base.RunMarket` for a `CandleTape`."""

    bar_ms = MINUTE_MS

    def __init__(self, tape: CandleTape, candles: Mapping[str, CandleSeries]) -> None:
        self._tape = tape
        self._bars = {
            symbol: bars_of(rows.open_ms, MINUTE_MS, [column[: len(rows)] for column in tape.marks(symbol)])
            for symbol, rows in candles.items()
        }
        self._shown: dict[str, tuple[int, list[Quote]]] = {}

    def bars(self, symbol: str) -> Bars:
        """Return the bars of a symbol."""
        return self._bars[symbol]

    def open_quote_at(self, symbol: str, ts_ms: int) -> Quote | None:
        """See `RunMarket`; a recording has no gaps."""
        is_covered = self._tape.start_ms <= ts_ms < self._tape.end_ms
        return self.quote_at(symbol, ts_ms) if is_covered else None

    def quote_at(self, symbol: str, ts_ms: int) -> Quote:
        """See `RunMarket`."""
        minute, into_minute = divmod(min(ts_ms, self._tape.end_ms - 1), MINUTE_MS)
        return self._quotes(symbol, minute * MINUTE_MS)[into_minute // 1000]

    def quotes_at(self, symbol: str, ts_ms: NDArray[np.int64]) -> QuoteColumns:
        """See `RunMarket`; times are full minutes, as everything that wakes a trader is."""
        return QuoteColumns(*self._tape.opening_quotes(symbol, ts_ms))

    def mark_before(self, symbol: str, ts_ms: int) -> Decimal:
        """See `RunMarket`."""
        return self.quote_at(symbol, ts_ms - 1).mark

    def play(
        self, open_ms: int, symbols: Iterable[str], account: QuoteTaker, after_ms: int, until_ms: int
    ) -> None:
        """Show one minute, second by second, at each second the symbols in the tape's order."""
        wanted = set(symbols)
        minutes = [self._quotes(symbol, open_ms) for symbol in self._tape.symbols if symbol in wanted]
        for at_once in zip(*minutes, strict=True):
            if after_ms < at_once[0].ts_ms <= until_ms:
                for quote in at_once:
                    account.take(quote)

    def _quotes(self, symbol: str, open_ms: int) -> list[Quote]:
        shown = self._shown.get(symbol)
        if shown is None or shown[0] != open_ms:
            shown = self._shown[symbol] = open_ms, self._tape.quotes(symbol, open_ms)
        return shown[1]
