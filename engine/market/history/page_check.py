"""Which pages a backfill asks for, and whether a venue's reply may be stored: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from engine.errors import InvalidInput
from engine.market.candles.series import CandleSeries
from engine.market.history.gaps import Gap, missing_in
from engine.market.history.row_checks import check_rows
from engine.market.periods import Period
from engine.model.candle import Candle


class CandlesMissing(InvalidInput):
    """A reply leaves candles out that were asked for."""

    code = "invalid_input"


class Page(msgspec.Struct, frozen=True):
    """Candles to ask for: those that open from `start_ms` until before `end_ms`.

    `may_begin_late` where the venue's record itself may begin inside the page, `may_have_holes` where
    the venue has said twice which candles it does not have.
    """

    start_ms: int
    end_ms: int
    may_begin_late: bool = False
    may_have_holes: bool = False


def pages_of(gaps: Iterable[Gap], period: Period, rows: int) -> Iterator[Page]:
    """Yield the pages of at most `rows` candles that fill `gaps`, in the order of time."""
    for gap in gaps:
        for start_ms in range(gap.start_ms, gap.end_ms, rows * period.length_ms):
            yield Page(start_ms, min(start_ms + rows * period.length_ms, gap.end_ms))


def rows_to_store(
    page: Page, candles: Iterable[Candle], period: Period, now_ms: int, source: str
) -> CandleSeries:
    """Return the closed candles of a reply, complete as far as `now_ms` (the venue's) allows.

    Raises `CandlesMissing` for a reply with a gap, `InvalidInput` for one with a row outside the page,
    out of order, twice, off the period's grid or that no market could have traded; only its last
    candle may be forming.
    """
    reply = CandleSeries.of(candles)
    check_rows(reply, period, source)
    outside = (reply.open_ms < page.start_ms) | (reply.open_ms >= page.end_ms)
    if outside.any():
        raise _refused(source, int(np.argmax(outside)), reply, "a candle outside what was asked for")
    closed = int(np.searchsorted(reply.open_ms, now_ms - period.length_ms, side="right"))
    if len(reply) - closed > 1:
        raise _refused(source, closed + 1, reply, "a candle of the future")
    # A forming candle opens the last place; everything before it has to be there.
    end_ms = min(page.end_ms, period.open_of(now_ms))
    begins_ms = page.start_ms
    if page.may_begin_late:
        begins_ms = int(reply.open_ms[0]) if len(reply) else end_ms
    missing = missing_in(reply.open_ms, period, begins_ms, end_ms)
    if missing and not page.may_have_holes:
        gap = missing[0]
        raise CandlesMissing(
            f"{source}: {gap.missing} candles are missing from t_ms {gap.start_ms}; "
            "nothing of this page is stored",
            source=source,
            field="t_ms",
            value=str(gap.start_ms),
        )
    return reply.slice(0, closed)


def _refused(source: str, index: int, reply: CandleSeries, what: str) -> InvalidInput:
    return InvalidInput(
        f"{source}: row {index + 1}: t_ms {int(reply.open_ms[index])} is {what}; "
        "nothing of this page is stored",
        source=source,
        row=str(index + 1),
        field="t_ms",
    )
