"""What holds whatever happens: any orders, on recorded prices, in any sequence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.errors import DeskError
from engine.exchanges.base import BalanceReason, BalanceReport, OrderReport, PositionReport, VenueReport
from engine.exchanges.instruments import INSTRUMENTS
from engine.exchanges.paper_state import (
    AmendOrder,
    CancelOrder,
    PaperEvent,
    PlaceOrder,
    QuoteUpdate,
    SettleFunding,
    apply,
)
from engine.exchanges.wallet import PaperWallet, account_of, reserved_margin
from engine.model.fill import Fill, Liquidity
from engine.model.order import Order, OrderStatus, OrderType, Side, TimeInForce
from engine.model.quote import BookLevel, BookSnapshot, Quote
from tests.exchanges.paper_market import CAPITAL, a_wallet, an_order, d, fills_in, recorded_quotes

PENNY = d("0.0001")
SYMBOLS = ("BTC", "SOL")

sides = st.sampled_from(Side)
symbols = st.sampled_from(SYMBOLS)
leverages = st.sampled_from([1, 2, 5, 20, 75])
shares_of_capital = st.integers(1, 60).map(lambda percent: Decimal(percent) / 100)
offsets = st.integers(-40, 40)
mostly_false = st.sampled_from([False, False, False, True])


class PaperMachine(RuleBasedStateMachine):
    """Places, cancels and amends at random while recorded quotes go by, and audits every report."""

    minutes_between_quotes = 1

    @initialize(start=st.integers(0, 60_000))
    def open_the_market(self, start: int) -> None:
        rows = 200 * self.minutes_between_quotes
        self.tapes = {
            symbol: recorded_quotes(symbol, start, rows, self.minutes_between_quotes) for symbol in SYMBOLS
        }
        self.quotes: dict[str, Quote] = {symbol: next(tape) for symbol, tape in self.tapes.items()}
        self.wallet: PaperWallet = a_wallet()
        self.events: list[PaperEvent] = []
        self.reports: list[tuple[VenueReport, ...]] = []
        self.known: dict[str, Order] = {}
        self.trade_ids: set[str] = set()
        self.held = {symbol: Decimal(0) for symbol in SYMBOLS}
        self.cash_flow = self.fees = self.realized = self.funding = Decimal(0)

    @rule(symbol=symbols, count=st.integers(1, 12))
    def the_market_moves(self, symbol: str, count: int) -> None:
        for _ in range(count):
            quote = next(self.tapes[symbol], None)
            if quote is not None:
                self.quotes[symbol] = quote
                self.feed(QuoteUpdate(quote, self.book(quote) if count % 2 else None))

    @rule(
        symbol=symbols,
        side=sides,
        share=shares_of_capital,
        leverage=leverages,
        reduce_only=mostly_false,
        protected=st.booleans(),
    )
    def a_market_order(
        self, symbol: str, side: Side, share: Decimal, leverage: int, reduce_only: bool, protected: bool
    ) -> None:
        fields: dict[str, Any] = {}
        if protected and not reduce_only:
            fields = {
                "stop_loss": self.price(symbol, -20 * side.sign),
                "take_profit": self.price(symbol, 20 * side.sign),
            }
        self.place(symbol, side, share, leverage, reduce_only=reduce_only, **fields)

    @rule(
        symbol=symbols,
        side=sides,
        share=shares_of_capital,
        leverage=leverages,
        offset=offsets,
        reduce_only=mostly_false,
        time_in_force=st.sampled_from(TimeInForce),
    )
    def a_limit_order(
        self,
        symbol: str,
        side: Side,
        share: Decimal,
        leverage: int,
        offset: int,
        reduce_only: bool,
        time_in_force: TimeInForce,
    ) -> None:
        fields: dict[str, Any] = {"price": self.price(symbol, offset), "time_in_force": time_in_force}
        if not reduce_only:
            fields["stop_loss"] = self.price(symbol, -60 * side.sign)
        self.place(symbol, side, share, leverage, reduce_only=reduce_only, **fields)

    @rule(
        symbol=symbols,
        side=sides,
        share=shares_of_capital,
        leverage=leverages,
        offset=offsets,
        reduce_only=mostly_false,
        order_type=st.sampled_from([OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET]),
    )
    def a_trigger_order(
        self,
        symbol: str,
        side: Side,
        share: Decimal,
        leverage: int,
        offset: int,
        reduce_only: bool,
        order_type: OrderType,
    ) -> None:
        trigger = self.price(symbol, offset)
        self.place(
            symbol, side, share, leverage, reduce_only=reduce_only, type=order_type, trigger_price=trigger
        )

    @precondition(lambda self: self.wallet.open_orders)
    @rule(pick=st.integers(0, 100), offset=offsets, change=st.sampled_from(["cancel", "price", "quantity"]))
    def an_open_order_changes(self, pick: int, offset: int, change: str) -> None:
        order = self.wallet.open_orders[pick % len(self.wallet.open_orders)]
        quote = self.quotes[order.symbol]
        if change == "cancel":
            self.feed(CancelOrder(order.client_order_id, quote.ts_ms))
            return
        price = self.price(order.symbol, offset) if change == "price" else None
        quantity = None if change == "price" else order.quantity * 2
        self.feed(AmendOrder(order.client_order_id, quantity, price, quote))

    @rule(symbol=symbols, rate=st.integers(-200, 200))
    def funding_falls_due(self, symbol: str, rate: int) -> None:
        quote = self.quotes[symbol]
        self.feed(SettleFunding(symbol, Decimal(rate) / 100_000, quote.mark, quote.ts_ms))

    @invariant()
    def money_is_conserved(self) -> None:
        wallet = self.wallet
        assert wallet.cash == CAPITAL + wallet.realized_pnl - wallet.fees + wallet.funding
        assert (wallet.realized_pnl, wallet.fees, wallet.funding) == (self.realized, self.fees, self.funding)

    @invariant()
    def equity_is_what_was_paid_in_plus_what_is_held(self) -> None:
        """From the fills alone, without entry prices or realised profit."""
        marks = {symbol: quote.mark for symbol, quote in self.quotes.items()}
        account = account_of(self.wallet, marks)
        value = sum((self.held[symbol] * marks[symbol] for symbol in SYMBOLS), Decimal(0))
        expected = CAPITAL + self.cash_flow - self.fees + self.funding + value
        assert abs(account.equity - expected) < PENNY
        assert account.equity == account.cash + account.unrealized_pnl
        assert account.available == account.cash - account.used_margin

    @invariant()
    def positions_are_the_sum_of_their_fills(self) -> None:
        held = {position.symbol: position.quantity for position in self.wallet.positions}
        assert held == {symbol: quantity for symbol, quantity in self.held.items() if quantity}

    @invariant()
    def nobody_owes_more_than_there_is(self) -> None:
        marks = {symbol: quote.mark for symbol, quote in self.quotes.items()}
        isolated = sum((position.isolated_margin for position in self.wallet.positions), Decimal(0))
        assert self.wallet.cash - isolated > -PENNY
        assert account_of(self.wallet, marks).equity > -PENNY
        for position in self.wallet.positions:
            equity = position.isolated_margin + position.quantity * (
                marks[position.symbol] - position.entry_price
            )
            assert equity > -PENNY

    @invariant()
    def reserves_are_never_negative_and_the_wallet_is_tidy(self) -> None:
        for symbol, state in self.wallet.symbols.items():
            assert reserved_margin(state.position, state.orders, INSTRUMENTS[symbol]) >= 0
            assert state.position is not None or state.orders
            for order in state.orders:
                assert order.status in (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED)
                assert 0 <= order.filled_quantity < order.quantity
                if order.reduce_only:
                    assert state.position is not None
                    assert state.position.side is not order.side

    def teardown(self) -> None:
        """The same events from the same start give the same wallet and the same reports."""
        wallet = a_wallet()
        replayed = []
        for event in getattr(self, "events", []):
            wallet, reports = apply(wallet, event)
            replayed.append(reports)
        if replayed:
            assert wallet == self.wallet
            assert replayed == self.reports

    def price(self, symbol: str, tenths_of_a_permille: int) -> Decimal:
        mark = self.quotes[symbol].mark
        return INSTRUMENTS[symbol].round_price(mark * (1 + Decimal(tenths_of_a_permille) / 10_000))

    def place(self, symbol: str, side: Side, share: Decimal, leverage: int, **fields: Any) -> None:
        quote = self.quotes[symbol]
        quantity = INSTRUMENTS[symbol].round_quantity_down(CAPITAL * share * leverage / quote.mark)
        order = an_order(f"o{len(self.events)}", side, quantity, symbol=symbol, leverage=leverage, **fields)
        self.known[order.client_order_id] = order
        self.feed(PlaceOrder(order, quote, self.book(quote) if leverage == 5 else None))

    def book(self, quote: Quote) -> BookSnapshot:
        """Three levels a side, the third far enough away to hurt, up to two ticks off the quote as if old."""
        tick = INSTRUMENTS[quote.symbol].tick_size
        far = INSTRUMENTS[quote.symbol].round_price(quote.mark / 50)
        age = tick * (quote.ts_ms // 15_000 % 5 - 2)
        steps = (Decimal(0), tick, far)
        bids = tuple(BookLevel(quote.bid + age - step, quote.bid_quantity * 2) for step in steps)
        asks = tuple(BookLevel(quote.ask + age + step, quote.ask_quantity * 2) for step in steps)
        return BookSnapshot(quote.symbol, bids, asks, quote.ts_ms)

    def feed(self, event: PaperEvent) -> None:
        before = self.wallet
        try:
            self.wallet, reports = apply(before, event)
        except DeskError:
            assert self.wallet is before
            return
        self.events.append(event)
        self.reports.append(reports)
        if self.wallet is before:
            assert all(isinstance(r, OrderReport) and r.order.status is OrderStatus.REJECTED for r in reports)
        for report in reports:
            self.audit(report)
        self.audit_fills(fills_in(reports))

    def audit(self, report: VenueReport) -> None:
        match report:
            case OrderReport(order):
                known = self.known.get(order.client_order_id)
                if known is not None:
                    assert known.status.can_become(order.status)
                    assert not known.status.is_terminal
                    assert order.filled_quantity >= known.filled_quantity
                    assert order.type is known.type or order.type is OrderType.MARKET
                assert order.filled_quantity <= order.quantity
                if order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
                    assert order.client_order_id not in {o.client_order_id for o in self.wallet.open_orders}
                if order.time_in_force is TimeInForce.FOK and order.status.is_terminal:
                    assert order.filled_quantity in (0, order.quantity)
                self.known[order.client_order_id] = order
            case BalanceReport(_, _, BalanceReason.FUNDING, amount, _):
                self.funding += amount
            case PositionReport(_, symbol, position) if position is not None:
                assert position.quantity != 0
                assert INSTRUMENTS[symbol].is_on_lot(position.quantity)

    def audit_fills(self, fills: list[Fill]) -> None:
        for fill in fills:
            assert fill.trade_id not in self.trade_ids
            self.trade_ids.add(fill.trade_id)
            assert fill.quantity > 0
            before = self.held[fill.symbol]
            self.held[fill.symbol] += fill.side.sign * fill.quantity
            self.cash_flow -= fill.side.sign * fill.quantity * fill.price
            self.fees += fill.fee
            self.realized += fill.realized_pnl
            order = self.known[fill.client_order_id]
            if order.reduce_only:
                assert abs(self.held[fill.symbol]) < abs(before)
                assert self.held[fill.symbol] * before >= 0
            if order.time_in_force is TimeInForce.POST_ONLY:
                assert fill.liquidity is Liquidity.MAKER
            if fill.liquidity is Liquidity.TAKER and "liquidation" not in fill.client_order_id:
                quote = self.quotes[fill.symbol]
                touch = quote.ask if fill.side is Side.BUY else quote.bid
                assert (fill.price - touch) * fill.side.sign >= 0, "better than the quote"
            if order.price is not None:
                assert (order.price - fill.price) * order.side.sign >= 0


class JumpingPaperMachine(PaperMachine):
    """The same with hours between quotes, so that every stop and liquidation price is jumped over."""

    minutes_between_quotes = 360


TestSteadyMarket = PaperMachine.TestCase
TestSteadyMarket.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestJumpingMarket = JumpingPaperMachine.TestCase
TestJumpingMarket.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
