"""Tools that backtest a program and read what backtests came to."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec

from engine.assistants.tools.programs import program_of
from engine.assistants.tools.texts import as_json, picked
from engine.assistants.tools.tool import Arguments, ReadTool
from engine.desk import Desk
from engine.errors import InvalidInput, NotFound
from engine.market.periods import HOUR_MS
from engine.model.assistant import AssistantKind
from engine.model.backtest import BacktestRequest, BacktestRun, BacktestStatus
from engine.model.event import Topic
from engine.text import safe_line

_KINDS = (AssistantKind.DESK, AssistantKind.PROGRAM)
_SHOWN_RUNS = 20
_SHOWN_TRADES = 10
_QUICK_HOURS = 24
WAITING_SECONDS = 90.0
"""How long a tool waits for a backtest; a longer one goes on and is read later by its id."""


class _Backtest(Arguments, frozen=True, kw_only=True):
    program_id: Annotated[int, msgspec.Meta(description="a saved program; 0 with `code`")] = 0
    code: Annotated[str, msgspec.Meta(description="a source that is not saved; empty with program_id")] = ""
    symbols: tuple[str, ...] = ("BTC",)
    hours: Annotated[
        int, msgspec.Meta(ge=1, le=8784, description="how much of the recording, up to its end")
    ] = 168
    schedule_seconds: Annotated[
        int, msgspec.Meta(ge=60, le=604_800, description="how often the program is woken")
    ] = 900


class _Quick(Arguments, frozen=True, kw_only=True):
    code: Annotated[str, msgspec.Meta(description="the whole source")]
    symbol: str = "BTC"


class _Run(Arguments, frozen=True, kw_only=True):
    run_id: Annotated[str, msgspec.Meta(description="such as bt-001")]


class _Triggers(Arguments, frozen=True, kw_only=True):
    run_id: Annotated[str, msgspec.Meta(description="such as bt-001")]
    operation: Annotated[str, msgspec.Meta(description="only these: buy, sell, close, hold; empty all")] = ""
    offset: int = 0


class _TriggerAt(Arguments, frozen=True, kw_only=True):
    run_id: str
    index: int


async def _history(desk: Desk, _: Arguments) -> str:
    return as_json([_line(run) for run in desk.backtests.runs()[:_SHOWN_RUNS]])


async def _result(desk: Desk, asked: _Run) -> str:
    return await _told(desk, _run_of(desk, asked.run_id))


async def _triggers(desk: Desk, asked: _Triggers) -> str:
    total, lines = await desk.backtests.triggers(
        asked.run_id, offset=asked.offset, limit=_SHOWN_RUNS, operation=asked.operation
    )
    return as_json(
        {
            "total": total,
            "lines": [
                picked(line, "index", "kind", "ts_ms", "symbol", "price", "operation", "quantity", "error")
                | picked(line, "realized_pnl", "equity_after", "reason", "outcome")
                for line in lines
            ],
        }
    )


async def _trigger(desk: Desk, asked: _TriggerAt) -> str:
    detail = await desk.backtests.trigger_detail(asked.run_id, asked.index)
    return as_json(
        {
            "line": detail.line,
            "decision": detail.decision[:1_000],
            "error": None if detail.error is None else detail.error.sentence(),
            "printed": detail.output[:1_500],
            "read": [(call, answer[:200]) for call, answer in detail.reads[:_SHOWN_RUNS]],
            "input": detail.input_data[:1_500],
        }
    )


async def _backtest(desk: Desk, asked: _Backtest) -> str:
    if bool(asked.program_id) == bool(asked.code):
        raise InvalidInput.of("program_id", asked.program_id, "give a saved program or a code, one of them")
    request = BacktestRequest(source=asked.code, name="assistant's backtest")
    if asked.program_id:
        program = program_of(desk, asked.program_id)
        request = BacktestRequest(
            source=program.code,
            name=program.name,
            program_id=program.program_id,
            program_version=program.version,
            params=program.params,
        )
    return await _told(desk, await _carried_out(desk, request, asked))


async def _quick(desk: Desk, asked: _Quick) -> str:
    report = await desk.programs.check(asked.code)
    if not report.ok:
        return as_json({"ok": False, "errors": report.errors})
    request = BacktestRequest(source=asked.code, name="quick check")
    span = _Backtest(symbols=(asked.symbol,), hours=_QUICK_HOURS)
    return await _told(desk, await _carried_out(desk, request, span))


async def _carried_out(desk: Desk, request: BacktestRequest, asked: _Backtest) -> BacktestRun:
    """Start a backtest over the recording's last hours and wait until it is over, or for the time."""
    now_ms = desk.market().now_ms
    news = desk.stream([Topic.BACKTESTS])
    try:
        run = await desk.backtests.start(
            msgspec.structs.replace(
                request,
                symbols=asked.symbols,
                schedule_seconds=asked.schedule_seconds,
                start_ms=now_ms - asked.hours * HOUR_MS,
                end_ms=now_ms,
            )
        )
        try:
            async with asyncio.timeout(WAITING_SECONDS):
                while not (run := _run_of(desk, run.run_id)).status.is_over:
                    await anext(news)
        except (TimeoutError, StopAsyncIteration):
            pass
        return run
    finally:
        news.close()


async def _told(desk: Desk, run: BacktestRun) -> str:
    if not run.status.is_over:
        return as_json(_line(run) | {"note": "it still runs; read it later with get_backtest_result"})
    if run.status not in (BacktestStatus.COMPLETED, BacktestStatus.PARTIAL) or run.combinations:
        return as_json(_line(run))
    result = await desk.backtests.result(run.run_id)
    trades = [
        picked(trade, "number", "symbol", "side", "entry_ms", "entry_price", "exit_ms", "exit_price")
        | picked(trade, "exit_reason", "pnl", "mae_pct", "mfe_pct")
        | {"reason": trade.reason[:120]}
        for trade in result.trades
    ]
    return as_json(
        _line(run)
        | picked(result, "start_ms", "end_ms", "triggers", "program_calls", "metrics", "fees", "funding")
        | picked(result, "warnings", "rules", "ended_early", "failures")
        | {
            "error": None if result.error is None else result.error.sentence(),
            "first_trades": trades[:_SHOWN_TRADES],
            "last_trades": trades[_SHOWN_TRADES:][-_SHOWN_TRADES:],
        }
    )


def _line(run: BacktestRun) -> dict[str, object]:
    return picked(
        run,
        *("run_id", "name", "symbols", "status", "created_ms", "program_id", "total_trades", "final_equity"),
        *("total_pnl", "combinations", "error"),
    )


def _run_of(desk: Desk, run_id: str) -> BacktestRun:
    for run in desk.backtests.runs():
        if run.run_id == run_id:
            return run
    raise NotFound(f"run_id: there is no run {safe_line(run_id, 40)}; see get_backtest_history")


BACKTEST_TOOLS = (
    ReadTool(
        name="get_backtest_history",
        meaning="List the last backtests and sweeps of programs with how they ended.",
        kinds=_KINDS,
        parameters=Arguments,
        run=_history,
    ),
    ReadTool(
        name="get_backtest_result",
        meaning="Read what a backtest came to: metrics, warnings, its first and last trades.",
        kinds=_KINDS,
        parameters=_Run,
        run=_result,
    ),
    ReadTool(
        name="get_trigger_list",
        meaning="Read the trigger log of a backtest, 20 lines from an offset: decisions, prices, outcomes.",
        kinds=_KINDS,
        parameters=_Triggers,
        run=_triggers,
    ),
    ReadTool(
        name="get_trigger_details",
        meaning="Read everything about one trigger of a backtest: what the program was given and decided.",
        kinds=_KINDS,
        parameters=_TriggerAt,
        run=_trigger,
    ),
    ReadTool(
        name="run_backtest",
        meaning="Backtest a saved program or a source over the recording, and wait for what it comes to.",
        kinds=_KINDS,
        parameters=_Backtest,
        run=_backtest,
    ),
    ReadTool(
        name="quick_verify_strategy",
        meaning="Check a source and backtest it over the last day on one symbol, woken every 15 minutes.",
        kinds=_KINDS,
        parameters=_Quick,
        run=_quick,
    ),
)
