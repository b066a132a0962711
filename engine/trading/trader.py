"""The runtime of one trader: it wakes on triggers, asks its strategy and carries out the answer.

Isolated: whatever a strategy does (raise, hang, answer junk) ends in this trader's own record and
status, never in another's. One decision runs at a time. A schedule's or a person's trigger that
arrives meanwhile waits, and a second of the same kind and symbol replaces the one waiting, so that
none piles up. A signal's is not taken, since the market it saw is past by then; whoever fired it is
told why, and records it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

import msgspec

from engine.clock import Clock
from engine.errors import Conflict, DeskError, StoreFailed, StrategyFailed
from engine.exchanges.paper import PaperExchange
from engine.market.market_state import MarketState
from engine.market.periods import Period
from engine.model.account import Account, TraderConfig, TraderKind, TraderStatus
from engine.model.decision import Decision, DecisionRecord, DecisionStatus, Operation
from engine.model.event import DecisionEvent, Severity, Topic, TraderEvent
from engine.model.order import Order, OrderStatus
from engine.model.trigger import Trigger, TriggerKind
from engine.store.changes import Change, Setting, TraderState
from engine.strategies.base import Strategy, StrategyReply
from engine.strategies.context import StrategyContext, SymbolContext
from engine.text import safe_line
from engine.trading.books import TraderBooks
from engine.trading.decision_log import DecisionLog
from engine.trading.equity import EquityHistory
from engine.trading.ledger import TraderLedger
from engine.trading.orders import OrderDesk
from engine.trading.ordinals import Ordinals
from engine.trading.sizing import order_for_decision

FAILURES_BEFORE_STOPPING = 3
STOPPED = f"stopped after {FAILURES_BEFORE_STOPPING} failures: "
"""How the reason of a trader begins that waits for a person to start it again."""
FAILURE_WINDOW_SECONDS = 600.0
RECENT_FILLS_SHOWN = 10


class DecisionBegun(Protocol):
    """Told that a trader began to decide on a trigger; returns what is to be stored with that."""

    def __call__(self, trader_id: int, trigger: Trigger, decision_id: str) -> tuple[Change, ...]:
        """Note the decision."""
        ...


class TriggerDropped(Protocol):
    """Told that a trader gives up a trigger it had taken; returns what is to be stored with that."""

    def __call__(self, trader_id: int, trigger: Trigger, reason: str) -> tuple[Change, ...]:
        """Note the reason."""
        ...


class TraderRuntime:
    """One trader: its status, its decisions and its orders."""

    def __init__(
        self,
        *,
        config: TraderConfig,
        state: TraderState,
        exchange: PaperExchange,
        books: TraderBooks,
        orders: OrderDesk,
        equity: EquityHistory,
        log: DecisionLog,
        ledger: TraderLedger,
        market: MarketState,
        ordinals: Ordinals,
        clock: Clock,
        decision_begun: DecisionBegun = lambda trader_id, trigger, decision_id: (),
        trigger_dropped: TriggerDropped = lambda trader_id, trigger, reason: (),
    ) -> None:
        self.config = config
        self.status = state.status
        self.status_reason = state.status_reason
        self.exchange = exchange
        self.books = books
        self.orders = orders
        self.equity = equity
        self.log = log
        self.ledger = ledger
        self.thinking = False
        self._strategy: Strategy | None = None
        self._market = market
        self._ordinals = ordinals
        self._clock = clock
        self._decision_begun = decision_begun
        self._trigger_dropped = trigger_dropped
        self._deciding = ""
        self._waiting: dict[tuple[TriggerKind, str], Trigger] = {}
        self._woken = asyncio.Event()
        self._started = asyncio.Event()
        self._failures: deque[float] = deque(maxlen=FAILURES_BEFORE_STOPPING)
        self._stopped = self.status is TraderStatus.ERROR and self.status_reason.startswith(STOPPED)
        self._times_paused = 0

    @property
    def listens(self) -> bool:
        """Whether a trigger would wake it: active, or failed lately but not stopped for it."""
        return (
            self.config.kind is not TraderKind.MANUAL
            and self.status is not TraderStatus.PAUSED
            and not self._stopped
        )

    def wake(self, trigger: Trigger) -> str:
        """Let a trigger wake the trader; return why it is not taken, or nothing when it is."""
        if refusal := self._refusal_of(trigger):
            return refusal
        if trigger.kind is TriggerKind.SIGNAL:
            self._waiting.clear()  # a schedule that came due meanwhile begins anew with this decision
        self._waiting[trigger.kind, trigger.symbol] = trigger
        self._woken.set()
        return ""

    def _refusal_of(self, trigger: Trigger) -> str:
        if self.config.kind is TraderKind.MANUAL:
            return "a manual trader has nothing to wake"
        if not self.listens:
            return f"the trader is {self.status}"
        if trigger.kind is not TriggerKind.SIGNAL:
            return ""
        if self.thinking:
            return f"still deciding ({self._deciding})"
        is_first = all(kind is TriggerKind.SCHEDULED for kind, _ in self._waiting)
        return "" if is_first else "another trigger came first"

    def attach(self, strategy: Strategy) -> None:
        """Give the trader what decides for it."""
        self._strategy = strategy

    def start(self) -> None:
        """Make the trader active and forget past failures."""
        self._failures.clear()
        self._stopped = False
        self._set_status(TraderStatus.ACTIVE, "")
        self._started.set()

    async def started(self) -> None:
        """Return when a person has started the trader that `fail` stopped."""
        await self._started.wait()

    def pause(self, reason: str = "paused by hand") -> None:
        """Stop deciding; a decision under way is discarded, as far as it was not carried out yet."""
        self._times_paused += 1
        self._drop_waiting("the trader was paused before it began to decide")
        self._set_status(TraderStatus.PAUSED, reason)

    def fail(self, error: DeskError) -> None:
        """Put the trader into Error because its strategy cannot be had at all."""
        self._stopped = True
        self._started.clear()
        self._drop_waiting("the trader's strategy cannot be had")
        self._set_status(TraderStatus.ERROR, safe_line(error.message))
        self.ledger.alert(Severity.ERROR, f"{self.config.name}: {safe_line(error.message)}")

    def account(self) -> Account:
        """Return the trader's money at the present mark prices."""
        day_start = Period.D1.open_of(self._clock.now_ms())
        opening = self.equity.at_or_before(day_start)
        account = self.exchange.account(self._market.marks())
        opening_equity = self.config.initial_capital if opening is None else round(Decimal(opening), 2)
        return msgspec.structs.replace(account, day_pnl=account.equity - opening_equity)

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

    def _drop_waiting(self, reason: str) -> None:
        dropped, self._waiting = self._waiting, {}
        for trigger in dropped.values():
            if changes := self._trigger_dropped(self.config.trader_id, trigger, reason):
                self.ledger.write(*changes)

    async def _decide(self, trigger: Trigger) -> None:
        if self._strategy is None:
            return
        record, ordinal = self._begin(trigger)
        self._deciding = record.decision_id
        started, times_paused = self._clock.monotonic(), self._times_paused
        try:
            begun = self._decision_begun(self.config.trader_id, trigger, record.decision_id)
            self.ledger.write(record, ordinal, *begun)
            reply = await self._strategy.decide(self._context(trigger), self.log.listener(record))
            finished = await self._carry_out(record, reply, lambda: self._times_paused == times_paused)
            self._succeeded()
        except asyncio.CancelledError:
            self._finish(record, DecisionStatus.FAILED, "the desk was stopped while it was deciding", started)
            raise
        except StoreFailed as error:
            # The disk's fault, not the strategy's: told, but not counted against it.
            finished = _ended(record, DecisionStatus.FAILED, safe_line(error.message))
        except DeskError as error:
            finished = self._failed(record, error)
        except Exception as error:  # a trader's fault stays its own
            finished = self._failed(record, StrategyFailed(f"{type(error).__name__}: {error}"))
        self._finish(finished, finished.status, finished.outcome, started)

    def _begin(self, trigger: Trigger) -> tuple[DecisionRecord, Setting]:
        decision_id, ordinal = self._ordinals.next_decision_id(self.config.trader_id)
        record = DecisionRecord(
            decision_id=decision_id,
            trader_id=self.config.trader_id,
            trigger=trigger,
            started_ms=self._clock.now_ms(),
        )
        self.log.keep(record)
        self.ledger.publish(Topic.DECISIONS, lambda seq: DecisionEvent(record, seq))
        return record, ordinal

    def _context(self, trigger: Trigger) -> StrategyContext:
        return StrategyContext(
            trader=self.config,
            trigger=trigger,
            now_ms=self._clock.now_ms(),
            account=self.account(),
            positions=self.books.marked_positions(self._market.marks()),
            open_orders=tuple(self.books.open_orders.values()),
            recent_fills=tuple(self.books.recent_fills)[-RECENT_FILLS_SHOWN:],
            symbols=tuple(self._symbol_context(symbol) for symbol in self.config.symbols),
        )

    def _symbol_context(self, symbol: str) -> SymbolContext:
        quote = self._market.quote(symbol)
        period = Period(self.config.period)
        return SymbolContext(
            symbol=symbol,
            mark=quote.mark,
            bid=quote.bid,
            ask=quote.ask,
            tick_size=self.orders.instrument(symbol).tick_size,
            change_24h=self._market.change_24h(symbol),
            candles=self._market.closed_candles(symbol, period),
            indicators=self._market.indicators(symbol, period),
        )

    async def _carry_out(
        self, record: DecisionRecord, reply: StrategyReply, is_wanted: Callable[[], bool]
    ) -> DecisionRecord:
        record = msgspec.structs.replace(
            record,
            decisions=reply.decisions,
            prompt=reply.prompt,
            reply=reply.reply,
            reasoning=reply.reasoning,
            tokens=reply.tokens,
        )
        if not is_wanted():
            return _ended(record, DecisionStatus.REFUSED, "the trader was paused while it was deciding")
        outcomes: list[str] = []
        order_ids: list[str] = []
        refused = False
        for decision in reply.decisions:
            if decision.operation is Operation.HOLD:
                continue
            if decision.operation is Operation.CLOSE and decision.symbol not in self.books.positions:
                # Its stop may have filled while the strategy was still thinking.
                outcomes.append(f"{decision.symbol} is flat already")
                continue
            try:
                order = await self._execute(decision, record.decision_id, is_wanted)
                order_ids.append(order.client_order_id)
                outcomes.append(_describe(order))
            except DeskError as error:
                refused = True
                outcomes.append(f"{decision.operation} {decision.symbol} refused: {error.message}")
        if not refused and not order_ids:
            return _ended(record, DecisionStatus.HELD, "; ".join(outcomes))
        status = DecisionStatus.EXECUTED if order_ids else DecisionStatus.REFUSED
        if refused:
            self.ledger.alert(Severity.WARNING, f"{self.config.name}: {'; '.join(outcomes)}")
        record = msgspec.structs.replace(record, order_ids=tuple(order_ids))
        return _ended(record, status, "; ".join(outcomes))

    async def _execute(self, decision: Decision, decision_id: str, is_wanted: Callable[[], bool]) -> Order:
        if not is_wanted():
            raise Conflict("the trader was paused meanwhile")
        instrument = self.orders.instrument(decision.symbol)
        request = order_for_decision(
            decision,
            self.config,
            instrument,
            self.books.positions.get(decision.symbol),
            self.account().available,
        )
        return await self.orders.submit(request, decision_id, is_wanted)

    def _failed(self, record: DecisionRecord, error: DeskError) -> DecisionRecord:
        reason = safe_line(error.message)
        now = self._clock.monotonic()
        self._failures.append(now)
        repeated = (
            len(self._failures) == FAILURES_BEFORE_STOPPING
            and now - self._failures[0] <= FAILURE_WINDOW_SECONDS
        )
        if repeated:
            self._stopped = True
            self._drop_waiting("the trader was stopped before it began to decide")
            reason = STOPPED + reason
        if self.status is not TraderStatus.PAUSED:
            self._set_status(TraderStatus.ERROR, reason)
        self.ledger.alert(Severity.ERROR, f"{self.config.name}: {reason}")
        record = msgspec.structs.replace(
            record, prompt=error.details.get("prompt", ""), reply=error.details.get("reply", "")
        )
        return _ended(record, DecisionStatus.FAILED, reason)

    def _succeeded(self) -> None:
        if self.status is TraderStatus.ERROR:
            self._set_status(TraderStatus.ACTIVE, "")

    def _finish(self, record: DecisionRecord, status: DecisionStatus, outcome: str, started: float) -> None:
        latency_ms = round((self._clock.monotonic() - started) * 1000)
        reasoning = record.reasoning or self.log.text(record.decision_id)
        record = msgspec.structs.replace(
            record, status=status, outcome=outcome, latency_ms=latency_ms, reasoning=reasoning
        )
        self.log.keep(record)
        self.ledger.publish(Topic.DECISIONS, lambda seq: DecisionEvent(record, seq))
        self.ledger.write(record)

    def _set_status(self, status: TraderStatus, reason: str) -> None:
        self.status, self.status_reason = status, reason
        trader_id = self.config.trader_id
        self.ledger.publish(Topic.TRADERS, lambda seq: TraderEvent(trader_id, status, reason, seq))
        self.ledger.write(
            TraderState(trader_id=trader_id, status=status, status_reason=reason, seq=self.ledger.seq)
        )


async def stop_all(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel the traders' tasks and wait until each has recorded its end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _ended(record: DecisionRecord, status: DecisionStatus, outcome: str) -> DecisionRecord:
    return msgspec.structs.replace(record, status=status, outcome=outcome)


def _describe(order: Order) -> str:
    done = f"{order.side} {order.quantity} {order.symbol}"
    if order.average_price is not None:
        done += f" filled {order.filled_quantity} at {order.average_price.normalize():,f}"
    if order.status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED) and order.status_reason:
        done += f" {order.status}: {order.status_reason}"
    elif order.average_price is None:
        done += f" {order.status}"
    return done
