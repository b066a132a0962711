"""The records in a program's data: candles, positions, fills, orders and market regimes.

Shipped as text and executed in the guest after `guest_books.py`; the engine never imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_api import MarketData
    from engine.strategies.programs.guest_books import duration_text, utc_text


class _Row:
    """A record whose fields are its annotations in order."""

    def __init__(self, *values: Any) -> None:
        self.__dict__.update(zip(type(self).__annotations__, values, strict=True))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({values})"


class Kline(_Row):
    """One closed candle; `timestamp` is its open time in seconds."""

    timestamp: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def __init__(
        self, timestamp: float, open: float, high: float, low: float, close: float, volume: float
    ) -> None:
        self.timestamp = int(timestamp)
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume


class Trade(_Row):
    """One execution: `timestamp` in ms, `pnl` the profit it realised."""

    symbol: str
    side: str
    size: float
    price: float
    timestamp: int
    pnl: float
    close_time: str


class Order(_Row):
    """An open order; `direction` says whether it opens or closes a long or a short."""

    order_id: str
    symbol: str
    side: str
    direction: str
    order_type: str
    size: float
    price: float | None
    trigger_price: float | None
    reduce_only: bool
    timestamp: int


class RegimeInfo(_Row):
    """A market regime: `conf` from 0 to 1, `direction` bullish, bearish or neutral."""

    regime: str
    conf: float | None
    direction: str | None
    reason: str | None
    indicators: dict[str, float | None]


class Position:
    """A position: `side` is long or short, `size` above 0; `liquidation_price` may be None."""

    __slots__ = ("_data", "side", "symbol")

    def __init__(self, data: MarketData, symbol: str, side: str) -> None:
        self._data = data
        self.symbol = symbol
        self.side = side

    @property
    def size(self) -> float:
        """How much is held, in the base currency."""
        return float(abs(self._values()[0]))

    @property
    def entry_price(self) -> float:
        """The average price it was entered at."""
        return float(self._values()[1])

    @property
    def unrealized_pnl(self) -> float:
        """Profit at the mark price, before fees."""
        data = self._data
        mark = data._batch.mark(self.symbol, data._row)
        return float(data._batch.books.unrealized_pnl(self.symbol, mark, data.now_ms))

    @property
    def leverage(self) -> int:
        """Its leverage."""
        return int(self._values()[2])

    @property
    def liquidation_price(self) -> float | None:
        """The mark price that liquidates it."""
        price = self._values()[3]
        return None if price is None else float(price)

    @property
    def opened_at(self) -> int:
        """When it was opened, in ms."""
        return int(self._values()[4])

    @property
    def opened_at_str(self) -> str:
        """When it was opened, as text."""
        return utc_text(self.opened_at)

    @property
    def holding_duration_seconds(self) -> int:
        """For how long it has been held."""
        return max(0, self._data.now_ms - self.opened_at) // 1000

    @property
    def holding_duration_str(self) -> str:
        """The same as text, such as `2h 30m`."""
        return duration_text(self.holding_duration_seconds)

    def _values(self) -> tuple[Any, ...]:
        data = self._data
        values: tuple[Any, ...] = data._batch.books.position(self.symbol, data.now_ms)
        return values

    def __repr__(self) -> str:
        return (
            f"Position(symbol={self.symbol!r}, side={self.side!r}, size={self.size!r}, "
            f"entry_price={self.entry_price!r}, unrealized_pnl={self.unrealized_pnl!r})"
        )
