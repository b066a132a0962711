"""What two answers to the same question have in common, decision by decision.

Decisions are compared by symbol; one that is missing is a hold. Numbers are the same within a relative
1e-9. What a decision does not use is not compared: nothing of a hold, no leverage of a close.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from engine.model.decision import Decision, Operation
from engine.model.prompt_backtest import ReplayItem, ReplayItemStatus, ReplaySummary

CLOSENESS = Decimal("1e-9")
NO_DECISION = "none"
_COMPARED = ("portion", "quantity", "leverage", "max_price", "min_price", "take_profit", "stop_loss")
_ORDER = ("operation", "symbol", *_COMPARED, "time_in_force")


def differences(original: Sequence[Decision], changed: Sequence[Decision]) -> tuple[str, ...]:
    """Return the names of the fields that differ in any symbol, empty where the answers are the same."""
    before, after = _acting(original), _acting(changed)
    found: set[str] = set()
    if len(before) == len(after) == 1 and before.keys() != after.keys():
        # One decision each, on another symbol: the rest is still worth comparing.
        found.add("symbol")
        (old,), (new,) = before.values(), after.values()
        found |= _of_pair(old, new)
    else:
        for symbol in before.keys() | after.keys():
            found |= _of_pair(before.get(symbol), after.get(symbol))
    return tuple(name for name in _ORDER if name in found)


def change_type(original: Sequence[Decision], changed: Sequence[Decision]) -> str:
    """Return `<original>_to_<changed>` by their operations, such as `buy_to_hold`."""
    return f"{_operations(original)}_to_{_operations(changed)}"


def is_undone(original: Sequence[Decision], changed: Sequence[Decision]) -> bool:
    """Tell whether nothing of what the original did would have been done: held, or the other side."""
    before, after = _acting(original), _acting(changed)
    return bool(before) and all(
        symbol not in after or after[symbol].operation is not decision.operation
        for symbol, decision in before.items()
    )


def summary_of(items: Iterable[ReplayItem]) -> ReplaySummary:
    """Return what a replay came to, counted over its items."""
    items = tuple(items)
    completed = [item for item in items if item.status is ReplayItemStatus.COMPLETED]
    undone = [
        item.realized_pnl
        for item in completed
        if item.realized_pnl is not None and is_undone(item.original, item.changed)
    ]
    losses = [-pnl for pnl in undone if pnl < 0]
    profits = [pnl for pnl in undone if pnl > 0]
    changed = sum(1 for item in completed if item.changes)
    return ReplaySummary(
        total=len(items),
        completed=len(completed),
        failed=sum(1 for item in items if item.status is ReplayItemStatus.FAILED),
        changed=changed,
        unchanged=len(completed) - changed,
        avoided_loss_count=len(losses),
        avoided_loss=sum(losses, Decimal(0)),
        missed_profit_count=len(profits),
        missed_profit=sum(profits, Decimal(0)),
    )


def _acting(decisions: Iterable[Decision]) -> dict[str, Decision]:
    return {each.symbol: each for each in decisions if each.operation is not Operation.HOLD}


def _operations(decisions: Sequence[Decision]) -> str:
    if not decisions:
        return NO_DECISION
    acting = sorted({str(each.operation) for each in _acting(decisions).values()})
    return "+".join(acting) or str(Operation.HOLD)


def _of_pair(before: Decision | None, after: Decision | None) -> set[str]:
    if before is None or after is None:
        return {"operation"}
    found = {
        name
        for name in _COMPARED
        if not _is_close(getattr(before, name), getattr(after, name))
        and not (name == "leverage" and before.operation is after.operation is Operation.CLOSE)
    }
    if before.operation is not after.operation:
        found.add("operation")
    if before.time_in_force is not after.time_in_force:
        found.add("time_in_force")
    return found


def _is_close(before: Decimal | int | None, after: Decimal | int | None) -> bool:
    if before is None or after is None:
        return before is after
    old, new = Decimal(before), Decimal(after)
    return abs(old - new) <= CLOSENESS * max(abs(old), abs(new))
