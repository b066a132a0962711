"""The `data` of a program, the records in it, and what its methods answer."""

from __future__ import annotations

from engine.strategies.programs.api_table.shapes import Field, Method, Parameter, Record, Shape

_SYMBOL = Parameter("symbol", "str")
_PERIOD = Parameter("period", "str")
_DEFAULT_PERIOD = Parameter("period", "str | None", "None")

POSITION = Record(
    "Position",
    "What is held of one symbol.",
    (
        Field("symbol", "str", "the coin, such as BTC"),
        Field("side", "str", "long or short"),
        Field("size", "float", "how much, in the coin; always above 0"),
        Field("entry_price", "float", "average price it was opened at, USD"),
        Field("unrealized_pnl", "float", "profit if it were closed at the mark price now, USD"),
        Field("leverage", "int", "notional over margin"),
        Field("liquidation_price", "float | None", "mark price at which the venue takes it, USD"),
        Field("opened_at", "int", "when it was opened, milliseconds since 1970 UTC"),
        Field("opened_at_str", "str", "the same as text, UTC"),
        Field("holding_duration_seconds", "int", "how long it has been held, seconds"),
        Field("holding_duration_str", "str", "the same as text, such as 2h 30m"),
    ),
)
TRADE = Record(
    "Trade",
    "One fill of the account.",
    (
        Field("symbol", "str", "the coin"),
        Field("side", "str", "which way it traded"),
        Field("size", "float", "how much, in the coin"),
        Field("price", "float", "price it filled at, USD"),
        Field("timestamp", "int", "when, milliseconds since 1970 UTC"),
        Field("pnl", "float", "profit it realised, USD; 0 for a fill that only opened"),
        Field("close_time", "str", "when, as text, UTC"),
    ),
)
ORDER = Record(
    "Order",
    "An order that waits at the exchange.",
    (
        Field("order_id", "str", "its id"),
        Field("symbol", "str", "the coin"),
        Field("side", "str", "Buy or Sell"),
        Field("direction", "str", "Open Long, Open Short, Close Long or Close Short"),
        Field(
            "order_type",
            "str",
            "Market, Limit, Stop Market, Stop Limit, Take Profit Market or Take Profit Limit",
        ),
        Field("size", "float", "how much, in the coin"),
        Field("price", "float | None", "limit price, USD; None for a market order"),
        Field("trigger_price", "float | None", "price that sets it off, USD; None where nothing does"),
        Field("reduce_only", "bool", "whether it can only make a position smaller"),
        Field("timestamp", "int", "when it was placed, milliseconds since 1970 UTC"),
    ),
)
KLINE = Record(
    "Kline",
    "One closed candle.",
    (
        Field("timestamp", "int", "when it opened, **seconds** since 1970 UTC"),
        Field("open", "float", "first price, USD"),
        Field("high", "float", "highest price, USD"),
        Field("low", "float", "lowest price, USD"),
        Field("close", "float", "last price, USD"),
        Field("volume", "float", "traded, in the coin"),
    ),
)
REGIME_INFO = Record(
    "RegimeInfo",
    "What kind of market the last closed candle was, and why.",
    (
        Field(
            "regime",
            "str",
            "stop_hunt, breakout, exhaustion, trap, absorption, continuation, noise or unknown",
        ),
        Field("conf", "float | None", "confidence, 0 to 1"),
        Field("direction", "str", "bullish, bearish or neutral"),
        Field("reason", "str", "what led to it, in words"),
        Field(
            "indicators",
            "dict[str, float | None]",
            "what was measured: cvd_ratio, oi_delta (%), taker_ratio, price_atr, rsi",
        ),
    ),
)
RECORDS = (POSITION, TRADE, ORDER, KLINE, REGIME_INFO)

ATTRIBUTES = (
    Field("symbols", "list[str]", "every symbol the program may trade"),
    Field("period", "str", "candle period the trader was set up with, such as 5m"),
    Field("params", "dict[str, Any]", "the program's parameters; `init` receives the same"),
    Field("now_ms", "int", "the present, milliseconds since 1970 UTC; in a backtest that of the trigger"),
    Field("trigger_symbol", "str", "symbol whose signal pool fired; empty when scheduled"),
    Field("trigger_type", "str", "signal, scheduled or manual"),
    Field("signal_pool_name", "str", "the pool that fired; empty when scheduled"),
    Field("pool_logic", "str", "OR or AND: how that pool joins its signals"),
    Field(
        "triggered_signals",
        "list[dict[str, Any]]",
        "the pool's signals that were met: `name`, `condition`, `value`, `signal_id`",
    ),
    Field("trigger_market_regime", "RegimeInfo | None", "five-minute regime of the trigger's symbol"),
    Field("signal_source_type", "str | None", "wallet_tracking when a followed wallet fired it"),
    Field("wallet_event", "dict[str, Any] | None", "what that wallet did"),
    Field("environment", "str", "mainnet or testnet"),
    Field("trading_mode", "str", "live, paper, replay or backtest"),
    Field("max_leverage", "int", "most that a Decision may ask for"),
    Field("default_leverage", "int", "used when a Decision names none"),
    Field("available_balance", "float", "free for new margin, USD"),
    Field("total_equity", "float", "cash and unrealised profit, USD"),
    Field("used_margin", "float", "set aside for positions and waiting orders, USD"),
    Field("margin_usage_percent", "float | None", "used margin over equity, 0 to 100"),
    Field("maintenance_margin", "float | None", "equity below which positions are liquidated, USD"),
    Field("positions", "dict[str, Position]", "what is held, by symbol; a symbol not held is not in it"),
    Field("recent_trades", "list[Trade]", "the account's last fills, newest first"),
    Field("open_orders", "list[Order]", "orders that wait, stops and take-profits among them"),
)
REMOVED_ATTRIBUTES = {
    "prices": "write `data.get_market_data(symbol)` or `data.get_price(symbol)`",
}

_CHANGE = Shape(
    "PriceChange",
    "Answer of `get_price_change`.",
    (
        Field("change_percent", "float", "price now against the price one period ago, %"),
        Field("change_usd", "float", "the same in USD"),
    ),
)
_INDICATOR = Shape(
    "Indicator",
    "Answer of `get_indicator`; which keys it has depends on the indicator.",
    (
        Field("value", "float", "at the last closed candle (RSI, MA, EMA, ATR, VWAP, OBV)"),
        Field("previous", "Any", "the value one candle before; of several lines, one by each name"),
        Field("series", "Any", "the last twenty, oldest first; of several lines, one list by each name"),
        Field("macd", "float", "MACD: EMA12 less EMA26"),
        Field("signal", "float", "MACD: its EMA9"),
        Field("histogram", "float", "MACD: macd less signal"),
        Field("upper", "float", "BOLL: two standard deviations above the mean of 20 closes"),
        Field("middle", "float", "BOLL: that mean"),
        Field("lower", "float", "BOLL: two standard deviations below it"),
        Field("k", "float", "STOCH: place in the range of 14 candles, 0 to 100"),
        Field("d", "float", "STOCH: mean of three k"),
    ),
)
_FLOW = Shape(
    "Flow",
    "Answer of `get_flow`; the table of metrics says which keys each has.",
    (
        Field("current", "float", "the running window, as far as it has formed"),
        Field("last_5", "list[float]", "the last five windows, oldest first"),
        Field("cumulative", "float", "CVD: sum of ten windows, USD"),
        Field("buy", "float", "TAKER: bought by takers, USD"),
        Field("sell", "float", "TAKER: sold by takers, USD"),
        Field("ratio", "float", "TAKER: buy over sell; DEPTH: bid over ask"),
        Field("ratio_last_5", "list[float]", "the ratio in the last five windows"),
        Field("volume_last_5", "list[float]", "TAKER: traded in the last five windows, USD"),
        Field("current_pct", "float", "FUNDING: rate of the coming settlement, %"),
        Field("change", "float", "FUNDING: change of `current` since the window opened"),
        Field("change_pct", "float", "FUNDING: the same in percentage points"),
        Field("annualized", "float", "FUNDING: the rate over a year of the venue's settlements, %"),
        Field("bid", "float", "DEPTH: resting bids near the mid, USD millions"),
        Field("ask", "float", "DEPTH: resting asks near the mid, USD millions"),
        Field("spread", "float", "DEPTH: best ask less best bid, USD"),
    ),
)
_MARKET = Shape(
    "MarketSummary",
    "Answer of `get_market_data`; a value that is not known is None.",
    (
        Field("symbol", "str", "the coin"),
        Field("price", "float | None", "mark price, USD"),
        Field("bid", "float | None", "best bid, USD"),
        Field("ask", "float | None", "best ask, USD"),
        Field("tick_size", "float", "smallest step of a price, USD"),
        Field("oracle_price", "float | None", "the venue's index price, USD"),
        Field("change24h", "float | None", "change over 24 hours, USD"),
        Field("percentage24h", "float | None", "the same, %"),
        Field("volume24h", "float | None", "traded in 24 hours, USD"),
        Field("open_interest", "float | None", "contracts open, USD"),
        Field(
            "funding_rate", "float | None", "rate of the coming settlement as a fraction: 0.0001 is 0.01 %"
        ),
    ),
)
_FACTOR = Shape(
    "Factor",
    "Answer of `get_factor`.",
    (
        Field("factor_name", "str", "its name"),
        Field("symbol", "str", "the coin"),
        Field("period", "str", "the candle period"),
        Field("id", "int | None", "its number, if it has one"),
        Field("expression", "str", "how it is computed"),
        Field("description", "str", "what it means"),
        Field("category", "str", "trend, momentum, volatility, volume, …"),
        Field("value", "float | None", "at the last closed candle"),
        Field("ic", "float | None", "information coefficient: how well it has told the next move, -1 to 1"),
        Field("icir", "float | None", "that coefficient over its own deviation"),
        Field("win_rate", "float | None", "share of times it pointed the right way"),
        Field("decay_half_life_hours", "float | None", "until half of what it tells is gone, hours"),
    ),
)
SHAPES = (_CHANGE, _INDICATOR, _FLOW, _MARKET, _FACTOR)

METHODS = (
    Method(
        name="get_price",
        parameters=(_SYMBOL,),
        returns="float | None",
        meaning="Mark price, USD.",
        example='price = data.get_price("BTC")',
        missing="None",
    ),
    Method(
        name="get_price_change",
        parameters=(_SYMBOL, _PERIOD),
        returns="PriceChange",
        meaning="How far the price has moved in the last `period`, such as 15m, 24h or 7d.",
        example='move = data.get_price_change("BTC", "1h").get("change_percent")',
        missing="{}",
    ),
    Method(
        name="get_klines",
        parameters=(
            _SYMBOL,
            _DEFAULT_PERIOD,
            Parameter("count", "int", "50"),
            Parameter("interval", "str | None", "None", keyword_only=True),
            Parameter("limit", "int | None", "None", keyword_only=True),
        ),
        returns="list[Kline]",
        meaning="The last closed candles, oldest first, 5000 at most; by default of `data.period`."
        " `interval` and `limit` are other names of `period` and `count`.",
        example='closes = [candle.close for candle in data.get_klines("BTC", "1h", 24)]',
        missing="[]",
    ),
    Method(
        name="get_indicator",
        parameters=(_SYMBOL, Parameter("name", "str"), _PERIOD),
        returns="Indicator",
        meaning="An indicator at the last closed candle of `period`.",
        example='rsi = data.get_indicator("BTC", "RSI14", "15m").get("value")',
        missing="{}",
    ),
    Method(
        name="get_flow",
        parameters=(_SYMBOL, Parameter("metric", "str"), _PERIOD),
        returns="Flow",
        meaning="Order flow over windows of `period`.",
        example='cvd = data.get_flow("BTC", "CVD", "5m").get("current")',
        missing="{}",
    ),
    Method(
        name="get_regime",
        parameters=(_SYMBOL, _PERIOD),
        returns="RegimeInfo | None",
        meaning="What kind of market the last closed candle of `period` was.",
        example='regime = data.get_regime("BTC", "1h")',
        missing="None",
    ),
    Method(
        name="get_market_data",
        parameters=(_SYMBOL,),
        returns="MarketSummary",
        meaning="Quote, 24-hour change, open interest and funding.",
        example='funding = data.get_market_data("BTC").get("funding_rate")',
        missing="{}",
    ),
    Method(
        name="get_factor",
        parameters=(_SYMBOL, Parameter("name", "str"), _DEFAULT_PERIOD),
        returns="Factor",
        meaning="A factor on candles of `period`, by default 5m, and how well it has told the next move.",
        example='stretch = data.get_factor("BTC", "zscore20", "1h").get("value")',
        missing="{}",
    ),
    Method(
        name="get_factor_ranking",
        parameters=(_SYMBOL, Parameter("top_n", "int", "10")),
        returns="list[Factor]",
        meaning="The factors that have told most of late, best first; empty in a backtest.",
        example='best = data.get_factor_ranking("BTC", 3)',
        missing="[]",
    ),
)

FORM_A_METHODS = (
    Method(
        name="get_positions",
        parameters=(),
        returns="list[Position]",
        meaning="What is held: `list(data.positions.values())`.",
        example="held = data.get_positions()",
    ),
    Method(
        name="get_balance",
        parameters=(),
        returns="float",
        meaning="Free for new margin, USD: `data.available_balance`.",
        example="free = data.get_balance()",
    ),
    Method(
        name="get_indicator",
        parameters=(_SYMBOL, Parameter("name", "str"), Parameter("period", "int | None", "None")),
        returns="Any",
        meaning="With a length in place of the period: the number alone, on candles of `data.period`."
        " MACD, BOLL and STOCH answer with the names of their lines.",
        example='rsi = data.get_indicator("BTC", "rsi", 14)',
        missing="None",
    ),
    Method(
        name="get_regime",
        parameters=(_SYMBOL,),
        returns="str | None",
        meaning="Without a period: the regime's name alone, on candles of `data.period`.",
        example='word = data.get_regime("BTC")',
        missing="None",
    ),
)
