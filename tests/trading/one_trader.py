"""One trader on a real store and the real paper exchange, with a market moved by hand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.clock import VirtualClock
from engine.exchanges.base import Capabilities, VenueReport, VenueTimeout
from engine.exchanges.instruments import INSTRUMENTS
from engine.exchanges.paper import PaperExchange
from engine.exchanges.wallet import open_wallet
from engine.market.market_state import MarketState
from engine.market.periods import Period
from engine.model.account import Account, TraderConfig, TraderKind, TraderStatus
from engine.model.event import ReplayState
from engine.model.order import Order, OrderRequest, OrderType, Side
from engine.model.quote import Quote
from engine.model.trigger import Trigger
from engine.store.changes import Change, TraderState, Wallet
from engine.store.store import Store
from engine.streams import Bus
from engine.trading.assignment import PromptAssignment
from engine.trading.books import TraderBooks
from engine.trading.decider import Decider
from engine.trading.decision_log import DecisionLog
from engine.trading.equity import EquityHistory
from engine.trading.feed_watch import FeedWatch
from engine.trading.journal import ChangeWriter, DeskJournal
from engine.trading.kill_switch import KillSwitch
from engine.trading.ledger import TraderLedger
from engine.trading.orders import OrderDesk
from engine.trading.ordinals import Ordinals
from engine.trading.trader import TraderRuntime

START_MS = 1_750_000_000_000
TRADER = TraderConfig(
    trader_id=1,
    name="Tester",
    kind=TraderKind.PROMPT,
    initial_capital=Decimal(10_000),
    strategy="test",
    period="5m",
)


class MarketClock(VirtualClock):
    """A virtual clock on which time can pass without the market saying anything."""

    silent_seconds = 0.0

    def pass_silently(self, seconds: float) -> None:
        self.silent_seconds += seconds

    def monotonic(self) -> float:
        return super().monotonic() + self.silent_seconds


class LossyExchange:
    """A venue behind a bad line: it can lose a request, or only the reply, with reports coming late."""

    def __init__(self, books: TraderBooks) -> None:
        self._books = books
        self._late: list[tuple[VenueReport, ...]] = []
        self.loses_request = False
        self.loses_reply = False
        self.sent: list[str] = []

    def connect(self, venue: PaperExchange) -> None:
        self.venue = venue

    def hear(self, reports: tuple[VenueReport, ...]) -> None:
        """Take the venue's reports; while replies are lost they wait."""
        if self.loses_reply:
            self._late.append(reports)
        else:
            self._books.apply(reports)

    def recover(self) -> None:
        """Mend the line; what waited arrives."""
        self.loses_request = self.loses_reply = False
        late, self._late = self._late, []
        for reports in late:
            self._books.apply(reports)

    @property
    def capabilities(self) -> Capabilities:
        return self.venue.capabilities

    def account(self, marks: Mapping[str, Decimal]) -> Account:
        return self.venue.account(marks)

    async def place_order(self, order: Order) -> Order:
        self.sent.append(order.client_order_id)
        if self.loses_request:
            raise VenueTimeout("no answer within 10 s")
        placed = await self.venue.place_order(order)
        if self.loses_reply:
            raise VenueTimeout("no answer within 10 s")
        return placed

    async def cancel_order(self, client_order_id: str) -> Order:
        return await self.venue.cancel_order(client_order_id)

    async def amend_order(
        self, client_order_id: str, quantity: Decimal | None, price: Decimal | None
    ) -> Order:
        return await self.venue.amend_order(client_order_id, quantity, price)

    async def find_order(self, client_order_id: str) -> Order | None:
        return await self.venue.find_order(client_order_id)


class NotedAnswers:
    """Hears what becomes of triggers, and keeps those that were given up."""

    def __init__(self) -> None:
        self.dropped: list[tuple[Trigger, str]] = []

    def decision_begun(
        self, trader_id: int, binding_id: int, trigger: Trigger, decision_id: str
    ) -> tuple[Change, ...]:
        return ()

    def trigger_dropped(
        self, trader_id: int, binding_id: int, trigger: Trigger, reason: str
    ) -> tuple[Change, ...]:
        self.dropped.append((trigger, reason))
        return ()


class OneTrader:
    """Everything one trader needs, on a virtual clock."""

    def __init__(self, home: Path, config: TraderConfig = TRADER, writer: ChangeWriter | None = None) -> None:
        """`writer` takes what is written in place of the store."""
        self.store = Store.open(home)
        self.bus = Bus()
        self.clock = MarketClock(START_MS)
        self.market = MarketState(INSTRUMENTS, [Period.M5], self.clock)
        self.journal = DeskJournal(writer or self.store, self.clock)
        self.ledger = TraderLedger(config.trader_id, 0, self.bus, self.journal, self.clock)
        self.replay = ReplayState.PAUSED
        self.feed = FeedWatch(self.market, lambda: self.replay)
        wallet = Wallet(trader_id=config.trader_id, cash=config.initial_capital)
        self.books = TraderBooks(config.trader_id, wallet, self.ledger)
        self.kill_switch = KillSwitch(self.store, {})
        self.ordinals = Ordinals("test", {})
        self.line = LossyExchange(self.books)
        self.venue = PaperExchange(
            open_wallet(
                trader_id=config.trader_id,
                instruments=INSTRUMENTS,
                cash=config.initial_capital,
                default_leverage=config.limits.default_leverage,
            ),
            self.market.quote_or_none,
            self.line.hear,
            self.market.book,
        )
        self.line.connect(self.venue)
        self.orders = OrderDesk(
            trader=config,
            exchange=self.line,
            books=self.books,
            ledger=self.ledger,
            market=self.market,
            feed=self.feed,
            instruments=INSTRUMENTS,
            ordinals=self.ordinals,
            kill_switch=self.kill_switch,
            clock=self.clock,
        )
        self.runtime = TraderRuntime(
            config=config,
            state=TraderState(trader_id=config.trader_id, status=TraderStatus.ACTIVE),
            exchange=self.venue,
            books=self.books,
            orders=self.orders,
            equity=EquityHistory(config.trader_id),
            log=DecisionLog(config.trader_id, self.ledger, self.clock),
            ledger=self.ledger,
            market=self.market,
            clock=self.clock,
        )
        self.answers = NotedAnswers()
        if config.kind is TraderKind.PROMPT:
            self.decider = Decider(
                self.runtime,
                PromptAssignment(self.runtime),
                answers=self.answers,
                ordinals=self.ordinals,
                clock=self.clock,
            )
            self.runtime.add(self.decider)
        for symbol, price in (("BTC", 60_000), ("ETH", 3_000), ("SOL", 150)):
            self.quote(symbol, Decimal(price))

    def quote(self, symbol: str, mark: Decimal) -> None:
        """Move the market of a symbol to `mark`, one tick wide and deep."""
        tick = INSTRUMENTS[symbol].tick_size
        size = Decimal(1_000)
        quote = Quote(symbol, mark, mark + tick, size, size, mark, self.clock.now_ms())
        self.market.on_quote(quote)
        self.venue.on_quote(quote, None)

    def request(self, **changes: object) -> OrderRequest:
        """Return a small market buy of BTC with some fields changed."""
        base = OrderRequest(
            trader_id=1, symbol="BTC", side=Side.BUY, type=OrderType.MARKET, quantity=Decimal("0.01")
        )
        return msgspec.structs.replace(base, **changes)
