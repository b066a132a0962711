"""Types of everything a program is given; save it as `nightdesk.pyi`."""

import math as math
import time as time
from typing import Any, TypedDict, overload

def log(*values: object, sep: str = " ", end: str = "\n") -> None:
    """Print to the trader's reasoning."""

class ActionType:
    """The operations by name."""

    BUY: str
    SELL: str
    HOLD: str
    CLOSE: str

class Decision:
    """What a program wants done."""

    # buy, sell, close or hold; in any case of letters
    operation: str
    # one of `data.symbols`; required except for hold
    symbol: str
    # above 0 up to 1. Buy and sell: share of the available balance that becomes margin. Close: share of …
    target_portion_of_balance: float
    # whole number from 1 to 50 and to `data.max_leverage`; left out, `data.default_leverage`
    leverage: int | None
    # most to pay, USD. Required to buy, and to close a short
    max_price: float | None
    # least to take, USD. Required to sell, and to close a long
    min_price: float | None
    # Ioc: fill now, drop the rest. Gtc: rest in the book. Alo: rest, never take
    time_in_force: str
    # closes it in profit: above the entry of a long, below that of a short; not with close
    take_profit_price: float | None
    # closes it at a loss: below the entry of a long, above that of a short; not with close
    stop_loss_price: float | None
    # market or limit
    tp_execution: str
    # market or limit
    sl_execution: str
    # why, in a sentence; it is shown and kept
    reason: str
    # name of the idea behind it
    trading_strategy: str
    # how much, in the coin, in place of the portion
    quantity: float | None
    # the portion in percent; price guards may then be left out
    size_pct: float | None
    # the take-profit in percent from the quote, in place of its price
    take_profit_pct: float | None
    # the stop in percent from the quote, in place of its price
    stop_loss_pct: float | None
    # another name of the reason
    reasoning: str
    # another name of the operation
    action: str
    # another name of the target_portion_of_balance
    portion: float | None
    def __init__(
        self,
        operation: str = "",
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
        *,
        action: str = "",
        portion: float | None = None,
    ) -> None:
        """Name the operation, and what it needs."""

class Position:
    """What is held of one symbol."""

    # the coin, such as BTC
    symbol: str
    # long or short
    side: str
    # how much, in the coin; always above 0
    size: float
    # average price it was opened at, USD
    entry_price: float
    # profit if it were closed at the mark price now, USD
    unrealized_pnl: float
    # notional over margin
    leverage: int
    # mark price at which the venue takes it, USD
    liquidation_price: float | None
    # when it was opened, milliseconds since 1970 UTC
    opened_at: int
    # the same as text, UTC
    opened_at_str: str
    # how long it has been held, seconds
    holding_duration_seconds: int
    # the same as text, such as 2h 30m
    holding_duration_str: str

class Trade:
    """One fill of the account."""

    # the coin
    symbol: str
    # which way it traded
    side: str
    # how much, in the coin
    size: float
    # price it filled at, USD
    price: float
    # when, milliseconds since 1970 UTC
    timestamp: int
    # profit it realised, USD; 0 for a fill that only opened
    pnl: float
    # when, as text, UTC
    close_time: str

class Order:
    """An order that waits at the exchange."""

    # its id
    order_id: str
    # the coin
    symbol: str
    # Buy or Sell
    side: str
    # Open Long, Open Short, Close Long or Close Short
    direction: str
    # Market, Limit, Stop Market, Stop Limit, Take Profit Market or Take Profit Limit
    order_type: str
    # how much, in the coin
    size: float
    # limit price, USD; None for a market order
    price: float | None
    # price that sets it off, USD; None where nothing does
    trigger_price: float | None
    # whether it can only make a position smaller
    reduce_only: bool
    # when it was placed, milliseconds since 1970 UTC
    timestamp: int

class Kline:
    """One closed candle."""

    # when it opened, **seconds** since 1970 UTC
    timestamp: int
    # first price, USD
    open: float
    # highest price, USD
    high: float
    # lowest price, USD
    low: float
    # last price, USD
    close: float
    # traded, in the coin
    volume: float

class RegimeInfo:
    """What kind of market the last closed candle was, and why."""

    # stop_hunt, breakout, exhaustion, trap, absorption, continuation, noise or unknown
    regime: str
    # confidence, 0 to 1
    conf: float | None
    # bullish, bearish or neutral
    direction: str
    # what led to it, in words
    reason: str
    # what was measured: cvd_ratio, oi_delta (%), taker_ratio, price_atr, rsi
    indicators: dict[str, float | None]

class PriceChange(TypedDict, total=False):
    """Answer of `get_price_change`."""

    # price now against the price one period ago, %
    change_percent: float
    # the same in USD
    change_usd: float

class Indicator(TypedDict, total=False):
    """Answer of `get_indicator`; which keys it has depends on the indicator."""

    # at the last closed candle (RSI, MA, EMA, ATR, VWAP, OBV)
    value: float
    # the value one candle before; of several lines, one by each name
    previous: Any
    # the last twenty, oldest first; of several lines, one list by each name
    series: Any
    # MACD: EMA12 less EMA26
    macd: float
    # MACD: its EMA9
    signal: float
    # MACD: macd less signal
    histogram: float
    # BOLL: two standard deviations above the mean of 20 closes
    upper: float
    # BOLL: that mean
    middle: float
    # BOLL: two standard deviations below it
    lower: float
    # STOCH: place in the range of 14 candles, 0 to 100
    k: float
    # STOCH: mean of three k
    d: float

class Flow(TypedDict, total=False):
    """Answer of `get_flow`; the table of metrics says which keys each has."""

    # the running window, as far as it has formed
    current: float
    # the last five windows, oldest first
    last_5: list[float]
    # CVD: sum of ten windows, USD
    cumulative: float
    # TAKER: bought by takers, USD
    buy: float
    # TAKER: sold by takers, USD
    sell: float
    # TAKER: buy over sell; DEPTH: bid over ask
    ratio: float
    # the ratio in the last five windows
    ratio_last_5: list[float]
    # TAKER: traded in the last five windows, USD
    volume_last_5: list[float]
    # FUNDING: rate of the coming settlement, %
    current_pct: float
    # FUNDING: change of `current` since the window opened
    change: float
    # FUNDING: the same in percentage points
    change_pct: float
    # FUNDING: the rate over a year of the venue's settlements, %
    annualized: float
    # DEPTH: resting bids near the mid, USD millions
    bid: float
    # DEPTH: resting asks near the mid, USD millions
    ask: float
    # DEPTH: best ask less best bid, USD
    spread: float

class MarketSummary(TypedDict, total=False):
    """Answer of `get_market_data`; a value that is not known is None."""

    # the coin
    symbol: str
    # mark price, USD
    price: float | None
    # best bid, USD
    bid: float | None
    # best ask, USD
    ask: float | None
    # smallest step of a price, USD
    tick_size: float
    # the venue's index price, USD
    oracle_price: float | None
    # change over 24 hours, USD
    change24h: float | None
    # the same, %
    percentage24h: float | None
    # traded in 24 hours, USD
    volume24h: float | None
    # contracts open, USD
    open_interest: float | None
    # rate of the coming settlement as a fraction: 0.0001 is 0.01 %
    funding_rate: float | None

class Factor(TypedDict, total=False):
    """Answer of `get_factor`."""

    # its name
    factor_name: str
    # the coin
    symbol: str
    # the candle period
    period: str
    # its number, if it has one
    id: int | None
    # how it is computed
    expression: str
    # what it means
    description: str
    # trend, momentum, volatility, volume, …
    category: str
    # at the last closed candle
    value: float | None
    # information coefficient: how well it has told the next move, -1 to 1
    ic: float | None
    # that coefficient over its own deviation
    icir: float | None
    # share of times it pointed the right way
    win_rate: float | None
    # until half of what it tells is gone, hours
    decay_half_life_hours: float | None

class MarketData:
    """The `data` of a program: its trigger, its account and the market."""

    # every symbol the program may trade
    symbols: list[str]
    # candle period the trader was set up with, such as 5m
    period: str
    # the program's parameters; `init` receives the same
    params: dict[str, Any]
    # the present, milliseconds since 1970 UTC; in a backtest that of the trigger
    now_ms: int
    # symbol whose signal pool fired; empty when scheduled
    trigger_symbol: str
    # signal, scheduled or manual
    trigger_type: str
    # the pool that fired; empty when scheduled
    signal_pool_name: str
    # OR or AND: how that pool joins its signals
    pool_logic: str
    # the pool's signals that were met: `name`, `condition`, `value`, `signal_id`
    triggered_signals: list[dict[str, Any]]
    # five-minute regime of the trigger's symbol
    trigger_market_regime: RegimeInfo | None
    # wallet_tracking when a followed wallet fired it
    signal_source_type: str | None
    # what that wallet did
    wallet_event: dict[str, Any] | None
    # mainnet or testnet
    environment: str
    # live, paper, replay or backtest
    trading_mode: str
    # most that a Decision may ask for
    max_leverage: int
    # used when a Decision names none
    default_leverage: int
    # free for new margin, USD
    available_balance: float
    # cash and unrealised profit, USD
    total_equity: float
    # set aside for positions and waiting orders, USD
    used_margin: float
    # used margin over equity, 0 to 100
    margin_usage_percent: float | None
    # equity below which positions are liquidated, USD
    maintenance_margin: float | None
    # what is held, by symbol; a symbol not held is not in it
    positions: dict[str, Position]
    # the account's last fills, newest first
    recent_trades: list[Trade]
    # orders that wait, stops and take-profits among them
    open_orders: list[Order]
    def get_price(self, symbol: str) -> float | None:
        """Mark price, USD."""
    def get_price_change(self, symbol: str, period: str) -> PriceChange:
        """How far the price has moved in the last `period`, such as 15m, 24h or 7d."""
    def get_klines(
        self,
        symbol: str,
        period: str | None = None,
        count: int = 50,
        *,
        interval: str | None = None,
        limit: int | None = None,
    ) -> list[Kline]:
        """The last closed candles, oldest first, 5000 at most; by default of `data.period`."""
    @overload
    def get_indicator(self, symbol: str, name: str, period: str) -> Indicator:
        """An indicator at the last closed candle of `period`."""
    @overload
    def get_indicator(self, symbol: str, name: str, period: int | None = None) -> Any:
        """With a length in place of the period: the number alone, on candles of `data.period`."""
    def get_flow(self, symbol: str, metric: str, period: str) -> Flow:
        """Order flow over windows of `period`."""
    @overload
    def get_regime(self, symbol: str, period: str) -> RegimeInfo | None:
        """What kind of market the last closed candle of `period` was."""
    @overload
    def get_regime(self, symbol: str) -> str | None:
        """Without a period: the regime's name alone, on candles of `data.period`."""
    def get_market_data(self, symbol: str) -> MarketSummary:
        """Quote, 24-hour change, open interest and funding."""
    def get_factor(self, symbol: str, name: str, period: str | None = None) -> Factor:
        """A factor on candles of `period`, by default 5m, and how well it has told the next move."""
    def get_factor_ranking(self, symbol: str, top_n: int = 10) -> list[Factor]:
        """The factors that have told most of late, best first; empty in a backtest."""
    def get_positions(self) -> list[Position]:
        """What is held: `list(data.positions.values())`."""
    def get_balance(self) -> float:
        """Free for new margin, USD: `data.available_balance`."""

class Context(MarketData):
    """The `ctx` of the short form: the same, and the orders it can give."""

    def buy(
        self,
        symbol: str,
        quantity: float | None = None,
        *,
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
        take_profit_pct: float | None = None,
        stop_loss_pct: float | None = None,
    ) -> Decision:
        """Buy `quantity` coins."""
    def sell(
        self,
        symbol: str,
        quantity: float | None = None,
        *,
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
        take_profit_pct: float | None = None,
        stop_loss_pct: float | None = None,
    ) -> Decision:
        """Sell `quantity` coins."""
    def close(
        self,
        symbol: str,
        portion: float = 1.0,
        *,
        max_price: float | None = None,
        min_price: float | None = None,
        time_in_force: str = "Ioc",
        reason: str = "",
        trading_strategy: str = "",
    ) -> Decision:
        """Close the position of a symbol, or a share of it."""
    def hold(self, reason: str = "") -> Decision:
        """Do nothing, and say why."""
