"""Be paid for waiting: stand on the side that funding pays, while it pays well.

A perpetual future has no date at which it meets the coin's price, so every few hours one side pays
the other: when too many are long, longs pay. The rate is small each time and adds up: 0.01 % every
eight hours is 11 % a year. This program sells what longs pay much for and buys what shorts pay much
for, without leverage, and leaves when the pay has fallen to a third.

It is paid for the risk that the crowd is right. A stop bounds that; a market where RSI says the move
is still running is left alone.

Parameters: `yearly_percent` (least pay to begin for), `portion` (share of the free balance for each
position), `stop` (0.05 is five percent from the price).
"""

YEARLY_PERCENT = 20
PORTION = 0.15
STOP = 0.05
SLIPPAGE = 0.002
NAME = "Funding carry"


class FundingCarry:
    def init(self, params):
        self.yearly = params.get("yearly_percent", YEARLY_PERCENT)
        self.portion = params.get("portion", PORTION)
        self.stop = params.get("stop", STOP)

    def should_trade(self, data):
        for symbol in data.symbols:
            price = data.get_price(symbol)
            yearly = data.get_flow(symbol, "FUNDING", "1h").get("annualized")
            if price is None or yearly is None:
                print(f"{symbol}: no funding on record")
                continue
            print(f"{symbol}: longs pay {yearly:+.1f} % a year")
            position = data.positions.get(symbol)
            if position:
                decision = self.exit(position, price, yearly)
            else:
                decision = self.entry(data, symbol, price, yearly)
            if decision:
                return decision
        return Decision("hold", reason="Nothing pays enough, and nothing that is held pays too little.")

    def entry(self, data, symbol, price, yearly):
        rsi = data.get_indicator(symbol, "RSI14", data.period).get("value")
        if rsi is None or abs(yearly) < self.yearly:
            return None
        if yearly > 0 and rsi < 70:
            operation, stop, guard = "sell", price * (1 + self.stop), {"min_price": price * (1 - SLIPPAGE)}
        elif yearly < 0 and rsi > 30:
            operation, stop, guard = "buy", price * (1 - self.stop), {"max_price": price * (1 + SLIPPAGE)}
        else:
            return None
        return Decision(
            operation,
            symbol,
            target_portion_of_balance=self.portion,
            leverage=1,
            stop_loss_price=stop,
            reason=f"{'Longs' if yearly > 0 else 'Shorts'} pay {abs(yearly):.0f} % a year.",
            trading_strategy=NAME,
            **guard,
        )

    def exit(self, position, price, yearly):
        pay = yearly if position.side == "short" else -yearly
        if pay > self.yearly / 3:
            return None
        if position.side == "short":
            guard = {"max_price": price * (1 + SLIPPAGE)}
        else:
            guard = {"min_price": price * (1 - SLIPPAGE)}
        return Decision(
            "close",
            position.symbol,
            target_portion_of_balance=1.0,
            reason=f"The {position.side} is paid {pay:.0f} % a year now, too little to wait for.",
            trading_strategy=NAME,
            **guard,
        )
