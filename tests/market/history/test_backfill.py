"""Backfills against venues on loopback HTTP: what is asked for, what is refused, what is stored."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from engine.clock import WallClock
from engine.errors import InvalidInput
from engine.exchanges.binance.candles import BinanceCandles
from engine.exchanges.hyperliquid.candles import HyperliquidCandles
from engine.market.history.backfill import BackfillProgress, BackfillState, BackfillTask, CandlePages
from engine.market.history.candle_store import CandleStore
from engine.market.history.gaps import Gap
from engine.market.history.page_check import Page, pages_of, rows_to_store
from engine.market.history.series_key import SeriesKey
from engine.market.periods import HOUR_MS, MINUTE_MS, Period
from tests.candle_rows import BTC_1M, assert_same, candle_at, ms, put, run_of, series_at
from tests.exchanges.binance_candle_server import BinanceCandleServer
from tests.exchanges.candle_server import Body, CandleServer, Edit, Fault, Rows, Silence, Status
from tests.exchanges.hyperliquid_candle_server import HyperliquidCandleServer

NOW = ms("2025-06-01T12:00:30")
LISTED = ms("2025-05-01T00:00")
FROM = ms("2025-05-31T20:00")
LONG_AGO = ms("2025-05-30T11:00")
HL_1M = SeriesKey("hyperliquid", "BTC", Period.M1)


class PatientClock(WallClock):
    """A clock that stands still; whoever sleeps on it goes on at once, and the pause is noted."""

    def __init__(self, now_ms: int = NOW) -> None:
        self.time_ms = now_ms
        self.pauses: list[float] = []

    def now_ms(self) -> int:
        return self.time_ms

    def monotonic(self) -> float:
        return 0.5

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path)


@pytest.fixture
def clock() -> PatientClock:
    return PatientClock()


@pytest.fixture
def binance() -> Iterator[CandleServer]:
    with BinanceCandleServer(LISTED, lambda: NOW) as server:
        yield server


@pytest.fixture
def hyperliquid() -> Iterator[CandleServer]:
    with HyperliquidCandleServer(LISTED, lambda: NOW) as server:
        yield server


def task_of(
    store: CandleStore,
    pages: CandlePages,
    clock: PatientClock,
    start_ms: int = FROM,
    end_ms: int = FROM + 3000 * MINUTE_MS,
    key: SeriesKey = BTC_1M,
) -> BackfillTask:
    return BackfillTask("bf-001", key, start_ms, end_ms, store=store, pages=pages, clock=clock)


async def backfilled(
    store: CandleStore, server: CandleServer, clock: PatientClock, start_ms: int = FROM, end_ms: int = NOW
) -> BackfillProgress:
    return await task_of(store, BinanceCandles(server.url, 0.5), clock, start_ms, end_ms).run()


async def test_a_range_is_fetched_page_by_page_and_the_forming_candle_left_out(
    store: CandleStore, binance: CandleServer, clock: PatientClock
) -> None:
    start_ms = NOW - NOW % MINUTE_MS - 2500 * MINUTE_MS
    done = await backfilled(store, binance, clock, start_ms, NOW + HOUR_MS)
    assert (done.state, done.percent, done.rows_written, done.error) == ("done", 100, 2500, "")
    assert_same(store.read(BTC_1M).rows, run_of(start_ms, 2500))
    assert [request.get("limit") for request in binance.requests] == ["1", "1000", "1000", "500"]
    # 5 of 80 % of 2,400 a minute, between two pages.
    assert clock.pauses == [pytest.approx(60 * 5 / 1920)] * 2


@pytest.mark.parametrize("period", Period)
@pytest.mark.parametrize("venue", ["binance", "hyperliquid"])
async def test_every_period_can_be_fetched_from_either_venue(
    store: CandleStore,
    binance: CandleServer,
    hyperliquid: CandleServer,
    clock: PatientClock,
    period: Period,
    venue: str,
) -> None:
    server, venue_pages = (
        (binance, BinanceCandles) if venue == "binance" else (hyperliquid, HyperliquidCandles)
    )
    key = SeriesKey(venue, "BTC", period)
    start_ms = period.open_of(NOW) - 3 * period.length_ms
    done = await task_of(store, venue_pages(server.url), clock, start_ms, NOW, key).run()
    assert (done.state, done.error) == ("done", "")
    assert_same(store.read(key).rows, run_of(start_ms, 3, period))


async def test_only_what_is_missing_is_fetched(
    store: CandleStore, binance: CandleServer, clock: PatientClock
) -> None:
    put(store, run_of(FROM + 10 * MINUTE_MS, 20))
    put(store, run_of(FROM + 50 * MINUTE_MS, 20))
    done = await backfilled(store, binance, clock, FROM, FROM + 70 * MINUTE_MS)
    assert (done.state, done.rows_written) == ("done", 30)
    asked = [(int(str(each["startTime"])), each["limit"]) for each in binance.requests[1:]]
    assert asked == [(FROM, "10"), (FROM + 30 * MINUTE_MS, "20")]
    again = await backfilled(store, binance, clock, FROM, FROM + 70 * MINUTE_MS)
    assert (again.state, again.rows_written, again.percent) == ("done", 0, 100)
    assert len(binance.requests) == 4


async def test_what_the_venue_never_had_is_said(
    store: CandleStore, binance: CandleServer, clock: PatientClock
) -> None:
    done = await backfilled(store, binance, clock, LISTED - 90 * MINUTE_MS, LISTED + 5 * MINUTE_MS)
    assert (done.state, done.rows_written) == ("done", 5)
    assert done.note == "binance BTC 1m begins at 2025-05-01 00:00 UTC: nothing is earlier"


async def test_the_latest_5000_are_all_hyperliquid_has_and_it_is_said(
    store: CandleStore, hyperliquid: CandleServer, clock: PatientClock
) -> None:
    pages = HyperliquidCandles(hyperliquid.url)
    done = await task_of(store, pages, clock, LISTED, NOW, HL_1M).run()
    assert (done.state, done.rows_written) == ("done", 4999)
    assert done.note.startswith("hyperliquid serves only the latest 5,000 candles of a period, 1m from 2025-")
    assert_same(store.read(HL_1M).rows, run_of(NOW - 30_000 - 4999 * MINUTE_MS, 4999))
    assert max(clock.pauses) == pytest.approx(60 * 29 / 960)


async def test_a_young_coin_begins_where_its_record_does(
    store: CandleStore, hyperliquid: CandleServer, clock: PatientClock
) -> None:
    hyperliquid.first_ms = NOW - NOW % HOUR_MS - 700 * MINUTE_MS
    pages = HyperliquidCandles(hyperliquid.url)
    done = await task_of(store, pages, clock, LISTED, NOW, HL_1M).run()
    assert (done.state, done.rows_written) == ("done", 700)
    assert store.gaps(HL_1M) == ()


async def test_a_hole_behind_stored_candles_is_no_late_begin(
    store: CandleStore, hyperliquid: CandleServer, clock: PatientClock
) -> None:
    begin = NOW - NOW % HOUR_MS - 700 * MINUTE_MS
    put(store, run_of(begin - 30 * MINUTE_MS, 10), HL_1M)
    hyperliquid.first_ms = begin
    pages = HyperliquidCandles(hyperliquid.url)
    done = await task_of(store, pages, clock, begin - 30 * MINUTE_MS, NOW, HL_1M).run()
    assert done.state is BackfillState.DONE
    assert "20 candles are missing" in done.note, "what the venue has not is said, and stays a gap"
    assert [gap.missing for gap in store.gaps(HL_1M)] == [20]


def without(index: int) -> Callable[[Rows], Rows]:
    return lambda rows: rows[:index] + rows[index + 1 :]


def with_cell(index: int, cell: int, value: object) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        row = rows[index]
        assert isinstance(row, list)
        return [*rows[:index], [*row[:cell], value, *row[cell + 1 :]], *rows[index + 1 :]]

    return change


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Edit(lambda rows: [rows[0], *rows]), "row 2: t_ms: .* same time"),
        (Edit(lambda rows: rows[::-1]), "row 2: t_ms: .* the earliest first"),
        (Edit(with_cell(3, 2, "1")), "row 4: high: 1.0 .* not below the low"),
        (Edit(with_cell(3, 4, "nan")), "row 4: close: nan"),
        (Edit(with_cell(3, 4, "x")), "row 4: close: 'x'"),
        (Edit(with_cell(3, 4, 5)), r"not the documented form .*\$\[3\]\[4\]"),
        (Edit(with_cell(3, 6, 5)), "row 4: close time: 5"),
        (Edit(lambda rows: [["a"]]), "not the documented form"),
        (Body(b'{"oops": 1}'), "not the documented form"),
        (Body(b"<html>"), "not the documented form"),
        (Body(b" " * 5_000_000), "at most 4000000 bytes"),
        (Status(418, b"banned until 1750000000000"), "HTTP 418: banned until 1750000000000"),
        (Status(403), "HTTP 403"),
        (Status(301, headers={"Location": "http://127.0.0.1:1/"}), "HTTP 301"),
    ],
)
async def test_a_bad_page_is_refused_whole_and_what_came_before_stays(
    store: CandleStore, binance: CandleServer, clock: PatientClock, fault: Fault, said: str
) -> None:
    binance.faults = [None, None, fault]
    end_ms = LONG_AGO + 1500 * MINUTE_MS
    failed = await backfilled(store, binance, clock, LONG_AGO, end_ms)
    assert failed.state is BackfillState.FAILED
    assert re.search(said, failed.error), failed.error
    assert failed.rows_written == 1000
    assert_same(store.read(BTC_1M).rows, run_of(LONG_AGO, 1000))
    assert len(binance.requests) == 3
    # Repeated, it goes on where it stopped.
    done = await backfilled(store, binance, clock, LONG_AGO, end_ms)
    assert (done.state, done.rows_written) == ("done", 500)
    assert_same(store.read(BTC_1M).rows, run_of(LONG_AGO, 1500))


MISSING = [without(4), without(0), lambda rows: rows[:-1], lambda rows: []]


@pytest.mark.parametrize("missing", MISSING)
async def test_a_page_with_a_hole_is_asked_for_once_more(
    store: CandleStore, binance: CandleServer, clock: PatientClock, missing: Callable[[Rows], Rows]
) -> None:
    binance.faults = [None, None, Edit(missing)]
    end_ms = LONG_AGO + 1500 * MINUTE_MS
    done = await backfilled(store, binance, clock, LONG_AGO, end_ms)
    assert (done.state, done.rows_written, done.note) == ("done", 1500, "")
    assert_same(store.read(BTC_1M).rows, run_of(LONG_AGO, 1500))


@pytest.mark.parametrize("missing", MISSING)
async def test_a_hole_that_the_venue_shows_twice_is_its_own_and_stays_a_gap(
    store: CandleStore, binance: CandleServer, clock: PatientClock, missing: Callable[[Rows], Rows]
) -> None:
    binance.faults = [None, None, Edit(missing), Edit(missing)]
    end_ms = LONG_AGO + 1500 * MINUTE_MS
    done = await backfilled(store, binance, clock, LONG_AGO, end_ms)
    assert done.state is BackfillState.DONE
    assert "candles are missing from t_ms" in done.note
    assert done.rows_written < 1500
    later = await backfilled(store, binance, clock, LONG_AGO, end_ms)
    assert (later.state, done.rows_written + later.rows_written) == ("done", 1500)


async def test_a_page_with_two_different_holes_is_refused(
    store: CandleStore, binance: CandleServer, clock: PatientClock
) -> None:
    binance.faults = [None, None, Edit(without(4)), Edit(without(5))]
    failed = await backfilled(store, binance, clock, LONG_AGO, LONG_AGO + 1500 * MINUTE_MS)
    assert (failed.state, failed.rows_written) == ("failed", 1000)
    assert f"1 candles are missing from t_ms {LONG_AGO + 1005 * MINUTE_MS}" in failed.error


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("s", "ETH", "row 1: series: ETH 1m is not allowed; BTC 1m, as asked for"),
        ("i", "5m", "row 1: series: BTC 5m"),
        ("T", 7, "row 1: close time: 7"),
        ("c", None, "not the documented form"),
    ],
)
async def test_a_reply_about_something_else_is_refused(
    store: CandleStore, hyperliquid: CandleServer, clock: PatientClock, name: str, value: object, said: str
) -> None:
    def change(rows: Rows) -> Rows:
        assert isinstance(rows[0], dict)
        return [{**rows[0], name: value}, *rows[1:]]

    hyperliquid.faults = [Edit(change)]
    pages = HyperliquidCandles(hyperliquid.url)
    failed = await task_of(store, pages, clock, NOW - HOUR_MS, NOW, HL_1M).run()
    assert (failed.state, failed.rows_written) == ("failed", 0)
    assert said in failed.error


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        (Status(429, headers={"Retry-After": "7"}), 7 * 1.125),
        (Status(429), 1.125),
        (Status(503, b"try again later"), 1.125),
        (Status(500, headers={"Retry-After": "Sun, 01 Jun 2025 12:00:50 GMT"}), 20 * 1.125),
        (Silence(), 1.125),
    ],
)
async def test_a_busy_venue_is_asked_again_when_it_says(
    store: CandleStore, binance: CandleServer, clock: PatientClock, fault: Fault, pause: float
) -> None:
    binance.faults = [None, fault]
    done = await backfilled(store, binance, clock, FROM, FROM + 5 * MINUTE_MS)
    assert (done.state, done.rows_written, done.note) == ("done", 5, "")
    assert clock.pauses == [pytest.approx(pause)]


async def test_a_venue_that_stays_busy_ends_it(
    store: CandleStore, binance: CandleServer, clock: PatientClock
) -> None:
    binance.faults = [None, *[Status(429, b"too many")] * 6]
    failed = await backfilled(store, binance, clock, FROM, FROM + 5 * MINUTE_MS)
    assert (failed.state, failed.error) == (
        "failed",
        "binance: the request was refused, HTTP 429: too many",
    )
    assert clock.pauses == [pytest.approx(1.125 * 2**attempt) for attempt in range(5)]
    binance.faults = [None, Status(429, headers={"Retry-After": "3600"})]
    assert (await backfilled(store, binance, clock, FROM, FROM + MINUTE_MS)).state == "failed"


async def test_weight_that_others_used_up_is_waited_out(
    store: CandleStore, binance: CandleServer, clock: PatientClock
) -> None:
    binance.headers = {"X-MBX-USED-WEIGHT-1M": "1999"}
    await backfilled(store, binance, clock, FROM - 600 * MINUTE_MS, FROM + 600 * MINUTE_MS)
    # The venue's clock says 12:00:30: half a minute is left.
    assert clock.pauses == [30.0]


@pytest.mark.parametrize(
    ("pages", "key", "said"),
    [
        (BinanceCandles, SeriesKey("binance", "DOGE", Period.M1), "Invalid symbol"),
        (HyperliquidCandles, SeriesKey("hyperliquid", "DOGE", Period.M1), "the venue has no such coin"),
    ],
)
async def test_an_unknown_symbol_is_said(
    store: CandleStore,
    binance: CandleServer,
    hyperliquid: CandleServer,
    clock: PatientClock,
    pages: Callable[[str], CandlePages],
    key: SeriesKey,
    said: str,
) -> None:
    server = binance if key.venue == "binance" else hyperliquid
    failed = await task_of(store, pages(server.url), clock, FROM, NOW, key).run()
    assert failed.state is BackfillState.FAILED
    assert said in failed.error
    assert clock.pauses == []


async def test_a_venue_that_is_not_there_is_not_asked_again(store: CandleStore, clock: PatientClock) -> None:
    failed = await task_of(store, BinanceCandles("http://127.0.0.1:9"), clock).run()
    assert "cannot be reached" in failed.error
    assert clock.pauses == []
    with pytest.raises(InvalidInput, match="base URL: ftp://x"):
        BinanceCandles("ftp://x")


async def test_a_clock_ahead_of_the_venue_does_not_store_its_forming_candle(
    store: CandleStore, binance: CandleServer
) -> None:
    done = await backfilled(store, binance, PatientClock(NOW + 90_000), NOW - 10 * MINUTE_MS, NOW + HOUR_MS)
    assert done.state is BackfillState.DONE
    assert store.open_times(BTC_1M)[-1] == NOW - 30_000 - MINUTE_MS
    # However wrong it is, nothing is asked for beyond the venue's own time.
    clock = PatientClock(NOW + 365 * 24 * HOUR_MS)
    assert (await backfilled(store, binance, clock, NOW, clock.now_ms())).state is BackfillState.DONE
    assert len(binance.requests) == 4


async def test_a_cancelled_one_keeps_what_it_has_and_goes_on_later(
    store: CandleStore, binance: CandleServer, clock: PatientClock
) -> None:
    start_ms = NOW - 3000 * MINUTE_MS
    binance.faults = [None, None, Silence()]
    task = task_of(store, BinanceCandles(binance.url), clock, start_ms, NOW)
    running = asyncio.create_task(task.run())
    await asyncio.to_thread(binance.silent.wait)
    assert task.progress.state is BackfillState.RUNNING
    assert task.progress.percent == pytest.approx(100 / 3, abs=0.1)
    task.cancel()
    ended = await running
    assert (ended.state, ended.rows_written, ended.error) == ("cancelled", 1000, "")
    assert len(store.open_times(BTC_1M)) == 1000
    done = await backfilled(store, binance, clock, start_ms, NOW)
    assert (done.state, done.rows_written) == ("done", 1999)
    assert store.gaps(BTC_1M) == ()


async def test_one_cancelled_from_outside_or_before_it_began_says_so(
    store: CandleStore, binance: CandleServer, clock: PatientClock
) -> None:
    binance.faults = [Silence()]
    task = task_of(store, BinanceCandles(binance.url), clock)
    running = asyncio.create_task(task.run())
    await asyncio.to_thread(binance.silent.wait)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert task.progress.state is BackfillState.CANCELLED
    early = task_of(store, BinanceCandles(binance.url), clock)
    early.cancel()
    assert (await early.run()).state is BackfillState.CANCELLED
    assert len(binance.requests) == 1


def test_pages_cover_every_gap_once() -> None:
    gaps = [Gap(FROM, FROM + 5 * MINUTE_MS, 5), Gap(FROM + 9 * MINUTE_MS, FROM + 10 * MINUTE_MS, 1)]
    assert [
        ((page.start_ms - FROM) // MINUTE_MS, (page.end_ms - FROM) // MINUTE_MS)
        for page in pages_of(gaps, Period.M1, 2)
    ] == [(0, 2), (2, 4), (4, 5), (9, 10)]


def test_a_reply_is_judged_by_page_and_time_alone() -> None:
    page = Page(FROM, FROM + 4 * MINUTE_MS)
    candles = [candle_at(FROM + minute * MINUTE_MS) for minute in range(-1, 6)]
    closed_at = FROM + 4 * MINUTE_MS
    assert len(rows_to_store(page, candles[1:5], Period.M1, closed_at, "x")) == 4
    # One millisecond earlier the last one is still forming.
    assert len(rows_to_store(page, candles[1:5], Period.M1, closed_at - 1, "x")) == 3
    assert_same(
        rows_to_store(page, candles[1:4], Period.M1, closed_at - 1, "x"),
        series_at(FROM + minute * MINUTE_MS for minute in range(3)),
    )
    for reply, now_ms, said in (
        (candles[0:5], closed_at, "row 1: .* outside what was asked for"),
        (candles[1:6], closed_at, "row 5: .* outside what was asked for"),
        (candles[1:5], closed_at - MINUTE_MS - 1, "row 4: .* of the future"),
        (candles[2:5], closed_at, "1 candles are missing"),
    ):
        with pytest.raises(InvalidInput, match=said):
            rows_to_store(page, reply, Period.M1, now_ms, "x")
    late = Page(page.start_ms, page.end_ms, may_begin_late=True)
    assert len(rows_to_store(late, candles[3:5], Period.M1, closed_at, "x")) == 2
    assert len(rows_to_store(late, [], Period.M1, closed_at, "x")) == 0
    with pytest.raises(InvalidInput, match="1 candles are missing"):
        rows_to_store(late, [candles[1], candles[3], candles[4]], Period.M1, closed_at, "x")


def test_an_empty_range_is_refused(store: CandleStore, clock: PatientClock) -> None:
    with pytest.raises(InvalidInput, match="end: "):
        task_of(store, BinanceCandles("http://x"), clock, FROM, FROM)
