"""Past decisions asked again, in words: what it may cost, and then and now side by side. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest

from rich.cells import cell_len

from engine.model.arena import DecisionStory
from engine.model.decision import Decision, Operation
from engine.model.language_model import CallPurpose, ModelConnection
from engine.model.prompt_backtest import (
    PromptRun,
    PromptRunStatus,
    ReplayItem,
    ReplayItemStatus,
    ReplayResult,
    ReplaySummary,
)
from engine.text import count
from tui import format as fmt
from tui.decision_view import decision_facts, usd
from tui.program_diff import difference
from tui.view import DeskView
from tui.widgets.reading_text import Paragraph, paragraphs_of
from tui.widgets.wrapping import wrap
from tui.wording import plain_words

LABEL_WIDTH = 16
GAP = 3
MILLION = Decimal(1_000_000)
RUN_ROLES: Mapping[PromptRunStatus, str] = {
    PromptRunStatus.RUNNING: "accent",
    PromptRunStatus.COMPLETED: "gain",
    PromptRunStatus.PARTIAL: "warning",
    PromptRunStatus.CANCELLED: "muted",
    PromptRunStatus.FAILED: "danger",
}


def expected_cost(story: DecisionStory, connection: ModelConnection | None, model: str) -> Decimal | None:
    """Return what asking a decision's model once more may take in USD, going by what it took then.

    Of another model only the connection's own prices tell; None where there are none.
    """
    calls = [call for call in story.calls if call.purpose is CallPurpose.DECISION]
    if not calls:
        return None
    call = calls[0]
    connection_id = connection.connection_id if connection is not None else 0
    if (call.connection_id, call.model) == (connection_id, model):
        return call.cost_usd
    if connection is None or connection.input_price is None or connection.output_price is None:
        return None
    usage = call.usage
    return (usage.input * connection.input_price + usage.output * connection.output_price) / MILLION


def run_words(run: PromptRun) -> str:
    """Return how a run stands, in one line."""
    words = [f"{run.completed:,} of {run.total:,} asked"]
    if run.failed:
        words.append(f"{run.failed:,} failed")
    if run.cached:
        words.append(f"{run.cached:,} from the record")
    words += [f"{run.tokens:,} tokens", usd(run.cost_usd)]
    return ", ".join(words)


def summary_words(summary: ReplaySummary) -> str:
    """Return what a replay came to, in one line."""
    return (
        f"{summary.changed:,} changed, {summary.unchanged:,} the same, {summary.failed:,} failed; "
        f"{count(summary.avoided_loss_count, 'loss', 'losses')} avoided "
        f"({fmt.money(summary.avoided_loss)}), "
        f"{count(summary.missed_profit_count, 'profit')} missed ({fmt.money(summary.missed_profit)})"
    )


def replay_paragraphs(
    view: DeskView, replay: ReplayResult, prompts: Mapping[str, str], width: int
) -> tuple[Paragraph, ...]:
    """Return a replay as lines of at most `width` cells; `prompts` are those that were sent, by decision."""
    lines: list[Paragraph] = []
    if len(replay.items) > 1:
        lines += [Paragraph(summary_words(replay.summary), "header"), Paragraph("")]
    for warning in replay.run.warnings:
        lines += [Paragraph(warning, "warning"), Paragraph("")]
    if 0 < len(prompts) < len(replay.items):
        shown = f"What changed in the prompt is shown for the first {len(prompts):,} decisions."
        lines += [Paragraph(shown, "muted"), Paragraph("")]
    for item in replay.items:
        lines += item_paragraphs(view, item, prompts.get(item.decision_id), width)
    return tuple(lines)


def item_paragraphs(view: DeskView, item: ReplayItem, prompt: str | None, width: int) -> Iterator[Paragraph]:
    """Yield what one decision came to; `prompt` is the one that was sent then, None to leave it out."""
    yield Paragraph(f"{item.decision_id} · {_verdict(item)}", "accent" if item.changes else "header")
    if item.status is ReplayItemStatus.PENDING:
        yield Paragraph("")
        return
    if item.error:
        yield Paragraph(f"  {plain_words(item.error)}", "danger")
    yield from side_by_side(_rows(view, item), width)
    yield Paragraph("")
    came = "Nothing of it is realized yet"
    if item.realized_pnl is not None:
        came = f"Then it came to {fmt.profit(item.realized_pnl)}"
    took = "a recorded reply, nothing was sent" if item.cached else usd(item.cost_usd)
    yield Paragraph(f"{came}. Asking again took {item.tokens:,} tokens, {took}.", "muted")
    yield Paragraph("")
    if prompt is not None:
        changed = difference(prompt, item.prompt)
        yield Paragraph(f"What changed in the prompt: {changed.summary}", "header")
        yield from (Paragraph(line.text, line.role) for line in changed.lines)
        yield Paragraph("")
    for title, text, role in (
        ("Reply now", item.reply, "text"),
        ("Reasoning now", item.reasoning, "thought"),
    ):
        if text:
            yield Paragraph(title, "header")
            yield from paragraphs_of(text.rstrip("\n"), role)
            yield Paragraph("")


def _verdict(item: ReplayItem) -> str:
    if item.status is ReplayItemStatus.PENDING:
        return "is being asked"
    if item.status is ReplayItemStatus.FAILED:
        return "came to nothing"
    if not item.changes:
        return "it would decide the same"
    before, _, after = item.change_type.partition("_to_")
    fields = ", ".join(change.replace("_", " ") for change in item.changes)
    return f"{before} → {after}, other {fields}"


def _rows(view: DeskView, item: ReplayItem) -> Iterator[tuple[str, str, str]]:
    """Yield label, then and now of every field, decisions of the same symbol beside each other."""
    for before, after in _paired(item.original, item.changed):
        old = dict(decision_facts(view, before)) if before else {"operation": "none"}
        new = dict(decision_facts(view, after)) if after else {"operation": "none"}
        for label in dict.fromkeys([*old, *new]):
            yield label, old.get(label, fmt.ABSENT), new.get(label, fmt.ABSENT)
        reasons = (before.reason if before else "", after.reason if after else "")
        if any(reasons):
            yield "reason", *reasons


def _paired(
    original: Sequence[Decision], changed: Sequence[Decision]
) -> list[tuple[Decision | None, Decision | None]]:
    """Return decisions about the same symbol as pairs; of one each, they are a pair whatever they are on."""
    if len(original) <= 1 and len(changed) <= 1:
        return list(zip_longest(original, changed))
    left = list(changed)
    pairs: list[tuple[Decision | None, Decision | None]] = []
    for before in original:
        after = next((each for each in left if each.symbol == before.symbol), None)
        if after is not None:
            left.remove(after)
        pairs.append((before, after))
    return [*pairs, *((None, each) for each in left if each.operation is not Operation.HOLD)]


def side_by_side(rows: Iterator[tuple[str, str, str]], width: int) -> Iterator[Paragraph]:
    """Yield rows of label, then and now in two columns; `≠` stands before what differs, but for reasons."""
    column = max(8, (width - LABEL_WIDTH - GAP) // 2)
    yield Paragraph(_laid("", "then", "now", column), "muted")
    for label, then, now in rows:
        differs = then != now and label != "reason"
        name = f"{'≠' if differs else ' '} {label}"
        for line, (left, right) in enumerate(
            zip_longest(wrap(then, column), wrap(now, column), fillvalue="")
        ):
            role = "accent" if differs else "thought" if label == "reason" else "text"
            yield Paragraph(_laid(name if line == 0 else "", left, right, column), role)


def _laid(label: str, left: str, right: str, column: int) -> str:
    padding = " " * max(0, column - cell_len(left))
    return f"{fmt.fit(label, LABEL_WIDTH)}{left}{padding}{' ' * GAP}{right}".rstrip()
