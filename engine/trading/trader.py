"""One trader: its account, its orders, its status, and whoever decides for it.

A prompt trader has one `Decider`, a program trader one for each of its bindings, a manual trader
none. They decide side by side and trade one account, so what they want is carried out here, through
one risk gate. The trader is in Error while any of them is.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from engine.clock import Clock
from engine.errors import Conflict, DeskError
from engine.exchanges.paper import PaperExchange
from engine.market.market_state import MarketState
from engine.market.periods import Period
from engine.model.account import Account, TraderConfig, TraderKind, TraderStatus
from engine.model.decision import Decision, DecisionRecord, DecisionStage, DecisionStatus, Operation
from engine.model.event import Severity, Topic, TraderEvent
from engine.model.order import Order, OrderStatus
from engine.model.trigger import Trigger
from engine.store.changes import TraderState
from engine.strategies.context import StrategyContext
from engine.trading.books import TraderBooks
from engine.trading.decision_log import DecisionLog
from engine.trading.equity import EquityHistory
from engine.trading.ledger import TraderLedger
from engine.trading.orders import OrderDesk
from engine.trading.sizing import order_for_decision
from engine.trading.strategy_view import strategy_context

if TYPE_CHECKING:
    from engine.trading.decider import Decider


class TraderRuntime:
    """One trader of the running desk."""

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
        clock: Clock,
    ) -> None:
        self._config = config
        self.status = state.status
        self.status_reason = state.status_reason
        self.exchange = exchange
        self.books = books
        self.orders = orders
        self.equity = equity
        self.log = log
        self.ledger = ledger
        self.deciders: tuple[Decider, ...] = ()
        self._market = market
        self._clock = clock

    @property
    def config(self) -> TraderConfig:
        """Everything a human configured; another takes effect at once, for open decisions too."""
        return self._config

    @config.setter
    def config(self, config: TraderConfig) -> None:
        self._config = config
        self.orders.configure(config)

    @property
    def is_paused(self) -> bool:
        """Whether a person has paused it."""
        return self.status is TraderStatus.PAUSED

    @property
    def listens(self) -> bool:
        """Whether a trigger would wake anyone who decides for it."""
        return any(decider.listens for decider in self.deciders)

    @property
    def thinking(self) -> bool:
        """Whether a decision is being made."""
        return any(decider.thinking for decider in self.deciders)

    @property
    def strategy(self) -> str:
        """The names of what decides for it, for people."""
        if self.config.kind is not TraderKind.PROGRAM:
            return self.config.strategy
        return ", ".join(decider.assignment.strategy for decider in self.deciders if decider.is_active)

    def add(self, decider: Decider) -> None:
        """Let one more decide for the trader."""
        self.deciders = (*self.deciders, decider)

    def remove(self, decider: Decider) -> None:
        """Let a decider go, which must not be deciding."""
        self.deciders = tuple(each for each in self.deciders if each is not decider)
        self.refresh_status()

    def start(self) -> None:
        """Make the trader active; everyone who decides for it forgets past failures."""
        self.status = TraderStatus.ACTIVE  # before they tell how they stand
        for decider in self.deciders:
            decider.start()
        self._set_status(TraderStatus.ACTIVE, "")

    def pause(self, reason: str = "paused by hand") -> None:
        """Stop deciding; decisions under way are discarded, as far as they were not carried out yet."""
        self._set_status(TraderStatus.PAUSED, reason)
        for decider in self.deciders:
            decider.discard("the trader was paused before it began to decide")

    def refresh_status(self) -> None:
        """Be in Error while anyone who decides for the trader is, unless it is paused."""
        if not self.is_paused and (standing := self._standing()) != (self.status, self.status_reason):
            self._set_status(*standing)

    def recall_status(self) -> None:
        """Be what everyone who decides for the trader makes it, without telling: the desk is opening."""
        if self.deciders and not self.is_paused:
            self.status, self.status_reason = self._standing()

    def _standing(self) -> tuple[TraderStatus, str]:
        failing = [decider for decider in self.deciders if decider.failed and decider.is_active]
        if not failing:
            return TraderStatus.ACTIVE, ""
        first = failing[0]
        whose = f"{first.assignment.strategy}: " if len(self.deciders) > 1 else ""
        return TraderStatus.ERROR, whose + first.reason

    def account(self) -> Account:
        """Return the trader's money at the present mark prices."""
        day_start = Period.D1.open_of(self._clock.now_ms())
        opening = self.equity.at_or_before(day_start)
        account = self.exchange.account(self._market.marks())
        opening_equity = self.config.initial_capital if opening is None else round(Decimal(opening), 2)
        return msgspec.structs.replace(account, day_pnl=account.equity - opening_equity)

    def context(self, trigger: Trigger, decision_id: str = "") -> StrategyContext:
        """Return what a strategy of the trader sees now, for a decision if one is being made."""
        return strategy_context(
            trigger,
            trader=self.config,
            account=self.account(),
            books=self.books,
            orders=self.orders,
            market=self._market,
            now_ms=self._clock.now_ms(),
            decision_id=decision_id,
        )

    async def carry_out(self, record: DecisionRecord, is_wanted: Callable[[], bool]) -> DecisionRecord:
        """Send the orders that a record's decisions ask for, and return the record with what became of them.

        `is_wanted` is asked before each order; once it says no, the rest is refused.
        """
        if not is_wanted():
            return ended(
                record,
                DecisionStatus.REFUSED,
                "the trader was paused while it was deciding",
                DecisionStage.RISK,
            )
        outcomes: list[str] = []
        order_ids: list[str] = []
        refused = False
        for decision in record.decisions:
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
            return ended(record, DecisionStatus.HELD, "; ".join(outcomes))
        status = DecisionStatus.EXECUTED if order_ids else DecisionStatus.REFUSED
        stage = DecisionStage.DONE if order_ids else DecisionStage.RISK
        if refused:
            self.ledger.alert(Severity.WARNING, f"{self.config.name}: {'; '.join(outcomes)}")
        record = msgspec.structs.replace(record, order_ids=tuple(order_ids))
        return ended(record, status, "; ".join(outcomes), stage)

    async def _execute(self, decision: Decision, decision_id: str, is_wanted: Callable[[], bool]) -> Order:
        if not is_wanted():
            raise Conflict("the trader was paused meanwhile")
        request = order_for_decision(
            decision,
            self.config,
            self.orders.instrument(decision.symbol),
            self.books.positions.get(decision.symbol),
            self.account().available,
            self._market.quote(decision.symbol),
            self._market.book(decision.symbol),
        )
        return await self.orders.submit(request, decision_id, is_wanted)

    def _set_status(self, status: TraderStatus, reason: str) -> None:
        self.status, self.status_reason = status, reason
        trader_id = self.config.trader_id
        self.ledger.publish(Topic.TRADERS, lambda seq: TraderEvent(trader_id, status, reason, seq))
        self.ledger.write(
            TraderState(trader_id=trader_id, status=status, status_reason=reason, seq=self.ledger.seq)
        )


def ended(
    record: DecisionRecord,
    status: DecisionStatus,
    outcome: str,
    stage: DecisionStage = DecisionStage.DONE,
) -> DecisionRecord:
    """Return a record with how and in which step it came to its end."""
    return msgspec.structs.replace(record, status=status, outcome=outcome, stage=stage)


def _describe(order: Order) -> str:
    done = f"{order.side} {order.quantity} {order.symbol}"
    if order.average_price is not None:
        done += f" filled {order.filled_quantity} at {order.average_price.normalize():,f}"
    if order.status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED) and order.status_reason:
        done += f" {order.status}: {order.status_reason}"
    elif order.average_price is None:
        done += f" {order.status}"
    return done
