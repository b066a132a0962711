"""The queues between engine and readers: lossless edges, latest-wins levels, bounded, never blocking."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Lagged
from engine.model.event import Alert, Severity, Topic
from engine.streams import Bus


def alert(number: int) -> Alert:
    return Alert(Severity.INFO, str(number), number, seq=number)


@given(st.lists(st.integers(1, 20), max_size=30))
def test_edges_arrive_complete_and_in_order_however_reading_and_writing_interleave(bursts: list[int]) -> None:
    bus = Bus()
    reader = bus.subscribe([Topic.ALERTS])
    written, read = 0, []
    for burst in bursts:
        for _ in range(burst):
            bus.publish_edge(Topic.ALERTS, alert(written))
            written += 1
        read += [edge.ts_ms for edge in reader.drain().edges if isinstance(edge, Alert)]
    assert read == list(range(written))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers()), min_size=1, max_size=200))
def test_levels_never_build_up_and_the_latest_wins(updates: list[tuple[str, int]]) -> None:
    bus = Bus()
    reader = bus.subscribe([Topic.QUOTES])
    for key, value in updates:
        bus.publish_level(Topic.QUOTES, key, value)
    assert reader.drain().levels == {(Topic.QUOTES, key): value for key, value in dict(updates).items()}
    assert reader.drain().levels == {}


@given(bound=st.integers(1, 50), extra=st.integers(1, 200))
def test_a_slow_reader_never_blocks_the_writer_and_is_told_what_it_missed(bound: int, extra: int) -> None:
    bus = Bus()
    reader = bus.subscribe([Topic.ALERTS], bound=bound)
    for number in range(bound + extra):
        bus.publish_edge(Topic.ALERTS, alert(number))
        assert reader.backlog <= bound
    with pytest.raises(Lagged) as lagged:
        reader.drain()
    assert lagged.value.details["dropped"] == str(bound + extra)
    bus.publish_edge(Topic.ALERTS, alert(-1))
    assert [edge.ts_ms for edge in reader.drain().edges if isinstance(edge, Alert)] == [-1]


def test_a_reader_gets_only_the_topics_it_asked_for() -> None:
    bus = Bus()
    reader = bus.subscribe([Topic.QUOTES])
    bus.publish_edge(Topic.ALERTS, alert(1))
    batch = reader.drain()
    assert not batch.edges
    assert not batch.levels


async def test_waiting_readers_wake_for_a_writer_on_another_thread() -> None:
    bus = Bus()
    reader = bus.subscribe([Topic.ALERTS])
    count = 500

    def write() -> None:
        for number in range(count):
            bus.publish_edge(Topic.ALERTS, alert(number))
        bus.close()

    writer = threading.Thread(target=write)
    writer.start()
    read = [edge.ts_ms async for batch in reader for edge in batch.edges if isinstance(edge, Alert)]
    writer.join()
    assert read == list(range(count))


async def test_closing_ends_a_waiting_reader() -> None:
    bus = Bus()
    reader = bus.subscribe([Topic.ALERTS])

    async def read() -> int:
        return len([batch async for batch in reader])

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    reader.close()
    assert await reading == 0
    bus.publish_edge(Topic.ALERTS, alert(1))
    assert reader.backlog == 0
