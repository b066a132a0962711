"""Clocks: virtual time moves only when told to, and a replay's time never goes back."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from engine.clock import ReplayClock, VirtualClock


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=20))
def test_sleepers_wake_in_the_order_of_their_times(delays: list[float]) -> None:
    async def run() -> list[float]:
        clock = VirtualClock(start_ms=1000)
        woken: list[float] = []

        async def sleeper(seconds: float) -> None:
            await clock.sleep(seconds)
            woken.append(clock.monotonic())

        tasks = [asyncio.create_task(sleeper(seconds)) for seconds in delays]
        await asyncio.sleep(0)
        await clock.advance(1000)
        await asyncio.gather(*tasks)
        assert clock.now_ms() == 1_001_000
        return woken

    assert asyncio.run(run()) == sorted(delays)


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_replay_time_never_goes_back(times: list[int]) -> None:
    clock = ReplayClock(0)
    for time in times:
        before = clock.now_ms()
        clock.set(time)
        assert clock.now_ms() == max(before, time)
