"""Charts: candles with indicator lines, as a screen or a client asks for them."""

from __future__ import annotations

import enum

import msgspec

from engine.model.candle import Candle


class ChartRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which candles with which indicators: the last `limit`, or those that open before `before_ms`."""

    symbol: str
    period: str
    indicators: tuple[str, ...] = ()
    limit: int = 300
    before_ms: int | None = None


class ChartPlace(enum.StrEnum):
    """Where a line belongs: over the candles, or in a pane below them with a scale of its own."""

    PRICE = "price"
    BELOW = "below"


class ChartLine(msgspec.Struct, frozen=True):
    """One line: `values` has one entry for each candle, None where the indicator is missing.

    `group` is the indicator the line belongs to, such as `BOLL` for `BOLL_UPPER`; the entry of the
    forming candle is what the indicator would be if the candle closed as it is now.
    """

    name: str
    group: str
    place: ChartPlace
    values: tuple[float | None, ...]


class Chart(msgspec.Struct, frozen=True):
    """Candles oldest first; only the last one may be forming (`closed` False).

    `has_earlier` tells whether candles before the first one are on record.
    """

    symbol: str
    period: str
    candles: tuple[Candle, ...]
    lines: tuple[ChartLine, ...]
    has_earlier: bool


class IndicatorInfo(msgspec.Struct, frozen=True):
    """An indicator that can be put on a chart or into a signal: its name, form and meaning."""

    name: str
    label: str
    place: ChartPlace
    outputs: tuple[str, ...]
    meaning: str


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How well a symbol's feed does: its age in market time, and what was wrong since the start.

    `book` is `true`, `lost` (being resynced) or `none`. `out_of_order` counts events that were older
    than what had been seen and were dropped, `crossed` the books and quotes refused for bid ≥ ask,
    `missing_trades` the trades that holes in their ids show to be missing.
    """

    symbol: str
    quote_age_ms: int | None
    is_stale: bool
    book: str
    resyncs: int
    out_of_order: int
    crossed: int
    missing_trades: int = 0
