"""A trader's history as it moves between desks: what a file holds, checked, and made another trader's.

Pure. Every identity in an imported history is given anew, so that nothing in it can be taken for an
order, fill or decision of this desk; money is what the fills make of the initial capital. Positions
and open orders do not move: there is no market of the file's time to hold them in.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from engine.errors import InvalidInput
from engine.model.account import EquityPoint, TraderConfig, TraderKind, TraderStatus
from engine.model.decision import DecisionRecord, DecisionStage, DecisionStatus
from engine.model.fill import Fill
from engine.model.order import Order, OrderStatus
from engine.model.trader_file import TRADER_FILE_FORMAT, ImportPreview, TraderFile
from engine.store.changes import Change, Setting, TraderState, Wallet
from engine.store.restore import (
    RECENT_DECISIONS,
    RECENT_FILLS,
    RECENT_ORDERS,
    DeskState,
    EquityCurve,
    StoredTrader,
)
from engine.text import safe_text
from engine.trading.default_traders import RULES_MODEL
from engine.trading.ordinals import Ordinals

IMPORTED = "imported, not started yet"

_LARGEST = Decimal(10) ** 18
_LARGEST_INTEGER = 253_402_300_799_999
"""The last millisecond of the year 9999: what comes later no clock can show."""


class ImportedTrader(msgspec.Struct, frozen=True, kw_only=True):
    """A file as a trader of this desk: what to open, from which state, and all that is to be stored."""

    stored: StoredTrader
    state: DeskState
    changes: tuple[Change, ...]


def with_safe_texts(file: TraderFile) -> TraderFile:
    """Return a file whose every text is safe to keep and to show: anybody may have written it."""
    return msgspec.convert(_made_safe(msgspec.to_builtins(file)), TraderFile)


def _made_safe(value: object) -> object:
    match value:
        case str():
            return safe_text(value, 4 * len(value))  # a tab becomes four spaces, and nothing is cut
        case dict():
            return {name: _made_safe(each) for name, each in value.items()}
        case list() | tuple():
            return [_made_safe(each) for each in value]
        case _:
            return value


def preview(
    file: TraderFile, *, duplicates: int, now_ms: int, has_prompt: Callable[[str], bool]
) -> ImportPreview:
    """Return what importing a file would do; `duplicates` are fills of it that the desk has already."""
    times = [
        *(record.started_ms for record in file.decisions),
        *(order.created_ms for order in file.orders),
        *(fill.ts_ms for fill in file.fills),
    ]
    return ImportPreview(
        name=file.config.name,
        decisions=len(file.decisions),
        orders=len(file.orders),
        fills=len(file.fills),
        first_ms=min(times, default=None),
        last_ms=max(times, default=None),
        duplicates=duplicates,
        problems=tuple(_problems(file, has_prompt)),
        warnings=tuple(_warnings(file, duplicates, now_ms, has_prompt)),
    )


def _problems(file: TraderFile, has_prompt: Callable[[str], bool]) -> Iterable[str]:
    if file.format != TRADER_FILE_FORMAT:
        yield f"format: {file.format} is not known; allowed is {TRADER_FILE_FORMAT}"
    for kind, ids in (
        ("decision", [record.decision_id for record in file.decisions]),
        ("order", [order.client_order_id for order in file.orders]),
        ("fill", [fill.trade_id for fill in file.fills]),
    ):
        if len(set(ids)) != len(ids):
            yield f"{kind}s: an id is given twice"
    if not _is_possible(file):
        yield f"figures: one is no number the desk could have written (allowed is up to {_LARGEST:.0e})"
    elif not all(fill.price > 0 and fill.quantity > 0 for fill in file.fills):
        yield "fills: one has a price or a quantity that is not above 0"
    known = {order.client_order_id for order in file.orders}
    if any(fill.client_order_id not in known for fill in file.fills):
        yield "fills: one belongs to no order of the file"
    config = file.config
    if config.kind is TraderKind.PROMPT and not file.prompt and not has_prompt(config.strategy):
        yield f"prompt: {config.strategy} is neither in the file nor on the desk"


def _is_possible(value: object) -> bool:
    """Tell whether every figure in a value is finite and of a size that can be kept and shown."""
    match value:
        case Decimal():
            return value.is_finite() and abs(value) <= _LARGEST
        case float():
            return math.isfinite(value)
        case int():
            return 0 <= value <= _LARGEST_INTEGER
        case tuple():
            return all(map(_is_possible, value))
        case msgspec.Struct():
            return all(_is_possible(getattr(value, name)) for name in value.__struct_fields__)
        case _:
            return True


def _warnings(
    file: TraderFile, duplicates: int, now_ms: int, has_prompt: Callable[[str], bool]
) -> Iterable[str]:
    if duplicates:
        yield f"{duplicates} fills are on this desk already: the same history may be imported twice"
    if any(order.status.is_open for order in file.orders):
        yield "orders that were open come as cancelled, and positions are left behind"
    if any(point.ts_ms > now_ms for point in file.equity):
        yield "equity after this desk's market time is left out"
    config = file.config
    if config.kind is TraderKind.PROMPT and file.prompt and not has_prompt(config.strategy):
        yield f"the prompt {config.strategy} is added to the desk"
    if config.kind is TraderKind.PROMPT and config.connection_id:
        yield "the model's connection does not move: the built-in rules model stands in until you choose one"


def refuse_problems(found: ImportPreview) -> None:
    """Raise `InvalidInput` naming the first problem, if there is any."""
    if found.problems:
        raise InvalidInput(f"file: {found.problems[0]}", field="file", value=found.problems[0])


def config_to_import(file: TraderFile, name: str) -> TraderConfig:
    """Return the configuration of a file as one that this desk may check; its connection is left behind."""
    config = file.config
    return msgspec.structs.replace(
        config,
        name=name or config.name,
        connection_id=0,
        model=RULES_MODEL if config.kind is TraderKind.PROMPT else "",
        pool_ids=(),
        hidden=False,
    )


def as_imported(file: TraderFile, config: TraderConfig, ordinals: Ordinals, now_ms: int) -> ImportedTrader:
    """Return a checked file as the trader of `config`, with identities of this desk."""
    trader_id = config.trader_id
    settings: dict[str, Setting] = {}
    decision_ids = {
        each.decision_id: _taken(ordinals.next_decision_id(trader_id), settings) for each in file.decisions
    }
    order_ids = {
        each.client_order_id: _taken(ordinals.next_client_order_id(trader_id), settings)
        for each in file.orders
    }
    decisions = tuple(_decision(each, trader_id, decision_ids, order_ids) for each in file.decisions)
    orders = tuple(_order(each, trader_id, decision_ids, order_ids) for each in file.orders)
    fills = tuple(
        msgspec.structs.replace(
            each,
            trader_id=trader_id,
            trade_id=f"{trader_id}-{number}",
            client_order_id=order_ids[each.client_order_id],
        )
        for number, each in enumerate(file.fills, start=1)
    )
    points = sorted({point.ts_ms: point for point in file.equity if point.ts_ms <= now_ms}.items())
    equity = tuple(EquityPoint(trader_id, ts_ms, point.equity) for ts_ms, point in points)
    wallet = _wallet(config, fills)
    status = TraderState(trader_id=trader_id, status=TraderStatus.PAUSED, status_reason=IMPORTED)
    curve = EquityCurve(
        array("q", (point.ts_ms for point in equity)), array("d", (float(point.equity) for point in equity))
    )
    return ImportedTrader(
        stored=StoredTrader(config=config, state=status, wallet=wallet, equity=curve),
        state=DeskState(
            recent_orders=orders[-RECENT_ORDERS:],
            fills=fills[-RECENT_FILLS:],
            decisions=decisions[-RECENT_DECISIONS:],
        ),
        changes=(config, status, wallet, *settings.values(), *decisions, *orders, *fills, *equity),
    )


def _taken(given: tuple[str, Setting], settings: dict[str, Setting]) -> str:
    identity, counter = given
    settings[counter.key] = counter
    return identity


def _decision(
    record: DecisionRecord, trader_id: int, decision_ids: dict[str, str], order_ids: dict[str, str]
) -> DecisionRecord:
    is_over = record.status is not DecisionStatus.STARTED
    return msgspec.structs.replace(
        record,
        decision_id=decision_ids[record.decision_id],
        trader_id=trader_id,
        order_ids=tuple(order_ids[each] for each in record.order_ids if each in order_ids),
        status=record.status if is_over else DecisionStatus.FAILED,
        stage=record.stage if is_over else DecisionStage.MODEL,
        outcome=record.outcome if is_over else "it was being made when the trader was exported",
    )


def _order(order: Order, trader_id: int, decision_ids: dict[str, str], order_ids: dict[str, str]) -> Order:
    changed = msgspec.structs.replace(
        order,
        client_order_id=order_ids[order.client_order_id],
        trader_id=trader_id,
        parent_id=None if order.parent_id is None else order_ids.get(order.parent_id),
        decision_id=None if order.decision_id is None else decision_ids.get(order.decision_id),
        venue_order_id=None,
    )
    if not order.status.is_open:
        return changed
    return msgspec.structs.replace(
        changed, status=OrderStatus.CANCELLED, status_reason="it was open when the trader was exported"
    )


def _wallet(config: TraderConfig, fills: tuple[Fill, ...]) -> Wallet:
    realized = sum((fill.realized_pnl for fill in fills), Decimal(0))
    fees = sum((fill.fee for fill in fills), Decimal(0))
    return Wallet(
        trader_id=config.trader_id,
        cash=config.initial_capital + realized - fees,
        realized_pnl=realized,
        fees=fees,
        next_trade_number=len(fills) + 1,
    )
