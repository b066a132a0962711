"""Results as a backtest leaves them, without a backtest: numbers that depend on the request alone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np

from engine.backtest.trigger_log import OrderDetail, TriggerLog
from engine.model.backtest import (
    BacktestPool,
    BacktestRequest,
    BacktestResult,
    BacktestStatus,
    CandleFiles,
    EquityCurve,
    PoolSignal,
)

DAY_MS = 86_400_000
START_MS = 1_700_000_000_000 // DAY_MS * DAY_MS
SOURCE = "class Hold:\n    def should_trade(self, data):\n        return None\n"


def candle_file(folder: Path, minutes: int = 600) -> str:
    """Write a quiet hour's candles again and again, and return the file's path."""
    rows = ["t_ms,open,high,low,close,volume"]
    rows += [
        f"{START_MS + minute * 60_000},{100 + minute % 7},{108 + minute % 7},99,{101 + minute % 7},5"
        for minute in range(minutes)
    ]
    path = folder / "btc.csv"
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def made_request(source: str = SOURCE, candles: str = "btc.csv") -> BacktestRequest:
    return BacktestRequest(
        source=source,
        name="made",
        params={"length": 14, "edge": 0.5, "on": True, "word": "a", "none": None},
        pools=(BacktestPool(name="dips", signals=(PoolSignal("dip", "rsi14 < 30 on 5m"),)),),
        schedule_seconds=3600,
        history=CandleFiles((("BTC", candles),)),
        cash=Decimal("1000.10"),
        taker_fee=Decimal("0.0005"),
    )


def made_result(
    request: BacktestRequest,
    *,
    status: BacktestStatus = BacktestStatus.COMPLETED,
    ended_early: str = "",
    sharpe: float | None = 1.5,
    result_hash: str = "abc",
) -> BacktestResult:
    return BacktestResult(
        request=request,
        status=status,
        start_ms=START_MS,
        end_ms=START_MS + DAY_MS,
        bars=1440,
        triggers=3,
        signal_triggers=1,
        scheduled_triggers=2,
        program_calls=3,
        final_equity=Decimal("1010.10"),
        total_pnl=Decimal("10.00"),
        fees=Decimal(1),
        funding=Decimal(0),
        metrics={"sharpe": sharpe, "days": 30.0, "skew": 0.0, "kurtosis": 0.0},
        trades=(),
        curve=EquityCurve(ts_ms=(START_MS,), equity=(1000.0,), drawdown_pct=(0.0,), benchmark=(1000.0,)),
        monthly=(),
        rules=(),
        ended_early=ended_early,
        result_hash=result_hash,
    )


def made_log(lines: int = 3) -> TriggerLog:
    """Return a log that buys at its first line and holds at the others."""
    zeros = np.zeros(lines, dtype=np.int32).tobytes()
    return TriggerLog(
        kinds=("scheduled",),
        symbols=("BTC",),
        pools=("",),
        signal_sets=((),),
        reasons=(),
        ts_ms=(START_MS + np.arange(lines, dtype=np.int64) * 60_000).tobytes(),
        kind=zeros,
        symbol=zeros,
        pool=zeros,
        signals=zeros,
        operation=np.array([1] + [0] * (lines - 1), dtype=np.int8).tobytes(),
        reason=np.full(lines, -1, dtype=np.int32).tobytes(),
        price=np.full(lines, 100.0).tobytes(),
        equity_before=np.full(lines, 1000.0).tobytes(),
        equity_after=np.full(lines, 1000.0).tobytes(),
        details={0: OrderDetail(decision_symbol="BTC", side="BUY", quantity=1.0)},
    )


def same(result: BacktestResult) -> bytes:
    """Return what tells two results apart."""
    return msgspec.msgpack.encode(result)


class MadeOutcome:
    """What `engine.backtest.run.run_backtest` returns."""

    def __init__(self, result: BacktestResult, log: TriggerLog) -> None:
        self.result = result
        self.log = log

    @classmethod
    def of(cls, request: BacktestRequest) -> MadeOutcome:
        return cls(made_result(request), made_log())
