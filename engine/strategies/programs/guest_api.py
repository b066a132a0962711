"""What a program sees inside the sandbox: its decision, its data, and the records in it.

Shipped as text and executed in the guest before `guest_prelude.py`; the engine never imports it.
What is unknown is `None`, `{}` or an empty list, never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_books import duration_text, utc_text

DEFAULT_SLIPPAGE = 0.005
"""How far beyond the quote an order of the short form may fill, unless it says otherwise."""


class ActionType:
    """The four operations by name; plain words work as well."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"
    CLOSE = "close"


class Decision:
    """What a program wants done; `hold` needs nothing but the operation.

    `target_portion_of_balance` is the share of the available balance to use as margin (buy, sell),
    or the share of the position to close; `quantity` in the base currency stands in its place.
    `leverage` left out is the account's default leverage. `max_price` is required to buy, `min_price`
    to sell; closing a long takes `min_price`, closing a short `max_price`. `take_profit_price` and
    `stop_loss_price` are trigger prices. The documented words work too: `long` and `short`,
    `size_pct`, `take_profit_pct`, `stop_loss_pct` (from the entry) and `reasoning`.
    """

    def __init__(
        self,
        operation: str,
        symbol: str = "",
        target_portion_of_balance: float = 0.0,
        leverage: int | None = None,
        max_price: float | None = None,
        min_price: float | None = None,
        time_in_force: str = "Ioc",
        take_profit_price: float | None = None,
        stop_loss_price: float | None = None,
        tp_execution: str = "limit",
        sl_execution: str = "limit",
        reason: str = "",
        trading_strategy: str = "",
        quantity: float | None = None,
        size_pct: float | None = None,
        take_profit_pct: float | None = None,
        stop_loss_pct: float | None = None,
        reasoning: str = "",
    ) -> None:
        self.operation = operation
        self.symbol = symbol
        self.target_portion_of_balance = target_portion_of_balance
        self.leverage = leverage
        self.max_price = max_price
        self.min_price = min_price
        self.time_in_force = time_in_force
        self.take_profit_price = take_profit_price
        self.stop_loss_price = stop_loss_price
        self.tp_execution = tp_execution
        self.sl_execution = sl_execution
        self.reason = reason
        self.trading_strategy = trading_strategy
        self.quantity = quantity
        self.size_pct = size_pct
        self.take_profit_pct = take_profit_pct
        self.stop_loss_pct = stop_loss_pct
        self.reasoning = reasoning


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
    direction: str
    reason: str
    indicators: dict[str, float | None]


class Position:
    """A position: `side` is long or short, `size` above 0; `liquidation_price` may be None."""

    __slots__ = ("_data", "side", "symbol")

    def __init__(self, data: MarketData, symbol: str, side: str) -> None:
        self._data = data
        self.symbol = symbol
        self.side = side

    def _row(self) -> tuple[Any, ...]:
        data = self._data
        data._books.check(data.now_ms)
        return data._books.rows[self.symbol]

    @property
    def size(self) -> float:
        """How much is held, in the base currency."""
        return float(abs(self._row()[2]))

    @property
    def entry_price(self) -> float:
        """The average price it was entered at."""
        return float(self._row()[3])

    @property
    def unrealized_pnl(self) -> float:
        """Profit at the mark price, before fees."""
        row = self._row()
        return float(row[2] * (self._data._mark(self.symbol) - row[3]))

    @property
    def leverage(self) -> int:
        """Its leverage."""
        return self._row()[4]

    @property
    def liquidation_price(self) -> float | None:
        """The mark price that liquidates it."""
        price = self._row()[6]
        return None if price is None else float(price)

    @property
    def opened_at(self) -> int:
        """When it was opened, in ms."""
        return self._row()[7]

    @property
    def opened_at_str(self) -> str:
        """When it was opened, as text."""
        return utc_text(self._row()[7])

    @property
    def holding_duration_seconds(self) -> int:
        """For how long it has been held."""
        return max(0, self._data.now_ms - self._row()[7]) // 1000

    @property
    def holding_duration_str(self) -> str:
        """The same as text, such as `2h 30m`."""
        return duration_text(self.holding_duration_seconds)

    def __repr__(self) -> str:
        return (
            f"Position(symbol={self.symbol!r}, side={self.side!r}, size={self.size!r}, "
            f"entry_price={self.entry_price!r}, unrealized_pnl={self.unrealized_pnl!r})"
        )


class MarketData:
    """The `data` a program is given: its trigger, its account and the market, and nothing later.

    Beside what the contract names: `symbols` (all it may trade), `period` (the candle period it was
    set up with), `now_ms`, `params`, `trading_mode`.
    """

    def __init__(self, batch: Any, row: int, now_ms: int) -> None:
        self._batch: Any = batch
        self._row = row
        self._books = batch.books
        self.now_ms = now_ms

    # --- the trigger -----------------------------------------------------------------------------

    @property
    def trigger_symbol(self) -> str:
        """The symbol that woke it; empty for a schedule over all."""
        return self._batch.trigger(self._row)[0]

    @property
    def trigger_type(self) -> str:
        """`signal`, `scheduled` or `manual`."""
        return self._batch.trigger(self._row)[1]

    @property
    def signal_pool_name(self) -> str:
        """The pool that fired."""
        return self._batch.trigger(self._row)[2]

    @property
    def pool_logic(self) -> str:
        """`OR` or `AND`."""
        return self._batch.trigger(self._row)[3]

    @property
    def triggered_signals(self) -> list[dict[str, Any]]:
        """The pool's signals that were met: `name`, `condition`, `value`, `signal_id`."""
        return self._batch.signals(self._row)

    @property
    def trigger_market_regime(self) -> RegimeInfo | None:
        """The five-minute regime of the symbol that woke it."""
        symbol = self.trigger_symbol
        return self.get_regime(symbol, "5m") if symbol else None

    signal_source_type = None
    wallet_event = None

    # --- the account -----------------------------------------------------------------------------

    @property
    def environment(self) -> str:
        """`mainnet` where orders are real, else `testnet`."""
        return self._batch.environment

    @property
    def trading_mode(self) -> str:
        """`live`, `paper`, `replay` or `backtest`."""
        return self._batch.trading_mode

    @property
    def max_leverage(self) -> int:
        """The account's limit."""
        return self._batch.max_leverage

    @property
    def default_leverage(self) -> int:
        """What an order uses that names none."""
        return self._batch.default_leverage

    @property
    def available_balance(self) -> float:
        """What a new position may use."""
        self._books.check(self.now_ms)
        return float(self._books.cash - self._books.used_margin)

    @property
    def total_equity(self) -> float:
        """Cash and what positions are worth at the mark price."""
        return float(self._equity())

    @property
    def used_margin(self) -> float:
        """What positions and resting orders set aside."""
        self._books.check(self.now_ms)
        return float(self._books.used_margin)

    @property
    def margin_usage_percent(self) -> float | None:
        """Used margin in per cent of equity."""
        equity = float(self._equity())
        return float(self._books.used_margin) / equity * 100 if equity > 0 else None

    maintenance_margin = None

    @property
    def positions(self) -> dict[str, Position]:
        """The open positions by symbol."""
        return {symbol: Position(self, symbol, side) for symbol, side in self._books.sides.items()}

    @property
    def recent_trades(self) -> list[Trade]:
        """The last executions, newest first."""
        self._books.check(self.now_ms)
        return [
            Trade(symbol, side, float(size), float(price), ts_ms, float(pnl), utc_text(ts_ms))
            for symbol, side, size, price, ts_ms, pnl in self._books.trades
        ]

    @property
    def open_orders(self) -> list[Order]:
        """The orders that wait."""
        self._books.check(self.now_ms)
        return [
            Order(
                *row[:5],
                float(row[5]),
                None if row[6] is None else float(row[6]),
                None if row[7] is None else float(row[7]),
                *row[8:],
            )
            for row in self._books.orders
        ]

    # --- the market ------------------------------------------------------------------------------

    @property
    def symbols(self) -> list[str]:
        """Everything it may trade."""
        return list(self._batch.symbols)

    @property
    def period(self) -> str:
        """The candle period it was set up with."""
        return self._batch.period

    @property
    def params(self) -> dict[str, Any]:
        """What `init` receives."""
        return dict(self._batch.params)

    def get_price(self, symbol: str) -> float | None:
        """Return the mark price of `symbol`, None when it is unknown."""
        marks = self._batch.marks.get(symbol)
        if marks is None:
            return None
        mark = marks[self._row]
        return mark if mark == mark else None

    def get_price_change(self, symbol: str, period: str) -> dict[str, float]:
        """Return `change_percent` and `change_usd` over `period`, or {} when it is not covered."""
        found = self._ask("price_change", symbol, "", period).at(self._row)
        return {} if found.get("change_percent") is None else found

    def get_klines(self, symbol: str, period: str, count: int = 50) -> list[Kline]:
        """Return the last `count` closed candles, oldest first."""
        count = int(count)
        if count <= 0:
            return []
        asked = 100 if count <= 100 else count
        answer = self._ask("klines", symbol, "", period, asked)
        return [Kline(*row) for row in answer.rows(self._row, count)]

    def get_indicator(self, symbol: str, name: str, period: Any = None) -> dict[str, Any]:
        """Return the indicator at the last closed candle, or {} without data.

        One value is `value`, with `previous` and `series`, the last twenty; several are under their own
        names. A number in place of the period is the documented form: the indicator's length.
        """
        answer = self._batch.indicators.get((symbol, name, period))
        if answer is None:
            answer = self._indicator(symbol, name, period)
        return answer.at(self._row)

    def get_flow(self, symbol: str, metric: str, period: str) -> dict[str, Any]:
        """Return a measure of order flow over the running window, or {} where the feed has none."""
        found = self._ask("flow", symbol, str(metric).upper(), period).at(self._row)
        return found if any(value is not None for value in found.values()) else {}

    def get_regime(self, symbol: str, period: str = "5m") -> RegimeInfo | None:
        """Return the market regime at the last closed candle, None while it is unknown."""
        found = self._ask("regime", symbol, "", period).at(self._row)
        regime = found.pop("regime", None)
        if regime is None:
            return None
        conf, direction, reason = found.pop("conf"), found.pop("direction"), found.pop("reason")
        return RegimeInfo(regime, conf, direction, reason, found)

    def get_market_data(self, symbol: str) -> dict[str, Any]:
        """Return price, bid, ask, tick size and the day's figures, or {} for an unknown symbol."""
        found = self._ask("market_data", symbol).at(self._row)
        return {"symbol": symbol, **found} if found else {}

    def get_factor(self, symbol: str, name: str, period: str = "5m") -> dict[str, Any]:
        """Return a factor's value and how well it foretells, or {} for an unknown one."""
        return self._ask("factor", symbol, name, period).at(self._row)

    def get_factor_ranking(self, symbol: str, top_n: int = 10) -> list[dict[str, Any]]:
        """Return the factors that foretell best; empty in backtests."""
        return self._ask("factor_ranking", symbol, "", "", int(top_n)).rows(self._row)

    def get_positions(self) -> list[Position]:
        """Return the open positions as a list, the documented way."""
        return list(self.positions.values())

    def get_balance(self) -> float:
        """Return the available balance, the documented way."""
        return self.available_balance

    # --- the short form --------------------------------------------------------------------------

    def buy(self, symbol: str, quantity: float | None = None, **words: Any) -> Decision:
        """Order a buy of `quantity` in the base currency; the words are a `Decision`'s."""
        return self._order("buy", symbol, quantity, words)

    def sell(self, symbol: str, quantity: float | None = None, **words: Any) -> Decision:
        """Order a sale of `quantity` in the base currency."""
        return self._order("sell", symbol, quantity, words)

    def close(self, symbol: str, portion: float = 1.0, **words: Any) -> Decision:
        """Order a position, or a share of it, to be closed."""
        words.setdefault("target_portion_of_balance", portion)
        return self._order("close", symbol, None, words)

    def hold(self, reason: str = "") -> Decision:
        """Do nothing, and say why."""
        return self._batch.keep_order(Decision("hold", reason=reason))

    # --- behind it -------------------------------------------------------------------------------

    def _order(self, operation: str, symbol: str, quantity: float | None, words: dict[str, Any]) -> Decision:
        if quantity is None and operation != "close" and not words.get("target_portion_of_balance"):
            raise ValueError(f"{operation} needs a quantity, such as ctx.{operation}({symbol!r}, 0.01)")
        return self._batch.keep_order(Decision(operation, symbol, quantity=quantity, **words))

    def _indicator(self, symbol: str, name: str, period: Any) -> Any:
        wanted, candles = str(name), period
        if period is None or (isinstance(period, int) and not isinstance(period, bool)):
            wanted, candles = _with_length(wanted, period), self._batch.period
        answer = self._ask("indicator", symbol, wanted, candles)
        self._batch.indicators[symbol, name, period] = answer
        return answer

    def _ask(self, method: str, symbol: str, name: str = "", period: str = "", count: int = 0) -> Any:
        return self._batch.ask(method, symbol, name, period, count)

    def _mark(self, symbol: str) -> Any:
        return self._batch.exact_mark(symbol, self._row)

    def _equity(self) -> Any:
        self._books.check(self.now_ms)
        equity = self._books.cash
        for symbol, row in self._books.rows.items():
            equity += row[2] * (self._mark(symbol) - row[3])
        return equity


def _with_length(name: str, length: int | None) -> str:
    """Return the documented form's indicator: `rsi` and 14 is RSI14, `macd` keeps its own lengths."""
    upper = name.upper()
    if length is None or upper in ("MACD", "VWAP", "OBV", "STOCH"):
        return upper
    if upper in ("BBANDS", "BOLL"):
        return "BOLL" if length == 20 else f"bbands({length})"
    if upper in ("RSI", "MA", "EMA", "ATR"):
        return f"{upper}{length}"
    return f"{name.lower()}({length})"
