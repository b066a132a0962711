from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.runs.queue import RunQueue


class Works:
    """Works that run until they are let go, and remember who began and who was stopped."""

    def __init__(self, places: int) -> None:
        self.queue = RunQueue(places)
        self.begun: list[str] = []
        self.stopped: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def add(self, name: str) -> None:
        self.gates[name] = asyncio.Event()
        self.queue.add(name, lambda: self._work(name))

    async def _work(self, name: str) -> None:
        self.begun.append(name)
        try:
            await self.gates[name].wait()
        except asyncio.CancelledError:
            self.stopped.append(name)
            raise


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@given(st.integers(1, 4), st.integers(0, 9))
def test_as_many_as_there_are_places_in_the_order_they_came(places: int, count: int) -> None:
    async def story() -> None:
        works = Works(places)
        names = [str(number) for number in range(count)]
        for name in names:
            works.add(name)
        for done, name in enumerate(names):
            await settle()
            assert works.begun == names[: done + places]
            works.gates[name].set()
        await settle()
        assert not any(works.queue.holds(name) for name in names)

    asyncio.run(story())


async def test_one_that_waits_never_begins_and_one_that_runs_makes_room() -> None:
    works = Works(1)
    for name in "abc":
        works.add(name)
    await settle()
    await works.queue.stop("b")
    await works.queue.stop("a")
    await works.queue.stop("nobody")
    await settle()
    assert (works.begun, works.stopped) == (["a", "c"], ["a"])
    await works.queue.close()
    assert works.stopped == ["a", "c"]


async def test_closing_begins_nothing_new() -> None:
    works = Works(2)
    for name in "abcd":
        works.add(name)
    await settle()
    await works.queue.close()
    assert (works.begun, sorted(works.stopped)) == (["a", "b"], ["a", "b"])
