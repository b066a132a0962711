"""A trader's account in a backtest: the desk's own sizing, risk gate and paper exchange, with jumps.

Time moves by `advance`: of everything the market did meanwhile only those bars are played in which
an order could trade or trigger, or a position be liquidated, and funding is settled where it falls
due. Nothing else changes an account, so nothing else is looked at.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.backtest.market.base import RunMarket
from engine.errors import Conflict, DeskError, OrderRejected
from engine.exchanges.base import (
    BalanceReason,
    BalanceReport,
    FillReport,
    OrderReport,
    PositionReport,
    VenueReport,
)
from engine.exchanges.paper_state import PlaceOrder, SettleFunding, apply, apply_quote
from engine.exchanges.wallet import PaperWallet, SymbolState, account_of, available_balance, open_wallet
from engine.market.periods import Period
from engine.model.account import Account, TraderConfig
from engine.model.decision import Decision, Operation
from engine.model.fill import Fill
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderStatus, OrderType, Side, order_of
from engine.model.position import Position
from engine.model.quote import Quote
from engine.strategies.programs.data.funding import FundingHistory
from engine.trading.order_check import Situation, check_request
from engine.trading.sizing import order_for_decision

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECENT_FILLS_SHOWN = 10
ORDER_RATE_WINDOW_MS = 60_000
_FIRST_BLOCK, _LARGEST_BLOCK = 512, 65_536
_NEVER_MS = 2**62
NOTHING = Decimal(0)


class AccountChange(msgspec.Struct, frozen=True):
    """The account after something changed it: what equity is made of from `ts_ms` on.

    `holdings` are (symbol, signed quantity, entry price) of the open positions. `by_order` says that a
    decision did it, after everything the market did at the same time.
    """

    ts_ms: int
    cash: Decimal
    holdings: tuple[tuple[str, Decimal, Decimal], ...]
    by_order: bool = False


class OrderOutcome(msgspec.Struct, frozen=True):
    """What became of one decision: the order as the exchange left it, or why there is none."""

    decision: Decision
    order: Order | None
    refusal: str = ""


class BacktestAccount:
    """One wallet on one market; implements `QuoteTaker` for the market that plays to it."""

    def __init__(
        self,
        trader: TraderConfig,
        instruments: Mapping[str, Instrument],
        market: RunMarket,
        funding: Mapping[str, FundingHistory],
        start_ms: int,
    ) -> None:
        self.trader = trader
        self.now_ms = start_ms
        self.orders: dict[str, Order] = {}
        self.open_orders: dict[str, Order] = {}
        self.positions: dict[str, Position] = {}
        self.fills: list[Fill] = []
        self.funding: list[BalanceReport] = []
        self.changes: list[AccountChange] = [AccountChange(start_ms, trader.initial_capital, ())]
        self.recent_fills: deque[Fill] = deque(maxlen=RECENT_FILLS_SHOWN)
        self.wallet: PaperWallet = open_wallet(
            trader_id=trader.trader_id,
            instruments=instruments,
            cash=trader.initial_capital,
            default_leverage=trader.limits.default_leverage,
        )
        self._instruments = instruments
        self._market = market
        self._rates = funding
        self._settled_ms = -1
        self._day_ms = -1
        self._opened_with = trader.initial_capital
        self._entries_sent: deque[int] = deque(maxlen=trader.limits.max_orders_per_minute)
        self._order_number = 0
        self._quiet_until_ms = -1
        """Up to when nothing can trade by itself, as long as the wallet stays as it is."""

    def sides(self) -> dict[str, Side]:
        """Return which way each position stands."""
        return {symbol: position.side for symbol, position in self.positions.items()}

    def position(self, symbol: str) -> Position | None:
        """Return what is held of a symbol."""
        return self.positions.get(symbol)

    def waiting(self, symbol: str) -> Iterable[Order]:
        """Return the open orders of a symbol, oldest first."""
        state = self.wallet.symbols.get(symbol)
        return () if state is None else state.orders

    def tick_size(self, symbol: str) -> Decimal:
        """Return the price step of a symbol."""
        return self._instruments[symbol].tick_size

    def marked_positions(self, marks: Mapping[str, Decimal]) -> tuple[Position, ...]:
        """Return the open positions at these marks, in the order they were opened."""
        return tuple(
            msgspec.structs.replace(position, mark_price=marks.get(symbol, position.mark_price))
            for symbol, position in self.positions.items()
        )

    def equity(self) -> Decimal:
        """Return what the account is worth now, at the last marks."""
        marks = {symbol: self._market.mark_before(symbol, self.now_ms + 1) for symbol in self.positions}
        return account_of(self.wallet, marks).equity

    def day_account(self, marks: Mapping[str, Decimal], now_ms: int) -> Account:
        """Return the account's money at these marks, with what it made since midnight UTC.

        The day begins with the equity at the last mark before midnight.
        """
        account = account_of(self.wallet, marks)
        return msgspec.structs.replace(account, day_pnl=account.equity - self._opening_equity(now_ms))

    def _opening_equity(self, now_ms: int) -> Decimal:
        day_ms = Period.D1.open_of(now_ms)
        if day_ms != self._day_ms:
            self._day_ms = day_ms
            self._opened_with = self._equity_at(day_ms)
        return self._opened_with

    def _equity_at(self, ts_ms: int) -> Decimal:
        """Return equity as the last change at or before a time left it, at the marks of that time."""
        place = bisect_right(self.changes, ts_ms, key=lambda change: change.ts_ms) - 1
        change = self.changes[max(place, 0)]
        profit = sum(
            (
                quantity * (self._market.quote_at(symbol, ts_ms).mark - entry)
                for symbol, quantity, entry in change.holdings
            ),
            Decimal(0),
        )
        return round(change.cash + profit, 2)

    def take(self, quote: Quote) -> None:
        """Let a quote trade, trigger and liquidate."""
        wallet, reports = apply_quote(self.wallet, quote)
        if reports:
            self._commit(wallet, reports, quote.ts_ms)

    def advance(self, until_ms: int) -> None:
        """Let the market go on until `until_ms`, its quotes at that time included."""
        while self.wallet.symbols:
            bar_ms = self._next_bar_ms(until_ms)
            due_ms = self._next_funding_ms(until_ms)
            # Of a bar that time has entered already, everything before the settlement has been played.
            if due_ms <= min(max(bar_ms, self.now_ms + 1), until_ms):
                self._settle(due_ms)
                continue
            if bar_ms > until_ms:
                break
            # Up to a settlement inside the bar, which comes before the quotes of its own time.
            last_ms = min(until_ms, bar_ms + self._market.bar_ms - 1, due_ms - 1)
            self._market.play(bar_ms, tuple(self.wallet.symbols), self, self.now_ms, last_ms)
            self.now_ms = max(self.now_ms, last_ms)
            if last_ms == until_ms:
                return
        self.now_ms = max(self.now_ms, until_ms)

    def next_trade_ms(self, until_ms: int) -> int | None:
        """Return the open of the next bar in which something could trade by itself, up to `until_ms`."""
        found = self._next_bar_ms(until_ms) if self.wallet.symbols else _NEVER_MS
        return found if found <= until_ms else None

    def next_funding_ms(self, until_ms: int) -> int | None:
        """Return when funding is settled next, up to `until_ms`."""
        found = self._next_funding_ms(until_ms) if self.wallet.symbols else _NEVER_MS
        return found if found <= until_ms else None

    def carry_out(self, decisions: Sequence[Decision], decision_id: str) -> list[OrderOutcome]:
        """Order what was decided, at the quotes of now, one after the other."""
        outcomes = []
        for decision in decisions:
            if decision.operation is Operation.HOLD:
                continue
            if decision.operation is Operation.CLOSE and self.position(decision.symbol) is None:
                outcomes.append(OrderOutcome(decision, None, f"{decision.symbol} is flat already"))
                continue
            try:
                outcomes.append(OrderOutcome(decision, self._order(decision, decision_id)))
            except DeskError as error:
                refusal = f"{decision.operation} {decision.symbol} refused: {error.message}"
                outcomes.append(OrderOutcome(decision, None, refusal))
        return outcomes

    def _order(self, decision: Decision, decision_id: str) -> Order:
        symbol = decision.symbol
        quote = self._market.open_quote_at(symbol, self.now_ms)
        if quote is None:
            raise Conflict(f"{symbol} has no price in this gap of its history", field="symbol", value=symbol)
        instrument = self._instruments[symbol]
        position = self.position(symbol)
        closes = decision.operation is Operation.CLOSE  # which costs nothing
        available = NOTHING if closes else available_balance(self.wallet)
        request = order_for_decision(decision, self.trader, instrument, position, available, quote)
        match = check_request(request, self.trader, instrument, self._situation(quote, position))
        leverage = None
        if not request.reduce_only:
            leverage = position.leverage if position else self.trader.limits.default_leverage
            self._entries_sent.append(self.now_ms)
        self._order_number += 1
        order = order_of(
            request,
            client_order_id=f"{self.trader.trader_id}-{self._order_number}",
            ts_ms=self.now_ms,
            leverage=leverage,
            decision_id=decision_id,
        )
        wallet, reports = apply(self.wallet, PlaceOrder(order, quote, is_valid=True, match=match))
        self._commit(wallet, reports, self.now_ms, by_order=True)
        placed = self.orders.get(order.client_order_id) or self.open_orders[order.client_order_id]
        if placed.status is OrderStatus.REJECTED:
            raise OrderRejected(placed.status_reason, client_order_id=placed.client_order_id)
        return placed

    def _situation(self, quote: Quote, position: Position | None) -> Situation:
        orders = tuple(self.open_orders.values())
        while self._entries_sent and self._entries_sent[0] <= self.now_ms - ORDER_RATE_WINDOW_MS:
            self._entries_sent.popleft()
        return Situation(
            quote=quote,
            book=None,
            position=position,
            symbols_at_risk=frozenset(
                [*self.positions, *[order.symbol for order in orders if not order.reduce_only]]
            ),
            orders=orders,
            recent_orders=len(self._entries_sent),
        )

    def _commit(
        self, wallet: PaperWallet, reports: tuple[VenueReport, ...], ts_ms: int, *, by_order: bool = False
    ) -> None:
        self.wallet, self._quiet_until_ms = wallet, -1
        for report in reports:
            # Told apart by `isinstance`: patterns cost three times as much, and this is done for every order.
            if isinstance(report, OrderReport):
                self._keep(report.order)
            elif isinstance(report, FillReport):
                self.fills.append(report.fill)
                self.recent_fills.append(report.fill)
            elif isinstance(report, PositionReport):
                if report.position is None:
                    self.positions.pop(report.symbol, None)
                else:
                    self.positions[report.symbol] = report.position
            elif isinstance(report, BalanceReport) and report.reason is BalanceReason.FUNDING:
                self.funding.append(report)
        holdings = tuple(
            [(symbol, position.quantity, position.entry_price) for symbol, position in self.positions.items()]
        )
        change = AccountChange(ts_ms, wallet.cash, holdings, by_order)
        last = self.changes[-1]
        if last.ts_ms == ts_ms and last.by_order == by_order:
            self.changes[-1] = change
        else:
            self.changes.append(change)

    def _keep(self, order: Order) -> None:
        identity = order.client_order_id
        if order.status.is_open:
            self.open_orders[identity] = order
        else:
            self.open_orders.pop(identity, None)
            self.orders[identity] = order

    def _settle(self, due_ms: int) -> None:
        """Settle every funding that falls due at a time; the bars before it have been played."""
        for symbol in tuple(self.wallet.symbols):
            rates = self._rates[symbol]
            row = int(rates.ts_ms.searchsorted(due_ms))
            if row == len(rates.ts_ms) or int(rates.ts_ms[row]) != due_ms:
                continue
            rate, mark = Decimal(repr(float(rates.rate[row]))), self._market.mark_before(symbol, due_ms)
            wallet, reports = apply(self.wallet, SettleFunding(symbol, rate, mark, due_ms))
            if reports:
                self._commit(wallet, reports, due_ms)
        self.now_ms = max(self.now_ms, due_ms - 1)
        self._settled_ms = due_ms

    def _next_funding_ms(self, until_ms: int) -> int:
        """Return when funding of a held symbol falls due next, far in the future if not by `until_ms`."""
        after = max(self.now_ms, self._settled_ms)
        due = _NEVER_MS
        for symbol, state in self.wallet.symbols.items():
            times = self._rates[symbol].ts_ms
            if len(times) and state.position is not None:
                row = int(times.searchsorted(after, side="right"))
                if row < len(times):
                    due = min(due, int(times[row]))
        return due if due <= until_ms else _NEVER_MS

    def _next_bar_ms(self, until_ms: int) -> int:
        """Return the open of the next bar in which something could happen, if it opens by `until_ms`."""
        if until_ms <= self._quiet_until_ms:
            return _NEVER_MS
        found = _NEVER_MS
        for symbol, state in self.wallet.symbols.items():
            found = min(found, self._next_touch_ms(symbol, state, min(until_ms, found)))
        if found == _NEVER_MS:
            self._quiet_until_ms = until_ms
        return found

    def _next_touch_ms(self, symbol: str, state: SymbolState, until_ms: int) -> int:
        falls_to, rises_to = _reach(state)
        if falls_to == -math.inf and rises_to == math.inf:
            return _NEVER_MS
        bars = self._market.bars(symbol)
        # The bar that now lies in has quotes left unless now is its last one.
        row = max(0, bars.row_at(self.now_ms))
        if row < len(bars.open_ms) and int(bars.open_ms[row]) + self._market.bar_ms - 1 <= self.now_ms:
            row += 1
        stop = bars.row_at(until_ms) + 1
        row = _first_reaching(bars.low, bars.high, row, stop, falls_to, rises_to)
        return int(bars.open_ms[row]) if row < stop else _NEVER_MS


def _reach(state: SymbolState) -> tuple[float, float]:
    """Return the highest price whose reaching from above matters, and the lowest from below.

    They are infinite where no price does.
    """
    falls: list[Decimal] = []
    rises: list[Decimal] = []
    position = state.position
    if position is not None:
        liquidation = position.liquidation_price
        if position.side is Side.BUY:
            if liquidation is not None:
                falls.append(liquidation)
        else:
            rises.append(Decimal(0) if liquidation is None else liquidation)
    for order in state.orders:
        if order.type is OrderType.MARKET:
            rises.append(Decimal(0))  # has triggered: every quote matters
        elif order.type is OrderType.LIMIT:
            if order.price is not None:
                (falls if order.side is Side.BUY else rises).append(order.price)
        elif order.trigger_price is not None:
            rising = (order.type is OrderType.STOP_MARKET) is (order.side is Side.BUY)
            (rises if rising else falls).append(order.trigger_price)
    return float(max(falls, default=-math.inf)), float(min(rises, default=math.inf))


def _first_reaching(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    start: int,
    stop: int,
    falls_to: float,
    rises_to: float,
) -> int:
    """Return the first row from `start` whose low or high reaches its price, `stop` if none does."""
    block = _FIRST_BLOCK
    while start < stop:
        end = min(stop, start + block)
        touched = (low[start:end] <= falls_to) | (high[start:end] >= rises_to)
        row = int(touched.argmax())
        if touched[row]:
            return start + row
        start, block = end, min(_LARGEST_BLOCK, block * 4)
    return stop
