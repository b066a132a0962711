"""The desk on a thread and event loop of its own, seen from another one.

A screen and the engine never share a loop: when a terminal stops reading, only the screen stands
still. Queries read what the engine last published and never wait; commands run on the engine's
loop and are awaited from the caller's; streams cross by the lock-protected queues.

An engine that breaks is not forgotten: an alert says so at once, every command then raises why, and
`stop` raises it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.desk import EquitySpan, OrderPreview
from engine.desk_thread.arena import ThreadedArena
from engine.desk_thread.assistants import ThreadedAssistants
from engine.desk_thread.models import ThreadedModels
from engine.desk_thread.prompt_backtests import ThreadedPromptBacktests
from engine.desk_thread.prompts import ThreadedPrompts
from engine.desk_thread.sides import (
    ThreadedBacktests,
    ThreadedIntelligence,
    ThreadedMarkets,
    ThreadedPrograms,
    ThreadedSignals,
)
from engine.desk_thread.traders import ThreadedTraders
from engine.desk_thread.vault import ThreadedVault
from engine.errors import DeskError, Unavailable
from engine.model.account import EquityPoint, TraderSummary
from engine.model.decision import DecisionRecord
from engine.model.event import Alert, MarketStatus, ReplayState, Severity, Topic
from engine.model.fill import Fill
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest
from engine.model.position import Position
from engine.model.quote import BookSnapshot, Ticker
from engine.settings import DEFAULT_SPEED, Settings
from engine.streams import Bus, Subscription

if TYPE_CHECKING:
    from engine.local_desk import LocalDesk

STOP_SECONDS = 1.9


class DeskThread:
    """A `Desk` that lives on its own thread; before `start` has returned it is empty."""

    def __init__(self, home: Path, settings: Settings, passphrase_fd: int | None = None) -> None:
        """`passphrase_fd` is a descriptor the vault's passphrase can be read from."""
        self._passphrase_fd = passphrase_fd
        self._home = home
        self._settings = settings
        self._bus = Bus()
        self._markets = ThreadedMarkets(self)
        self._signals = ThreadedSignals(self)
        self._intelligence = ThreadedIntelligence(self)
        self._programs = ThreadedPrograms(self)
        self._backtests = ThreadedBacktests(self)
        self._prompts = ThreadedPrompts(self)
        self._models = ThreadedModels(self)
        self._vault = ThreadedVault(self)
        self._roster = ThreadedTraders(self)
        self._arena = ThreadedArena(self)
        self._prompt_backtests = ThreadedPromptBacktests(self)
        self._assistants = ThreadedAssistants(self)
        self._desk: LocalDesk | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._state = threading.Lock()
        self._is_stopping = False
        self._has_ended = False
        self._calls: set[Future[Any]] = set()
        self._errors: list[BaseException] = []
        self._is_broken = False
        self._waiting_for_break: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    async def start(self) -> None:
        """Open the desk on its thread; return when its queries answer, or raise why it cannot run."""
        caller = asyncio.get_running_loop()
        ready: asyncio.Future[None] = caller.create_future()

        def tell(error: BaseException | None) -> None:
            if ready.done():
                return
            if error is None:
                ready.set_result(None)
            else:
                ready.set_exception(error)

        def report(error: BaseException | None) -> None:
            # The caller may have ended while the desk was opening.
            with contextlib.suppress(RuntimeError):
                caller.call_soon_threadsafe(tell, error)

        self._thread = threading.Thread(target=self._run, args=(report,), name="engine", daemon=True)
        self._thread.start()
        await ready

    async def stop(self) -> None:
        """Close the desk and end its thread; return when both are done.

        Raises what broke the engine or its end: `StoreFailed` when something could not be written,
        `Unavailable` for anything that is no `DeskError`, or when the engine does not end in time.
        What `start` has raised is not raised again.
        """
        if self._thread is None:
            return
        with self._state:
            self._is_stopping = True
            if self._stop is not None and self._loop is not None and not self._has_ended:
                self._loop.call_soon_threadsafe(self._stop.set)
        await asyncio.to_thread(self._thread.join, STOP_SECONDS)
        self._desk = None
        if self._thread.is_alive():
            raise Unavailable(
                f"the engine did not end within {STOP_SECONDS:g} s; its last changes may be lost"
            )
        errors = self._errors
        if len(errors) == 1 and isinstance(errors[0], DeskError):
            raise errors[0]
        if errors:
            raise Unavailable("; ".join(map(_reason, errors))) from errors[0]

    async def broken(self) -> None:
        """Return once the engine has broken, which `stop` then explains; while it works, wait."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        with self._state:
            if self._is_broken:
                return
            self._waiting_for_break.append((loop, waiter))
        await waiter

    def _run(self, report: Callable[[BaseException | None], None]) -> None:
        try:
            with asyncio.Runner() as runner:
                try:
                    runner.run(self._live(report))
                except BaseException as error:
                    # Leaving the runner closes the desk, and with it the streams that carry the news.
                    self._break(error)
                    raise
                finally:
                    self._end_calls()
        except BaseException as error:
            report(error)

    async def _live(self, report: Callable[[BaseException | None], None]) -> None:
        from engine.local_desk import LocalDesk

        stop = asyncio.Event()
        desk = await LocalDesk.open(self._home, self._settings, self._bus, passphrase_fd=self._passphrase_fd)
        try:
            with self._state:
                self._loop, self._stop = asyncio.get_running_loop(), stop
                self._desk = desk
                if self._is_stopping:
                    stop.set()
            report(None)
            if not stop.is_set():
                await desk.start()
            await stop.wait()
        except Exception as error:
            self._break(error)
        finally:
            await self._close(desk)

    async def _close(self, desk: LocalDesk) -> None:
        try:
            await desk.close()
        except Exception as error:
            self._errors.append(error)

    def _break(self, error: BaseException) -> None:
        """Tell everyone that the engine has broken; before it has opened, only `start` is told."""
        desk = self._desk
        if desk is None:
            return
        self._errors.append(error)
        message = f"the engine has broken ({_reason(error)}); end the desk and start it again"
        self._bus.publish_edge(Topic.ALERTS, Alert(Severity.ERROR, message, desk.market().now_ms))
        with self._state:
            self._is_broken = True
            waiting = tuple(self._waiting_for_break)
        for loop, waiter in waiting:
            # Whoever waited may have ended.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_finish, waiter)

    def _end_calls(self) -> None:
        """Let no command wait for an engine that answers no more."""
        with self._state:
            self._has_ended = True
            calls = tuple(self._calls)
        for call in calls:
            call.cancel()

    @property
    def desk(self) -> LocalDesk | None:
        """The desk, None before it has opened and after it has ended."""
        return self._desk

    @property
    def markets(self) -> ThreadedMarkets:
        """See `engine.desk.Desk`."""
        return self._markets

    @property
    def signals(self) -> ThreadedSignals:
        """See `engine.desk.Desk`."""
        return self._signals

    @property
    def intelligence(self) -> ThreadedIntelligence:
        """See `engine.desk.Desk`."""
        return self._intelligence

    @property
    def programs(self) -> ThreadedPrograms:
        """See `engine.desk.Desk`."""
        return self._programs

    @property
    def backtests(self) -> ThreadedBacktests:
        """See `engine.desk.Desk`."""
        return self._backtests

    @property
    def prompts(self) -> ThreadedPrompts:
        """See `engine.desk.Desk`."""
        return self._prompts

    @property
    def models(self) -> ThreadedModels:
        """See `engine.desk.Desk`."""
        return self._models

    @property
    def vault(self) -> ThreadedVault:
        """See `engine.desk.Desk`."""
        return self._vault

    @property
    def roster(self) -> ThreadedTraders:
        """See `engine.desk.Desk`."""
        return self._roster

    @property
    def arena(self) -> ThreadedArena:
        """See `engine.desk.Desk`."""
        return self._arena

    @property
    def prompt_backtests(self) -> ThreadedPromptBacktests:
        """See `engine.desk.Desk`."""
        return self._prompt_backtests

    @property
    def assistants(self) -> ThreadedAssistants:
        """See `engine.desk.Desk`."""
        return self._assistants

    def ready(self) -> LocalDesk:
        """Return the desk, or raise `Unavailable` saying why there is none."""
        if self._is_broken:
            raise Unavailable(f"the engine has broken ({'; '.join(map(_reason, self._errors))})")
        if self._desk is None:
            raise Unavailable("the desk has ended" if self._is_stopping else "the desk is still starting")
        return self._desk

    def _submit[T](self, command: Callable[[LocalDesk], Coroutine[Any, Any, T]]) -> Future[T]:
        desk = self.ready()
        with self._state:
            if self._has_ended or self._loop is None:
                raise Unavailable("the desk has ended")
            call = asyncio.run_coroutine_threadsafe(command(desk), self._loop)
            self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return call

    async def call[T](self, command: Callable[[LocalDesk], Coroutine[Any, Any, T]]) -> T:
        """Run a command on the engine's loop and return what it returns."""
        call = self._submit(command)
        try:
            return await asyncio.wrap_future(call)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self.ready()
            raise Unavailable("the desk ended before it had answered") from None

    def instruments(self) -> tuple[Instrument, ...]:
        """See `engine.desk.Desk`."""
        return self._desk.instruments() if self._desk else ()

    def traders(self) -> tuple[TraderSummary, ...]:
        """See `engine.desk.Desk`."""
        return self._desk.traders() if self._desk else ()

    def positions(self, trader_id: int | None = None) -> tuple[Position, ...]:
        """See `engine.desk.Desk`."""
        return self._desk.positions(trader_id) if self._desk else ()

    def orders(self, trader_id: int | None = None, *, open_only: bool = True) -> tuple[Order, ...]:
        """See `engine.desk.Desk`."""
        return self._desk.orders(trader_id, open_only=open_only) if self._desk else ()

    def fills(self, trader_id: int | None = None, limit: int = 50) -> tuple[Fill, ...]:
        """See `engine.desk.Desk`."""
        return self._desk.fills(trader_id, limit) if self._desk else ()

    def decisions(self, trader_id: int | None = None, limit: int = 50) -> tuple[DecisionRecord, ...]:
        """See `engine.desk.Desk`."""
        return self._desk.decisions(trader_id, limit) if self._desk else ()

    def equity(
        self, trader_id: int | None, span: EquitySpan, max_points: int = 400
    ) -> tuple[EquityPoint, ...]:
        """See `engine.desk.Desk`."""
        return self._desk.equity(trader_id, span, max_points) if self._desk else ()

    def tickers(self) -> tuple[Ticker, ...]:
        """See `engine.desk.Desk`."""
        return self._desk.tickers() if self._desk else ()

    def book(self, symbol: str, depth: int = 20) -> BookSnapshot | None:
        """See `engine.desk.Desk`."""
        return self._desk.book(symbol, depth) if self._desk else None

    def market(self) -> MarketStatus:
        """See `engine.desk.Desk`."""
        if self._desk is None:
            speed = self._settings.replay.speed or DEFAULT_SPEED
            return MarketStatus(0, "", ReplayState.STARTING, speed, None, False, False)
        return self._desk.market()

    def preview_order(self, request: OrderRequest) -> OrderPreview:
        """See `engine.desk.Desk`."""
        return self.ready().preview_order(request)

    async def place_order(self, request: OrderRequest) -> Order:
        """See `engine.desk.Desk`."""
        return await self.call(lambda desk: desk.place_order(request))

    async def cancel_order(self, client_order_id: str) -> Order:
        """See `engine.desk.Desk`."""
        return await self.call(lambda desk: desk.cancel_order(client_order_id))

    async def cancel_orders(
        self, trader_id: int | None = None, symbol: str | None = None
    ) -> tuple[Order, ...]:
        """See `engine.desk.Desk`."""
        return await self.call(lambda desk: desk.cancel_orders(trader_id, symbol))

    async def amend_order(
        self, client_order_id: str, *, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> Order:
        """See `engine.desk.Desk`."""
        return await self.call(lambda desk: desk.amend_order(client_order_id, quantity=quantity, price=price))

    async def close_position(self, trader_id: int, symbol: str, fraction: Decimal = Decimal(1)) -> Order:
        """See `engine.desk.Desk`."""
        return await self.call(lambda desk: desk.close_position(trader_id, symbol, fraction))

    async def flatten(self, trader_id: int | None = None) -> tuple[Order, ...]:
        """See `engine.desk.Desk`."""
        return await self.call(lambda desk: desk.flatten(trader_id))

    async def start_trader(self, trader_id: int) -> TraderSummary:
        """See `engine.desk.Desk`."""
        return await self.call(lambda desk: desk.start_trader(trader_id))

    async def pause_trader(self, trader_id: int) -> TraderSummary:
        """See `engine.desk.Desk`."""
        return await self.call(lambda desk: desk.pause_trader(trader_id))

    async def trigger(self, trader_id: int, symbol: str = "") -> None:
        """See `engine.desk.Desk`."""
        await self.call(lambda desk: desk.trigger(trader_id, symbol))

    async def engage_kill_switch(self, *, flatten: bool = False) -> None:
        """See `engine.desk.Desk`."""
        await self.call(lambda desk: desk.engage_kill_switch(flatten=flatten))

    async def release_kill_switch(self) -> None:
        """See `engine.desk.Desk`."""
        await self.call(lambda desk: desk.release_kill_switch())

    async def set_replay(self, *, speed: float | None = None, paused: bool | None = None) -> MarketStatus:
        """See `engine.desk.Desk`."""
        return await self.call(lambda desk: desk.set_replay(speed=speed, paused=paused))

    async def step_replay(self) -> MarketStatus:
        """See `engine.desk.Desk`."""
        return await self.call(lambda desk: desk.step_replay())

    def stream(self, topics: Iterable[Topic], bound: int = 10_000) -> Subscription:
        """See `engine.desk.Desk`."""
        return self._bus.subscribe(topics, bound)


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, DeskError) else f"{type(error).__name__}: {error}"
