"""The recorded desk's backtests side: runs over the recorded candles, measured by the engine itself.

The rule is one a test can follow: buy when the price is so many per cent below its mean of a day, leave
when it is above it. Commands are noted in the desk's `calls`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import numpy as np

from engine.backtest.figures import RunFigures
from engine.backtest.honesty import deflated_sharpe_of_best, run_warnings, sweep_warnings
from engine.backtest.metrics import curve, measure, monthly
from engine.errors import Conflict, InvalidInput, NotFound
from engine.market.candles.series import CandleSeries, aggregate
from engine.market.periods import Period
from engine.model.backtest import (
    BacktestPool,
    BacktestProgress,
    BacktestRequest,
    BacktestResult,
    BacktestRun,
    BacktestStatus,
    BacktestTrade,
    ExitReason,
    ParameterRange,
    PoolSignal,
    SweepLine,
    SweepRequest,
    SweepResult,
    TriggerDetail,
    TriggerLine,
    WalkForward,
    WalkForwardStep,
)
from engine.model.program import ProgramError
from tests.tui.recorded_market import minutes_until
from tests.tui.recorded_programs import PROGRAMS

D = Decimal
NOW_MS = 1_772_373_807_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
CASH = 10_000.0
FEE = 0.0005
DAY_BARS = 96
RULES = (
    "An order fills at the next available price after its trigger (slippage 0 %).",
    "The fee is reserved when all is sized (taker 0.05 %, maker 0.02 %).",
    "An open position is valued at the last mark.",
    "Sizes are rounded down to the lot of 0.001.",
    "Inside a minute prices follow the replay's path, one quote a second.",
    "Funding is paid at 62 settlements.",
    "Sharpe is of daily UTC equity returns, times the square root of 365.",
)
POOL = BacktestPool(
    name="Reversal",
    signals=(PoolSignal("RSI oversold", "rsi14 crosses below 30 on 15m"),),
    cooldown_seconds=300,
)
REQUEST = BacktestRequest(
    source=PROGRAMS[0].code,
    name="RSI reversion",
    program_id=1,
    program_version=3,
    params={"below": 0.5, "portion": 0.5},
    symbols=("BTC",),
    pools=(POOL,),
    schedule_seconds=900,
)
DIVISION = ProgramError(
    kind="ZeroDivisionError",
    message="division by zero",
    line=5,
    code="0.01 / (len(candles) - 24)",
    traceback='Traceback (most recent call last):\n  File "program.py", line 5, in run',
    advice=("Check the divisor before you divide, such as `if count:`",),
)


@cache
def candles(symbol: str = "BTC") -> CandleSeries:
    close = {"BTC": 67013.2, "ETH": 3120.2}[symbol]
    minutes = minutes_until(symbol, NOW_MS // MINUTE_MS * MINUTE_MS, close, 2)
    return aggregate(minutes, Period.M15).closed


@cache
def result_of(
    below: float = 0.5, portion: float = 0.5, symbol: str = "BTC", part: float = 1.0
) -> tuple[BacktestResult, tuple[TriggerLine, ...]]:
    """Return what the rule came to over a part of the recording, and its trigger log."""
    rows = candles(symbol)
    rows = rows.slice(0, int(len(rows.open) * part))
    cash, held, entry = CASH, 0.0, (0, 0.0, 0.0)
    equity, exposed = np.empty(len(rows.open)), np.zeros(len(rows.open), dtype=np.bool_)
    trades: list[BacktestTrade] = []
    log: list[TriggerLine] = []
    fees = turnover = 0.0
    for bar, price in enumerate(rows.close.tolist()):
        mean = float(rows.close[max(0, bar - DAY_BARS) : bar + 1].mean())
        distance = (price / mean - 1) * 100
        before, fee, made, operation = cash + held * price, 0.0, 0.0, "hold"
        ts_ms = int(rows.open_ms[bar]) + 15 * MINUTE_MS
        if not held and distance < -below:
            operation, fee = "buy", before * portion * FEE
            held = before * portion / price
            cash -= held * price + fee
            entry = (ts_ms, price, fee)
        elif held and distance > 0:
            operation, fee = "close", held * price * FEE
            made = held * (price - entry[1])
            trades.append(_trade(len(trades) + 1, symbol, held, entry, (ts_ms, price), fee, made, len(log)))
            cash += held * price - fee
            held = 0.0
        fees, turnover = fees + fee, turnover + (fee / FEE)
        equity[bar], exposed[bar] = cash + held * price, bool(held)
        reason = f"{distance:+.2f}% from the mean of a day"
        log.append(
            _line(len(log), ts_ms, symbol, price, operation, held, fee, made, (before, equity[bar]), reason)
        )
    if held:
        trades.append(_trade(len(trades) + 1, symbol, held, entry, None, 0.0, 0.0, len(log) - 1))
    closes = rows.open_ms + 15 * MINUTE_MS
    figures = RunFigures(
        start_ms=int(rows.open_ms[0]),
        cash=D(str(CASH)),
        close_ms=closes,
        equity=equity,
        exposed=exposed,
        benchmark=rows.close,
        benchmark_units=CASH / float(rows.open[0]),
        trades=tuple(trades),
        turnover=_money(turnover),
        fees=_money(fees),
        funding=D(0),
    )
    metrics = measure(figures)
    request = msgspec.structs.replace(REQUEST, params={"below": below, "portion": portion}, symbols=(symbol,))
    result = BacktestResult(
        request=request,
        status=BacktestStatus.COMPLETED,
        start_ms=figures.start_ms,
        end_ms=int(closes[-1]),
        bars=len(closes),
        triggers=len(log),
        signal_triggers=0,
        scheduled_triggers=len(log),
        program_calls=len(log),
        final_equity=_money(float(equity[-1])),
        total_pnl=_money(float(equity[-1]) - CASH),
        fees=_money(fees),
        funding=D(0),
        metrics=metrics,
        trades=tuple(trades),
        curve=curve(figures, 600),
        monthly=monthly(figures),
        rules=RULES,
        warnings=run_warnings(figures, metrics),
        load_s=0.21,
        run_s=0.34,
        result_hash=f"{below}-{portion}-{symbol}".encode().hex()[:32],
    )
    return result, tuple(log)


def _trade(
    number: int,
    symbol: str,
    held: float,
    entry: tuple[int, float, float],
    end: tuple[int, float] | None,
    fee: float,
    made: float,
    index: int,
) -> BacktestTrade:
    entry_ms, price, entry_fee = entry
    paid = entry_fee + fee
    return BacktestTrade(
        number=number,
        symbol=symbol,
        side="long",
        quantity=D(f"{held:.4f}"),
        leverage=1,
        entry_ms=entry_ms,
        entry_price=D(str(price)),
        exit_ms=end[0] if end else None,
        exit_price=D(str(end[1])) if end else None,
        exit_reason=ExitReason.DECISION if end else ExitReason.OPEN,
        pnl=_money(made - paid),
        gross_pnl=_money(made),
        fees=_money(paid),
        funding=D(0),
        return_pct=(made - paid) / (held * price) * 100,
        mae_pct=0.8,
        mfe_pct=1.3,
        trigger_index=index,
        exit_trigger_index=index if end else None,
        reason="below the mean of a day",
    )


def _line(
    index: int,
    ts_ms: int,
    symbol: str,
    price: float,
    operation: str,
    held: float,
    fee: float,
    made: float,
    equity: tuple[float, float],
    reason: str,
) -> TriggerLine:
    is_order = operation != "hold"
    return TriggerLine(
        index=index,
        kind="scheduled",
        ts_ms=ts_ms,
        symbol=symbol,
        price=price,
        operation=operation,
        decision_symbol=symbol if is_order else "",
        side="long" if is_order else "",
        quantity=held if operation == "buy" else 0.0,
        fill_price=price if is_order else None,
        fee=fee,
        realized_pnl=made - fee if operation == "close" else 0.0,
        equity_before=equity[0],
        equity_after=equity[1],
        reason=reason,
        outcome=f"filled at {price:,.1f}" if is_order else "held",
    )


def _money(value: float) -> Decimal:
    return D(f"{value:.2f}")


@cache
def sweep_of() -> SweepResult:
    """Return a grid of both parameters, walked forward."""
    ranges = (
        ParameterRange("below", (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)),
        ParameterRange("portion", (0.25, 0.5, 0.75, 1.0)),
    )
    lines = [_sweep_line(below, portion) for below in ranges[0].values for portion in ranges[1].values]
    lines[-1] = msgspec.structs.replace(lines[-1], metrics={}, total_trades=0, error=DIVISION.sentence())
    sharpes = [line.metrics.get("sharpe") for line in lines]
    best = max(range(len(lines)), key=lambda place: sharpes[place] or -99.0)
    deflated = deflated_sharpe_of_best(lines[best].metrics, sharpes)
    steps = tuple(_steps(lines[best]))
    request = SweepRequest(request=REQUEST, ranges=ranges, walk_forward=WalkForward(splits=3))
    return SweepResult(
        request=request,
        lines=tuple(lines),
        best=best,
        deflated_sharpe=deflated,
        steps=steps,
        warnings=sweep_warnings(len(lines), deflated, "sharpe", steps),
        run_s=4.2,
    )


def _sweep_line(below: Any, portion: Any) -> SweepLine:
    result, _ = result_of(below, portion)
    return SweepLine(
        params={"below": below, "portion": portion},
        metrics=result.metrics,
        total_trades=len(result.trades),
        final_equity=float(result.final_equity),
        result_hash=result.result_hash,
    )


def _steps(best: SweepLine) -> Iterator[WalkForwardStep]:
    first = int(candles().open_ms[0])
    for place, share in enumerate((0.9, 0.4, 0.2)):
        start = first + place * 120 * HOUR_MS
        test = {name: None if value is None else value * share for name, value in best.metrics.items()}
        yield WalkForwardStep(
            train_start_ms=start,
            train_end_ms=start + 200 * HOUR_MS,
            test_end_ms=start + 290 * HOUR_MS,
            params=best.params,
            train=best.metrics,
            test=test,
        )


def _run(run_id: str, minutes_ago: int, result: BacktestResult | None = None, **changes: Any) -> BacktestRun:
    run = BacktestRun(
        run_id=run_id,
        name="RSI reversion",
        symbols=("BTC",),
        status=BacktestStatus.COMPLETED,
        created_ms=NOW_MS - minutes_ago * MINUTE_MS,
        program_id=1,
        finished_ms=NOW_MS - minutes_ago * MINUTE_MS + 600,
    )
    if result is not None:
        run = msgspec.structs.replace(
            run,
            summary=result.metrics,
            total_trades=len(result.trades),
            final_equity=float(result.final_equity),
            total_pnl=float(result.total_pnl),
            result_hash=result.result_hash,
        )
    return msgspec.structs.replace(run, **changes)


EARLY = "the program failed 20 times in a row, the last at 2026-02-18 04:15"


@cache
def recorded_runs() -> tuple[BacktestRun, ...]:
    sweep = sweep_of()
    best = sweep.lines[sweep.best or 0]
    return (
        _run(
            "bt-007",
            1,
            symbols=("BTC", "ETH"),
            status=BacktestStatus.RUNNING,
            finished_ms=None,
            progress=BacktestProgress(
                stage="deciding", done=1203, total=2810, ts_ms=NOW_MS - 300 * HOUR_MS, equity=10_123.4
            ),
        ),
        _run(
            "sw-001",
            12,
            combinations=len(sweep.lines),
            summary=best.metrics,
            total_trades=best.total_trades,
            final_equity=best.final_equity,
            status=BacktestStatus.PARTIAL,
            error=f"1 of {len(sweep.lines)} runs failed; the first: {DIVISION.sentence()}",
        ),
        _run("bt-006", 30, result_of()[0]),
        _run(
            "bt-005",
            55,
            result_of(0.75, 1.0, "ETH", 0.5)[0],
            name="Range breakout",
            symbols=("ETH",),
            status=BacktestStatus.PARTIAL,
            error=EARLY,
        ),
        _run("bt-004", 70, result_of(1.0, 0.5)[0]),
        _run("bt-003", 200, status=BacktestStatus.CANCELLED),
        _run(
            "bt-002",
            2_000,
            name="First steps",
            status=BacktestStatus.INTERRUPTED,
            error="the desk was killed",
        ),
        _run("bt-001", 3_000, name="Range breakout", status=BacktestStatus.ERROR, error=DIVISION.sentence()),
    )


class RecordedBacktests:
    """The backtests desk over fixed tables."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note = note
        self.run_list: tuple[BacktestRun, ...] | None = None
        self.result_list: dict[str, BacktestResult] = {}

    def runs(self) -> tuple[BacktestRun, ...]:
        return recorded_runs() if self.run_list is None else self.run_list

    def change(self, run_id: str, **changes: Any) -> BacktestRun:
        """Change a run, as time or a command does."""
        changed = msgspec.structs.replace(self._run(run_id), **changes)
        self.run_list = tuple(changed if run.run_id == run_id else run for run in self.runs())
        return changed

    async def start(self, request: BacktestRequest) -> BacktestRun:
        self._note("start", request)
        if not request.pools and not request.schedule_seconds:
            raise InvalidInput.of(
                "pools", "none", "give signals, a schedule or both: nothing wakes the program"
            )
        return self._added(_run("bt-100", 0, name=request.name, symbols=request.symbols))

    async def start_sweep(self, request: SweepRequest) -> BacktestRun:
        self._note("start_sweep", request)
        return self._added(_run("sw-100", 0, name=request.request.name, combinations=9))

    def _added(self, run: BacktestRun) -> BacktestRun:
        queued = msgspec.structs.replace(run, status=BacktestStatus.QUEUED, finished_ms=None)
        self.run_list = (queued, *self.runs())
        return queued

    async def cancel(self, run_id: str) -> BacktestRun:
        self._note("cancel", run_id)
        if self._run(run_id).status.is_over:
            raise Conflict(f"run: {run_id} is over", field="run_id", value=run_id)
        return self.change(run_id, status=BacktestStatus.CANCELLED, finished_ms=NOW_MS)

    async def resume(self, run_id: str) -> BacktestRun:
        self._note("resume", run_id)
        if self._run(run_id).status not in (BacktestStatus.CANCELLED, BacktestStatus.INTERRUPTED):
            raise Conflict(f"run: {run_id} has nothing to resume", field="run_id", value=run_id)
        return self.change(run_id, status=BacktestStatus.QUEUED, finished_ms=None)

    async def delete(self, run_id: str) -> None:
        self._note("delete", run_id)
        if not self._run(run_id).status.is_over:
            raise Conflict(f"run: {run_id} is not over", field="run_id", value=run_id)
        self.run_list = tuple(run for run in self.runs() if run.run_id != run_id)

    async def result(self, run_id: str) -> BacktestResult:
        run = self._run(run_id)
        if run_id in self.result_list:
            return self.result_list[run_id]
        if not run.status.is_over:
            raise Conflict(f"run: {run_id} is not over yet", field="run_id", value=run_id)
        if run.status in (BacktestStatus.CANCELLED, BacktestStatus.INTERRUPTED, BacktestStatus.ERROR):
            raise Conflict(
                f"run: {run_id} was {run.status.value} and has no result", field="run_id", value=run_id
            )
        match run_id:
            case "bt-005":
                return msgspec.structs.replace(
                    result_of(0.75, 1.0, "ETH", 0.5)[0],
                    status=BacktestStatus.PARTIAL,
                    ended_early=EARLY,
                    failures=20,
                    error=DIVISION,
                )
            case "bt-004":
                return result_of(1.0, 0.5)[0]
            case _:
                return result_of()[0]

    async def sweep_result(self, run_id: str) -> SweepResult:
        return sweep_of()

    async def triggers(
        self, run_id: str, *, offset: int = 0, limit: int = 100, operation: str = ""
    ) -> tuple[int, tuple[TriggerLine, ...]]:
        self._note("triggers", run_id, offset, operation)
        lines = [line for line in self._log(run_id) if operation in ("", line.operation)]
        return len(lines), tuple(lines[offset : offset + limit])

    async def trigger_detail(self, run_id: str, index: int) -> TriggerDetail:
        self._note("trigger_detail", run_id, index)
        line = self._log(run_id)[index]
        given = {"trigger_symbol": line.symbol, "trigger_type": "scheduled", "available_balance": 5_021.33}
        return TriggerDetail(
            line=line,
            input_data=json.dumps(
                given | {"positions": {"BTC": {"side": "long", "size": 0.07, "leverage": 1}}}
            ),
            reads=(
                ('get_price("BTC")', str(line.price)),
                ('get_indicator("BTC", "RSI14", "15m")', '{"value": 41.7, "series": [44.0, 42.8, 41.7]}'),
            ),
            output=line.reason,
            decision=json.dumps(
                {"operation": line.operation, "symbol": line.decision_symbol, "reason": line.reason}
            ),
        )

    async def request_of(self, binding_id: int) -> BacktestRequest:
        self._note("request_of", binding_id)
        return msgspec.structs.replace(
            REQUEST, binding_id=binding_id, params={"oversold": 25}, symbols=("BTC", "ETH"), cash=D(8_204)
        )

    def _log(self, run_id: str) -> tuple[TriggerLine, ...]:
        return (result_of(1.0, 0.5) if run_id == "bt-004" else result_of())[1]

    def _run(self, run_id: str) -> BacktestRun:
        for run in self.runs():
            if run.run_id == run_id:
                return run
        raise NotFound(f"run: there is no {run_id}", field="run_id", value=run_id)
