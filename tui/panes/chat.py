"""The model chat: what each trader thinks as it streams, what it decided, and why it was refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec
from textual.app import ComposeResult

from engine.model.account import TraderStatus
from engine.model.decision import Decision, DecisionRecord, DecisionStatus, Operation
from engine.model.event import (
    Alert,
    DecisionEvent,
    Edge,
    OrderEvent,
    ReasoningEvent,
    Severity,
    TraderEvent,
)
from engine.model.order import OrderStatus
from engine.model.trigger import Trigger, TriggerKind
from tui import format as fmt
from tui.actions import Context, bindings_for
from tui.bridge import News
from tui.order_entry import order_proof
from tui.panes.base import Pane
from tui.view import DeskView
from tui.widgets.log_text import LogBlock
from tui.widgets.streaming_log import StreamingLog
from tui.wording import plain_words

MAX_EVENTS = 400

_OUTCOMES = {
    DecisionStatus.HELD: ("·", "holds", "muted"),
    DecisionStatus.EXECUTED: ("✓", "executed", "gain"),
    DecisionStatus.REFUSED: ("✗", "was refused", "danger"),
    DecisionStatus.FAILED: ("✗", "failed", "danger"),
}
_ALERT_ROLES = {Severity.INFO: "muted", Severity.WARNING: "warning", Severity.ERROR: "danger"}


def thought_id(decision_id: str) -> str:
    """Return the id of the block that holds a decision's reasoning."""
    return f"thought:{decision_id}"


def decision_blocks(view: DeskView, record: DecisionRecord) -> Iterator[LogBlock]:
    """Return the blocks of one decision: what woke it and what it thought, then what came of it."""
    head = f"◆ {fmt.market_time(record.started_ms)} {view.trader_name(record.trader_id)}"
    yield LogBlock(
        thought_id(record.decision_id),
        f"{head} · {trigger_text(record.trigger)}",
        record.reasoning.strip("\n"),
        role="thought",
        header_role="accent",
    )
    if record.status is DecisionStatus.STARTED:
        return
    glyph, verb, role = _OUTCOMES[record.status]
    name = view.trader_name(record.trader_id)
    acting = [decision for decision in record.decisions if decision.operation is not Operation.HOLD]
    wishes = ", ".join(decision_text(view, decision) for decision in acting)
    reasons = [decision.reason for decision in record.decisions if decision.reason]
    if record.outcome and record.status is not DecisionStatus.HELD:
        reasons.append(plain_words(record.outcome))
    yield LogBlock(
        f"outcome:{record.decision_id}",
        f"{glyph} {name} {verb} {wishes}".rstrip(),
        "\n".join(reasons),
        header_role=role,
        joins=True,
    )


def trigger_text(trigger: Trigger) -> str:
    """Return what woke a trader, in a few words."""
    what = {
        TriggerKind.SIGNAL: trigger.signal or "signal",
        TriggerKind.SCHEDULED: "scheduled",
        TriggerKind.MANUAL: "by hand",
    }[trigger.kind]
    words = [what, trigger.symbol]
    if trigger.detail and trigger.kind is TriggerKind.SIGNAL:
        words.append(f"({trigger.detail})")
    return " ".join(word for word in words if word)


def decision_text(view: DeskView, decision: Decision) -> str:
    """Return what a decision asks for, in one line."""
    portion = fmt.percent(decision.portion, 0, signed=False)
    tick = view.tick_size(decision.symbol)
    words = [decision.operation.value, portion, decision.symbol]
    if decision.operation is not Operation.CLOSE:
        words.append(f"{decision.leverage}×")
    if decision.stop_loss is not None:
        words.append(f"SL {fmt.price(decision.stop_loss, tick)}")
    if decision.take_profit is not None:
        words.append(f"TP {fmt.price(decision.take_profit, tick)}")
    return " ".join(words)


class ChatPane(Pane):
    """One log for the selected trader, or for all of them together."""

    context = Context.CHAT
    BINDINGS = bindings_for(Context.CHAT)
    HELP = "Scroll with j and k; at the end (G) the newest text stays in view. a: one trader or all."
    DEFAULT_CSS: ClassVar[str] = "ChatPane StreamingLog { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._records: dict[str, DecisionRecord] = {}
        self._notes: list[tuple[int, LogBlock]] = []
        self._note_count = 0
        self._scope: int | None = None
        self._view = DeskView()

    def compose(self) -> ComposeResult:
        """Build the log."""
        yield StreamingLog(empty_text="nobody has thought aloud yet · t wakes the selected trader")

    def show(self, view: DeskView) -> None:
        """Follow the selection: rebuild the log when another trader's chat is wanted."""
        old_names = [trader.name for trader in self._view.traders]
        self._view = view
        scope = None if view.selection.all_traders else view.selection.trader_id
        self.set_subtitle("all traders" if scope is None else view.trader_name(scope))
        if scope != self._scope or old_names != [trader.name for trader in view.traders]:
            self._scope = scope
            self._rebuild()

    def tell(self, news: News) -> None:
        """Take in what happened since the last tick."""
        if news.history is not None:
            self._records = {record.decision_id: record for record in news.history}
            self._notes.clear()
            self._rebuild()
        for edge in news.edges:
            self._take(edge)

    def note(self, message: str, role: str = "muted") -> None:
        """Keep a message that was too long for a notice."""
        self._note_count += 1
        time = fmt.market_time(self._view.market.now_ms)
        self._note(0, f"note:{self._note_count}", f"! {time}", message, role)

    def _rebuild(self) -> None:
        blocks = [
            block
            for record in self._records.values()
            if self._is_shown(record.trader_id)
            for block in decision_blocks(self._view, record)
        ]
        blocks += [block for trader_id, block in self._notes if self._is_shown(trader_id)]
        self.query_one(StreamingLog).reset(blocks)

    def _is_shown(self, trader_id: int) -> bool:
        return self._scope in (None, trader_id) or trader_id == 0

    def _take(self, edge: Edge) -> None:
        match edge:
            case ReasoningEvent():
                self._append(edge)
            case DecisionEvent():
                self._put_record(edge.record)
            case OrderEvent() if edge.order.status in (OrderStatus.DENIED, OrderStatus.REJECTED):
                self._note_order(edge)
            case TraderEvent() if edge.status is TraderStatus.ERROR:
                self._note(edge.trader_id, f"trader:{edge.trader_id}:{edge.seq}", "✗ stopped", edge.reason)
            case Alert():
                role = _ALERT_ROLES[edge.severity]
                time = fmt.market_time(edge.ts_ms)
                self._note(edge.trader_id, f"alert:{edge.ts_ms}:{edge.seq}", f"! {time}", edge.message, role)
            case _:
                pass

    def _append(self, event: ReasoningEvent) -> None:
        record = self._records.get(event.decision_id)
        if record is None:
            return
        # Kept as text too, so that switching the chat to another trader and back loses nothing.
        self._records[event.decision_id] = _with_reasoning(record, event.delta)
        if self._is_shown(event.trader_id):
            self.query_one(StreamingLog).append(thought_id(event.decision_id), event.delta)

    def _put_record(self, record: DecisionRecord) -> None:
        self._records[record.decision_id] = record
        while len(self._records) > MAX_EVENTS:
            del self._records[next(iter(self._records))]
        if self._is_shown(record.trader_id):
            log = self.query_one(StreamingLog)
            for block in decision_blocks(self._view, record):
                log.put(block, below=thought_id(record.decision_id))

    def _note_order(self, event: OrderEvent) -> None:
        name = self._view.trader_name(event.order.trader_id)
        block_id = f"order:{event.order.client_order_id}"
        self._note(
            event.order.trader_id, block_id, f"✗ {name} had an order refused", order_proof(event.order)
        )

    def _note(self, trader_id: int, block_id: str, header: str, body: str, role: str = "danger") -> None:
        block = LogBlock(block_id, header, body, role="text", header_role=role)
        self._notes.append((trader_id, block))
        del self._notes[:-MAX_EVENTS]
        if self._is_shown(trader_id):
            self.query_one(StreamingLog).put(block)


def _with_reasoning(record: DecisionRecord, delta: str) -> DecisionRecord:
    return msgspec.structs.replace(record, reasoning=record.reasoning + delta)
