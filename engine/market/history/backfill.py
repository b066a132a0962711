"""Fetches what is missing of a series from its venue, page by page, and stores each page at once.

A task can be cancelled at any moment and started again later: it fetches only what is not stored.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from engine.clock import Clock
from engine.errors import DeskError, InvalidInput, Unavailable
from engine.market.history.candle_store import CandleStore
from engine.market.history.gaps import missing_in
from engine.market.history.page_check import CandlesMissing, Page, pages_of, rows_to_store
from engine.market.history.series_key import SeriesKey

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries
    from engine.model.candle import Candle

MAX_RETRIES = 5
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 300.0
JITTER = 0.25


class CandlePage(Protocol):
    """A venue's reply: its candles, its own time if it told it, and the pause its limits ask for."""

    @property
    def candles(self) -> tuple[Candle, ...]:
        """The rows as the venue sent them."""
        ...

    @property
    def server_ms(self) -> int | None:
        """The venue's time when it answered."""
        ...

    @property
    def pause_seconds(self) -> float:
        """How long to wait before the next request."""
        ...


class FirstCandle(Protocol):
    """Where a venue's record of a series begins, and what to tell a person who asks for more."""

    @property
    def open_ms(self) -> int:
        """When the first candle that can be fetched opens."""
        ...

    @property
    def is_exact(self) -> bool:
        """Whether that candle is known to be there; otherwise the record may begin later."""
        ...

    @property
    def why(self) -> str:
        """Why there is nothing earlier, as a sentence."""
        ...


class CandlePages(Protocol):
    """A venue's public candles.

    Both methods raise `Unavailable`, with `retry_after` (seconds) in its details where asking again
    makes sense, `NotFound` for a symbol the venue does not have, and `InvalidInput` for a reply that is
    not of the documented form or about something else.
    """

    page_rows: int

    async def first(self, symbol: str, period: str, length_ms: int, now_ms: int) -> FirstCandle:
        """Return where the venue's record begins."""
        ...

    async def page(self, symbol: str, period: str, length_ms: int, start_ms: int, end_ms: int) -> CandlePage:
        """Return the candles that open from `start_ms` until before `end_ms`, at most `page_rows`."""
        ...

    async def close(self) -> None:
        """Give up the connection."""
        ...


class BackfillState(enum.StrEnum):
    """What a backfill does."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BackfillProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a backfill is.

    `percent` is of the candles that were missing when it began. `note` tells what a person should
    know: that the venue's record begins later than asked, or that a request is being repeated.
    """

    task_id: str
    key: SeriesKey
    start_ms: int
    end_ms: int
    state: BackfillState = BackfillState.WAITING
    percent: float = 0.0
    rows_written: int = 0
    note: str = ""
    error: str = ""


class BackfillTask:
    """One backfill; belongs to one event loop, while `progress` may be read from any thread."""

    def __init__(
        self,
        task_id: str,
        key: SeriesKey,
        start_ms: int,
        end_ms: int,
        *,
        store: CandleStore,
        pages: CandlePages,
        clock: Clock,
    ) -> None:
        if start_ms >= end_ms:
            raise InvalidInput.of("end", end_ms, f"after the start, {start_ms}")
        self._key = key
        self._store = store
        self._pages = pages
        self._clock = clock
        self._work: asyncio.Task[None] | None = None
        self._cancelled = False
        self._progress = BackfillProgress(task_id=task_id, key=key, start_ms=start_ms, end_ms=end_ms)

    @property
    def progress(self) -> BackfillProgress:
        """How far it is."""
        return self._progress

    def cancel(self) -> None:
        """End it after what it is storing right now; everything stored stays."""
        self._cancelled = True
        if self._work is not None:
            self._work.cancel()

    async def run(self) -> BackfillProgress:
        """Fetch until nothing is missing, it is cancelled or it fails, and return how it ended."""
        if self._cancelled:
            self._update(state=BackfillState.CANCELLED)
            return self._progress
        self._update(state=BackfillState.RUNNING)
        self._work = asyncio.create_task(self._fill())
        try:
            await self._work
            self._update(state=BackfillState.DONE, percent=100.0)
        except asyncio.CancelledError:
            self._update(state=BackfillState.CANCELLED)
            if not self._cancelled:
                raise
        except DeskError as error:
            self._update(state=BackfillState.FAILED, error=error.message)
        except BaseException as error:
            self._update(state=BackfillState.FAILED, error=repr(error))
            raise
        finally:
            await self._pages.close()
        return self._progress

    async def _fill(self) -> None:
        period = self._key.period
        now_ms = self._clock.now_ms()
        start_ms = _next_open(self._key, self._progress.start_ms)
        end_ms = min(_next_open(self._key, self._progress.end_ms), period.open_of(now_ms))
        symbol = self._key.symbol
        first = await self._with_retries(
            lambda: self._pages.first(symbol, period.value, period.length_ms, now_ms)
        )
        if first.open_ms > start_ms:
            start_ms = _next_open(self._key, first.open_ms)
            self._update(note=first.why)
        stored = await asyncio.to_thread(self._store.open_times, self._key)
        gaps = missing_in(stored, period, start_ms, end_ms)
        wanted = sum(gap.missing for gap in gaps)
        passed = 0
        may_begin_late = not first.is_exact and bool(gaps) and gaps[0].start_ms == start_ms
        for page in pages_of(gaps, period, self._pages.page_rows):
            passed += (page.end_ms - page.start_ms) // period.length_ms
            asked = msgspec.structs.replace(page, may_begin_late=may_begin_late)
            reply, rows, venue_ms = await self._fetch(asked)
            await self._keep(rows)
            may_begin_late = may_begin_late and len(rows) == 0
            self._update(percent=100.0 * passed / wanted)
            if passed == wanted or venue_ms < page.end_ms:
                return
            await self._clock.sleep(reply.pause_seconds)

    async def _fetch(self, page: Page) -> tuple[CandlePage, CandleSeries, int]:
        """Ask for a page; where candles are missing, ask once more, and believe the same answer."""
        reply, now_ms = await self._ask(page)
        try:
            return reply, self._checked(page, reply, now_ms), now_ms
        except CandlesMissing as missing:
            await self._clock.sleep(reply.pause_seconds)
            again, now_ms = await self._ask(page)
            if again.candles != reply.candles:
                return again, self._checked(page, again, now_ms), now_ms
            holes = msgspec.structs.replace(page, may_have_holes=True)
            rows = self._checked(holes, again, now_ms)
            where = missing.message.removesuffix("; nothing of this page is stored")
            self._update(note=f"{where}: the venue says so twice, it has none")
            return again, rows, now_ms

    def _checked(self, page: Page, reply: CandlePage, now_ms: int) -> CandleSeries:
        source = f"reply of {self._key} from t_ms {page.start_ms}"
        return rows_to_store(page, reply.candles, self._key.period, now_ms, source)

    async def _ask(self, page: Page) -> tuple[CandlePage, int]:
        period = self._key.period
        reply = await self._with_retries(
            lambda: self._pages.page(
                self._key.symbol, period.value, period.length_ms, page.start_ms, page.end_ms
            )
        )
        now_ms = self._clock.now_ms()
        if reply.server_ms is not None:
            # Of two clocks the earlier one: a candle that either calls forming is not stored.
            now_ms = min(now_ms, reply.server_ms)
        return reply, now_ms

    async def _keep(self, rows: CandleSeries) -> None:
        if len(rows):
            # Shielded, so that the count below is right even when it is cancelled meanwhile.
            writing = asyncio.create_task(asyncio.to_thread(self._store_rows, rows))
            try:
                await asyncio.shield(writing)
            finally:
                self._update(rows_written=self._progress.rows_written + await writing)

    def _store_rows(self, rows: CandleSeries) -> int:
        with self._store.writing([self._key]) as writers:
            added = writers[self._key].add(rows, f"reply of {self._key}")
            writers[self._key].commit()
        return added.added

    async def _with_retries[T](self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask again, later each time, while the venue is busy and says that asking again makes sense."""
        for attempt in range(MAX_RETRIES + 1):
            try:
                return await ask()
            except Unavailable as error:
                if "retry_after" not in error.details or attempt == MAX_RETRIES:
                    raise
                pause = max(float(error.details["retry_after"]), FIRST_RETRY_SECONDS * 2**attempt)
                if pause > LONGEST_RETRY_SECONDS:
                    raise
                # Many who were refused at once must not come back at once.
                pause *= 1 + JITTER * (self._clock.monotonic() % 1)
                note = self._progress.note
                self._update(note=f"{error.message}; asking again in {pause:.0f} s")
                await self._clock.sleep(pause)
                self._update(note=note)
        raise AssertionError("the last attempt returns or raises")

    def _update(self, **changes: object) -> None:
        self._progress = msgspec.structs.replace(self._progress, **changes)


def _next_open(key: SeriesKey, ts_ms: int) -> int:
    """Return `ts_ms` if a candle opens then, else when the next one does."""
    return key.period.close_of(ts_ms - 1)
