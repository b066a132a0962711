"""Checks a finished run for look-ahead: the future is changed at several cuts, and the run repeated."""

from __future__ import annotations

import msgspec

from engine.backtest.history import LoadedHistory
from engine.backtest.honesty import LookAheadFinding, altered_after, cut_times, look_for_future
from engine.backtest.prepared_run import RunOutcome
from engine.backtest.program_asker import BatchSandbox
from engine.backtest.run import run_backtest
from engine.model.backtest import BacktestRequest, TriggerLine

CUTS = 5


async def check_look_ahead(
    outcome: RunOutcome, history: LoadedHistory, sandbox: BatchSandbox, cuts: int = CUTS
) -> LookAheadFinding | None:
    """Return what changing the future at `cuts` triggers changed in the past.

    None for a run on the recording, whose candles are fixed, or one in which nothing was decided.
    """
    lines = outcome.log.lines(0, len(outcome.log))[1]
    times = cut_times(lines, cuts)
    if history.tape is not None or not times:
        return None
    bar_ms = history.base.length_ms

    async def run(request: BacktestRequest, on: LoadedHistory) -> tuple[TriggerLine, ...]:
        repeated = await run_backtest(request, on, sandbox)
        return repeated.log.lines(0, len(repeated.log))[1]

    def altered(on: LoadedHistory, cut_ms: int) -> LoadedHistory:
        candles = {symbol: altered_after(rows, cut_ms, bar_ms) for symbol, rows in on.candles.items()}
        return msgspec.structs.replace(on, candles=candles)

    return await look_for_future(run, outcome.result.request, history, altered, times, bar_ms)
