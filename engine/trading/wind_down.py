"""Getting out: cancelling orders, closing positions, flattening a trader or the whole desk.

Each does as much as it can: what fails for one order or symbol never keeps the others from being
cancelled or closed, and is raised at the end, all of it together. Stops stay until the position
they protect is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from engine.errors import DeskError, NotFound
from engine.model.order import Order, OrderRequest, OrderType
from engine.trading.sizing import closing_quantity
from engine.trading.trader import TraderRuntime


class Failures:
    """What went wrong on the way, raised together at the end."""

    def __init__(self) -> None:
        self._errors: list[DeskError] = []

    def add(self, error: DeskError) -> None:
        """Remember an error and go on."""
        self._errors.append(error)

    def raise_any(self) -> None:
        """Raise the one error there was, or one of the first's kind that tells all."""
        if not self._errors:
            return
        first = self._errors[0]
        if len(self._errors) == 1:
            raise first
        raise type(first)("; ".join(error.message for error in self._errors), **first.details)


async def cancel_orders(
    traders: Iterable[TraderRuntime], *, symbol: str | None = None, entries_only: bool = False
) -> tuple[Order, ...]:
    """Cancel open orders of some traders, of one symbol or all, and return them."""
    failures, cancelled = Failures(), []
    for trader in traders:
        for order in tuple(trader.books.open_orders.values()):
            # Cancelling an entry may end others with it.
            is_open = order.client_order_id in trader.books.open_orders
            is_meant = symbol in (None, order.symbol) and not (entries_only and order.reduce_only)
            if not is_open or not is_meant:
                continue
            try:
                cancelled.append(await trader.orders.cancel(order.client_order_id))
            except DeskError as error:
                failures.add(error)
    failures.raise_any()
    return tuple(cancelled)


async def close_position(trader: TraderRuntime, symbol: str, fraction: Decimal = Decimal(1)) -> Order:
    """Reduce a position by a share of it with a reduce-only market order."""
    position = trader.books.positions.get(symbol)
    if position is None:
        raise NotFound(f"symbol: {trader.config.name} has no position in {symbol}", field="symbol")
    return await trader.orders.submit(
        OrderRequest(
            trader_id=trader.config.trader_id,
            symbol=symbol,
            side=position.side.opposite,
            type=OrderType.MARKET,
            quantity=closing_quantity(position, fraction, trader.orders.instrument(symbol)),
            reduce_only=True,
        )
    )


async def flatten(traders: Iterable[TraderRuntime]) -> tuple[Order, ...]:
    """Cancel entries, close every position, then cancel what is left; return the closing orders."""
    chosen, failures, closing = tuple(traders), Failures(), []
    try:
        await cancel_orders(chosen, entries_only=True)
    except DeskError as error:
        failures.add(error)
    for trader in chosen:
        for symbol in tuple(trader.books.positions):
            try:
                closing.append(await close_position(trader, symbol))
            except DeskError as error:
                failures.add(error)
    flat = [trader for trader in chosen if not trader.books.positions]
    try:
        await cancel_orders(flat)
    except DeskError as error:
        failures.add(error)
    failures.raise_any()
    return tuple(closing)
