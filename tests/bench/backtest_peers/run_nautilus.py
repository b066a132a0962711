"""RSI(14) through 30 and 70 in nautilus_trader: all equity at the close of the signal bar, 0.05 % a side.

nautilus fills a market order sent in `on_bar` at the close of that bar, at the bar's time, which is its
end here, the moment the next one opens: the times are the others' times, the prices are not. A cash
account trades a spot pair with a step of 1e-8; the strategy sizes "all" itself with the fee kept back,
and the position open at the end is valued at the last close. Every bar gets a volume no order exhausts,
since a larger order would slip by a tick. The RSI is nautilus' own with Wilder's average.
"""

import json
import math
import sys
import time
import warnings
from decimal import Decimal

import pandas as pd
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.common.config import LoggingConfig
from nautilus_trader.indicators import MovingAverageType, RelativeStrengthIndex
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

warnings.filterwarnings("ignore")

VENUE = Venue("BINANCE")
FEE = Decimal("0.0005")
LOT = Decimal("0.00000001")
PAIR = CurrencyPair(
    instrument_id=InstrumentId(Symbol("BTCUSDT"), VENUE),
    raw_symbol=Symbol("BTCUSDT"),
    base_currency=BTC,
    quote_currency=USDT,
    price_precision=1,
    size_precision=8,
    price_increment=Price.from_str("0.1"),
    size_increment=Quantity.from_str("0.00000001"),
    ts_event=0,
    ts_init=0,
    maker_fee=FEE,
    taker_fee=FEE,
)
BARS = BarType.from_str(f"{PAIR.id}-1-MINUTE-LAST-EXTERNAL")


class Rsi(Strategy):
    def on_start(self):
        self.rsi = RelativeStrengthIndex(14, MovingAverageType.WILDER)
        self.before = math.nan
        self.held = None
        self.fills = []
        self.register_indicator_for_bars(BARS, self.rsi)
        self.subscribe_bars(BARS)

    def on_bar(self, bar):
        before, self.before = self.before, self.rsi.value if self.rsi.initialized else math.nan
        if self.held is None and before >= 0.3 > self.before:
            free = self.portfolio.account(VENUE).balance_free(USDT).as_decimal()
            most = free / (bar.close.as_decimal() * (1 + FEE))
            self.send(OrderSide.BUY, most.quantize(LOT, rounding="ROUND_DOWN"))
        elif self.held is not None and before <= 0.7 < self.before:
            self.send(OrderSide.SELL, self.held)

    def send(self, side, quantity):
        self.submit_order(self.order_factory.market(PAIR.id, side, PAIR.make_qty(quantity)))

    def on_order_filled(self, event):
        self.held = event.last_qty.as_decimal() if event.order_side == OrderSide.BUY else None
        self.fills.append((event.ts_event // 1_000_000, float(event.last_px.as_decimal())))


frame = pd.read_parquet(sys.argv[1])
frame["volume"] = 1_000_000.0
frame.index = pd.to_datetime(frame["t_ms"] + 60_000, unit="ms", utc=True)
engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
engine.add_venue(
    venue=VENUE,
    oms_type=OmsType.NETTING,
    account_type=AccountType.CASH,
    starting_balances=[Money(1_000_000, USDT)],
)
engine.add_instrument(PAIR)
engine.add_data(BarDataWrangler(BARS, PAIR).process(frame[["open", "high", "low", "close", "volume"]]))
strategy = Rsi()
engine.add_strategy(strategy)
started = time.perf_counter()
engine.run()
run_s = time.perf_counter() - started
account = engine.portfolio.account(VENUE)
coins = account.balance_total(BTC)
held = Decimal(0) if coins is None else coins.as_decimal()
equity = account.balance_total(USDT).as_decimal() + held * Decimal(str(frame["close"].iloc[-1]))
entries, exits = strategy.fills[::2], strategy.fills[1::2]
pairs = list(zip(entries, exits, strict=False))  # the last entry may still be open
print(
    json.dumps(
        {
            "run_s": run_s,
            "trades": len(pairs),
            "times": [(entry[0], exit_[0]) for entry, exit_ in pairs],
            "prices": [(entry[1], exit_[1]) for entry, exit_ in pairs],
            "final_equity": float(equity),
        }
    )
)
