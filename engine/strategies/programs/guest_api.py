"""What a program sees inside the sandbox: its trigger, its account and the market.

Shipped as text and executed in the guest after `guest_decision.py`; the engine never imports it. Every
value is built when it is asked for. What is unknown is `None`, `{}` or an empty list, never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_batch import Batch
    from engine.strategies.programs.guest_books import utc_text
    from engine.strategies.programs.guest_decision import Decision
    from engine.strategies.programs.guest_records import Kline, Order, Position, RegimeInfo, Trade

KLINE_COUNTS = (100, 200, 500, 1000, 2000, 5000)
"""How many candles are fetched: the least of these that is enough."""
MOST_FACTORS = 500


class MarketData:
    """The `data` a program is given: nothing in it is later than its trigger.

    Beside what the contract names: `symbols` (all it may trade), `period` (the candle period it was
    set up with), `now_ms`, `params`, `trading_mode`.
    """

    def __init__(self, batch: Batch, row: int, now_ms: int) -> None:
        self._batch = batch
        self._row = row
        self.now_ms = now_ms

    # --- the trigger -----------------------------------------------------------------------------

    signal_source_type = None
    wallet_event = None
    maintenance_margin = None

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
        """The pool's signals that were met: `signal_id`, `name`, `condition`, `value`."""
        return self._batch.signals(self._row)

    @property
    def trigger_market_regime(self) -> RegimeInfo | None:
        """The five-minute regime of the symbol that woke it."""
        symbol = self.trigger_symbol
        return self._regime_info(symbol, "5m") if symbol else None

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
        return self._batch.books.available(self.now_ms)

    @property
    def total_equity(self) -> float:
        """Cash, and what positions have won or lost at the mark price."""
        return self._batch.books.equity(self._batch.marks_at(self._row), self.now_ms)

    @property
    def used_margin(self) -> float:
        """What positions and resting orders set aside."""
        return self._batch.books.used_margin(self.now_ms)

    @property
    def margin_usage_percent(self) -> float | None:
        """Used margin in per cent of equity."""
        equity = self.total_equity
        return self.used_margin / equity * 100 if equity > 0 else None

    @property
    def positions(self) -> dict[str, Position]:
        """The open positions by symbol."""
        sides = self._batch.books.sides
        return {symbol: Position(self, symbol, sides[symbol]) for symbol in sides} if sides else {}

    @property
    def recent_trades(self) -> list[Trade]:
        """The last executions, newest first."""
        return [
            Trade(symbol, side, float(size), float(price), ts_ms, float(pnl), utc_text(ts_ms))
            for symbol, side, size, price, ts_ms, pnl in self._batch.books.trades(self.now_ms)
        ]

    @property
    def open_orders(self) -> list[Order]:
        """The orders that wait."""
        return [
            Order(
                *row[:5],
                float(row[5]),
                None if row[6] is None else float(row[6]),
                None if row[7] is None else float(row[7]),
                *row[8:],
            )
            for row in self._batch.books.orders(self.now_ms)
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

    def get_price_change(self, symbol: str, period: str) -> dict[str, Any]:
        """Return `change_percent` and `change_usd` over `period`, or {} when it is not covered."""
        found: dict[str, Any] = self._ask("price_change", symbol, "", period).at(self._row)
        return {} if found.get("change_percent") is None else found

    def get_klines(
        self,
        symbol: str,
        period: str | None = None,
        count: int = 50,
        *,
        interval: str | None = None,
        limit: int | None = None,
    ) -> list[Kline]:
        """Return the last `count` closed candles, oldest first; `interval` and `limit` say the same."""
        wanted = min(int(count if limit is None else limit), KLINE_COUNTS[-1])
        if wanted <= 0:
            return []
        fetched = next(each for each in KLINE_COUNTS if each >= wanted)
        candles = self._ask("klines", symbol, "", period or interval or self.period, fetched)
        return [Kline(*row) for row in candles.rows(self._row, wanted)]

    def get_indicator(self, symbol: str, name: str, period: str | int | None = None) -> Any:
        """Return an indicator at the last closed candle, or {} without data.

        One value is `value`, with `previous` and `series`, the last twenty; several are under their own
        names. A whole number in place of the period is the documented form: the indicator's length, over
        candles of `data.period`; where there is only one value it is returned alone.
        """
        answer = self._batch.indicators.get((symbol, name, period))
        if answer is not None:
            return answer.at(self._row)
        if period is None or type(period) is int:
            return self._documented_indicator(symbol, str(name), period)
        answer = self._ask("indicator", symbol, name, str(period))
        self._batch.indicators[symbol, name, period] = answer
        return answer.at(self._row)

    def get_flow(self, symbol: str, metric: str, period: str) -> dict[str, Any]:
        """Return a measure of order flow over the running window, or {} where the feed has none."""
        found: dict[str, Any] = self._ask("flow", symbol, str(metric).upper(), period).at(self._row)
        return found if any(_is_known(value) for value in found.values()) else {}

    def get_regime(self, symbol: str, period: str | None = None) -> RegimeInfo | str | None:
        """Return the market regime at the last closed candle, None while it is unknown.

        Without a period it is the documented form: the regime's name over candles of `data.period`.
        """
        if period is not None:
            return self._regime_info(symbol, period)
        found = self._regime_info(symbol, self.period)
        return None if found is None else found.regime

    def get_market_data(self, symbol: str) -> dict[str, Any]:
        """Return price, bid, ask, tick size and the day's figures, or {} for an unknown symbol."""
        found = self._ask("market_data", symbol).at(self._row)
        return {"symbol": symbol, **found} if found else {}

    def get_factor(self, symbol: str, name: str, period: str | None = None) -> dict[str, Any]:
        """Return a factor's value and how well it foretells, or {} for an unknown one."""
        found: dict[str, Any] = self._ask("factor", symbol, name, period or "5m").at(self._row)
        return found

    def get_factor_ranking(self, symbol: str, top_n: int = 10) -> list[dict[str, Any]]:
        """Return the factors that foretell best; empty in backtests."""
        wanted = max(0, min(int(top_n), MOST_FACTORS))
        return list(self._ask("factor_ranking", symbol, "", "", wanted).rows(self._row, wanted))

    def get_positions(self) -> list[Position]:
        """Return the open positions as a list, the documented way."""
        return list(self.positions.values())

    def get_balance(self) -> float:
        """Return the available balance, the documented way."""
        return self.available_balance

    # --- behind it -------------------------------------------------------------------------------

    def _ask(self, method: str, symbol: str, name: str = "", period: str = "", count: int = 0) -> Any:
        return self._batch.answers.find(method, symbol, name, period, count)

    def _documented_indicator(self, symbol: str, name: str, length: int | None) -> Any:
        found = self._ask("indicator", symbol, _with_length(name, length), self.period).at(self._row)
        return found.get("value") if "value" in found or not found else found

    def _regime_info(self, symbol: str, period: str) -> RegimeInfo | None:
        found = self._ask("regime", symbol, "", period).at(self._row)
        regime = found.pop("regime", None)
        if regime is None:
            return None
        conf, direction, reason = found.pop("conf"), found.pop("direction"), found.pop("reason")
        return RegimeInfo(regime, conf, direction, reason, found)


class Context(MarketData):
    """The `ctx` of the short form: the same data, and the orders it can give."""

    def buy(self, symbol: str, quantity: float | None = None, **words: Any) -> Decision:
        """Order a buy of `quantity` in the base currency; the words are those of a `Decision`."""
        return self._order("buy", symbol, quantity, words)

    def sell(self, symbol: str, quantity: float | None = None, **words: Any) -> Decision:
        """Order a sale of `quantity` in the base currency."""
        return self._order("sell", symbol, quantity, words)

    def close(self, symbol: str, portion: float = 1.0, **words: Any) -> Decision:
        """Order a position, or a share of it, to be closed."""
        words.setdefault("target_portion_of_balance", portion)
        return self._batch.keep_order(Decision("close", symbol, **words))

    def hold(self, reason: str = "") -> Decision:
        """Do nothing, and say why."""
        return self._batch.keep_order(Decision("hold", reason=reason))

    def _order(self, operation: str, symbol: str, quantity: float | None, words: dict[str, Any]) -> Decision:
        if quantity is None and not {"target_portion_of_balance", "portion", "size_pct"} & words.keys():
            raise ValueError(f"{operation} needs a quantity: write ctx.{operation}({symbol!r}, 0.01)")
        return self._batch.keep_order(Decision(operation, symbol, quantity=quantity, **words))


READ_METHODS = tuple(
    name
    for name in vars(MarketData)
    if name.startswith("get_") and name not in ("get_positions", "get_balance")
)


def _is_known(value: Any) -> bool:
    return value is not None and value != [None] * 5


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
