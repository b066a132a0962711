"""What a program sees inside the sandbox: its decision, its data, and the records in it.

Shipped as text and executed in the guest before `guest_prelude.py`; the engine never imports it.
What is unknown is `None`, `{}` or an empty list, never 0.
"""

from __future__ import annotations

import json
from typing import Any


class ActionType:
    """The four operations by name; plain words work as well."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"
    CLOSE = "close"


class Decision:
    """What a program wants done; `hold` needs nothing but the operation.

    `target_portion_of_balance` is the share of the available balance to use as margin (buy, sell),
    or the share of the position to close. `leverage` left out is the account's default leverage.
    `max_price` is required to buy, `min_price` to sell; closing a long takes `min_price`, closing a
    short `max_price`. `take_profit_price` and `stop_loss_price` are trigger prices.
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


class _Row:
    """A record built from one array of the context, whose fields are its annotations in order."""

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


class Position(_Row):
    """A position: `side` is long or short, `size` above 0; `liquidation_price` may be None."""

    symbol: str
    side: str
    size: float
    entry_price: float
    unrealized_pnl: float
    leverage: int
    liquidation_price: float | None
    opened_at: int
    opened_at_str: str
    holding_duration_seconds: int
    holding_duration_str: str


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


class MarketData:
    """The `data` a program is given: its trigger, its account and the market, and nothing later.

    Beside the attributes set here: `symbols` (all it may trade), `period` (the candle period it was
    set up with: the one `get_klines` and `get_indicator` know), `now_ms`, `params`, `trading_mode`.
    """

    def __init__(self, context: dict[str, Any], series: dict[str, str]) -> None:
        self.trigger_symbol: str = context["trigger_symbol"]
        self.trigger_type: str = context["trigger_type"]
        self.signal_pool_name: str = context["signal_pool_name"]
        self.pool_logic: str = "OR"
        self.triggered_signals: list[dict[str, Any]] = context["triggered_signals"]
        self.trigger_market_regime: None = None
        self.signal_source_type: None = None
        self.wallet_event: None = None
        self.environment: str = context["environment"]
        self.trading_mode: str = context["trading_mode"]
        self.max_leverage: int = context["max_leverage"]
        self.default_leverage: int = context["default_leverage"]
        self.available_balance: float = context["available_balance"]
        self.total_equity: float = context["total_equity"]
        self.used_margin: float = context["used_margin"]
        self.margin_usage_percent: float | None = context["margin_usage_percent"]
        self.maintenance_margin: float | None = None
        self.positions: dict[str, Position] = {row[0]: Position(*row) for row in context["positions"]}
        self.recent_trades: list[Trade] = [Trade(*row) for row in context["recent_trades"]]
        self.open_orders: list[Order] = [Order(*row) for row in context["open_orders"]]
        self.now_ms: int = context["now_ms"]
        self.period: str = context["period"]
        self.params: dict[str, Any] = context["params"]
        self._period_ms: int = context["period_ms"]
        self._markets: dict[str, dict[str, Any]] = context["markets"]
        self._series = series
        self._klines: dict[str, list[Kline]] = {}
        self.symbols: list[str] = list(self._markets)

    def get_price(self, symbol: str) -> float | None:
        """Return the mark price of `symbol`, None when it is unknown."""
        market = self._markets.get(symbol)
        return market["mark"] if market else None

    def get_price_change(self, symbol: str, period: str) -> dict[str, float]:
        """Return `change_percent` and `change_usd` over `period`, or {} when it is not covered.

        A day comes from the ticker; other periods are multiples of the program's candle period.
        """
        price = self.get_price(symbol)
        if price is None:
            return {}
        if period in ("1d", "24h"):
            change = self._markets[symbol]["change_24h"]
            before = None if change is None else price / (1 + change)
        else:
            before = self._close_before(symbol, period)
        if not before:
            return {}
        return {"change_percent": (price / before - 1) * 100, "change_usd": price - before}

    def get_klines(self, symbol: str, period: str, count: int = 50) -> list[Kline]:
        """Return the last `count` closed candles, oldest first; empty for a period not at hand."""
        if period != self.period or symbol not in self._series or count <= 0:
            return []
        if symbol not in self._klines:
            self._klines[symbol] = [Kline(*row) for row in json.loads(self._series[symbol])]
        return self._klines[symbol][-count:]

    def get_indicator(self, symbol: str, name: str, period: str) -> dict[str, Any]:
        """Return `value` (at the last closed candle), `previous` and `series`, or {} without data."""
        market = self._markets.get(symbol)
        if market is None or period != self.period or name.upper() not in market["indicators"]:
            return {}
        value, previous = market["indicators"][name.upper()]
        return {"value": value, "previous": previous, "series": [previous, value]}

    def get_market_data(self, symbol: str) -> dict[str, Any]:
        """Return price, bid, ask, tick size and the 24-hour change, or {} for an unknown symbol."""
        market = self._markets.get(symbol)
        if market is None:
            return {}
        change = self.get_price_change(symbol, "24h")
        return {
            "symbol": symbol,
            "price": market["mark"],
            "bid": market["bid"],
            "ask": market["ask"],
            "tick_size": market["tick_size"],
            "oracle_price": None,
            "change24h": change.get("change_usd"),
            "percentage24h": change.get("change_percent"),
            "volume24h": None,
            "open_interest": None,
            "funding_rate": None,
        }

    def _close_before(self, symbol: str, period: str) -> float | None:
        units = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
        if period[-1:] not in units or not period[:-1].isdigit():
            return None
        candles, rest = divmod(int(period[:-1]) * units[period[-1]], self._period_ms)
        klines = self.get_klines(symbol, self.period, 1_000_000)
        return None if rest or not 0 < candles <= len(klines) else klines[-candles].open
