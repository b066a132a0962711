"""The bookkeeping of one event: what it changes in a wallet, and what is reported of it.

A `Ledger` opens on a wallet for one symbol and one moment, takes fills and order states, keeps the
rules that hold after each of them (protection of entries, one-cancels-other, reduce-only orders
without a position), and closes into the new wallet and its reports. It never touches the wallet it
opened on, so a trial that turns out unaffordable is simply dropped.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.exchanges.base import (
    BalanceReason,
    BalanceReport,
    FillReport,
    OrderReport,
    PositionReport,
    VenueReport,
    WalletReport,
)
from engine.exchanges.margin import (
    Trade,
    apply_fill,
    apply_funding,
    fee_of,
    funding_payment,
    liquidation_fill_price,
    round_money,
)
from engine.exchanges.matching import Execution
from engine.exchanges.wallet import PaperWallet, SymbolState, reserved_margin, used_margin
from engine.model.fill import Fill, Liquidity
from engine.model.order import Order, OrderStatus, OrderType, TimeInForce
from engine.model.position import Position

ZERO = Decimal(0)
NOTHING_HELD = SymbolState()


class Ledger:
    """One symbol of a wallet while one event is worked out."""

    def __init__(self, wallet: PaperWallet, symbol: str, mark: Decimal, ts_ms: int) -> None:
        state = wallet.symbols.get(symbol, NOTHING_HELD)
        self.instrument = wallet.instruments[symbol]
        self.mark = mark
        self.ts_ms = ts_ms
        self.position: Position | None = state.position
        self.orders: dict[str, Order] = {order.client_order_id: order for order in state.orders}
        self.opened_quantity = ZERO
        self._wallet = wallet
        self._symbol = symbol
        self._cash = wallet.cash
        self._realized_pnl = wallet.realized_pnl
        self._fees = wallet.fees
        self._funding = wallet.funding
        self._next_trade_number = wallet.next_trade_number
        self._used_elsewhere = used_margin(wallet, besides=symbol)
        self._reports: list[VenueReport] = []

    def fork(self) -> Ledger:
        """Return an independent copy, to try something out on."""
        trial = Ledger.__new__(Ledger)
        trial.__dict__.update(self.__dict__)
        trial.orders = dict(self.orders)
        trial._reports = list(self._reports)
        return trial

    def close(self) -> tuple[PaperWallet, tuple[VenueReport, ...]]:
        """Return the wallet after the event and everything it caused."""
        wallet = self._wallet
        before = wallet.symbols.get(self._symbol, NOTHING_HELD)
        symbols = dict(wallet.symbols)
        symbols[self._symbol] = SymbolState(self.position, tuple(self.orders.values()))
        if self.position is None and not self.orders:
            del symbols[self._symbol]
        if self.position is not before.position:
            self._reports.append(PositionReport(wallet.trader_id, self._symbol, self.position))
        totals = (self._cash, self._fees, self._funding, self._next_trade_number)
        if totals != (wallet.cash, wallet.fees, wallet.funding, wallet.next_trade_number):
            self._reports.append(
                WalletReport(
                    wallet.trader_id,
                    self._cash,
                    self._realized_pnl,
                    self._fees,
                    self._funding,
                    self._next_trade_number,
                )
            )
        after = msgspec.structs.replace(
            wallet,
            cash=self._cash,
            realized_pnl=self._realized_pnl,
            fees=self._fees,
            funding=self._funding,
            next_trade_number=self._next_trade_number,
            symbols=symbols,
        )
        return after, tuple(self._reports)

    def available(self) -> Decimal:
        """Return what a new order may still use; see `engine.exchanges.wallet`."""
        return self._cash - self._used_elsewhere - self._used_here()

    def free_cash(self) -> Decimal:
        """Return what is available if this symbol's resting orders are not counted."""
        margin = self.position.isolated_margin if self.position is not None else ZERO
        return self._cash - self._used_elsewhere - margin

    def reducible(self, order: Order) -> Decimal:
        """Return how much of the position an order on this side could close."""
        if self.position is None or self.position.side is order.side:
            return ZERO
        return abs(self.position.quantity)

    def executable(self, order: Order) -> Decimal:
        """Return how much of an order may trade now: a reduce-only one never more than the position."""
        remaining = order.remaining_quantity
        return min(remaining, self.reducible(order)) if order.reduce_only else remaining

    def put(self, order: Order) -> Order:
        """Take an order's new state; a finished order leaves the book. Returns it as reported."""
        if order.status.is_terminal:
            self.orders.pop(order.client_order_id, None)
        else:
            self.orders[order.client_order_id] = order
        self._reports.append(OrderReport(order))
        return order

    def end(self, order: Order, status: OrderStatus, reason: str) -> Order:
        """Finish an order."""
        ended = msgspec.structs.replace(order, status=status, status_reason=reason, updated_ms=self.ts_ms)
        return self.put(ended)

    def execute(self, order: Order, executions: tuple[Execution, ...]) -> Order:
        """Book executions of one order, put its new state, and keep what follows from the fills."""
        if not executions:
            return order
        before = order
        for execution in executions:
            order = self._fill(order, execution)
        order = self.put(order)
        self._follow_pair(order, order.filled_quantity - before.filled_quantity)
        if order.stop_loss is not None or order.take_profit is not None:
            self._protect(order, first=before.filled_quantity == 0)
        self.drop_pointless_orders()
        return self.orders.get(order.client_order_id, order)

    def drop_pointless_orders(self) -> None:
        """Cancel reduce-only orders that have nothing left to reduce."""
        for order in tuple(self.orders.values()):
            if order.reduce_only and self.reducible(order) == 0:
                self.end(order, OrderStatus.CANCELLED, "reduce-only: there is no position left to reduce")

    def pay_funding(self, rate: Decimal) -> None:
        """Settle one funding interval of the position."""
        if self.position is None:
            return
        payment = funding_payment(self.position.quantity, self.mark, rate)
        self.position = apply_funding(self.position, payment, self.mark, self.instrument)
        self._cash += payment
        self._funding += payment
        self._report_balance(BalanceReason.FUNDING, payment)

    def liquidate(self) -> None:
        """Close the whole position as the venue does when the mark reaches its liquidation price."""
        position = self.position
        if position is None:
            return
        price = liquidation_fill_price(position, self.mark, self.instrument)
        quantity = abs(position.quantity)
        order = Order(
            client_order_id=f"{position.trader_id}-liquidation-{self._next_trade_number}",
            trader_id=position.trader_id,
            symbol=self._symbol,
            side=position.side.opposite,
            type=OrderType.MARKET,
            quantity=quantity,
            created_ms=self.ts_ms,
            updated_ms=self.ts_ms,
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
            leverage=position.leverage,
            status=OrderStatus.ACCEPTED,
            status_reason=f"liquidated: the mark {self.mark} reached {position.liquidation_price}",
        )
        cash_before = self._cash
        self.execute(order, (Execution(price, quantity, Liquidity.TAKER),))
        self._report_balance(BalanceReason.LIQUIDATION, self._cash - cash_before)

    def _fill(self, order: Order, execution: Execution) -> Order:
        notional = execution.price * execution.quantity
        fee = fee_of(notional, execution.liquidity, self.instrument)
        trade = Trade(
            trader_id=order.trader_id,
            side=order.side,
            price=execution.price,
            quantity=execution.quantity,
            fee=fee,
            leverage=order.leverage or self._wallet.default_leverage,
            mark=self.mark,
            ts_ms=self.ts_ms,
        )
        change = apply_fill(self.position, trade, self.instrument)
        fill = Fill(
            trade_id=f"{order.trader_id}-{self._next_trade_number}",
            client_order_id=order.client_order_id,
            trader_id=order.trader_id,
            symbol=order.symbol,
            side=order.side,
            price=execution.price,
            quantity=execution.quantity,
            fee=fee,
            liquidity=execution.liquidity,
            realized_pnl=change.realized_pnl,
            ts_ms=self.ts_ms,
        )
        self._next_trade_number += 1
        self._cash += change.realized_pnl - fee
        self._realized_pnl += change.realized_pnl
        self._fees += fee
        self.position = change.position
        self.opened_quantity += change.opened_quantity
        self._reports.append(FillReport(fill))
        filled = order.filled_quantity + execution.quantity
        paid = order.filled_quantity * (order.average_price or ZERO) + notional
        return msgspec.structs.replace(
            order,
            filled_quantity=filled,
            average_price=round_money(paid / filled),
            fee=order.fee + fee,
            status=OrderStatus.FILLED if filled == order.quantity else OrderStatus.PARTIALLY_FILLED,
            updated_ms=self.ts_ms,
        )

    def _protect(self, entry: Order, *, first: bool) -> None:
        """Set or grow the stop-loss and take-profit of an entry to what it has opened so far."""
        quantity = min(entry.filled_quantity, self._held_on(entry))
        if quantity == 0:
            return
        # A client order id is never used twice: protection renewed by a later fill has its number.
        suffix = "" if first else f"-{self._next_trade_number}"
        for kind, name, trigger in (
            (OrderType.STOP_MARKET, "sl", entry.stop_loss),
            (OrderType.TAKE_PROFIT_MARKET, "tp", entry.take_profit),
        ):
            if trigger is None:
                continue
            # By its trigger, not its type: one that has triggered is a market order by now.
            child = next((c for c in self._children_of(entry) if c.trigger_price == trigger), None)
            if child is not None:
                self.put(msgspec.structs.replace(child, quantity=quantity, updated_ms=self.ts_ms))
                continue
            client_order_id = f"{entry.client_order_id}-{name}{suffix}"
            self.put(
                Order(
                    client_order_id=client_order_id,
                    trader_id=entry.trader_id,
                    symbol=entry.symbol,
                    side=entry.side.opposite,
                    type=kind,
                    quantity=quantity,
                    created_ms=self.ts_ms,
                    updated_ms=self.ts_ms,
                    trigger_price=trigger,
                    reduce_only=True,
                    leverage=entry.leverage,
                    parent_id=entry.client_order_id,
                    decision_id=entry.decision_id,
                    venue_order_id=f"paper-{client_order_id}",
                    status=OrderStatus.ACCEPTED,
                )
            )

    def _follow_pair(self, child: Order, filled: Decimal) -> None:
        """After a stop-loss or take-profit traded: shrink its partner, end what is left of the entry."""
        if child.parent_id is None:
            return
        entry = self.orders.get(child.parent_id)
        if entry is not None:
            self.end(entry, OrderStatus.CANCELLED, f"its protection {child.client_order_id} has traded")
        for partner in tuple(self.orders.values()):
            if partner.parent_id != child.parent_id or partner.client_order_id == child.client_order_id:
                continue
            left = partner.quantity - filled
            if left <= partner.filled_quantity:
                reason = f"one cancels the other: {child.client_order_id} has traded"
                self.end(partner, OrderStatus.CANCELLED, reason)
            else:
                self.put(msgspec.structs.replace(partner, quantity=left, updated_ms=self.ts_ms))

    def _children_of(self, entry: Order) -> tuple[Order, ...]:
        return tuple(o for o in self.orders.values() if o.parent_id == entry.client_order_id)

    def _held_on(self, entry: Order) -> Decimal:
        """Return how much is held on the entry's own side."""
        if self.position is None or self.position.side is not entry.side:
            return ZERO
        return abs(self.position.quantity)

    def _used_here(self) -> Decimal:
        margin = self.position.isolated_margin if self.position is not None else ZERO
        if not self.orders:
            return margin
        return margin + reserved_margin(self.position, self.orders.values(), self.instrument)

    def _report_balance(self, reason: BalanceReason, amount: Decimal) -> None:
        trader_id = self._wallet.trader_id
        self._reports.append(BalanceReport(trader_id, self._symbol, reason, amount, self.ts_ms))
