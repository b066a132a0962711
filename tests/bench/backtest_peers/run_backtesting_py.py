"""RSI(14) through 30 and 70 in backtesting.py: all equity at the next open, 0.05 % a side."""

import json
import sys
import time
import warnings

import pandas as pd
import talib
from backtesting import Backtest, Strategy
from backtesting.lib import FractionalBacktest

warnings.filterwarnings("ignore")


class Rsi(Strategy):
    def init(self):
        self.rsi = self.I(talib.RSI, self.data.Close, 14)

    def next(self):
        before, now = self.rsi[-2], self.rsi[-1]
        if before >= 30 > now and not self.position:
            self.buy()
        elif before <= 70 < now and self.position:
            self.position.close()


frame = pd.read_parquet(sys.argv[1])
frame.index = pd.to_datetime(frame["t_ms"], unit="ms")
frame = frame.rename(columns=str.capitalize)[["Open", "High", "Low", "Close", "Volume"]]
engine = FractionalBacktest if FractionalBacktest else Backtest
run = engine(frame, Rsi, cash=1_000_000, commission=0.0005, finalize_trades=False, trade_on_close=False)
started = time.perf_counter()
stats = run.run()
run_s = time.perf_counter() - started
trades = stats["_trades"]
times = [
    (int(entry.value // 1_000_000), int(exit_.value // 1_000_000))
    for entry, exit_ in zip(trades["EntryTime"], trades["ExitTime"], strict=True)
]
prices = [
    (float(entry), float(exit_))
    for entry, exit_ in zip(trades["EntryPrice"], trades["ExitPrice"], strict=True)
]
print(
    json.dumps(
        {
            "run_s": run_s,
            "trades": len(times),
            "times": times,
            "prices": prices,
            "final_equity": float(stats["Equity Final [$]"]),
        }
    )
)
