"""Backtests for people and tools: run a program over recorded candles, and show what came out.

Everything here works without a desk, and beside one on the same home. Importing it is cheap: what runs a
backtest is imported by `run`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.backtest.metrics import METRICS, Better, Metric, Unit
from engine.backtest.metrics.value_text import value_text
from engine.backtest.sweep.ranges import parse_range
from engine.errors import InvalidInput
from engine.market.periods import Period, parse_period
from engine.model.backtest import (
    BacktestPool,
    BacktestProgress,
    BacktestRequest,
    BacktestResult,
    BacktestTrade,
    ExitReason,
    SweepRequest,
    SweepResult,
)

if TYPE_CHECKING:
    from engine.backtest.history import LoadedHistory
    from engine.backtest.honesty import LookAheadFinding, TradeOrderLuck
    from engine.backtest.prepared_run import RunOutcome
    from engine.backtest.report import Comparison

__all__ = [
    "METRICS",
    "Backtest",
    "Better",
    "Metric",
    "Period",
    "ResultJson",
    "Unit",
    "compare",
    "json_of",
    "parse_period",
    "parse_range",
    "read_pools",
    "read_program",
    "result_text",
    "run",
    "run_sweep",
    "sweep_text",
    "value_text",
]


class Backtest:
    """A finished run, the history it ran on, and what a look-ahead check found if one was asked for."""

    def __init__(
        self, outcome: RunOutcome, history: LoadedHistory, look_ahead: LookAheadFinding | None = None
    ) -> None:
        self.outcome = outcome
        self.history = history
        self.look_ahead = look_ahead

    @property
    def result(self) -> BacktestResult:
        """What it came to."""
        return self.outcome.result

    @property
    def luck(self) -> TradeOrderLuck | None:
        """How its trades would have fared in other orders; None for fewer than two closed trades."""
        from engine.backtest.honesty import trade_order_luck

        request = self.result.request
        return trade_order_luck(self.result.trades, float(request.cash), request.seed)

    def html(self) -> str:
        """Return one self-contained page with charts, markers and tables."""
        from engine.backtest.report import html_report, price_chart

        symbol = self.result.request.symbols[0]
        rows = self.history.candles[symbol]
        first, stop = rows.open_ms.searchsorted((self.result.start_ms, self.result.end_ms))
        part = rows.slice(int(first), int(stop))
        chart = price_chart(symbol, part.open_ms, part.open, part.high, part.low, part.close)
        return html_report(self.result, chart)

    def text(self, width: int = 100) -> str:
        """Return a readable summary for a terminal."""
        return result_text(self.result, width)


class TradeJson(msgspec.Struct, frozen=True, kw_only=True):
    """A round trip, in the words clients know; times are UTC milliseconds, `pnl` is after fees."""

    timestamp: int
    exit_timestamp: int | None
    symbol: str
    operation: str
    side: str
    size: float
    leverage: int
    entry_price: float
    exit_price: float | None
    exit_reason: str
    pnl: float
    pnl_percent: float
    fee: float
    funding: float
    mae_pct: float
    mfe_pct: float
    reason: str
    pool_name: str
    triggered_signals: tuple[str, ...]


class ResultJson(msgspec.Struct, frozen=True, kw_only=True):
    """A result as one JSON object.

    `win_rate` is a share of 1 and `max_drawdown` per cent, negative; `metrics` has everything measured,
    by the names of the metrics' table. Of the `trades` the last `open_trades` were open at the end: they
    have no exit and are valued at the last mark. `look_ahead` and `luck` are what checks found, null
    without them.
    """

    status: str
    bars: int
    triggers: int
    signal_triggers: int
    scheduled_triggers: int
    program_calls: int
    failures: int
    total_trades: int
    final_equity: float
    total_pnl: float
    total_pnl_percent: float
    win_rate: float | None
    max_drawdown: float | None
    sharpe_ratio: float | None
    profit_factor: float | None
    fees: float
    funding: float
    start_ms: int
    end_ms: int
    load_s: float
    run_s: float
    result_hash: str
    ended_early: str
    error: str
    warnings: tuple[str, ...]
    rules: tuple[str, ...]
    metrics: dict[str, float | None]
    trades: tuple[TradeJson, ...]
    open_trades: int
    look_ahead: LookAheadFinding | None = None
    luck: TradeOrderLuck | None = None


def read_pools(path: Path, period: Period) -> tuple[BacktestPool, ...]:
    """Return the pools of a file; see `engine.backtest.pool_file`."""
    from engine.backtest.pool_file import read_pools as read

    return read(path, period)


def compare(results: Sequence[BacktestResult]) -> Comparison:
    """Return the metrics of several runs side by side."""
    from engine.backtest.report import compare as compare_here

    return compare_here(results)


def read_program(path: Path) -> str:
    """Return a program's source; raises `InvalidInput` with every error an editor would show."""
    from engine.strategies.programs.validation import check_source

    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInput.of("program", str(path), f"a text file that can be read: {reason}") from error
    report = check_source(source)
    if not report.ok:
        told = "\n".join(
            f"{path}:{problem.line}: {problem.message}" + (f"; {problem.advice}" if problem.advice else "")
            for problem in report.errors
        )
        raise InvalidInput(told, field="program", value=str(path), line=str(report.errors[0].line))
    return source


async def run(
    request: BacktestRequest,
    home: Path | None = None,
    *,
    on_progress: Callable[[BacktestProgress], None] = lambda progress: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    checks: bool = False,
) -> Backtest:
    """Run a backtest in this process; with `checks` also see whether it looks into the future.

    Raises `InvalidInput` or `NotFound` for what cannot be run, `Unavailable` without a sandbox.
    """
    from engine.backtest.history import load_history
    from engine.backtest.look_ahead_check import check_look_ahead
    from engine.backtest.request_check import check_request_fields
    from engine.backtest.run import run_backtest
    from engine.strategies.programs.host import SandboxHost

    check_request_fields(request)
    sandbox = SandboxHost()
    try:
        sandbox.start()
        history = await asyncio.to_thread(load_history, request, home)
        await sandbox.ready()
        outcome = await run_backtest(
            request, history, sandbox, on_progress=on_progress, is_cancelled=is_cancelled
        )
        is_checked = checks and not is_cancelled()
        finding = await check_look_ahead(outcome, history, sandbox) if is_checked else None
    finally:
        await sandbox.close()
    return Backtest(outcome, history, finding)


def run_sweep(
    request: SweepRequest,
    home: Path,
    *,
    on_progress: Callable[[BacktestProgress], None] = lambda progress: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> SweepResult:
    """Run a sweep on this machine's processes or on a cluster; raises as `run` does."""
    from engine.backtest.runs.request_checks import check_sweep
    from engine.backtest.sweep import run_sweep as run_here

    check_sweep(request)
    return run_here.run_sweep(request, home, on_progress=on_progress, is_cancelled=is_cancelled)


def result_text(result: BacktestResult, width: int = 100) -> str:
    """Return a readable summary of a result for a terminal."""
    from engine.backtest.report import text_summary

    return text_summary(result, width)


def sweep_text(result: SweepResult, width: int = 100) -> str:
    """Return a readable table of a sweep for a terminal."""
    from engine.backtest.report import sweep_summary

    return sweep_summary(result, width)


def json_of(
    result: BacktestResult, look_ahead: LookAheadFinding | None = None, luck: TradeOrderLuck | None = None
) -> ResultJson:
    """Return a result as clients read it."""
    metrics = result.metrics
    return ResultJson(
        status=str(result.status),
        bars=result.bars,
        triggers=result.triggers,
        signal_triggers=result.signal_triggers,
        scheduled_triggers=result.scheduled_triggers,
        program_calls=result.program_calls,
        failures=result.failures,
        total_trades=len(result.trades),
        final_equity=float(result.final_equity),
        total_pnl=float(result.total_pnl),
        total_pnl_percent=float(result.total_pnl / result.request.cash * 100),
        win_rate=metrics.get("win_rate"),
        max_drawdown=metrics.get("max_drawdown_pct"),
        sharpe_ratio=metrics.get("sharpe"),
        profit_factor=metrics.get("profit_factor"),
        fees=float(result.fees),
        funding=float(result.funding),
        start_ms=result.start_ms,
        end_ms=result.end_ms,
        load_s=result.load_s,
        run_s=result.run_s,
        result_hash=result.result_hash,
        ended_early=result.ended_early,
        error="" if result.error is None else result.error.sentence(),
        warnings=result.warnings,
        rules=result.rules,
        metrics=metrics,
        trades=tuple(_trade_json(trade) for trade in result.trades),
        open_trades=sum(trade.exit_reason is ExitReason.OPEN for trade in result.trades),
        look_ahead=look_ahead,
        luck=luck,
    )


def _trade_json(trade: BacktestTrade) -> TradeJson:
    return TradeJson(
        timestamp=trade.entry_ms,
        exit_timestamp=trade.exit_ms,
        symbol=trade.symbol,
        operation="buy" if trade.side == "long" else "sell",
        side=trade.side,
        size=float(trade.quantity),
        leverage=trade.leverage,
        entry_price=float(trade.entry_price),
        exit_price=None if trade.exit_price is None else float(trade.exit_price),
        exit_reason=str(trade.exit_reason),
        pnl=float(trade.pnl),
        pnl_percent=trade.return_pct,
        fee=float(trade.fees),
        funding=float(trade.funding),
        mae_pct=trade.mae_pct,
        mfe_pct=trade.mfe_pct,
        reason=trade.reason,
        pool_name=trade.pool_name,
        triggered_signals=trade.signals,
    )
