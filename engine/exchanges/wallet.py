"""The state of one trader's paper wallet, and what its money can still do.

A wallet is a frozen value: every event makes a new one. `cash` is the wallet balance (deposits plus
realised profit plus funding minus fees); isolated margins and the reserves of resting orders are
parts of it that are spoken for:

    available = cash - isolated margins - reserves,     equity = cash + unrealised profit
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from engine.exchanges.margin import initial_margin, round_money, total_unrealized_pnl
from engine.model.account import Account
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderStatus
from engine.model.position import Position


class SymbolState(msgspec.Struct, frozen=True):
    """What a wallet has in one symbol: its position and its open orders, oldest first."""

    position: Position | None = None
    orders: tuple[Order, ...] = ()


class PaperWallet(msgspec.Struct, frozen=True, kw_only=True):
    """One trader's money, positions and open orders, in the quote currency.

    `symbols` holds only symbols with a position or an open order, so that a quote of any other
    symbol costs one lookup. `default_leverage` serves orders that name none.
    """

    trader_id: int
    instruments: Mapping[str, Instrument]
    cash: Decimal
    default_leverage: int = 1
    realized_pnl: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    funding: Decimal = Decimal(0)
    next_trade_number: int = 1
    symbols: Mapping[str, SymbolState] = {}

    @property
    def positions(self) -> tuple[Position, ...]:
        """Every open position."""
        return tuple(state.position for state in self.symbols.values() if state.position is not None)

    @property
    def open_orders(self) -> tuple[Order, ...]:
        """Every open order, by symbol, oldest first within one."""
        return tuple(order for state in self.symbols.values() for order in state.orders)


def open_wallet(
    *,
    trader_id: int,
    instruments: Mapping[str, Instrument],
    cash: Decimal,
    default_leverage: int = 1,
    positions: Iterable[Position] = (),
    orders: Iterable[Order] = (),
    realized_pnl: Decimal = Decimal(0),
    fees: Decimal = Decimal(0),
    funding: Decimal = Decimal(0),
    next_trade_number: int = 1,
) -> PaperWallet:
    """Return a fresh wallet, or the one that was written down.

    Of `orders` only those the venue had accepted and not finished are taken.
    """
    symbols = {position.symbol: SymbolState(position) for position in positions}
    for order in orders:
        if order.status in (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED):
            state = symbols.get(order.symbol, SymbolState())
            symbols[order.symbol] = SymbolState(state.position, (*state.orders, order))
    return PaperWallet(
        trader_id=trader_id,
        instruments=instruments,
        cash=cash,
        default_leverage=default_leverage,
        realized_pnl=realized_pnl,
        fees=fees,
        funding=funding,
        next_trade_number=next_trade_number,
        symbols=symbols,
    )


def reserved_margin(position: Position | None, orders: Iterable[Order], instrument: Instrument) -> Decimal:
    """Return what the resting limit orders of one symbol set aside.

    Each reserves the initial margin and the taker fee of its remaining quantity at its limit price.
    Reduce-only and untriggered orders reserve nothing, nor does what only closes the present
    position: the oldest orders against it use it up first.
    """
    coverable = abs(position.quantity) if position is not None else Decimal(0)
    reserve = Decimal(0)
    for order in orders:
        if order.reduce_only or order.price is None:
            continue
        quantity = order.remaining_quantity
        if position is not None and order.side is not position.side:
            covered = min(coverable, quantity)
            coverable -= covered
            quantity -= covered
        if quantity > 0:
            notional = quantity * order.price
            reserve += initial_margin(notional, order.leverage or 1)
            reserve += round_money(notional * instrument.taker_fee)
    return reserve


def used_margin(wallet: PaperWallet, besides: str = "") -> Decimal:
    """Return the isolated margins of all positions plus the reserves of all resting orders.

    One symbol may be left out.
    """
    used = Decimal(0)
    for symbol, state in wallet.symbols.items():
        if symbol == besides:
            continue
        if state.orders:
            used += reserved_margin(state.position, state.orders, wallet.instruments[symbol])
        if state.position is not None:
            used += state.position.isolated_margin
    return used


def available_balance(wallet: PaperWallet) -> Decimal:
    """Return what a new order may use as margin and fee; below zero when nothing is left."""
    return wallet.cash - used_margin(wallet)


def account_of(wallet: PaperWallet, marks: Mapping[str, Decimal]) -> Account:
    """Return the wallet's money at `marks`.

    A position whose symbol has no mark is valued at its own last one. `day_pnl` is 0: a wallet
    keeps no history, whoever keeps the equity curve fills it in.
    """
    unrealized = total_unrealized_pnl(wallet.positions, marks)
    used = used_margin(wallet)
    return Account(
        trader_id=wallet.trader_id,
        cash=wallet.cash,
        equity=wallet.cash + unrealized,
        used_margin=used,
        available=wallet.cash - used,
        unrealized_pnl=unrealized,
        realized_pnl=wallet.realized_pnl,
        fees=wallet.fees,
        funding=wallet.funding,
        day_pnl=Decimal(0),
    )
