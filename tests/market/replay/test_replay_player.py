"""The player delivers everything once and in order, at the speed asked for and never in a burst."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from itertools import pairwise

import pytest

from engine.clock import Clock, ReplayClock, VirtualClock
from engine.errors import Conflict, InvalidSetting
from engine.market.candles.series import CandleSeries
from engine.market.replay.candle_tape import CandleTape
from engine.market.replay.player import MAX_BACKLOG_SECONDS, SLICE_SECONDS, ReplayPlayer
from engine.market.replay.raw_frames import RawTape
from engine.market.replay.tape import Moment
from engine.model.candle import Candle
from engine.model.event import ReplayState
from engine.model.quote import BookSnapshot, Quote
from engine.model.trade import Trade
from engine.samples import RAW_SAMPLE, RecordedCandles, load_all_candles

START_MS = load_all_candles()[0].start_ms + 60_000


class Sink:
    """Keeps what it was given, with the market and machine time at which it came."""

    def __init__(self, market: ReplayClock, machine: Clock) -> None:
        self.market = market
        self.machine = machine
        self.quotes: list[Quote] = []
        self.candles: list[tuple[str, Candle]] = []
        self.settlements: list[str] = []
        self.arrivals: list[tuple[float, int]] = []
        self.moment_ms: int | None = None
        self.moments: list[int] = []

    def on_moment_start(self, ts_ms: int) -> None:
        assert self.moment_ms is None
        assert self.market.now_ms() == ts_ms
        self.moment_ms = ts_ms

    def on_moment_end(self) -> None:
        assert self.moment_ms is not None
        self.moments.append(self.moment_ms)
        self.moment_ms = None

    def on_quote(self, quote: Quote) -> None:
        assert self.market.now_ms() == quote.ts_ms == self.moment_ms
        self.quotes.append(quote)
        self.arrivals.append((self.machine.monotonic(), quote.ts_ms))

    def on_book(self, snapshot: BookSnapshot) -> None:
        raise AssertionError("candles have no book")

    def on_book_lost(self, symbol: str) -> None:
        raise AssertionError("candles have no book")

    def on_candle(self, symbol: str, candle: Candle) -> None:
        assert self.moment_ms is not None
        self.candles.append((symbol, candle))

    def on_funding(self, symbol: str, rate: Decimal, mark: Decimal, ts_ms: int) -> None:
        assert self.moment_ms is not None
        self.settlements.append(symbol)

    def on_trade(self, trade: Trade) -> None:
        raise AssertionError("candles have no trades")

    def on_open_interest(self, symbol: str, notional: Decimal, ts_ms: int) -> None:
        raise AssertionError("candles tell no open interest")

    def on_funding_rate(self, symbol: str, rate: Decimal, ts_ms: int) -> None:
        raise AssertionError("candles tell no coming funding rate")

    @property
    def seconds_shown(self) -> list[float]:
        return sorted({(quote.ts_ms - START_MS) / 1000 for quote in self.quotes})


class Desk:
    """A player over the first minutes of the recording, and everything around it."""

    def __init__(self, speed: float, minutes: int) -> None:
        self.machine = VirtualClock()
        self.market = ReplayClock(START_MS)
        self.sink = Sink(self.market, self.machine)
        self.tape = CandleTape([first_rows(recorded, minutes + 1) for recorded in load_all_candles()])
        self.player = ReplayPlayer(self.tape, self.market, self.sink, speed, pacing=self.machine)


def first_rows(recorded: RecordedCandles, rows: int) -> RecordedCandles:
    columns = (getattr(recorded, name)[:rows] for name in ("open", "high", "low", "close", "volume"))
    return RecordedCandles(recorded.sample, recorded.start_ms, *columns)


@asynccontextmanager
async def playing(speed: float, minutes: int = 10, *, paused: bool = False) -> AsyncIterator[Desk]:
    desk = Desk(speed, minutes)
    if paused:
        desk.player.pause()
    task = asyncio.create_task(desk.player.run())
    await asyncio.sleep(0)
    yield desk
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_it_plays_market_seconds_at_the_speed() -> None:
    async with playing(speed=10) as desk:
        await desk.machine.advance(2.0)
        assert desk.sink.seconds_shown == pytest.approx(list(range(21)), abs=1)
        assert desk.player.state is ReplayState.RUNNING
        for machine_seconds, ts_ms in desk.sink.arrivals:
            late = machine_seconds - (ts_ms - START_MS) / 1000 / 10
            assert 0 <= late + 1e-9 <= 0.06


@pytest.mark.parametrize("speed", [1, 60, 600])
async def test_what_is_delivered_does_not_depend_on_the_speed(speed: float) -> None:
    async with playing(speed, minutes=3) as desk:
        await desk.machine.advance(181 / speed)
        assert desk.player.state is ReplayState.ENDED
        moments = list(desk.tape.moments(0))
        assert desk.sink.quotes == [e for m in moments for e in m.events if isinstance(e, Quote)]
        assert desk.sink.moments == [moment.ts_ms for moment in moments]
        assert len(desk.sink.candles) == 4 * 3  # the history candle closes as the tape starts
        assert desk.player.position_ms == desk.tape.end_ms


async def test_a_new_speed_applies_from_now_on() -> None:
    async with playing(speed=1) as desk:
        await desk.machine.advance(5.0)
        desk.player.set_speed(60)
        await desk.machine.advance(1.0)
        assert desk.sink.seconds_shown[-1] == pytest.approx(65, abs=4)
        with pytest.raises(InvalidSetting, match="speed: 601"):
            desk.player.set_speed(601)
        assert desk.player.speed == 60


async def test_pausing_stops_the_market_and_resuming_goes_on_without_catching_up() -> None:
    async with playing(speed=10) as desk:
        await desk.machine.advance(1.0)
        desk.player.pause()
        shown = len(desk.sink.quotes)
        await desk.machine.advance(3600.0)
        assert desk.player.state is ReplayState.PAUSED
        assert len(desk.sink.quotes) <= shown + 3
        desk.player.resume()
        await desk.machine.advance(0)  # lets the player notice before time moves on
        await desk.machine.advance(1.0)
        assert desk.sink.seconds_shown == list(range(len(desk.sink.seconds_shown)))
        assert desk.sink.seconds_shown[-1] == pytest.approx(20, abs=2)


async def test_a_step_plays_one_minute_and_pauses_again() -> None:
    async with playing(speed=1, paused=True) as desk:
        await desk.player.step()
        assert desk.player.position_ms == START_MS + 60_000
        await desk.player.step()
        assert desk.player.position_ms == START_MS + 120_000
        assert desk.player.state is ReplayState.PAUSED
        assert desk.sink.seconds_shown == list(range(121))
        await desk.machine.advance(60.0)
        assert desk.player.position_ms == START_MS + 120_000


async def test_stepping_past_the_end_ends_it() -> None:
    async with playing(speed=1, minutes=2, paused=True) as desk:
        for _ in range(3):
            if desk.player.state is not ReplayState.ENDED:
                await desk.player.step()
        assert desk.player.state is ReplayState.ENDED
        assert desk.player.position_ms == desk.tape.end_ms
        for action in (desk.player.pause, desk.player.resume):
            with pytest.raises(Conflict, match="has ended"):
                action()


async def test_only_a_paused_replay_steps() -> None:
    async with playing(speed=1) as desk:
        with pytest.raises(Conflict, match="only a paused replay"):
            await desk.player.step()


async def test_a_restart_goes_on_where_it_stopped() -> None:
    whole, rest = Desk(600, 3), Desk(600, 3)
    stop_ms = START_MS + 95_000
    rest.player.seek(stop_ms + 1)
    for desk in (whole, rest):
        task = asyncio.create_task(desk.player.run())
        await asyncio.sleep(0)
        await desk.machine.advance(1.0)
        await task
    assert rest.sink.quotes == [quote for quote in whole.sink.quotes if quote.ts_ms > stop_ms]
    with pytest.raises(Conflict, match="has begun"):
        rest.player.seek(START_MS)


class Machine:
    """A machine whose time passes by sleeping and by working; `naps` are the longer sleeps it takes."""

    def __init__(self, *naps: float) -> None:
        self.seconds = 0.0
        self.worked = 0.0
        self._naps = list(naps)

    def now_ms(self) -> int:
        raise AssertionError("pacing does not ask for market time")

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += self._naps.pop(0) if self._naps else seconds
        await asyncio.sleep(0)

    def work(self, seconds: float) -> None:
        self.seconds += seconds
        self.worked += seconds


async def test_a_suspended_machine_causes_no_burst() -> None:
    machine = Machine(0.05, 0.05, 3600.0)
    desk = Desk(speed=10, minutes=2)
    desk.sink.machine = machine
    player = ReplayPlayer(desk.tape, desk.market, desk.sink, 10, pacing=machine)
    await player.run()
    assert desk.sink.seconds_shown == list(range(120))
    for (before, earlier_ms), (after, later_ms) in pairwise(desk.sink.arrivals):
        assert later_ms - earlier_ms <= 1000, "nothing is skipped"
        if after - before > 1000:
            at_once = [ts_ms for seconds, ts_ms in desk.sink.arrivals if seconds == after]
            assert 0 < (at_once[-1] - at_once[0]) / 1000 / 10 <= MAX_BACKLOG_SECONDS
            break
    else:
        pytest.fail("the machine was never suspended")


class SlowTape:
    """A thousand market seconds, each costing a millisecond of work."""

    source = "slow"
    symbols = ("BTC",)
    start_ms = 0
    step_ms = 1000

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def moments(self, from_ms: int) -> Iterator[Moment]:
        for ts_ms in range(from_ms, 1_000_000, 1000):
            self._machine.work(0.001)
            yield Moment(ts_ms, ())

    def past(self, before_ms: int) -> Iterator[Moment]:
        return iter(())

    def history(self, symbol: str, before_ms: int) -> CandleSeries:
        return CandleSeries.empty()

    def market_at(self, ts_ms: int) -> tuple[Quote | BookSnapshot, ...]:
        return ()


async def test_work_is_cut_into_slices_so_that_others_have_their_turn() -> None:
    machine, market = Machine(1.0), ReplayClock(0)
    player = ReplayPlayer(SlowTape(machine), market, Sink(market, machine), 600, pacing=machine)
    task = asyncio.create_task(player.run())
    turns = []
    while not task.done():
        before = machine.worked
        await asyncio.sleep(0)
        turns.append(machine.worked - before)
    assert machine.worked == pytest.approx(1.0)
    assert max(turns) <= SLICE_SECONDS + 0.001 + 1e-9
    assert player.position_ms == market.now_ms() == 0, "a moment without events delivers nothing"


async def test_a_late_start_of_a_raw_recording_gives_others_their_turn() -> None:
    """With the real machine's time, since it is real work; nothing is shown before the start."""
    tape = RawTape(RAW_SAMPLE)
    start_ms = tape.start_ms + 280_000
    market = ReplayClock(start_ms - 1)
    sink = BookSink(market, market)
    player = ReplayPlayer(tape, market, sink, 600)
    player.seek(start_ms)
    task = asyncio.create_task(player.run())
    turns = 0
    while not sink.moments and not task.done():
        assert player.position_ms == start_ms
        assert market.now_ms() == start_ms - 1
        await asyncio.sleep(0)
        turns += 1
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert turns > 30
    assert sink.moments[0] >= start_ms


class BookSink(Sink):
    """A sink for a recording that has books."""

    def on_book(self, snapshot: BookSnapshot) -> None:
        assert self.moment_ms == snapshot.ts_ms

    def on_trade(self, trade: Trade) -> None:
        assert self.moment_ms == trade.ts_ms


async def test_a_failing_sink_ends_the_replay_with_its_error() -> None:
    class Failing(Sink):
        def on_quote(self, quote: Quote) -> None:
            raise RuntimeError("no")

    desk = Desk(600, 3)
    sink = Failing(desk.market, desk.machine)
    player = ReplayPlayer(desk.tape, desk.market, sink, 600)
    with pytest.raises(RuntimeError, match="no"):
        await player.run()
    assert sink.moment_ms == START_MS, "the moment never ended"
    assert sink.moments == []
    assert player.state is ReplayState.ENDED
