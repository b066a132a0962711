"""One decision in words: its head, why it ended as it did, and the text of each tab. Pure functions."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from decimal import Decimal

from engine.model.arena import DecisionStory
from engine.model.decision import Decision, DecisionRecord, DecisionStage, DecisionStatus, Operation
from engine.model.fill import Fill
from engine.model.language_model import CallPurpose, ModelCall
from engine.model.order import Order
from engine.model.trigger import Trigger, TriggerKind
from engine.text import count
from tui import format as fmt
from tui.panes.span_line import Span
from tui.view import DeskView
from tui.widgets.reading_text import Paragraph, paragraphs_of
from tui.wording import ORDER_TYPE_LABELS, STATUS_LABELS, TIME_IN_FORCE_LABELS, plain_words


class Tab(enum.StrEnum):
    """A side of a decision."""

    PROMPT = "prompt"
    REPLY = "reply"
    REASONING = "reasoning"
    CALLS = "calls"
    ORDERS = "orders"
    PNL = "pnl"


TAB_TITLES: Mapping[Tab, str] = {
    Tab.PROMPT: "Prompt",
    Tab.REPLY: "Reply",
    Tab.REASONING: "Reasoning",
    Tab.CALLS: "Calls",
    Tab.ORDERS: "Orders & fills",
    Tab.PNL: "P&L",
}
"""The tabs in the order of their digits."""

_EMPTY = {
    Tab.PROMPT: "no prompt: no model was asked for this decision",
    Tab.REPLY: "no reply: no model answered for this decision",
    Tab.REASONING: "nothing was thought aloud",
    Tab.CALLS: "no model was asked for this decision",
}
_STATUSES = {
    DecisionStatus.STARTED: ("…", "under way", "accent"),
    DecisionStatus.HELD: ("·", "held", "muted"),
    DecisionStatus.EXECUTED: ("✓", "executed", "gain"),
    DecisionStatus.REFUSED: ("✗", "refused", "danger"),
    DecisionStatus.FAILED: ("✗", "failed", "danger"),
}
_STAGES = {
    DecisionStage.GATE: "before the model was asked",
    DecisionStage.RENDER: "while its prompt was made",
    DecisionStage.MODEL: "while the model was asked",
    DecisionStage.PARSE: "because of its reply",
    DecisionStage.RISK: "by the checks of its orders",
    DecisionStage.DONE: "when its orders were sent",
}
_PURPOSES = {CallPurpose.DECISION: "decision", CallPurpose.REPAIR: "repair of the reply"}


def head_spans(view: DeskView, story: DecisionStory) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return what stands at the left and at the right of a decision's first line."""
    record = story.record
    glyph, status, role = _STATUSES[record.status]
    strategy = f"{record.strategy} v{record.strategy_version}" if record.strategy_version else record.strategy
    left = [Span(f"{glyph} {status}", role), Span(f"  {view.trader_name(record.trader_id)}", "accent")]
    for text, priority in ((trigger_words(record.trigger), 2), (strategy, 3), (record.model, 4)):
        if text:
            left.append(Span(f" · {text}", "muted", priority=priority))
    right = [Span(fmt.market_date_time(record.started_ms), "muted", priority=1)]
    if story.fills or story.realized_pnl:
        right.insert(0, Span(f"{fmt.profit(story.realized_pnl)}  ", fmt.trend_role(story.realized_pnl)))
    return tuple(left), tuple(right)


def outcome_line(record: DecisionRecord) -> tuple[str, str]:
    """Return in one sentence how a decision ended, and its colour role; why, where it was refused."""
    _, status, role = _STATUSES[record.status]
    outcome = plain_words(record.outcome)
    if record.status in (DecisionStatus.REFUSED, DecisionStatus.FAILED):
        return f"{status.capitalize()} {_STAGES[record.stage]}: {outcome or 'no reason was given'}", role
    if record.status is DecisionStatus.STARTED:
        return "It is being made; what there is so far is shown.", role
    return outcome or "It keeps what is held and trades nothing.", "text"


def tab_spans(shown: Tab) -> tuple[Span, ...]:
    """Return the line of tabs, each a click away, with its digit."""
    return tuple(
        Span(
            f"{'▸' if tab is shown else ' '}{number} {title}  ",
            "accent" if tab is shown else "muted",
            f"decision.tab.{number}",
        )
        for number, (tab, title) in enumerate(TAB_TITLES.items(), start=1)
    )


def tab_paragraphs(view: DeskView, story: DecisionStory, tab: Tab) -> tuple[tuple[Paragraph, ...], str]:
    """Return the text of a tab, and what to say where there is none."""
    record = story.record
    if tab is Tab.CALLS:
        paragraphs = tuple(_calls(story))
    elif tab is Tab.ORDERS:
        paragraphs = tuple(_orders(view, story))
    elif tab is Tab.PNL:
        paragraphs = tuple(_pnl(story))
    else:
        paragraphs = paragraphs_of(_exact_text(record, tab), "thought" if tab is Tab.REASONING else "text")
    return paragraphs, _EMPTY.get(tab, "")


def tab_text(view: DeskView, story: DecisionStory, tab: Tab) -> str:
    """Return the text of a tab as it is copied: of prompt, reply and reasoning exactly what was recorded."""
    if tab in (Tab.PROMPT, Tab.REPLY, Tab.REASONING):
        return _exact_text(story.record, tab)
    return "\n".join(paragraph.text for paragraph in tab_paragraphs(view, story, tab)[0])


def _exact_text(record: DecisionRecord, tab: Tab) -> str:
    """Return what was recorded for one of the first three tabs."""
    return {Tab.PROMPT: record.prompt, Tab.REPLY: record.reply, Tab.REASONING: record.reasoning}[tab]


def trigger_words(trigger: Trigger) -> str:
    """Return what woke a trader, in a few words."""
    what = {
        TriggerKind.SIGNAL: trigger.signal or "signal",
        TriggerKind.SCHEDULED: "scheduled",
        TriggerKind.MANUAL: "by hand",
    }[trigger.kind]
    detail = f"({trigger.detail})" if trigger.detail and trigger.kind is TriggerKind.SIGNAL else ""
    return " ".join(word for word in (what, trigger.symbol, detail) if word)


def decision_facts(view: DeskView, decision: Decision) -> tuple[tuple[str, str], ...]:
    """Return every field of a decision that its operation uses, as labels and values."""
    if decision.operation is Operation.HOLD:
        return (("operation", "hold"), ("symbol", decision.symbol or fmt.ABSENT))
    tick = view.tick_size(decision.symbol)
    facts = [("operation", decision.operation.value), ("symbol", decision.symbol)]
    if decision.quantity is None:
        facts.append(("share", fmt.percent(decision.portion, 1, signed=False)))
    else:
        facts.append(("quantity", fmt.quantity(decision.quantity)))
    if decision.operation is not Operation.CLOSE:
        facts.append(("leverage", f"{decision.leverage}×"))
    facts += [
        (label, fmt.price(value, tick))
        for label, value in (
            ("highest price", decision.max_price),
            ("lowest price", decision.min_price),
            ("stop", decision.stop_loss),
            ("take profit", decision.take_profit),
        )
        if value is not None
    ]
    facts.append(("in force", TIME_IN_FORCE_LABELS[decision.time_in_force]))
    return tuple(facts)


def usd(cost: Decimal | None) -> str:
    """Return what a model took, to a hundredth of a cent; `–` without a known price."""
    return f"{fmt.money(cost, 4)} USD" if cost is not None else fmt.ABSENT


def _facts(facts: tuple[tuple[str, str], ...], role: str = "text") -> Iterator[Paragraph]:
    width = max((len(label) for label, _ in facts), default=0)
    for label, value in facts:
        yield Paragraph(f"  {label.ljust(width)}  {value}", role)


def _calls(story: DecisionStory) -> Iterator[Paragraph]:
    record = story.record
    if not story.calls and not record.tokens:
        return
    yield Paragraph(f"{count(len(story.calls), 'call')} of a model", "header")
    yield from _facts(
        (
            ("tokens", f"{record.tokens:,}"),
            ("latency", _seconds(record.latency_ms)),
            ("cost", usd(record.cost_usd)),
            ("retries", f"{sum(call.attempts - 1 for call in story.calls):,}"),
            ("repairs", f"{sum(call.purpose is CallPurpose.REPAIR for call in story.calls):,}"),
        )
    )
    for number, call in enumerate(story.calls, start=1):
        yield Paragraph("")
        yield from _call(number, call)


def _call(number: int, call: ModelCall) -> Iterator[Paragraph]:
    purpose = _PURPOSES.get(call.purpose, call.purpose.value)
    yield Paragraph(f"{number}. {purpose} · {call.model} · {fmt.market_time(call.started_ms)}", "accent")
    usage = call.usage
    about = "about " if usage.is_estimate else ""
    facts = [
        ("tokens in", f"{about}{usage.input:,}" + (f", {usage.cached:,} cached" if usage.cached else "")),
        (
            "tokens out",
            f"{about}{usage.output:,}" + (f", {usage.reasoning:,} reasoning" if usage.reasoning else ""),
        ),
        ("first token", _seconds(call.first_token_ms)),
        ("latency", _seconds(call.latency_ms)),
        ("cost", usd(call.cost_usd)),
        ("attempts", f"{call.attempts:,}"),
        ("finished", call.finish_reason or fmt.ABSENT),
    ]
    if call.cached:
        facts.append(("recorded", "the reply is a recorded one; nothing was sent"))
    yield from _facts(tuple(facts))
    if call.error:
        yield Paragraph(f"  {plain_words(call.error)}", "danger")


def _orders(view: DeskView, story: DecisionStory) -> Iterator[Paragraph]:
    record = story.record
    for number, decision in enumerate(record.decisions, start=1):
        title = f"Decision {number} of {len(record.decisions)}" if len(record.decisions) > 1 else "Decided"
        yield Paragraph(title, "header")
        yield from _facts(decision_facts(view, decision))
        if decision.reason:
            yield Paragraph(f"  {decision.reason}", "thought")
        yield Paragraph("")
    yield Paragraph(count(len(story.orders), "order") if story.orders else "No order", "header")
    if not story.orders and record.status is not DecisionStatus.STARTED:
        text, role = outcome_line(record)
        yield Paragraph(f"  {text}", role)
    for order in story.orders:
        yield from _order(view, order)
        for fill in story.fills:
            if fill.client_order_id == order.client_order_id:
                yield _fill(view, fill)


def _order(view: DeskView, order: Order) -> Iterator[Paragraph]:
    tick, lot = view.tick_size(order.symbol), view.lot_size(order.symbol)
    price = order.price if order.price is not None else order.trigger_price
    words = [
        f"{order.side.upper()} {fmt.quantity(order.quantity, lot)} {order.symbol}",
        ORDER_TYPE_LABELS[order.type],
        *([fmt.price(price, tick)] if price is not None else []),
        TIME_IN_FORCE_LABELS[order.time_in_force],
        *(["reduce-only"] if order.reduce_only else []),
    ]
    filled = f", {fmt.quantity(order.filled_quantity, lot)} filled" if order.filled_quantity else ""
    yield Paragraph(f"  {' '.join(words)}: {STATUS_LABELS[order.status]}{filled}")
    if order.status_reason:
        yield Paragraph(f"    {plain_words(order.status_reason)}", "warning")


def _fill(view: DeskView, fill: Fill) -> Paragraph:
    tick, lot = view.tick_size(fill.symbol), view.lot_size(fill.symbol)
    price, quantity = fmt.price(fill.price, tick), fmt.quantity(fill.quantity, lot)
    closed = f", closed for {fmt.profit(fill.realized_pnl)}" if fill.realized_pnl else ""
    text = (
        f"    {fmt.market_time(fill.ts_ms)} {quantity} at {price}, {fill.liquidity}, "
        f"fee {fmt.money(fill.fee, 4)}{closed}"
    )
    return Paragraph(text, "muted")


def _pnl(story: DecisionStory) -> Iterator[Paragraph]:
    pnl, cost = story.realized_pnl, story.record.cost_usd
    held = "nothing of what it opened is held" if story.is_settled else "some of what it opened is still held"
    yield Paragraph("What it came to", "header")
    yield Paragraph(f"  {fmt.profit(pnl)} realized, fees taken off; {held}", fmt.trend_role(pnl))
    yield Paragraph("")
    facts = [
        ("fees of its fills", fmt.money(sum((fill.fee for fill in story.fills), Decimal(0)), 4)),
        ("cost of the model", usd(cost)),
    ]
    if cost is not None:
        facts.append(("after that cost", fmt.profit(pnl - cost, 4)))
    yield from _facts(tuple(facts))
    yield Paragraph("")
    yield Paragraph(
        "A closing fill is shared out among the decisions that had opened the position, first in, first out.",
        "muted",
    )


def _seconds(latency_ms: int | None) -> str:
    return fmt.ABSENT if latency_ms is None else f"{latency_ms / 1_000:,.2f} s"
