"""RSI(14) through 30 and 70 in jesse: all equity at the close of the signal bar, 0.05 % a side.

jesse executes a market order at the close of the candle that asked for it, at the moment that candle
ends, which is the moment the next one opens: the times are the others' times, the prices are not. "All"
is `size_to_qty`, jesse's own way of sizing, which keeps three fees back; the position open at the end
is closed at the last close and is not among the trades printed. The RSI is jesse's own, of the last 240
candles at every candle. jesse opens its database in the working folder: run this in an empty one.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
from jesse import indicators, utils
from jesse.research import backtest
from jesse.strategies import Strategy


class Rsi(Strategy):
    def before(self):
        self.vars["before"] = self.vars.get("now", np.nan)
        self.vars["now"] = indicators.rsi(self.candles, 14)

    def should_long(self):
        return self.vars["before"] >= 30 > self.vars["now"]

    def go_long(self):
        self.buy = utils.size_to_qty(self.available_margin, self.price, 8, self.fee_rate), self.price

    def update_position(self):
        if self.vars["before"] <= 70 < self.vars["now"]:
            self.liquidate()


frame = pd.read_parquet(sys.argv[1])
candles = frame[["t_ms", "open", "close", "high", "low", "volume"]].to_numpy(dtype=float)
exchange, symbol = "Sandbox", "BTC-USDT"
started = time.perf_counter()
result = backtest(
    {
        "starting_balance": 1_000_000,
        "fee": 0.0005,
        "type": "futures",
        "futures_leverage": 1,
        "futures_leverage_mode": "cross",
        "exchange": exchange,
        "warm_up_candles": 240,
    },
    [{"exchange": exchange, "strategy": Rsi, "symbol": symbol, "timeframe": "1m"}],
    [],
    {f"{exchange}-{symbol}": {"exchange": exchange, "symbol": symbol, "candles": candles}},
)
run_s = time.perf_counter() - started
metrics = result["metrics"]
closed = result["trades"][: len(result["trades"]) - metrics["total_open_trades"]]
print(
    json.dumps(
        {
            "run_s": run_s,
            "trades": len(closed),
            "times": [(int(trade["opened_at"]), int(trade["closed_at"])) for trade in closed],
            "prices": [(trade["entry_price"], trade["exit_price"]) for trade in closed],
            "final_equity": metrics["finishing_balance"],
        }
    )
)
