"""What `nightdesk prompt-backtest` prints: runs, their results, and what changed."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.text import count

if TYPE_CHECKING:
    from engine.desk import Desk
    from engine.model.decision import Decision
    from engine.model.prompt_backtest import PromptRun, ReplayItem, ReplayResult

WIDEST = 120


def show_list(desk: Desk) -> None:
    """Print the runs of a home, newest first."""
    runs = desk.prompt_backtests.runs()
    if not runs:
        print("no prompt backtests yet; see nightdesk prompt-backtest run --help")
    for run in runs:
        print(_line(run))


async def show(desk: Desk, run_id: str, *, as_json: bool) -> None:
    """Print what a run came to, of a replay as far as it is; raises `NotFound` or `Conflict`."""
    from engine.model.prompt_backtest import PromptRunKind

    run = next((each for each in desk.prompt_backtests.runs() if each.run_id == run_id), None)
    if run is not None and run.kind is PromptRunKind.REPLAY:
        replay = await desk.prompt_backtests.replay_result(run_id)
        print(_json(replay)) if as_json else _print_replay(replay)
        return
    from engine.backtesting import json_of, result_text

    found = await desk.prompt_backtests.result(run_id)
    if as_json:
        print(_json({"run": found.run, "result": json_of(found.result), "warnings": found.warnings}))
        return
    print(result_text(found.result, min(WIDEST, shutil.get_terminal_size((100, 24)).columns)), end="")
    _print_run(found.run, told=found.result.warnings)


async def show_difference(desk: Desk, run_id: str, other: str | None) -> None:
    """Print what changed in a replay, or between the results of two runs over snapshots."""
    from engine.model.prompt_backtest import PromptRunKind

    kinds = {run.run_id: run.kind for run in desk.prompt_backtests.runs()}
    if kinds.get(run_id) is not PromptRunKind.SNAPSHOTS:
        await _show_changes(desk, await desk.prompt_backtests.replay_result(run_id), other)
        return
    from engine.backtesting import compare
    from engine.errors import InvalidInput

    if other is None:
        raise InvalidInput.of("RUN", run_id, "name the run to compare it with, too")
    one, two = [(await desk.prompt_backtests.result(each)).result for each in (run_id, other)]
    comparison = compare([one, two])
    _print_columns(
        [
            ("", run_id, other),
            *((each.name, *each.texts) for each in comparison.settings if each.name != "source"),
            *((each.title, *each.texts) for each in comparison.metrics),
        ]
    )
    _print_diff(one.request.source.splitlines(), two.request.source.splitlines(), run_id, other)


def _print_columns(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for name, *values in rows:
        told = "  ".join(value.rjust(width) for value, width in zip(values, widths[1:], strict=True))
        print(f"{name.ljust(widths[0])}  {told}".rstrip())


async def _show_changes(desk: Desk, replay: ReplayResult, decision_id: str | None) -> None:
    from engine.errors import NotFound

    items = [item for item in replay.items if item.changes]
    if decision_id is not None:
        items = [item for item in replay.items if item.decision_id == decision_id]
        if not items:
            raise NotFound(f"decision: {replay.run.run_id} has no {decision_id}", field="decision_id")
    for item in items:
        print(f"{item.decision_id}: {item.change_type or item.status}")
        if decision_id is not None:
            before = (await desk.arena.story(item.decision_id)).record.prompt
            _print_diff(before.splitlines(), item.prompt.splitlines(), "prompt then", "prompt now")
        _print_diff(_told(item.original), _told(item.changed), "decided then", "decided now")
    if not items:
        print("no decision would have been another one")


def _print_diff(before: Sequence[str], after: Sequence[str], old: str, new: str) -> None:
    for line in difflib.unified_diff(before, after, old, new, lineterm=""):
        print(f"  {line}")


def _told(decisions: Sequence[Decision]) -> list[str]:
    """Return decisions as lines of JSON, one a field that says something."""
    import msgspec

    plain = [
        {name: value for name, value in msgspec.to_builtins(each).items() if value not in (None, "")}
        for each in decisions
    ]
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode().splitlines()


def _print_replay(replay: ReplayResult) -> None:
    for item in replay.items:
        print(_item_line(item))
    summary = replay.summary
    print(
        f"{summary.changed:,} changed and {summary.unchanged:,} the same of"
        f" {count(summary.total, 'decision')}, {summary.failed:,} failed"
    )
    print(
        f"{count(summary.avoided_loss_count, 'loss', 'losses')} avoided ({summary.avoided_loss:,.2f}),"
        f" {count(summary.missed_profit_count, 'profit')} missed ({summary.missed_profit:,.2f})"
    )
    _print_run(replay.run)


def _item_line(item: ReplayItem) -> str:
    if item.error:
        return f"{item.decision_id}  failed: {item.error}"
    pnl = "open" if item.realized_pnl is None else f"{item.realized_pnl:+,.2f}"
    changes = f" ({', '.join(item.changes)})" if item.changes else ""
    return f"{item.decision_id}  {item.change_type or item.status}{changes}, it came to {pnl}"


def _print_run(run: PromptRun, told: Collection[str] = ()) -> None:
    print(_line(run))
    for warning in run.warnings:
        if warning not in told:
            print(f"warning: {warning}")


def _line(run: PromptRun) -> str:
    created = datetime.fromtimestamp(run.created_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    failed = f", {run.failed:,} failed" if run.failed else ""
    cost = Decimal(run.cost_usd)
    return (
        f"{run.run_id}  {created}  {run.kind}  {run.name} on {run.model}: {run.status},"
        f" {run.completed:,} of {run.total:,} asked{failed}, {run.cached:,} from the record,"
        f" {run.tokens:,} tokens, {cost:.4f} USD" + (f"; {run.error}" if run.error else "")
    )


def _json(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()
