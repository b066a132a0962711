"""What a candle chart shows: candles, lines, marks and levels, cut and joined to columns."""

from __future__ import annotations

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from engine.model.candle import Candle
from engine.model.chart import ChartLine


class Zoom(msgspec.Struct, frozen=True):
    """How many candles one column joins, and how many cells a column is wide.

    Wide columns leave their last cell free, so that the body has an odd width and a middle.
    """

    candles: int
    cells: int

    @property
    def body(self) -> int:
        """How many cells a body is wide."""
        return max(1, self.cells - 1)


ZOOMS = (Zoom(8, 1), Zoom(4, 1), Zoom(2, 1), Zoom(1, 1), Zoom(1, 2), Zoom(1, 4), Zoom(1, 6))
"""From most candles to fewest."""

STANDARD_ZOOM = 4
"""The place of a candle a column, with a cell between them."""


class MarkKind(enum.StrEnum):
    """What happened at a candle."""

    FIRE = "fire"
    BUY = "buy"
    SELL = "sell"


class ChartMark(msgspec.Struct, frozen=True):
    """Something that happened at a time, shown at the candle it falls into."""

    ts_ms: int
    kind: MarkKind


class ChartLevel(msgspec.Struct, frozen=True):
    """A price to show as a level line, with a one-cell glyph before its label."""

    price: Decimal
    glyph: str
    role: str


class CandlePicture(msgspec.Struct, frozen=True):
    """Everything a chart shows; candles oldest first, lines with one value for each of them.

    `tick` is the price step labels are rounded to, `period_ms` how long a candle lasts, `cursor_ms`
    the opening time of the inspected candle. `follows` says that the right edge is now: some columns
    stay free there for the candles to come, so that the picture seldom shifts.
    """

    candles: tuple[Candle, ...] = ()
    lines: tuple[ChartLine, ...] = ()
    marks: tuple[ChartMark, ...] = ()
    levels: tuple[ChartLevel, ...] = ()
    zoom: Zoom = ZOOMS[STANDARD_ZOOM]
    period_ms: int = 60_000
    tick: Decimal = Decimal("0.01")
    cursor_ms: int | None = None
    has_volume: bool = True
    follows: bool = True


class Columns(msgspec.Struct, frozen=True):
    """What stands in each column from left to right, and how many free ones follow."""

    candles: tuple[Candle, ...]
    lines: tuple[ChartLine, ...]
    free: int


_FREE_SHARE = 10
"""One column of so many is kept free for the candles to come."""


def columns_in(picture: CandlePicture, count: int) -> Columns:
    """Return the candles and line values that `count` columns show, joined as the zoom says."""
    if not picture.candles or count < 1:
        return Columns((), (), max(0, count))
    joined = picture.zoom.candles
    length = joined * picture.period_ms
    free = 0
    if picture.follows and count >= 2 * _FREE_SHARE:
        free = -(picture.candles[-1].open_ms // length + 1) % (count // _FREE_SHARE)
    shown = count - free
    if joined == 1:
        lines = tuple(_last_values(line, shown) for line in picture.lines)
        return Columns(picture.candles[-shown:], lines, free)
    starts = [
        index
        for index, candle in enumerate(picture.candles)
        if index == 0 or candle.open_ms // length != picture.candles[index - 1].open_ms // length
    ][-shown:]
    ends = [*starts[1:], len(picture.candles)]
    candles = tuple(_join(picture.candles[start:end]) for start, end in zip(starts, ends, strict=True))
    lines = tuple(
        msgspec.structs.replace(line, values=tuple(line.values[end - 1] for end in ends))
        for line in picture.lines
    )
    return Columns(candles, lines, free)


def candles_wanted(zoom: Zoom, columns: int) -> int:
    """Return how many candles a chart of so many columns can show."""
    return zoom.candles * (columns + 1 if zoom.candles > 1 else columns)


class Inspected(msgspec.Struct, frozen=True):
    """The candle read out: all that share its column are one. `start` to `end` are their places."""

    candle: Candle
    start: int
    end: int


def inspected(picture: CandlePicture) -> Inspected:
    """Return the candle of the column under the cursor, or the last one; there is one at least."""
    candles, length = picture.candles, picture.period_ms * picture.zoom.candles
    index = len(candles) - 1
    if picture.cursor_ms is not None:
        index = max(0, bisect_right(candles, picture.cursor_ms, key=lambda candle: candle.open_ms) - 1)
    column = candles[index].open_ms // length
    start = bisect_left(candles, column, key=lambda candle: candle.open_ms // length)
    end = bisect_right(candles, column, key=lambda candle: candle.open_ms // length)
    return Inspected(_join(candles[start:end]), start, end)


def _last_values(line: ChartLine, count: int) -> ChartLine:
    return line if len(line.values) <= count else msgspec.structs.replace(line, values=line.values[-count:])


def _join(candles: Sequence[Candle]) -> Candle:
    """Return several candles as one."""
    first, last = candles[0], candles[-1]
    return Candle(
        first.open_ms,
        first.open,
        max(candle.high for candle in candles),
        min(candle.low for candle in candles),
        last.close,
        sum(candle.volume for candle in candles),
        last.closed,
    )
