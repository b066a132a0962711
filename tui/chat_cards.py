"""A decision as the chat shows it: what woke it, what it thought, and a card of what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from engine.model.arena import DecisionStory
from engine.model.decision import Decision, DecisionRecord, DecisionStatus, Operation
from tui import format as fmt
from tui.decision_view import trigger_words, usd
from tui.view import DeskView
from tui.widgets.log_text import LogBlock
from tui.wording import plain_words

CARD_MARGIN = "┃ "
_PARTS = ("thought", "outcome", "fills", "result", "cost")
_OUTCOMES = {
    DecisionStatus.HELD: ("·", "holds", "muted"),
    DecisionStatus.EXECUTED: ("✓", "executed", "gain"),
    DecisionStatus.REFUSED: ("✗", "was refused", "danger"),
    DecisionStatus.FAILED: ("✗", "failed", "danger"),
}


def thought_id(decision_id: str) -> str:
    """Return the id of the block that holds a decision's reasoning."""
    return f"thought:{decision_id}"


def block_ids(decision_id: str) -> tuple[str, ...]:
    """Return the ids of every block a decision can have."""
    return tuple(f"{part}:{decision_id}" for part in _PARTS)


def decision_of(block_id: str) -> str:
    """Return the id of the decision a block belongs to, "" for a note."""
    part, _, decision_id = block_id.partition(":")
    return decision_id if part in _PARTS else ""


def decision_blocks(
    view: DeskView, record: DecisionRecord, story: DecisionStory | None = None, *, folded: bool = False
) -> Iterator[LogBlock]:
    """Return the blocks of one decision: what woke it and what it thought, then its card.

    The fills and the profit and loss are on the card when the `story` is known.
    """
    thought, outcome, *results = block_ids(record.decision_id)
    began = fmt.time_or_day(record.started_ms, view.market.now_ms)
    head = f"◆ {began} {view.trader_name(record.trader_id)}"
    hidden = " · thoughts folded" if folded else ""
    yield LogBlock(
        thought,
        f"{head} · {trigger_words(record.trigger)}{hidden}",
        "" if folded else record.reasoning.strip("\n"),
        role="thought",
        header_role="accent",
    )
    if record.status is DecisionStatus.STARTED:
        return
    header, body, role = _card(view, record)
    yield LogBlock(outcome, header, body, header_role=role, joins=True, margin=CARD_MARGIN)
    if story is not None:
        for block_id, (text, text_role) in zip(results, _results(view, story), strict=True):
            if text:
                yield LogBlock(block_id, "", text, role=text_role, joins=True, margin=CARD_MARGIN)


def _card(view: DeskView, record: DecisionRecord) -> tuple[str, str, str]:
    """Return the first line of a card, the lines below it and the first one's colour role."""
    glyph, verb, role = _OUTCOMES[record.status]
    name = view.trader_name(record.trader_id)
    acting = [decision for decision in record.decisions if decision.operation is not Operation.HOLD]
    wishes = [decision_text(view, decision) for decision in acting]
    lines = [] if len(wishes) == 1 else list(wishes)
    lines += [decision.reason for decision in record.decisions if decision.reason]
    if record.outcome and record.status is not DecisionStatus.HELD:
        lines.append(plain_words(record.outcome))
    wish = wishes[0] if len(wishes) == 1 else (f"{len(wishes)} decisions" if wishes else "")
    return f"{glyph} {name} {verb} {wish}".rstrip(), "\n".join(lines), role


def _results(view: DeskView, story: DecisionStory) -> tuple[tuple[str, str], ...]:
    """Return what was filled, what it brought after fees, what thinking cost: each with its role."""
    record, profit, cost = story.record, "", ""
    if story.fills:
        state = "nothing of it is held any more" if story.is_settled else "so far, still held"
        profit = f"P&L {fmt.profit(story.realized_pnl)} · {state}"
    if record.tokens:
        parts = [f"{record.tokens:,} tokens", f"{record.latency_ms / 1000:.1f} s"]
        parts += [usd(record.cost_usd)] if record.cost_usd is not None else []
        cost = " · ".join([*parts, record.model]) if record.model else " · ".join(parts)
    return (
        ("\n".join(_fill_lines(view, story)), "text"),
        (profit, fmt.trend_role(story.realized_pnl)),
        (cost, "muted"),
    )


def _fill_lines(view: DeskView, story: DecisionStory) -> Iterator[str]:
    """Return each order's fills as one, at their average price."""
    for order in story.orders:
        fills = [fill for fill in story.fills if fill.client_order_id == order.client_order_id]
        quantity = sum((fill.quantity for fill in fills), Decimal(0))
        if not quantity:
            continue
        average = sum((fill.price * fill.quantity for fill in fills), Decimal(0)) / quantity
        size = fmt.quantity(quantity, view.lot_size(order.symbol))
        part = "" if quantity == order.quantity else f" of {fmt.quantity(order.quantity)}"
        tick = view.tick_size(order.symbol)
        price = fmt.price(average if tick is not None else round(average, 4), tick)
        fee = fmt.money(sum((fill.fee for fill in fills), Decimal(0)))
        yield f"filled {order.side.value} {size}{part} {order.symbol} at {price} · fee {fee}"


def decision_text(view: DeskView, decision: Decision) -> str:
    """Return what a decision asks for, in one line: its size as a quantity or as a share."""
    tick = view.tick_size(decision.symbol)
    size = fmt.percent(decision.portion, 0, signed=False)
    if decision.quantity is not None:
        size = fmt.quantity(decision.quantity, view.lot_size(decision.symbol))
    words = [decision.operation.value, size, decision.symbol]
    if decision.operation is not Operation.CLOSE:
        words.append(f"{decision.leverage}×")
    if decision.stop_loss is not None:
        words.append(f"SL {fmt.price(decision.stop_loss, tick)}")
    if decision.take_profit is not None:
        words.append(f"TP {fmt.price(decision.take_profit, tick)}")
    return " ".join(words)


def copied_text(view: DeskView, record: DecisionRecord, story: DecisionStory | None) -> str:
    """Return a decision as text for the clipboard: all of its thoughts and its card, as shown."""
    lines: list[str] = []
    for block in decision_blocks(view, record, story):
        lines += [part for part in (block.header, block.body) if part]
    return "\n".join(lines) + "\n"
