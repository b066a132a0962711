"""Buy what fell too far, sell what rose too far, and leave when it is back in the middle.

The relative strength index (RSI) runs from 0 to 100. Below 30 a market has fallen so fast that it
often bounces; above 70 it has risen so fast that it often falls back. This program looks at the
last two closed candles of every symbol it may trade:

* RSI was below 30 and has turned up: buy.  RSI was above 70 and has turned down: sell short.
* A long whose RSI is back at 50, or a short whose RSI is back at 50: close it.

Every entry carries its own exit in case the idea is wrong: a stop two average true ranges (ATR14, how
far a candle usually travels) away, and a take-profit three away. `max_price` and `min_price` keep an
order from filling far from the price that was looked at.

Change the numbers below, or override them with parameters of the same name in lower case. Whatever
you `print` appears in the chat as this trader's reasoning.
"""

OVERSOLD = 30
OVERBOUGHT = 70
MIDDLE = 50
PORTION = 0.25  # of the available balance, as margin
LEVERAGE = 2
STOP_ATRS = 2
TARGET_ATRS = 3
SLIPPAGE = 0.002  # how far from the quote an order may still fill


class RsiMeanReversion:
    def init(self, params):
        self.oversold = params.get("oversold", OVERSOLD)
        self.overbought = params.get("overbought", OVERBOUGHT)
        self.portion = params.get("portion", PORTION)
        self.leverage = min(params.get("leverage", LEVERAGE), 50)

    def should_trade(self, data):
        # First look after what is open, then for something new.
        for position in data.positions.values():
            decision = self.exit(data, position)
            if decision:
                return decision
        symbols = [data.trigger_symbol] if data.trigger_symbol else data.symbols
        for symbol in symbols:
            decision = self.entry(data, symbol) if symbol not in data.positions else None
            if decision:
                return decision
        return Decision("hold", reason="No RSI has turned at an extreme, and nothing is ready to close.")

    def exit(self, data, position):
        symbol = position.symbol
        rsi = data.get_indicator(symbol, "RSI14", data.period).get("value")
        if rsi is None:
            return None
        print(f"{symbol}: {position.side} for {position.holding_duration_str}, RSI {rsi:.1f}")
        market = data.get_market_data(symbol)
        if position.side == "long" and rsi >= MIDDLE:
            guard = {"min_price": market["bid"] * (1 - SLIPPAGE)}
        elif position.side == "short" and rsi <= MIDDLE:
            guard = {"max_price": market["ask"] * (1 + SLIPPAGE)}
        else:
            return None
        return Decision(
            "close",
            symbol,
            target_portion_of_balance=1.0,
            reason=f"RSI is back at {rsi:.1f}: the {position.side} has done its work.",
            trading_strategy="RSI mean reversion",
            **guard,
        )

    def entry(self, data, symbol):
        rsi = data.get_indicator(symbol, "RSI14", data.period)
        atr = data.get_indicator(symbol, "ATR14", data.period).get("value")
        market = data.get_market_data(symbol)
        if not rsi or not atr or not market:
            print(f"{symbol}: not enough candles yet")
            return None
        before, now = rsi["previous"], rsi["value"]
        print(f"{symbol}: RSI {before:.1f} → {now:.1f}, ATR {atr:g}")
        if before < self.oversold and now > before:
            operation, price, way = "buy", market["ask"], 1
            guard = {"max_price": price * (1 + SLIPPAGE)}
            reason = f"RSI turned up from {before:.1f} to {now:.1f}, below {self.oversold}: oversold."
        elif before > self.overbought and now < before:
            operation, price, way = "sell", market["bid"], -1
            guard = {"min_price": price * (1 - SLIPPAGE)}
            reason = f"RSI turned down from {before:.1f} to {now:.1f}, above {self.overbought}: overbought."
        else:
            return None
        return Decision(
            operation,
            symbol,
            target_portion_of_balance=self.portion,
            leverage=min(self.leverage, data.max_leverage),
            stop_loss_price=price - way * STOP_ATRS * atr,
            take_profit_price=price + way * TARGET_ATRS * atr,
            reason=reason,
            trading_strategy="RSI mean reversion",
            **guard,
        )
