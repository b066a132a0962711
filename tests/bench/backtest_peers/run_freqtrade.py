"""RSI(14) through 30 and 70 in freqtrade: all equity at the next open, 0.05 % a side, spot.

There is no network, so the exchange's table of markets is written here, with a step of 1e-8 in size and
0.1 in price. freqtrade's stake "unlimited" is the whole balance without a fee kept back, and the
position open at the end is closed at the open of the last candle; it is not among the trades printed.
The time is that of the signals, the loop and the statistics; the candles are in freqtrade's own file
format and read before.
"""

import contextlib
import io
import json
import logging
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pandas as pd
from freqtrade.configuration.config_setup import setup_utils_configuration
from freqtrade.enums import RunMode
from freqtrade.exchange import Binance
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.optimize.optimize_reports import generate_backtest_stats

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

PAIR = "BTC/USDT"
STRATEGY = """
import talib
from freqtrade.strategy import IStrategy


class Rsi(IStrategy):
    timeframe = "1m"
    minimal_roi = {"0": 1000.0}
    stoploss = -0.99
    process_only_new_candles = True
    use_exit_signal = True
    order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

    def populate_indicators(self, dataframe, metadata):
        dataframe["rsi"] = talib.RSI(dataframe["close"].to_numpy(), 14)
        dataframe["before"] = dataframe["rsi"].shift(1)
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[(dataframe["before"] >= 30) & (dataframe["rsi"] < 30), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[(dataframe["before"] <= 70) & (dataframe["rsi"] > 70), "exit_long"] = 1
        return dataframe
"""
MARKET = {
    "id": "BTCUSDT",
    "symbol": PAIR,
    "base": "BTC",
    "quote": "USDT",
    "active": True,
    "spot": True,
    "type": "spot",
    "swap": False,
    "future": False,
    "linear": None,
    "contractSize": None,
    "precision": {"amount": 1e-8, "price": 0.1},
    "limits": {
        "amount": {"min": 1e-8, "max": None},
        "cost": {"min": 1.0, "max": None},
        "price": {"min": 0.1, "max": None},
    },
    "taker": 0.0005,
    "maker": 0.0005,
    "info": {},
}


def configuration(folder: Path) -> dict:
    """Return freqtrade's configuration for the folder's strategy and candles."""
    file = folder / "config.json"
    file.write_text(
        json.dumps(
            {
                "dry_run": True,
                "dry_run_wallet": 1_000_000,
                "max_open_trades": 1,
                "stake_currency": "USDT",
                "stake_amount": "unlimited",
                "tradable_balance_ratio": 1.0,
                "fee": 0.0005,
                "timeframe": "1m",
                "dataformat_ohlcv": "feather",
                "entry_pricing": {"price_side": "other"},
                "exit_pricing": {"price_side": "other"},
                "exchange": {"name": "binance", "pair_whitelist": [PAIR]},
                "pairlists": [{"method": "StaticPairList"}],
            }
        )
    )
    return setup_utils_configuration(
        {
            "config": [str(file)],
            "user_data_dir": str(folder),
            "datadir": str(folder),
            "strategy": "Rsi",
            "strategy_path": str(folder),
            "export": "none",
        },
        RunMode.BACKTEST,
    )


def run(folder: Path) -> tuple[float, dict]:
    """Return the seconds and freqtrade's results for the strategy."""
    config = configuration(folder)
    exchange = Binance(config, validate=False)
    exchange._markets = {PAIR: MARKET}
    testing = Backtesting(config, exchange=exchange)
    data, timerange = testing.load_bt_data()
    started = time.perf_counter()
    first, last = testing.backtest_one_strategy(testing.strategylist[0], data, timerange)
    results = generate_backtest_stats(data, testing.all_bt_content, min_date=first, max_date=last)
    return time.perf_counter() - started, results["strategy"]["Rsi"]


with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
    folder = Path(name)
    (folder / "rsi.py").write_text(STRATEGY)
    frame = pd.read_parquet(sys.argv[1])
    frame["date"] = pd.to_datetime(frame.pop("t_ms"), unit="ms", utc=True)
    frame[["date", "open", "high", "low", "close", "volume"]].to_feather(folder / "BTC_USDT-1m.feather")
    run_s, result = run(folder)
closed = [trade for trade in result["trades"] if trade["exit_reason"] != "force_exit"]
print(
    json.dumps(
        {
            "run_s": run_s,
            "trades": len(closed),
            "times": [(trade["open_timestamp"], trade["close_timestamp"]) for trade in closed],
            "prices": [(trade["open_rate"], trade["close_rate"]) for trade in closed],
            "final_equity": result["final_balance"],
        }
    )
)
