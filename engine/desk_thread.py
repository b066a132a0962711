"""The desk on a thread and event loop of its own, seen from another one.

A screen and the engine never share a loop: when a terminal stops reading, only the screen stands
still. Queries read what the engine last published and never wait; commands run on the engine's
loop and are awaited from the caller's; streams cross by the lock-protected queues.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.desk import EquitySpan, OrderPreview
from engine.errors import Unavailable
from engine.model.account import EquityPoint, TraderSummary
from engine.model.decision import DecisionRecord
from engine.model.event import MarketStatus, ReplayState, Topic
from engine.model.fill import Fill
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest
from engine.model.position import Position
from engine.model.quote import BookSnapshot, Ticker
from engine.settings import DEFAULT_SPEED, Settings
from engine.streams import Bus, Subscription

if TYPE_CHECKING:
    from engine.local_desk import LocalDesk

STOP_SECONDS = 5.0


class DeskThread:
    """A `Desk` that lives on its own thread; before `start` has returned it is empty."""

    def __init__(self, home: Path, settings: Settings) -> None:
        self._home = home
        self._settings = settings
        self._bus = Bus()
        self._desk: LocalDesk | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Open the desk on its thread; return when its queries answer, or raise why it cannot run."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        caller = asyncio.get_running_loop()

        def tell(error: BaseException | None) -> None:
            if ready.done():
                return
            if error is None:
                ready.set_result(None)
            else:
                ready.set_exception(error)

        def report(error: BaseException | None) -> None:
            if not caller.is_closed():
                caller.call_soon_threadsafe(tell, error)

        self._thread = threading.Thread(target=self._run, args=(report,), name="engine", daemon=True)
        self._thread.start()
        await ready

    async def stop(self) -> None:
        """Close the desk and end its thread; return when both are done."""
        thread, loop, stop = self._thread, self._loop, self._stop
        if thread is None:
            return
        if loop is not None and stop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)
        await asyncio.to_thread(thread.join, STOP_SECONDS)
        self._desk = None

    def _run(self, report: Callable[[BaseException | None], None]) -> None:
        try:
            asyncio.run(self._live(report))
        except BaseException as error:
            report(error)

    async def _live(self, report: Callable[[BaseException | None], None]) -> None:
        from engine.local_desk import LocalDesk

        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        desk = await LocalDesk.open(self._home, self._settings, self._bus)
        try:
            self._desk = desk
            report(None)
            await desk.start()
            await self._stop.wait()
        finally:
            await desk.close()

    def _ready(self) -> LocalDesk:
        if self._desk is None:
            raise Unavailable("the desk is still starting")
        return self._desk

    async def _call[T](self, command: Callable[[LocalDesk], Coroutine[Any, Any, T]]) -> T:
        desk, loop = self._ready(), self._loop
        if loop is None or loop.is_closed():
            raise Unavailable("the desk has ended")
        answer: Awaitable[T] = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(command(desk), loop))
        return await answer

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
        return self._ready().preview_order(request)

    async def place_order(self, request: OrderRequest) -> Order:
        """See `engine.desk.Desk`."""
        return await self._call(lambda desk: desk.place_order(request))

    async def cancel_order(self, client_order_id: str) -> Order:
        """See `engine.desk.Desk`."""
        return await self._call(lambda desk: desk.cancel_order(client_order_id))

    async def cancel_orders(
        self, trader_id: int | None = None, symbol: str | None = None
    ) -> tuple[Order, ...]:
        """See `engine.desk.Desk`."""
        return await self._call(lambda desk: desk.cancel_orders(trader_id, symbol))

    async def amend_order(
        self, client_order_id: str, *, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> Order:
        """See `engine.desk.Desk`."""
        return await self._call(
            lambda desk: desk.amend_order(client_order_id, quantity=quantity, price=price)
        )

    async def close_position(self, trader_id: int, symbol: str, fraction: Decimal = Decimal(1)) -> Order:
        """See `engine.desk.Desk`."""
        return await self._call(lambda desk: desk.close_position(trader_id, symbol, fraction))

    async def flatten(self, trader_id: int | None = None) -> tuple[Order, ...]:
        """See `engine.desk.Desk`."""
        return await self._call(lambda desk: desk.flatten(trader_id))

    async def start_trader(self, trader_id: int) -> TraderSummary:
        """See `engine.desk.Desk`."""
        return await self._call(lambda desk: desk.start_trader(trader_id))

    async def pause_trader(self, trader_id: int) -> TraderSummary:
        """See `engine.desk.Desk`."""
        return await self._call(lambda desk: desk.pause_trader(trader_id))

    async def trigger(self, trader_id: int, symbol: str = "") -> None:
        """See `engine.desk.Desk`."""
        await self._call(lambda desk: desk.trigger(trader_id, symbol))

    async def engage_kill_switch(self, *, flatten: bool = False) -> None:
        """See `engine.desk.Desk`."""
        await self._call(lambda desk: desk.engage_kill_switch(flatten=flatten))

    async def release_kill_switch(self) -> None:
        """See `engine.desk.Desk`."""
        await self._call(lambda desk: desk.release_kill_switch())

    async def set_replay(self, *, speed: float | None = None, paused: bool | None = None) -> MarketStatus:
        """See `engine.desk.Desk`."""
        return await self._call(lambda desk: desk.set_replay(speed=speed, paused=paused))

    async def step_replay(self) -> MarketStatus:
        """See `engine.desk.Desk`."""
        return await self._call(lambda desk: desk.step_replay())

    def stream(self, topics: Iterable[Topic], bound: int = 10_000) -> Subscription:
        """See `engine.desk.Desk`."""
        return self._bus.subscribe(topics, bound)
