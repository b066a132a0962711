"""The desk in this process: the parts put to work behind the `Desk` interface.

No logic of its own: a command finds the trader and calls it, a query reads the last picture. The
picture is published up to ten times a second and after every command, so a caller sees what it did.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from engine.assembly import REPLAY_PAUSED_KEY, REPLAY_SPEED_KEY, DeskParts, assemble
from engine.clock import Clock
from engine.desk import EquitySpan, OrderPreview
from engine.errors import Conflict, DeskError, NotFound
from engine.local_desk.backtest_sources import LocalBacktests, open_backtests
from engine.local_desk.deciding import Deciding
from engine.local_desk.intelligence import IntelligenceService, news_model, open_intelligence
from engine.local_desk.known_symbols import check_symbol
from engine.local_desk.markets import LocalMarkets
from engine.local_desk.programs import LocalPrograms
from engine.local_desk.prompting import NEWS_SHOWN, Prompting, PromptingSides
from engine.local_desk.signals import LocalSignals
from engine.market.periods import DAY_MS
from engine.model.account import EquityPoint, TraderKind, TraderSummary
from engine.model.decision import DecisionRecord
from engine.model.event import Alert, MarketStatus, Severity, Topic
from engine.model.fill import Fill
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest
from engine.model.position import Position
from engine.model.quote import BookSnapshot, Ticker
from engine.model.trigger import Trigger, TriggerKind
from engine.settings import Settings
from engine.store.changes import Setting
from engine.store.restore import RECENT_ORDERS
from engine.strategies.base import Strategy
from engine.streams import Bus, Subscription
from engine.trading import wind_down
from engine.trading.decider import stop_all
from engine.trading.equity import as_points, summed, thin
from engine.trading.signal_floor import LOGGED_REGIME_PERIOD
from engine.trading.strategists import Strategists
from engine.trading.summary import DeskView, DeskViewBuilder, trader_summary
from engine.trading.trader import TraderRuntime

if TYPE_CHECKING:
    from engine.strategies.programs.data.live import LiveData

PUBLISH_SECONDS = 0.1
RECONCILE_SECONDS = 5.0
SPAN_DAYS = {EquitySpan.DAY: 1, EquitySpan.WEEK: 7, EquitySpan.MONTH: 30, EquitySpan.QUARTER: 90}
DESK_TRADER_ID = 0


class LocalDesk(PromptingSides):
    """A `Desk` whose engine runs on the current event loop."""

    def __init__(self, parts: DeskParts, settings: Settings, bus: Bus) -> None:
        self._parts = parts
        self._settings = settings
        self._bus = bus
        self._view_builder = DeskViewBuilder(parts.traders)
        self._view = DeskView()
        self._strategists = Strategists(settings, self._open_program_data, self._open_prompts)
        self._deciding = Deciding(self._strategists, self._task)
        self._markets = LocalMarkets(
            parts.market, parts.regimes, parts.signals, parts.journal.write, parts.instruments
        )
        self._signals = LocalSignals(
            parts.signals,
            parts.market,
            tuple(parts.instruments.values()),
            parts.roster,
            parts.traders,
            parts.clock,
            parts.journal.write,
        )
        self._programs = LocalPrograms(
            bindings=parts.bindings,
            traders=parts.traders,
            pools=parts.signals.book,
            market=parts.market,
            symbols=tuple(parts.instruments),
            strategists=self._strategists,
            store=parts.store,
            journal=parts.journal,
            clock=parts.clock,
            bus=bus,
            deciding=self._deciding,
        )
        self._backtests = open_backtests(parts, bus)
        self._intelligence = open_intelligence(parts, self._markets, bus)
        self._prompting = Prompting(
            desk=self,
            parts=parts,
            settings=settings,
            bus=bus,
            strategists=self._strategists,
            deciding=self._deciding,
            news=lambda: self._intelligence.news(limit=NEWS_SHOWN),
            published=self._publish,
        )
        self._problems = list(parts.problems)
        self._news_model_error = ""
        self._tasks: list[asyncio.Task[None]] = []
        self._publish()

    @classmethod
    async def open(
        cls,
        home: Path,
        settings: Settings,
        bus: Bus,
        pacing: Clock | None = None,
        passphrase_fd: int | None = None,
    ) -> LocalDesk:
        """Lock the home, restore what was, and answer queries; nothing trades before `start`.

        The replay is paced by `pacing`, the machine's clock unless given. The vault is opened if its
        passphrase is a credential or can be read from `passphrase_fd`. Raises `StoreFailed`,
        `HomeLocked` or `InvalidSetting`.
        """
        parts = await asyncio.to_thread(assemble, home, settings, bus, pacing)
        desk = cls(parts, settings, bus)
        if problem := await desk._prompting.open_vault(passphrase_fd):
            desk._problems.append(problem)
        return desk

    def begin_writing(self) -> None:
        """Let what is saved be kept, beside what a new home begins with; nothing is played or traded."""
        self._parts.store.start_writer()
        if self._parts.first_changes:
            self._parts.store.write(*self._parts.first_changes)

    async def start(self) -> None:
        """Play the market; each trader settles its orders of unknown outcome before it may decide."""
        parts = self._parts
        self.begin_writing()
        self._tasks = [
            self._task(self._keep_publishing(), "publishing"),
            self._task(self._play(), "the market feed"),
            self._task(self._keep_reconciling(), "reconciling"),
            self._task(self._intelligence.run(), "market intelligence"),
            self._task(
                asyncio.to_thread(parts.regimes.warm_up, tuple(parts.instruments), LOGGED_REGIME_PERIOD),
                "reading regimes",
            ),
            self._task(self._prompting.run(), "the arena"),
            self._task(self._backtests.recover(), "recovering backtests"),
        ]
        for trader in parts.traders:
            self._deciding.start(trader)
        self._give_news_a_model()
        for problem in self._problems:
            self._alert(Severity.WARNING, problem)

    async def close(self) -> None:
        """Stop the traders, handle resting orders as configured, and close the journal.

        Raises `StoreFailed` when not everything could be written.
        """
        self._parts.store.hurry()
        has_played = bool(self._tasks)
        await stop_all([*self._tasks, *self._deciding.tasks])
        self._tasks = []
        try:
            if has_played and self._settings.on_quit == "cancel":
                with contextlib.suppress(DeskError):
                    await wind_down.cancel_orders(self._parts.traders, entries_only=True)
            await self._prompting.close()
            await self._backtests.close()
            self._parts.journal.write()
            await self._strategists.close()
        finally:
            self._bus.close()
            await self._parts.store.aclose()

    @property
    def markets(self) -> LocalMarkets:
        """See `engine.desk.Desk`."""
        return self._markets

    @property
    def signals(self) -> LocalSignals:
        """See `engine.desk.Desk`."""
        return self._signals

    @property
    def intelligence(self) -> IntelligenceService:
        """See `engine.desk.Desk`."""
        return self._intelligence

    @property
    def programs(self) -> LocalPrograms:
        """See `engine.desk.Desk`."""
        return self._programs

    @property
    def backtests(self) -> LocalBacktests:
        """See `engine.desk.Desk`."""
        return self._backtests

    def instruments(self) -> tuple[Instrument, ...]:
        """See `engine.desk.Desk`."""
        return tuple(self._parts.instruments.values())

    def traders(self) -> tuple[TraderSummary, ...]:
        """See `engine.desk.Desk`."""
        return self._view.traders

    def positions(self, trader_id: int | None = None) -> tuple[Position, ...]:
        """See `engine.desk.Desk`."""
        return _of_trader(self._view.positions, trader_id)

    def orders(self, trader_id: int | None = None, *, open_only: bool = True) -> tuple[Order, ...]:
        """See `engine.desk.Desk`."""
        if open_only:
            return _of_trader(self._view.open_orders, trader_id)
        return _of_trader(self._view.recent_orders, trader_id)[-RECENT_ORDERS:]

    def fills(self, trader_id: int | None = None, limit: int = 50) -> tuple[Fill, ...]:
        """See `engine.desk.Desk`."""
        return _of_trader(self._view.fills, trader_id)[-limit:]

    def decisions(self, trader_id: int | None = None, limit: int = 50) -> tuple[DecisionRecord, ...]:
        """See `engine.desk.Desk`."""
        return _of_trader(self._view.decisions, trader_id)[-limit:]

    def equity(
        self, trader_id: int | None, span: EquitySpan, max_points: int = 400
    ) -> tuple[EquityPoint, ...]:
        """See `engine.desk.Desk`."""
        days = SPAN_DAYS.get(span)
        start_ms = 0 if days is None else self._parts.clock.now_ms() - days * DAY_MS
        if trader_id is not None:
            times, values = self._trader(trader_id).equity.since(start_ms)
            return as_points(trader_id, thin(times, values, max_points))
        times, values = summed([trader.equity for trader in self._parts.traders], start_ms)
        return as_points(DESK_TRADER_ID, thin(times, values, max_points))

    def tickers(self) -> tuple[Ticker, ...]:
        """See `engine.desk.Desk`."""
        return self._view.tickers

    def book(self, symbol: str, depth: int = 20) -> BookSnapshot | None:
        """See `engine.desk.Desk`."""
        check_symbol(symbol, self._parts.instruments)
        book = self._parts.market.book(symbol)
        if book is None:
            return None
        return msgspec.structs.replace(book, bids=book.bids[:depth], asks=book.asks[:depth])

    def market(self) -> MarketStatus:
        """See `engine.desk.Desk`."""
        parts = self._parts
        return MarketStatus(
            now_ms=parts.clock.now_ms(),
            source=parts.tape.source,
            replay=parts.player.state,
            speed=parts.player.speed,
            feed_age_ms=parts.market.feed_age_ms(),
            armed=False,
            kill_switch=parts.kill_switch.engaged,
        )

    def preview_order(self, request: OrderRequest) -> OrderPreview:
        """See `engine.desk.Desk`."""
        return self._trader(request.trader_id).orders.preview(request)

    async def place_order(self, request: OrderRequest) -> Order:
        """See `engine.desk.Desk`."""
        with self._published():
            return await self._trader(request.trader_id).orders.submit(request)

    async def cancel_order(self, client_order_id: str) -> Order:
        """See `engine.desk.Desk`."""
        with self._published():
            return await self._trader_of_order(client_order_id).orders.cancel(client_order_id)

    async def cancel_orders(
        self, trader_id: int | None = None, symbol: str | None = None
    ) -> tuple[Order, ...]:
        """See `engine.desk.Desk`."""
        with self._published():
            return await wind_down.cancel_orders(self._chosen(trader_id), symbol=symbol)

    async def amend_order(
        self, client_order_id: str, *, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> Order:
        """See `engine.desk.Desk`."""
        with self._published():
            trader = self._trader_of_order(client_order_id)
            return await trader.orders.amend(client_order_id, quantity, price)

    async def close_position(self, trader_id: int, symbol: str, fraction: Decimal = Decimal(1)) -> Order:
        """See `engine.desk.Desk`."""
        with self._published():
            return await wind_down.close_position(self._trader(trader_id), symbol, fraction)

    async def flatten(self, trader_id: int | None = None) -> tuple[Order, ...]:
        """See `engine.desk.Desk`."""
        with self._published():
            return await wind_down.flatten(self._chosen(trader_id))

    async def start_trader(self, trader_id: int) -> TraderSummary:
        """See `engine.desk.Desk`."""
        with self._published():
            self._trader(trader_id).start()
        return self._summary(trader_id)

    async def pause_trader(self, trader_id: int) -> TraderSummary:
        """See `engine.desk.Desk`."""
        with self._published():
            self._trader(trader_id).pause()
        return self._summary(trader_id)

    async def trigger(self, trader_id: int, symbol: str = "") -> None:
        """See `engine.desk.Desk`."""
        trader = self._trader(trader_id)
        if trader.config.kind is TraderKind.MANUAL:
            raise Conflict(f"{trader.config.name} is a manual trader: it has no strategy to wake")
        if symbol and symbol not in trader.config.symbols:
            allowed = ", ".join(trader.config.symbols)
            raise NotFound(f"symbol: {trader.config.name} does not trade {symbol}; allowed: {allowed}")
        active = [waking for waking in self._parts.roster.of_trader(trader_id) if waking.is_active]
        if not active:
            raise Conflict(f"{trader.config.name} has no active binding; let it run a program first")
        if not trader.listens:
            raise Conflict(f"{trader.config.name} is {trader.status}; start it first")
        trigger = Trigger(kind=TriggerKind.MANUAL, symbol=symbol, ts_ms=self._parts.clock.now_ms())
        for waking in active:
            waking.wake(trigger)

    async def engage_kill_switch(self, *, flatten: bool = False) -> None:
        """See `engine.desk.Desk`."""
        with self._published():
            durable = self._parts.kill_switch.engage()
            self._alert(Severity.ERROR, "kill switch engaged: no entries until a person releases it")
            try:
                await wind_down.cancel_orders(self._parts.traders, entries_only=True)
            finally:
                if flatten:
                    await wind_down.flatten(self._parts.traders)
            await durable

    async def release_kill_switch(self) -> None:
        """See `engine.desk.Desk`."""
        with self._published():
            await self._parts.kill_switch.release()
            self._alert(Severity.INFO, "kill switch released")

    async def set_replay(self, *, speed: float | None = None, paused: bool | None = None) -> MarketStatus:
        """See `engine.desk.Desk`."""
        player = self._parts.player
        if speed is not None:
            player.set_speed(speed)
            self._parts.store.write(Setting(key=REPLAY_SPEED_KEY, value=repr(speed)))
        if paused is not None:
            player.pause() if paused else player.resume()
            self._parts.store.write(Setting(key=REPLAY_PAUSED_KEY, value=str(paused)))
        self._publish()
        return self.market()

    async def step_replay(self) -> MarketStatus:
        """See `engine.desk.Desk`."""
        with self._published():
            await self._parts.player.step()
        return self.market()

    def stream(self, topics: Iterable[Topic], bound: int = 10_000) -> Subscription:
        """See `engine.desk.Desk`."""
        return self._bus.subscribe(topics, bound)

    def _trader(self, trader_id: int) -> TraderRuntime:
        return self._parts.traders.find(trader_id)

    def _chosen(self, trader_id: int | None) -> Sequence[TraderRuntime]:
        return self._parts.traders if trader_id is None else (self._trader(trader_id),)

    def _trader_of_order(self, client_order_id: str) -> TraderRuntime:
        for trader in self._parts.traders:
            if client_order_id in trader.books.open_orders:
                return trader
        raise NotFound(f"order: {client_order_id} is not open", field="client_order_id")

    def _summary(self, trader_id: int) -> TraderSummary:
        return trader_summary(self._trader(trader_id))

    async def _play(self) -> None:
        try:
            await self._parts.player.run()
        finally:
            # A moment that broke must not hold back what people do after it.
            self._parts.journal.end_moment()
        self._publish()
        self._alert(Severity.INFO, "the recording has ended; start a new home to play it again")

    def _open_program_data(self) -> LiveData:
        from engine.strategies.programs.data.live import LiveData

        parts = self._parts
        return LiveData(parts.market, lambda: parts.signals.factors, parts.regimes, parts.instruments)

    def _open_prompts(self) -> Callable[[TraderRuntime], Strategy]:
        return self._prompting.open_strategies()

    def _give_news_a_model(self) -> None:
        wanted = self._settings.news.model_trader
        if not wanted:
            return
        try:
            self._intelligence.use_model(news_model(wanted, self._parts, self._prompting.gateway))
        except DeskError as error:
            self._alert(Severity.WARNING, f"news is read by word lists alone: {error.message}")

    def _tell_news_model_error(self) -> None:
        told, self._news_model_error = self._news_model_error, self._intelligence.model_error
        if self._news_model_error and self._news_model_error != told:
            self._alert(Severity.WARNING, f"news is read by word lists: {self._news_model_error}")

    async def _keep_publishing(self) -> None:
        while True:
            await asyncio.sleep(PUBLISH_SECONDS)
            self._parts.signals.tell_feed_changes()
            self._tell_news_model_error()
            self._publish()

    async def _keep_reconciling(self) -> None:
        while True:
            await asyncio.sleep(RECONCILE_SECONDS)
            for trader in self._parts.traders:
                with contextlib.suppress(DeskError):
                    await trader.orders.reconcile()

    def _task(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start a part of the desk; if it ever breaks, whoever watches is told."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._tell_if_broken)
        return task

    def _tell_if_broken(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        error = task.exception()
        self._alert(Severity.ERROR, f"{task.get_name()} broke: {type(error).__name__}: {error}")

    def _publish(self) -> None:
        market = self._parts.market
        self._view = self._view_builder.build(market.tickers(), market.marks())
        for trader in self._view.traders:
            self._bus.publish_level(Topic.ACCOUNTS, trader.trader_id, trader)
        for position in self._view.positions:
            self._bus.publish_level(Topic.POSITIONS, (position.trader_id, position.symbol), position)
        self._bus.publish_level(Topic.MARKET, "market", self.market())

    @contextlib.contextmanager
    def _published(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._publish()

    def _alert(self, severity: Severity, message: str) -> None:
        alert = Alert(severity, message, self._parts.clock.now_ms())
        self._bus.publish_edge(Topic.ALERTS, alert)


def _of_trader[T: (Position, Order, Fill, DecisionRecord)](
    values: tuple[T, ...], trader_id: int | None
) -> tuple[T, ...]:
    if trader_id is None:
        return values
    return tuple(value for value in values if value.trader_id == trader_id)
