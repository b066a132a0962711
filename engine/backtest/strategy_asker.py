"""Asks any strategy at every trigger of a run, one after the other: a prompt's model, most of all."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.backtest.account import BacktestAccount
from engine.backtest.context import ContextHistory
from engine.backtest.failures import Failures
from engine.backtest.trigger_log import OPERATIONS, OrderNote, TriggerNotes
from engine.backtest.triggers import SCHEDULED, TriggerTimes
from engine.errors import DeskError
from engine.model.backtest import BacktestProgress
from engine.model.decision import Operation
from engine.model.program import ProgramError
from engine.model.signal import FiredSignal
from engine.model.trigger import Trigger, TriggerKind
from engine.signals.conditions.rules import MET
from engine.signals.schedules import scheduled_trigger
from engine.strategies.base import Strategy, StrategyReply
from engine.trading.trigger_log import trigger_detail

SECONDS_BETWEEN_PROGRESS = 0.2


class StrategyAsker:
    """One strategy over one run, with the interface of `ProgramAsker`."""

    def __init__(
        self,
        *,
        strategy: Strategy,
        times: TriggerTimes,
        account: BacktestAccount,
        contexts: ContextHistory,
        notes: TriggerNotes,
        schedule_seconds: int,
    ) -> None:
        self.ended_early = ""
        self.failures = Failures(times, notes)
        self._strategy = strategy
        self._times = times
        self._account = account
        self._contexts = contexts
        self._notes = notes
        self._schedule_seconds = schedule_seconds

    async def ask_all(
        self, on_progress: Callable[[BacktestProgress], None], is_cancelled: Callable[[], bool]
    ) -> None:
        """Decide every trigger, or until the strategy has failed too often."""
        total, told = len(self._times), 0.0
        for index in range(total):
            if self.ended_early:
                return
            if is_cancelled():
                self.ended_early = "cancelled"
                return
            await self._ask(index)
            if time.monotonic() - told >= SECONDS_BETWEEN_PROGRESS:
                told = time.monotonic()
                on_progress(
                    BacktestProgress(
                        stage="running",
                        done=index + 1,
                        total=total,
                        ts_ms=self._account.now_ms,
                        equity=float(self._account.equity()),
                    )
                )

    async def _ask(self, index: int) -> None:
        now_ms = int(self._times.at_ms[index])
        self._account.advance(now_ms)
        context = self._contexts.context(trigger_at(self._times, index, self._schedule_seconds), now_ms)
        output: list[str] = []
        try:
            reply = await self._strategy.decide(context, output.append)
        except DeskError as error:
            self.ended_early = self.failures.add(index, ProgramError(kind="", message=error.message))
        else:
            self._note_reply(index, reply)
        if output:
            self._notes.output[index] = "".join(output)

    def _note_reply(self, index: int, reply: StrategyReply) -> None:
        notes, account = self._notes, self._account
        acting = [each for each in reply.decisions if each.operation is not Operation.HOLD]
        first = acting[0] if acting else reply.decisions[0]
        notes.operation[index] = OPERATIONS.index(first.operation)
        notes.reason[index] = notes.reason_number(first.reason)
        fills = len(account.fills)
        outcomes = account.carry_out(reply.decisions, str(index))
        if outcomes:
            notes.orders[index] = OrderNote(first.symbol, tuple(outcomes), fills, len(account.fills))


def trigger_at(times: TriggerTimes, index: int, schedule_seconds: int) -> Trigger:
    """Return a trigger of a run as the desk would have made it."""
    ts_ms, source = int(times.fired_ms[index]), int(times.source[index])
    if source == SCHEDULED:
        return scheduled_trigger(schedule_seconds, ts_ms)
    fires = times.fires[source]
    row = int(fires.rows[times.fire[index]])
    signals = tuple(
        FiredSignal(place, signal.name, str(condition), member.value_at(row))
        for place, (signal, condition, member) in enumerate(
            zip(fires.pool.signals, fires.conditions, fires.members, strict=True), start=1
        )
        if member.states[row] == MET
    )
    return Trigger(
        kind=TriggerKind.SIGNAL,
        symbol=fires.symbol,
        ts_ms=ts_ms,
        signal=fires.pool.name,
        detail=trigger_detail(signals),
        logic=fires.pool.logic,
        signals=signals,
    )
