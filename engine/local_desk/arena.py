"""The arena of the desk in this process: read from the store once, then kept as things happen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.backtest.arena.attribution import attribution
from engine.backtest.arena.book import ArenaBook
from engine.backtest.arena.standings import Contender, standings
from engine.backtest.arena.stories import story_of
from engine.errors import InvalidInput, Lagged, NotFound
from engine.exchanges.margin import round_money
from engine.local_desk.whole_history import whole_history
from engine.model.account import TraderConfig
from engine.model.arena import AttributionRow, DecisionStory, Dimension, Standing
from engine.model.decision import DecisionRecord
from engine.model.event import DecisionEvent, FillEvent, OrderEvent, Topic
from engine.streams import Batch, Bus
from engine.text import safe_line

if TYPE_CHECKING:
    from engine.store.store import Store
    from engine.trading.journal import DeskJournal
    from engine.trading.trader import TraderRuntime

REFRESH_SECONDS = 2.0
MOST_DECISIONS = 200
_DECISIONS_PAGE = 200
_WATCHED = (Topic.DECISIONS, Topic.ORDERS, Topic.FILLS)


class LocalArena:
    """See `engine.desk.arena.ArenaDesk`.

    `traders` are those of the desk now, `configs` every one it knows, deleted ones too, whose trades still
    have a name. `run` keeps the standings as they are; without it everything else works, and they stay
    empty.
    """

    def __init__(
        self,
        *,
        traders: Callable[[], Sequence[TraderRuntime]],
        store: Store,
        journal: DeskJournal,
        bus: Bus,
        configs: Callable[[], Collection[TraderConfig]] = tuple,
    ) -> None:
        self._traders = traders
        self._configs = configs
        self._store = store
        self._journal = journal
        self._news = bus.subscribe(_WATCHED)
        self._book: ArenaBook | None = None
        self._reading = asyncio.Lock()
        self._standings: tuple[Standing, ...] = ()

    async def run(self) -> None:
        """Keep the standings up to date, until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Rank the traders as they are now."""
        book = await self._current_book()
        contenders = [
            _contender(trader)
            for trader in self._traders()
            if not (trader.config.hidden or trader.config.deleted)
        ]
        async with self._reading:  # the book stays as it is meanwhile
            self._standings = await asyncio.to_thread(standings, contenders, book)

    async def chat(
        self,
        *,
        trader_id: int | None = None,
        before_ms: int | None = None,
        symbol: str = "",
        operation: str = "",
        text: str = "",
        limit: int = 60,
    ) -> tuple[DecisionRecord, ...]:
        """See `engine.desk.arena.ArenaDesk`."""
        if not 1 <= limit <= MOST_DECISIONS:
            raise InvalidInput.of("limit", limit, f"1 to {MOST_DECISIONS}")
        await self._journal.written()
        return await self._store.decisions(
            trader_id, before_ms=before_ms, limit=limit, symbol=symbol, operation=operation, text=text
        )

    async def story(self, decision_id: str) -> DecisionStory:
        """See `engine.desk.arena.ArenaDesk`."""
        book = await self._current_book()
        record = await self._store.decision(decision_id)
        if record is None:
            raise NotFound(f"decision: there is no {safe_line(decision_id, 60)}", field="decision_id")
        orders = await self._store.orders_of(decision_id)
        fills = await self._store.fills_of([order.client_order_id for order in orders])
        calls = await self._store.model_calls(decision_id)
        return story_of(record, book, calls=calls, orders=orders, fills=fills)

    async def realized_pnl(self, decision_id: str) -> Decimal | None:
        """Return what a decision came to after fees, None while anything it opened is held."""
        book = await self._current_book()
        result = book.result_of(decision_id)
        return round_money(result.realized_pnl) if result.is_settled else None

    def standings(self) -> tuple[Standing, ...]:
        """See `engine.desk.arena.ArenaDesk`; at most some seconds old."""
        return self._standings

    async def attribution(
        self, dimension: Dimension, *, trader_id: int | None = None, since_ms: int = 0
    ) -> tuple[AttributionRow, ...]:
        """See `engine.desk.arena.ArenaDesk`."""
        book = await self._current_book()
        names = {config.trader_id: config.name for config in self._configs()}
        async with self._reading:
            return await asyncio.to_thread(
                attribution, book, dimension, names, trader_id=trader_id, since_ms=since_ms
            )

    async def _current_book(self) -> ArenaBook:
        """Return the book with everything in it that has happened so far."""
        await self._journal.written()
        async with self._reading:
            try:
                batch = self._news.drain()
            except Lagged:
                self._book = None
                batch = Batch((), {})
            if self._book is None:
                self._book = await self._read_all()
            _take(self._book, batch)
            return self._book

    async def _read_all(self) -> ArenaBook:
        """Read the whole history, oldest first; what happens meanwhile is in the news as well."""
        book = ArenaBook()
        for order in await whole_history(self._store.orders, lambda order: order.created_ms):
            book.add_order(order)
        for fill in await whole_history(self._store.fills, lambda fill: fill.ts_ms):
            book.add_fill(fill)
        before_ms: int | None = None
        while page := await self._store.decisions(before_ms=before_ms, limit=_DECISIONS_PAGE):
            for record in page:
                book.add_decision(record)
            before_ms = page[0].started_ms
        return book


def _take(book: ArenaBook, batch: Batch) -> None:
    for edge in batch.edges:
        match edge:
            case DecisionEvent(record):
                book.add_decision(record)
            case OrderEvent(order):
                book.add_order(order)
            case FillEvent(fill):
                book.add_fill(fill)


def _contender(trader: TraderRuntime) -> Contender:
    account = trader.account()
    times, values = trader.equity.since(0)
    return Contender(
        trader_id=trader.config.trader_id,
        name=trader.config.name,
        strategy=trader.strategy,
        model=trader.config.model,
        initial_capital=trader.config.initial_capital,
        equity=account.equity,
        fees=account.fees,
        curve_ms=times,
        curve=values,
    )
