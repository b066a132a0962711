"""What the desk publishes of its traders: one frozen picture, made up to ten times a second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from engine.model.account import TraderSummary
from engine.model.decision import DecisionRecord
from engine.model.fill import Fill
from engine.model.order import Order
from engine.model.position import Position
from engine.model.quote import Ticker
from engine.trading.trader import TraderRuntime

SPARKLINE_POINTS = 24
SPARKLINE_STEP_MS = 30 * 60_000


class DeskView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the queries answer from, true at one moment; hidden traders are not among `traders`."""

    traders: tuple[TraderSummary, ...] = ()
    positions: tuple[Position, ...] = ()
    open_orders: tuple[Order, ...] = ()
    recent_orders: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()
    tickers: tuple[Ticker, ...] = ()


class DeskViewBuilder:
    """Makes the picture; what only edges change is made again only after an edge."""

    def __init__(self, traders: Sequence[TraderRuntime]) -> None:
        self._traders = traders
        self._seqs: tuple[int, ...] = ()
        self._history = DeskView()

    def build(self, tickers: tuple[Ticker, ...], marks: dict[str, Decimal]) -> DeskView:
        """Return the present picture of all traders and quotes."""
        seqs = tuple(runtime.ledger.seq for runtime in self._traders)
        if seqs != self._seqs:
            self._seqs, self._history = seqs, self._read_history()
        return msgspec.structs.replace(
            self._history,
            traders=tuple(trader_summary(runtime) for runtime in self._traders if not runtime.config.hidden),
            positions=tuple(
                position for runtime in self._traders for position in runtime.books.marked_positions(marks)
            ),
            tickers=tickers,
        )

    def _read_history(self) -> DeskView:
        books = [runtime.books for runtime in self._traders]
        fills = (fill for book in books for fill in book.recent_fills)
        decisions = (record for runtime in self._traders for record in runtime.log.recent())
        return DeskView(
            open_orders=_by_time(order for book in books for order in book.open_orders.values()),
            recent_orders=_by_time(order for book in books for order in book.recent_orders.values()),
            fills=tuple(sorted(fills, key=lambda fill: fill.ts_ms)),
            decisions=tuple(sorted(decisions, key=lambda record: record.started_ms)),
        )


def trader_summary(runtime: TraderRuntime) -> TraderSummary:
    """Return a trader's row as it stands now."""
    config = runtime.config
    return TraderSummary(
        trader_id=config.trader_id,
        name=config.name,
        kind=config.kind,
        mode=config.mode,
        status=runtime.status,
        status_reason=runtime.status_reason,
        strategy=runtime.strategy,
        model=config.model,
        account=runtime.account(),
        open_positions=len(runtime.books.positions),
        open_orders=len(runtime.books.open_orders),
        sparkline=runtime.equity.recent(SPARKLINE_POINTS, SPARKLINE_STEP_MS),
        thinking=runtime.thinking,
        seq=runtime.ledger.seq,
    )


def _by_time(orders: Iterable[Order]) -> tuple[Order, ...]:
    return tuple(sorted(orders, key=lambda order: (order.created_ms, order.client_order_id)))
