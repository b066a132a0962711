"""Small markets made by hand or drawn at random, for tests of the simulation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec
import numpy as np
from hypothesis import strategies as st

from engine.backtest.account import BacktestAccount
from engine.backtest.history import UNRULED_LOT, UNRULED_STEP, LoadedHistory
from engine.backtest.market.candle_market import CandleMarket
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.candles.series import CandleSeries
from engine.market.periods import MINUTE_MS, Period
from engine.model.account import TraderConfig, TraderKind
from engine.model.backtest import OPEN_LIMITS, BacktestPool, BacktestRequest, CandleFiles, PoolSignal
from engine.model.decision import Decision, Operation
from engine.model.instrument import Instrument
from engine.model.order import TimeInForce
from engine.strategies.programs.data.funding import FundingHistory

START_MS = 1_748_736_000_000
"""Midnight UTC, the first of June 2025."""
D = Decimal
NOTHING = D(0)
NO_FEES = (NOTHING, NOTHING)
CASH = D(10_000)

type Bar = tuple[float, float, float, float]


def at(minute: int) -> int:
    """When a bar of a one-minute history opens."""
    return START_MS + minute * MINUTE_MS


def series(
    bars: Iterable[Bar], minutes: Sequence[int] | None = None, length_ms: int = MINUTE_MS
) -> CandleSeries:
    """Candles of (open, high, low, close), one after the other or at given places."""
    rows = np.array(list(bars), dtype=np.float64).reshape(-1, 4)
    places = np.arange(len(rows)) if minutes is None else np.array(minutes)
    opens = START_MS + places.astype(np.int64) * length_ms
    open_, high, low, close = (rows[:, column].copy() for column in range(4))
    volume = (1 + np.arange(len(rows)) % 5).astype(np.float64)
    return CandleSeries(opens, open_, high, low, close, volume)


def flat(price: float, bars: int) -> list[Bar]:
    """Bars in which nothing happens."""
    return [(price, price, price, price)] * bars


def unruled(symbol: str, taker: Decimal = NOTHING, maker: Decimal = NOTHING) -> Instrument:
    """An instrument of no venue."""
    return msgspec.structs.replace(
        INSTRUMENTS["BTC"],
        symbol=symbol,
        tick_size=UNRULED_STEP,
        lot_size=UNRULED_LOT,
        min_quantity=UNRULED_LOT,
        max_quantity=D("1e15"),
        min_notional=D(0),
        price_band=D("1e15"),
        taker_fee=taker,
        maker_fee=maker,
    )


def settlements(*due: tuple[int, float]) -> FundingHistory:
    """Funding settled at (time, rate)."""
    ordered = sorted(due)
    return FundingHistory(
        np.array([ts_ms for ts_ms, _ in ordered], dtype=np.int64),
        np.array([rate for _, rate in ordered], dtype=np.float64),
    )


def history(
    candles: Mapping[str, CandleSeries],
    *,
    funding: Mapping[str, FundingHistory] | None = None,
    fees: tuple[Decimal, Decimal] = NO_FEES,
    instruments: Mapping[str, Instrument] | None = None,
    base: Period = Period.M1,
) -> LoadedHistory:
    """What a run reads; fees are (taker, maker)."""
    return LoadedHistory(
        symbols=tuple(candles),
        base=base,
        candles=dict(candles),
        funding={symbol: (funding or {}).get(symbol, FundingHistory.none()) for symbol in candles},
        instruments=dict(instruments or {symbol: unruled(symbol, *fees) for symbol in candles}),
    )


def market_on(past: LoadedHistory, slippage: str = "0") -> CandleMarket:
    """The market of a history."""
    return CandleMarket(past.candles, past.base, past.instruments, D(slippage))


def trader_on(past: LoadedHistory, cash: Decimal = CASH) -> TraderConfig:
    """A trader with the limits of a plain backtest."""
    return TraderConfig(
        trader_id=1,
        name="tester",
        kind=TraderKind.PROGRAM,
        initial_capital=cash,
        symbols=past.symbols,
        limits=OPEN_LIMITS,
    )


def account_on(past: LoadedHistory, market: CandleMarket, cash: Decimal = CASH) -> BacktestAccount:
    """An account at the first bar."""
    return BacktestAccount(trader_on(past, cash), past.instruments, market, past.funding, START_MS)


def order(
    operation: str,
    symbol: str = "BTC",
    *,
    quantity: str | None = None,
    portion: str = "0",
    leverage: int = 1,
    limit: float | None = None,
    stop: float | None = None,
    target: float | None = None,
    rests: bool = False,
) -> Decision:
    """A decision; without a limit the guard is far away."""
    buys = operation == "buy"
    guard = (1e6 if buys else 0.01) if limit is None and operation != "close" else limit
    return Decision(
        operation=Operation(operation),
        symbol=symbol,
        portion=D(portion) if operation != "close" or portion != "0" else D(1),
        quantity=None if quantity is None else D(quantity),
        leverage=leverage,
        max_price=D(str(guard)) if guard is not None and operation != "sell" else None,
        min_price=D(str(guard)) if guard is not None and operation != "buy" else None,
        time_in_force=TimeInForce.GTC if rests else TimeInForce.IOC,
        stop_loss=None if stop is None else D(str(stop)),
        take_profit=None if target is None else D(str(target)),
    )


def pool(
    *conditions: str, name: str = "pool", symbols: tuple[str, ...] = (), cooldown: int = 0
) -> BacktestPool:
    """A pool of any of these conditions."""
    return BacktestPool(
        name=name,
        signals=tuple(PoolSignal(condition, condition) for condition in conditions),
        symbols=symbols,
        cooldown_seconds=cooldown,
    )


def request(source: str, past: LoadedHistory, **changes: object) -> BacktestRequest:
    """A run of a program over a history, woken every minute unless something else is said."""
    asked = BacktestRequest(
        source=source,
        symbols=past.symbols,
        period=past.base.value,
        schedule_seconds=past.base.length_ms // 1000,
        history=CandleFiles(()),
    )
    return msgspec.structs.replace(asked, **changes)


@st.composite
def bars(draw: st.DrawFn, count: int, price: int = 1000, step: int = 12) -> list[Bar]:
    """A random walk of candles in tenths, with gaps between them."""
    moves = st.integers(-step, step)
    reach = st.integers(0, step)
    found: list[Bar] = []
    last = price
    for _ in range(count):
        opened = max(100, last + draw(st.sampled_from([0, 0, 0, draw(moves)])))
        last = max(100, opened + draw(moves))
        high, low = max(opened, last) + draw(reach), min(opened, last) - draw(reach)
        found.append((opened / 10, high / 10, low / 10, last / 10))
    return found


@st.composite
def gappy(draw: st.DrawFn, count: int, price: int = 1000) -> CandleSeries:
    """Random candles of which some in the middle may be missing."""
    missing = draw(st.sets(st.integers(1, count - 2), max_size=count // 5))
    kept = [minute for minute in range(count) if minute not in missing]
    return series(draw(bars(len(kept), price)), kept)
