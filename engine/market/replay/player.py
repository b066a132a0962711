"""Plays a recorded market: the one place where a tape's time meets the machine's.

Results do not depend on the speed: every moment of the tape is delivered, in order, exactly once.
When the machine cannot keep up, or was suspended, market time falls behind instead; nothing is
skipped and at most `MAX_BACKLOG_SECONDS` of it is caught up at a rush. Work is cut into slices of
`SLICE_SECONDS`, between which everything else on the event loop has its turn.

In *lockstep* the market stands still while somebody decides on a moment, so that a replay comes out
the same however long programs and models take.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engine.clock import Clock, ReplayClock
from engine.errors import Conflict
from engine.market.replay.tape import MarketSink, Moment, Tape, deliver
from engine.model.event import ReplayState
from engine.settings import check_speed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

SLICE_SECONDS = 0.002
SHORTEST_SLEEP_SECONDS = 0.005
LONGEST_SLEEP_SECONDS = 0.05
MAX_BACKLOG_SECONDS = 0.25


class ReplayPlayer:
    """Delivers a tape to a sink at a chosen speed; all its methods belong to one event loop.

    `clock` is set to the time of each moment before it is delivered. `pacing` measures the machine's
    time (the same clock by default, since durations on it are real). `speed` is in market seconds
    per second. `at_rest` is awaited after each moment and returns when all that it caused is done.
    """

    def __init__(
        self,
        tape: Tape,
        clock: ReplayClock,
        sink: MarketSink,
        speed: float,
        pacing: Clock | None = None,
        at_rest: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._tape = tape
        self._clock = clock
        self._sink = sink
        self._speed = check_speed(speed)
        self._pacing: Clock = pacing or clock
        self._at_rest = at_rest
        self._state = ReplayState.STARTING
        self._begun = False
        self._position_ms = tape.start_ms
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._anchor: tuple[float, int] | None = None
        self._step: _Step | None = None
        self._step_lock = asyncio.Lock()
        self._slice_ends = 0.0

    @property
    def state(self) -> ReplayState:
        """What the player is doing."""
        return self._state

    @property
    def speed(self) -> float:
        """Market seconds per second."""
        return self._speed

    @property
    def position_ms(self) -> int:
        """The market time delivered last, or where it will begin."""
        return self._position_ms

    def seek(self, start_ms: int) -> None:
        """Begin at the first moment at or after `start_ms`; raise `Conflict` once it has begun.

        To go on after a stop, seek to one millisecond past the last moment that was stored.
        """
        if self._begun:
            raise Conflict("the replay has begun; only a new one can start elsewhere")
        self._position_ms = max(start_ms, self._tape.start_ms)

    def set_speed(self, speed: float) -> None:
        """Change the speed from now on; raise `InvalidSetting` outside 1 to 600."""
        self._speed = check_speed(speed)
        self._anchor = None

    def pause(self) -> None:
        """Stop before the next moment; raise `Conflict` when there is nothing left to play."""
        self._refuse_if_ended()
        self._state = ReplayState.PAUSED
        self._resumed.clear()

    def resume(self) -> None:
        """Go on playing; raise `Conflict` when there is nothing left to play."""
        self._refuse_if_ended()
        self._state = ReplayState.RUNNING
        self._anchor = None
        self._resumed.set()

    async def step(self) -> None:
        """Play the tape's step (a minute of candles, a second of raw frames) and pause again.

        Returns when all of it was delivered, for which `run` must be under way. Raises `Conflict`
        unless the player is paused.
        """
        async with self._step_lock:
            self._refuse_if_ended()
            if self._state is not ReplayState.PAUSED:
                raise Conflict("only a paused replay can be stepped")
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._step = _Step(self._position_ms + self._tape.step_ms, done)
            self._resumed.set()
            await done

    async def run(self) -> None:
        """Play to the end of the recording; cancel it to stop earlier.

        An exception of the sink ends the replay and is raised here.
        """
        self._begun = True
        if self._state is ReplayState.STARTING:
            self._state = ReplayState.RUNNING
        try:
            await self._play(self._tape.moments(self._position_ms))
        finally:
            self._state = ReplayState.ENDED
            self._finish_step()

    async def _play(self, moments: Iterator[Moment]) -> None:
        self._begin_slice()
        for moment in moments:
            if moment.events:
                await self._wait_for(moment.ts_ms)
                self._deliver(moment)
                if self._at_rest is not None:
                    await self._at_rest()
            if self._pacing.monotonic() >= self._slice_ends:
                await asyncio.sleep(0)
                self._begin_slice()

    def _deliver(self, moment: Moment) -> None:
        self._position_ms = moment.ts_ms
        self._clock.set(moment.ts_ms)
        self._sink.on_moment_start(moment.ts_ms)
        for event in moment.events:
            deliver(event, self._sink)
        self._sink.on_moment_end()

    async def _wait_for(self, ts_ms: int) -> None:
        """Return when the moment at `ts_ms` may be delivered."""
        while True:
            if self._step is not None:
                if ts_ms <= self._step.until_ms:
                    return
                self._finish_step()
            elif not self._resumed.is_set():
                await self._resumed.wait()
                self._anchor = None
                self._begin_slice()
            elif (ahead := self._seconds_until(ts_ms)) > 0:
                await self._pacing.sleep(min(max(ahead, SHORTEST_SLEEP_SECONDS), LONGEST_SLEEP_SECONDS))
                self._begin_slice()
            else:
                return

    def _seconds_until(self, ts_ms: int) -> float:
        """Return how long the machine must wait for `ts_ms`; late by more than the bound, be less late."""
        now = self._pacing.monotonic()
        if self._anchor is None:
            self._anchor = (now, ts_ms)
        anchor_seconds, anchor_ms = self._anchor
        ahead = anchor_seconds + (ts_ms - anchor_ms) / 1000 / self._speed - now
        if ahead < -MAX_BACKLOG_SECONDS:
            self._anchor = (now - MAX_BACKLOG_SECONDS, ts_ms)
        return ahead

    def _begin_slice(self) -> None:
        self._slice_ends = self._pacing.monotonic() + SLICE_SECONDS

    def _finish_step(self) -> None:
        step, self._step = self._step, None
        if step is None:
            return
        if self._state is ReplayState.PAUSED:
            self._resumed.clear()
        if not step.done.done():
            step.done.set_result(None)

    def _refuse_if_ended(self) -> None:
        if self._state is ReplayState.ENDED:
            raise Conflict("the recording has ended")


class _Step:
    """A single step under way: how far it plays, and who waits for it."""

    def __init__(self, until_ms: int, done: asyncio.Future[None]) -> None:
        self.until_ms = until_ms
        self.done = done
