"""RSI(14) through 30 and 70 in vectorbt: all equity at the next open, 0.05 % a side, with statistics."""

import json
import sys
import time

import numpy as np
import pandas as pd
import talib
import vectorbt as vbt

frame = pd.read_parquet(sys.argv[1])
index = pd.to_datetime(frame["t_ms"], unit="ms")
open_ = pd.Series(frame["open"].to_numpy(), index=index)
close = pd.Series(frame["close"].to_numpy(), index=index)


def run():
    rsi = talib.RSI(frame["close"].to_numpy(), 14)
    before = np.concatenate([[np.nan], rsi[:-1]])
    entries = np.concatenate([[False], ((before >= 30) & (rsi < 30))[:-1]])
    exits = np.concatenate([[False], ((before <= 70) & (rsi > 70))[:-1]])
    portfolio = vbt.Portfolio.from_signals(
        close,
        pd.Series(entries, index=index),
        pd.Series(exits, index=index),
        price=open_,
        fees=0.0005,
        init_cash=1_000_000,
        freq="1min",
    )
    portfolio.trades.count()
    portfolio.value()
    return portfolio


run()  # compiles
started = time.perf_counter()
portfolio = run()
run_s = time.perf_counter() - started
records = portfolio.trades.closed.records
stamps = frame["t_ms"].to_numpy()
times = [
    (int(stamps[entry]), int(stamps[exit_]))
    for entry, exit_ in zip(records["entry_idx"], records["exit_idx"], strict=True)
]
prices = [
    (float(entry), float(exit_))
    for entry, exit_ in zip(records["entry_price"], records["exit_price"], strict=True)
]
print(
    json.dumps(
        {
            "run_s": run_s,
            "trades": len(times),
            "times": times,
            "prices": prices,
            "final_equity": float(portfolio.value().iloc[-1]),
        }
    )
)
