"""Buy what leaves its range upwards, sell what leaves it downwards, and trail the exit behind.

The highest high and lowest low of the last `candles` closed candles are the walls of a range
(Donchian's channel). A close beyond a wall after many inside is news: somebody knows, or somebody
must. The exit is the opposite wall of a range half as long, so that it follows the price and gives
a move room to breathe.

Volume tells the real breaks from the false ones: the candle that breaks out must have traded
`volume_ratio` times the mean of the range.

Parameters: `candles` (length of the range), `volume_ratio` (0 to switch it off), `portion` (share of
the free balance as margin), `leverage`.
"""

CANDLES = 40
VOLUME_RATIO = 1.2
PORTION = 0.2
LEVERAGE = 2
SLIPPAGE = 0.002
NAME = "Breakout"


class Breakout:
    def init(self, params):
        self.candles = max(int(params.get("candles", CANDLES)), 4)
        self.volume_ratio = params.get("volume_ratio", VOLUME_RATIO)
        self.portion = params.get("portion", PORTION)
        self.leverage = params.get("leverage", LEVERAGE)

    def should_trade(self, data):
        symbols = [data.trigger_symbol] if data.trigger_symbol else data.symbols
        for symbol in (*data.positions, *symbols):
            candles = data.get_klines(symbol, data.period, self.candles + 1)
            if len(candles) <= self.candles:
                print(f"{symbol}: {len(candles)} candles, {self.candles + 1} are needed")
                continue
            position = data.positions.get(symbol)
            decision = self.exit(position, candles) if position else self.entry(data, symbol, candles)
            if decision:
                return decision
        return Decision("hold", reason="Every market is inside its range.")

    def entry(self, data, symbol, candles):
        *before, last = candles
        top = max(candle.high for candle in before)
        bottom = min(candle.low for candle in before)
        usual = sum(candle.volume for candle in before) / len(before) or 1.0
        print(f"{symbol}: {bottom:g} to {top:g}, closed at {last.close:g}")
        if last.volume < usual * self.volume_ratio:
            return None
        if last.close > top:
            operation, wall = "buy", top
            guard = {"max_price": last.close * (1 + SLIPPAGE)}
        elif last.close < bottom:
            operation, wall = "sell", bottom
            guard = {"min_price": last.close * (1 - SLIPPAGE)}
        else:
            return None
        return Decision(
            operation,
            symbol,
            target_portion_of_balance=self.portion,
            leverage=min(self.leverage, data.max_leverage),
            # The middle of the range: back there, the break was none.
            stop_loss_price=(top + bottom) / 2,
            reason=f"Closed beyond {wall:g} on {last.volume / usual:.1f} times the usual volume.",
            trading_strategy=NAME,
            **guard,
        )

    def exit(self, position, candles):
        *before, last = candles[-self.candles // 2 :]
        if position.side == "long" and last.close < min(candle.low for candle in before):
            guard = {"min_price": last.close * (1 - SLIPPAGE)}
        elif position.side == "short" and last.close > max(candle.high for candle in before):
            guard = {"max_price": last.close * (1 + SLIPPAGE)}
        else:
            return None
        return Decision(
            "close",
            position.symbol,
            target_portion_of_balance=1.0,
            reason=f"Closed beyond the other side of the last {len(before)} candles.",
            trading_strategy=NAME,
            **guard,
        )
