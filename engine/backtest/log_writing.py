"""Makes the trigger log of a run out of what was noted while it ran."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from engine.backtest.account import BacktestAccount, OrderOutcome
from engine.backtest.equity import EquityTimeline
from engine.backtest.market.base import RunMarket
from engine.backtest.trigger_log import NOT_ASKED, OrderDetail, OrderNote, TriggerLog, TriggerNotes
from engine.backtest.triggers import SCHEDULED, TriggerTimes
from engine.model.fill import Fill

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("scheduled", "signal", "tp", "sl", "liquidation", "limit")


class _Exit:
    """A fill that no trigger caused: what traded, and as what it is shown."""

    def __init__(self, fill: Fill) -> None:
        identity = fill.client_order_id
        self.fill = fill
        if "-liquidation-" in identity:
            self.kind = KINDS.index("liquidation")
        elif "-sl" in identity:
            self.kind = KINDS.index("sl")
        else:
            self.kind = KINDS.index("tp" if "-tp" in identity else "limit")


def trigger_lines(times: TriggerTimes, account: BacktestAccount) -> NDArray[np.int64]:
    """Return which line of the log each trigger has: the exits up to its time come before it."""
    exit_ms = np.array([each.fill.ts_ms for each in _exits(account)], dtype=np.int64)
    return np.arange(len(times), dtype=np.int64) + exit_ms.searchsorted(times.at_ms, side="right")


def write_log(
    times: TriggerTimes,
    notes: TriggerNotes,
    account: BacktestAccount,
    market: RunMarket,
    timeline: EquityTimeline,
) -> TriggerLog:
    """Return the log: a line for each trigger, and one for each fill that came by itself."""
    exits = _exits(account)
    symbols = tuple(account.trader.symbols)
    symbol = np.concatenate(
        [
            _trigger_symbols(times, notes, symbols),
            np.array([symbols.index(each.fill.symbol) for each in exits], dtype=np.int32),
        ]
    )
    ts_ms = np.concatenate([times.at_ms, np.array([each.fill.ts_ms for each in exits], dtype=np.int64)])
    # An exit at the time of a trigger came before it.
    order = np.lexsort((np.arange(len(ts_ms)) < len(times), ts_ms))
    line_of = np.empty(len(order), dtype=np.int64)
    line_of[order] = np.arange(len(order))
    ts_ms, symbol = ts_ms[order], symbol[order]
    marks = {name: market.quotes_at(name, ts_ms).mark for name in symbols}
    for place, each in enumerate(exits, start=len(times)):
        marks[each.fill.symbol][line_of[place]] = float(each.fill.price)
    signals, signal_sets = times.signal_sets()
    none = np.zeros(len(exits), dtype=np.int32)
    pools = ("", *(fires.pool.name for fires in times.fires))
    kind = np.concatenate(
        [
            (times.source != SCHEDULED).astype(np.int32),
            np.array([each.kind for each in exits], dtype=np.int32),
        ]
    )
    return TriggerLog(
        kinds=KINDS,
        symbols=symbols,
        pools=pools,
        signal_sets=signal_sets,
        reasons=tuple(notes.reasons),
        ts_ms=ts_ms.tobytes(),
        kind=kind[order].tobytes(),
        symbol=symbol.tobytes(),
        pool=np.concatenate([times.source.astype(np.int32) + 1, none])[order].astype(np.int32).tobytes(),
        signals=np.concatenate([signals, none])[order].astype(np.int32).tobytes(),
        operation=np.concatenate([notes.operation, np.full(len(exits), NOT_ASKED, dtype=np.int8)])[
            order
        ].tobytes(),
        reason=np.concatenate([notes.reason, none - 1])[order].astype(np.int32).tobytes(),
        price=np.stack(list(marks.values()))[symbol, np.arange(len(symbol))].tobytes(),
        equity_before=timeline.at(ts_ms, marks, before=True).tobytes(),
        equity_after=timeline.at(ts_ms, marks).tobytes(),
        details=_details(times, notes, account.fills, exits, line_of),
    )


def _trigger_symbols(times: TriggerTimes, notes: TriggerNotes, symbols: tuple[str, ...]) -> NDArray[np.int32]:
    """Return whose price a trigger's line shows: of a schedule that of what was decided on, or the first."""
    of_sources = [symbols.index(fires.symbol) for fires in times.fires]
    found = np.array([*of_sources, 0], dtype=np.int32)[times.source]
    for trigger, note in notes.orders.items():
        if times.source[trigger] == SCHEDULED:
            found[trigger] = symbols.index(note.decision_symbol)
    return found


def _exits(account: BacktestAccount) -> list[_Exit]:
    orders = account.orders | account.open_orders
    found = []
    for fill in account.fills:
        order = orders[fill.client_order_id]
        at_once = fill.ts_ms == order.created_ms and order.parent_id is None
        if not at_once or "-liquidation-" in fill.client_order_id:
            found.append(_Exit(fill))
    return found


def _details(
    times: TriggerTimes, notes: TriggerNotes, fills: list[Fill], exits: list[_Exit], line_of: np.ndarray
) -> dict[int, OrderDetail]:
    details = {int(line_of[index]): OrderDetail(error=error) for index, error in notes.errors.items()}
    for index, note in notes.orders.items():
        details[int(line_of[index])] = _detail(note, fills[note.first_fill : note.after_fills])
    for place, each in enumerate(exits, start=len(times)):
        fill = each.fill
        details[int(line_of[place])] = OrderDetail(
            decision_symbol=fill.symbol,
            side=str(fill.side),
            quantity=float(fill.quantity),
            fill_price=float(fill.price),
            fee=float(fill.fee),
            realized_pnl=float(fill.realized_pnl),
        )
    return details


def _detail(note: OrderNote, fills: list[Fill]) -> OrderDetail:
    order = note.outcomes[0].order
    paid = sum((fill.price * fill.quantity for fill in fills), Decimal(0))
    filled = sum((fill.quantity for fill in fills), Decimal(0))
    return OrderDetail(
        decision_symbol=note.decision_symbol,
        side="" if order is None else str(order.side),
        quantity=0.0 if order is None else float(order.quantity),
        fill_price=float(paid / filled) if filled else None,
        fee=float(sum((fill.fee for fill in fills), Decimal(0))),
        realized_pnl=float(sum((fill.realized_pnl for fill in fills), Decimal(0))),
        outcome="; ".join(_told(outcome) for outcome in note.outcomes),
    )


def _told(outcome: OrderOutcome) -> str:
    order = outcome.order
    if order is None:
        return outcome.refusal
    told = f"{order.side} {order.quantity.normalize():f} {order.symbol}"
    if order.average_price is not None:
        told += f" filled {order.filled_quantity.normalize():f} at {order.average_price.normalize():f}"
    return f"{told} {order.status}" + (f": {order.status_reason}" if order.status_reason else "")
