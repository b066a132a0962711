"""Whoever decides for a trader: woken by triggers, it asks a strategy and has the answer carried out.

Isolated: whatever a strategy does (raise, hang, answer junk) ends in its own record and status, never
in another's. One decision runs at a time. A schedule's or a person's trigger that arrives meanwhile
waits, and a second of the same kind and symbol replaces the one waiting, so that none piles up. A
signal's is not taken, since the market it saw is past by then; whoever fired it is told why, and
records it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

import msgspec

from engine.clock import Clock
from engine.errors import DecisionRefused, DeskError, StoreFailed, StrategyFailed, Unavailable
from engine.model.decision import DecisionRecord, DecisionStage, DecisionStatus
from engine.model.event import DecisionEvent, Severity, Topic
from engine.model.trigger import Trigger, TriggerKind
from engine.store.changes import Change, Setting
from engine.strategies.base import Strategy, StrategyReply
from engine.strategies.context import StrategyContext
from engine.text import safe_line
from engine.trading.assignment import Assignment
from engine.trading.ordinals import Ordinals
from engine.trading.trader import TraderRuntime, ended

FAILURES_BEFORE_STOPPING = 3
STOPPED = f"stopped after {FAILURES_BEFORE_STOPPING} failures: "
"""How the reason of a decider begins that waits for a person to start it again."""
FAILURE_WINDOW_MS = 600_000
"""In market time."""


class TriggerAnswers(Protocol):
    """Who hears what becomes of the triggers a decider takes; each returns what is to be stored."""

    def decision_begun(
        self, trader_id: int, binding_id: int, trigger: Trigger, decision_id: str
    ) -> tuple[Change, ...]:
        """Note that a decision on the trigger begins."""
        ...

    def trigger_dropped(
        self, trader_id: int, binding_id: int, trigger: Trigger, reason: str
    ) -> tuple[Change, ...]:
        """Note that a trigger that was taken is given up."""
        ...


class Decider:
    """Decides for one trader on one assignment; `failed` and `reason` say how it was left.

    `regime_of` names the market regime of a symbol now (of the whole market for an empty one), for the
    record.
    """

    def __init__(
        self,
        trader: TraderRuntime,
        assignment: Assignment,
        *,
        answers: TriggerAnswers,
        ordinals: Ordinals,
        clock: Clock,
        failed: bool = False,
        reason: str = "",
        regime_of: Callable[[str], str] = lambda symbol: "",
    ) -> None:
        self.trader = trader
        self.assignment = assignment
        self.failed = failed
        self.reason = reason
        self.thinking = False
        self._regime_of = regime_of
        self._strategy: Strategy | None = None
        self._answers = answers
        self._ordinals = ordinals
        self._clock = clock
        self._deciding = ""
        self._waiting: dict[tuple[TriggerKind, str], Trigger] = {}
        self._woken = asyncio.Event()
        self._started = asyncio.Event()
        self._rested = asyncio.Event()
        self._failures: deque[int] = deque(maxlen=FAILURES_BEFORE_STOPPING)
        self._stopped = failed and reason.startswith(STOPPED)
        self._times_discarded = 0

    @property
    def name(self) -> str:
        """What people call it."""
        trader = self.trader.config.name
        return f"{trader} ({self.assignment.strategy})" if self.assignment.binding_id else trader

    @property
    def is_active(self) -> bool:
        """Whether its assignment is to be decided at all."""
        return not self.assignment.why_inactive

    @property
    def listens(self) -> bool:
        """Whether a trigger would wake it: active, or failed lately but not stopped for it."""
        return not self._why_deaf()

    def wake(self, trigger: Trigger) -> str:
        """Take a trigger; return why it is not taken, or nothing when it is."""
        if refusal := self._refusal_of(trigger):
            return refusal
        if trigger.kind is TriggerKind.SIGNAL:
            self._waiting.clear()  # a schedule that came due meanwhile begins anew with this decision
        self._waiting[trigger.kind, trigger.symbol] = trigger
        self._rested.clear()
        self._woken.set()
        return ""

    def _why_deaf(self) -> str:
        if self.trader.is_paused:
            return "the trader is paused"
        if self._stopped:
            return "stopped until a person starts the trader"
        return self.assignment.why_inactive

    def _refusal_of(self, trigger: Trigger) -> str:
        if why := self._why_deaf():
            return why
        if trigger.kind is not TriggerKind.SIGNAL:
            return ""
        if self.thinking:
            return f"still deciding ({self._deciding})"
        is_first = all(kind is TriggerKind.SCHEDULED for kind, _ in self._waiting)
        return "" if is_first else "another trigger came first"

    def attach(self, strategy: Strategy) -> None:
        """Give it what decides."""
        self._strategy = strategy

    def start(self) -> None:
        """Forget past failures; the trader's status is for the caller to refresh."""
        self._failures.clear()
        self._stopped = False
        self._stand(failed=False, reason="")
        self._started.set()

    async def at_rest(self) -> None:
        """Return when no trigger waits and none is being decided on."""
        while self._waiting or self.thinking:
            await self._rested.wait()

    async def started(self) -> None:
        """Return when a person has started what `fail` stopped."""
        await self._started.wait()

    def discard(self, reason: str) -> None:
        """Give up what waits, and a decision under way as far as it was not carried out yet."""
        self._times_discarded += 1
        self._drop_waiting(reason)
        self.assignment.tell()

    def fail(self, error: DeskError) -> None:
        """Stop because the strategy cannot be had at all."""
        self._stopped = True
        self._started.clear()
        self._drop_waiting("the strategy cannot be had")
        reason = safe_line(error.message)
        self._stand(failed=True, reason=reason)
        self.trader.refresh_status()
        self.trader.ledger.alert(Severity.ERROR, f"{self.name}: {reason}")

    async def run(self) -> None:
        """Decide whenever woken, until cancelled."""
        while True:
            await self._woken.wait()
            if not self._waiting:
                self._woken.clear()
                continue
            trigger = self._waiting.pop(next(iter(self._waiting)))
            self.thinking = True
            try:
                await self._decide(trigger)
            finally:
                self.thinking = False
                if not self._waiting:
                    self._rested.set()

    def _drop_waiting(self, reason: str) -> None:
        dropped, self._waiting = self._waiting, {}
        if not self.thinking:
            self._rested.set()
        trader_id, binding_id = self.trader.config.trader_id, self.assignment.binding_id
        for trigger in dropped.values():
            changes = self._answers.trigger_dropped(trader_id, binding_id, trigger, reason)
            if changes:
                self.trader.ledger.write(*changes)

    async def _decide(self, trigger: Trigger) -> None:
        if self._strategy is None:
            return
        record, ordinal = self._begin(trigger)
        self._deciding = record.decision_id
        started, times_discarded = self._clock.monotonic(), self._times_discarded
        failure: DeskError | None = None
        stage = DecisionStage.MODEL
        try:
            begun = (*self._begun(record), *self.assignment.begun(record))
            self.trader.ledger.write(record, ordinal, *begun)
            self.assignment.tell()
            context = self._context(record)
            reply = await self._strategy.decide(context, self.trader.log.listener(record))
            record, stage = _with_reply(record, reply), DecisionStage.RISK
            record = await self.trader.carry_out(record, lambda: self._times_discarded == times_discarded)
            self.failed, self.reason = False, ""
        except asyncio.CancelledError:
            record = ended(record, DecisionStatus.FAILED, "the desk was stopped while it was deciding", stage)
            self._finish(record, None, started)
            raise
        except StoreFailed as error:
            # The disk's fault, not the strategy's: told, but not counted against it.
            record = ended(record, DecisionStatus.FAILED, safe_line(error.message), stage)
        except DecisionRefused as error:
            # Nothing is wrong with the strategy: how it stood before is how it stands.
            reason = safe_line(error.message)
            record = ended(_with_details(record, error), DecisionStatus.REFUSED, reason, DecisionStage.GATE)
        except DeskError as error:
            failure, record = error, self._failed(record, error, stage)
        except Exception as error:  # a strategy's fault stays its own
            failure = StrategyFailed(f"{type(error).__name__}: {error}")
            record = self._failed(record, failure, stage)
        self._finish(record, failure, started)
        self.trader.refresh_status()

    def _begin(self, trigger: Trigger) -> tuple[DecisionRecord, Setting]:
        trader_id = self.trader.config.trader_id
        decision_id, ordinal = self._ordinals.next_decision_id(trader_id)
        record = DecisionRecord(
            decision_id=decision_id,
            trader_id=trader_id,
            trigger=trigger,
            started_ms=self._clock.now_ms(),
            strategy=self.assignment.strategy,
            strategy_version=self.assignment.version,
            model=self.assignment.model,
            regime=self._regime_of(trigger.symbol),
        )
        self.trader.log.keep(record)
        self.trader.ledger.publish(Topic.DECISIONS, lambda seq: DecisionEvent(record, seq))
        return record, ordinal

    def _begun(self, record: DecisionRecord) -> tuple[Change, ...]:
        return self._answers.decision_begun(
            record.trader_id, self.assignment.binding_id, record.trigger, record.decision_id
        )

    def _context(self, record: DecisionRecord) -> StrategyContext:
        try:
            return self.trader.context(record.trigger, record.decision_id)
        except Unavailable as error:
            raise DecisionRefused(error.message, reason="stale_data") from error

    def _failed(self, record: DecisionRecord, error: DeskError, stage: DecisionStage) -> DecisionRecord:
        reason = safe_line(error.message)
        now_ms = self._clock.now_ms()
        self._failures.append(now_ms)
        repeated = (
            len(self._failures) == FAILURES_BEFORE_STOPPING
            and now_ms - self._failures[0] <= FAILURE_WINDOW_MS
        )
        if repeated:
            self._stopped = True
            self._drop_waiting("stopped by its failures before it began to decide")
            reason = STOPPED + reason
        if not self.trader.is_paused:
            self.failed, self.reason = True, reason
        self.trader.ledger.alert(Severity.ERROR, f"{self.name}: {reason}")
        stage = DecisionStage(error.details.get("stage", stage))
        return ended(_with_details(record, error), DecisionStatus.FAILED, reason, stage)

    def _finish(self, record: DecisionRecord, failure: DeskError | None, started: float) -> None:
        log, ledger = self.trader.log, self.trader.ledger
        latency_ms = round((self._clock.monotonic() - started) * 1000)
        reasoning = record.reasoning or log.text(record.decision_id)
        record = msgspec.structs.replace(record, latency_ms=latency_ms, reasoning=reasoning)
        log.flush(record.decision_id)
        log.keep(record)
        ledger.publish(Topic.DECISIONS, lambda seq: DecisionEvent(record, seq))
        kept_beside = self.assignment.ended(record, failure)
        ledger.write(record, *kept_beside, *self.assignment.stands(failed=self.failed, reason=self.reason))
        self.assignment.tell()

    def _stand(self, *, failed: bool, reason: str) -> None:
        self.failed, self.reason = failed, reason
        if changes := self.assignment.stands(failed=failed, reason=reason):
            self.trader.ledger.write(*changes)
        self.assignment.tell()


def _with_reply(record: DecisionRecord, reply: StrategyReply) -> DecisionRecord:
    return msgspec.structs.replace(
        record,
        decisions=reply.decisions,
        prompt=reply.prompt,
        reply=reply.reply,
        reasoning=reply.reasoning,
        tokens=reply.tokens,
        cost_usd=reply.cost_usd,
        strategy=reply.strategy or record.strategy,
        strategy_version=reply.strategy_version or record.strategy_version,
        model=reply.model or record.model,
    )


def _with_details(record: DecisionRecord, error: DeskError) -> DecisionRecord:
    """Return a record with what there is of prompt, reply and cost of one that did not come to its end."""
    cost = error.details.get("cost_usd")
    return msgspec.structs.replace(
        record,
        prompt=error.details.get("prompt", ""),
        reply=error.details.get("reply", ""),
        tokens=int(error.details.get("tokens", 0)),
        cost_usd=None if cost is None else Decimal(cost),
    )


async def stop_all(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel the desk's tasks and wait until each decider among them has recorded its end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
