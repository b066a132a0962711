"""A program run once on the recording that comes with the desk, with a fresh account; nothing is traded."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from engine.backtest.account import BacktestAccount
from engine.backtest.context import ContextHistory
from engine.backtest.history import load_history
from engine.backtest.market.tape_market import TapeMarket
from engine.backtest.request_check import time_told
from engine.errors import InvalidInput
from engine.market.factors.library import FactorLibrary
from engine.market.flow.series import FlowSeries
from engine.market.periods import MINUTE_MS, parse_period
from engine.model.account import TraderConfig, TraderKind
from engine.model.backtest import OPEN_LIMITS, BacktestRequest
from engine.model.program import Parameter, ProgramRun
from engine.model.trigger import Trigger, TriggerKind
from engine.settings import SandboxSettings
from engine.strategies.programs.batch import Answer, DataQuery, MarketColumns
from engine.strategies.programs.data.funding import FundingHistory
from engine.strategies.programs.data.history import HistoryData, SymbolHistory
from engine.strategies.programs.host import SandboxHost
from engine.strategies.programs.strategy import ProgramStrategy

SYMBOLS = ("BTC", "ETH", "SOL")
CASH = Decimal(10_000)


async def try_program(
    source: str,
    sandbox: SandboxHost,
    *,
    symbol: str = "",
    period: str = "15m",
    params: Mapping[str, Parameter] = {},
    at_ms: int | None = None,
) -> ProgramRun:
    """Run a source once at a time of the recording, its last minute unless `at_ms` says otherwise.

    `symbol` is the trigger's; empty wakes the program for all. Raises `InvalidInput` for a symbol, a
    period or a time the recording does not have.
    """
    if symbol and symbol not in SYMBOLS:
        raise InvalidInput.of("symbol", symbol, f"the recording has {', '.join(SYMBOLS)}")
    history = load_history(BacktestRequest(source=source, symbols=SYMBOLS))
    tape = history.tape
    assert tape is not None
    now_ms = tape.end_ms - MINUTE_MS if at_ms is None else at_ms - at_ms % MINUTE_MS
    if not tape.start_ms <= now_ms < tape.end_ms:
        allowed = f"the recording goes from {time_told(tape.start_ms)} to {time_told(tape.end_ms)}"
        raise InvalidInput.of("at", time_told(now_ms), allowed)
    market = TapeMarket(tape, history.candles)
    trader = TraderConfig(
        trader_id=1,
        name="trial",
        kind=TraderKind.PROGRAM,
        initial_capital=CASH,
        symbols=SYMBOLS,
        period=parse_period(period).value,
        limits=OPEN_LIMITS,
    )
    account = BacktestAccount(trader, history.instruments, market, history.funding, now_ms)
    factors = FactorLibrary()
    data = HistoryData(
        {
            name: SymbolHistory(rows, FlowSeries.of_minutes(rows), factors, FundingHistory.none())
            for name, rows in history.candles.items()
        }
    )

    def answer(query: DataQuery, ts_ms: int) -> Answer:
        times = np.array([ts_ms], dtype=np.int64)
        if query.symbol not in SYMBOLS:
            return data.answer(query, times)
        quote = market.quote_at(query.symbol, ts_ms)
        columns = (np.array([float(price)]).tobytes() for price in (quote.mark, quote.bid, quote.ask))
        mark, bid, ask = columns
        step = float(history.instruments[query.symbol].tick_size)
        return data.answer(query, times, MarketColumns(mark=mark, bid=bid, ask=ask, tick_size=step))

    strategy = ProgramStrategy(sandbox, "trial", source, params, SandboxSettings(), answer)
    contexts = ContextHistory(account, market, history.candles, history.base)
    trigger = Trigger(kind=TriggerKind.MANUAL, symbol=symbol, ts_ms=now_ms)
    return await strategy.run_once(contexts.context(trigger, now_ms))
