"""Follow a trend that two averages agree on, and leave when they part.

The exponential mean of 20 candles (EMA20) moves faster than that of 50 (EMA50). While the fast one
is above the slow one, and the price above both, buyers have the say; below both, sellers. This
program goes with them, in both directions, and stays until the fast mean crosses back.

Trends are rare and long, so it loses small often and wins large seldom. What keeps the losses small
is the size: the stop lies `stop_atrs` average true ranges away (ATR14, how far a candle usually
travels), and the quantity is chosen so that reaching it costs `risk` of the equity, in quiet markets
and in wild ones alike.

Parameters: `risk` (share of equity lost at the stop, 0.01 is one percent), `stop_atrs`, `leverage`
(the most it may use), `longs_only`.
"""

RISK = 0.01
STOP_ATRS = 3
LEVERAGE = 5
SLIPPAGE = 0.002  # how far from the price an order may still fill
NAME = "Trend following"


class TrendFollowing:
    def init(self, params):
        self.risk = params.get("risk", RISK)
        self.stop_atrs = params.get("stop_atrs", STOP_ATRS)
        self.leverage = params.get("leverage", LEVERAGE)
        self.longs_only = params.get("longs_only", False)

    def should_trade(self, data):
        symbols = [data.trigger_symbol] if data.trigger_symbol else data.symbols
        # Leaving comes first: a position that lost its trend must not wait for another's entry.
        for symbol in data.positions:
            decision = self.exit(data, symbol)
            if decision:
                return decision
        for symbol in symbols:
            decision = self.entry(data, symbol) if symbol not in data.positions else None
            if decision:
                return decision
        return Decision("hold", reason="No trend begins, and none that is held has ended.")

    def direction(self, data, symbol):
        """Return 1 for up, -1 for down, 0 for neither or not known."""
        price = data.get_price(symbol)
        fast = data.get_indicator(symbol, "EMA20", data.period).get("value")
        slow = data.get_indicator(symbol, "EMA50", data.period).get("value")
        if price is None or fast is None or slow is None:
            return 0
        print(f"{symbol}: price {price:g}, EMA20 {fast:g}, EMA50 {slow:g}")
        if price > fast > slow:
            return 1
        if price < fast < slow:
            return -1
        return 0

    def exit(self, data, symbol):
        position = data.positions[symbol]
        price = data.get_price(symbol)
        fast = data.get_indicator(symbol, "EMA20", data.period).get("value")
        slow = data.get_indicator(symbol, "EMA50", data.period).get("value")
        if price is None or fast is None or slow is None:
            return None
        if position.side == "long" and fast < slow:
            guard = {"min_price": price * (1 - SLIPPAGE)}
        elif position.side == "short" and fast > slow:
            guard = {"max_price": price * (1 + SLIPPAGE)}
        else:
            return None
        return Decision(
            "close",
            symbol,
            target_portion_of_balance=1.0,
            reason=f"EMA20 has crossed EMA50: the trend of the {position.side} is over.",
            trading_strategy=NAME,
            **guard,
        )

    def entry(self, data, symbol):
        way = self.direction(data, symbol)
        if way == 0 or (way < 0 and self.longs_only):
            return None
        price = data.get_price(symbol)
        atr = data.get_indicator(symbol, "ATR14", data.period).get("value")
        if not atr:
            return None
        distance = self.stop_atrs * atr
        # The share of the balance that, at this leverage, loses `risk` of the equity at the stop.
        leverage = min(self.leverage, data.max_leverage)
        margin = data.total_equity * self.risk * price / distance / leverage
        if data.available_balance <= 0:
            return None
        guard = {"max_price": price * (1 + SLIPPAGE)} if way > 0 else {"min_price": price * (1 - SLIPPAGE)}
        return Decision(
            "buy" if way > 0 else "sell",
            symbol,
            target_portion_of_balance=min(margin / data.available_balance, 0.9),
            leverage=leverage,
            stop_loss_price=price - way * distance,
            reason=f"Price and both means point {'up' if way > 0 else 'down'}.",
            trading_strategy=NAME,
            **guard,
        )
