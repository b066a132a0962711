"""How the keys move the chart: periods, zoom, scrolling and the crosshair. Pure functions.

Each takes how the chart is looked at and returns how it is looked at afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.model.candle import Candle
from tui.market_view import FLOW_WINDOWS, MarketSettings
from tui.widgets.candle_picture import ZOOMS


class Shown(msgspec.Struct, frozen=True):
    """What the chart shows now: the candles in its columns, left to right, and what lies beyond.

    `first_loaded_ms` is when the oldest candle read opens, `now_ms` the market's time.
    """

    candles: tuple[Candle, ...]
    columns: int
    first_loaded_ms: int
    has_earlier: bool
    now_ms: int


def with_period(settings: MarketSettings, period: str) -> MarketSettings:
    """Return the settings with other candles; the time at the right edge stays."""
    return msgspec.structs.replace(settings, period=period)


def next_period(settings: MarketSettings, periods: Sequence[str], direction: int) -> MarketSettings:
    """Return the settings with the next longer or shorter candles."""
    if settings.period not in periods:
        return settings
    place = periods.index(settings.period) + direction
    return with_period(settings, periods[max(0, min(len(periods) - 1, place))])


def zoomed(settings: MarketSettings, direction: int) -> MarketSettings:
    """Return the settings with wider (1) or narrower (-1) candles."""
    return msgspec.structs.replace(settings, zoom=max(0, min(len(ZOOMS) - 1, settings.zoom + direction)))


def scrolled(settings: MarketSettings, shown: Shown, columns: int) -> MarketSettings:
    """Return the settings with the right edge moved by columns, towards the past if negative.

    It stops where the oldest candle on record stands at the left edge, and at now.
    """
    if not shown.candles:
        return settings
    step = settings.column_ms
    edge = settings.before_ms if settings.before_ms is not None else shown.candles[-1].open_ms + step
    moved = edge + columns * step
    if columns < 0 and not shown.has_earlier:
        moved = max(moved, min(edge, shown.first_loaded_ms + shown.columns * step))
    return at(settings, moved, shown.now_ms)


def at(settings: MarketSettings, edge_ms: int, now_ms: int) -> MarketSettings:
    """Return the settings with the right edge at a time; at now or later it follows the market."""
    before = None if edge_ms > now_ms else edge_ms
    return msgspec.structs.replace(settings, before_ms=before)


def with_cursor(settings: MarketSettings, shown: Shown, columns: int) -> MarketSettings:
    """Return the settings with the crosshair moved by columns; beyond an edge the chart scrolls.

    Without a crosshair it appears at the last candle.
    """
    opens = [candle.open_ms for candle in shown.candles]
    if not opens:
        return settings
    if settings.cursor_ms is None or not opens[0] <= settings.cursor_ms < opens[-1] + settings.column_ms:
        return msgspec.structs.replace(settings, cursor_ms=opens[-1])
    place = max(index for index, open_ms in enumerate(opens) if open_ms <= settings.cursor_ms) + columns
    if place < 0:
        settings = scrolled(settings, shown, place)
        return msgspec.structs.replace(
            settings, cursor_ms=max(opens[0] + place * settings.column_ms, shown.first_loaded_ms)
        )
    if place >= len(opens):
        if settings.before_ms is None:
            return msgspec.structs.replace(settings, cursor_ms=opens[-1])
        beyond = place - len(opens) + 1
        settings = scrolled(settings, shown, beyond)
        return msgspec.structs.replace(settings, cursor_ms=opens[-1] + beyond * settings.column_ms)
    return msgspec.structs.replace(settings, cursor_ms=opens[place])


def toggled_cursor(settings: MarketSettings, shown: Shown) -> MarketSettings:
    """Return the settings with a crosshair at the last candle, or without one."""
    if settings.cursor_ms is not None:
        return msgspec.structs.replace(settings, cursor_ms=None)
    return with_cursor(settings, shown, 0)


def next_window(settings: MarketSettings) -> MarketSettings:
    """Return the settings with the next longer window of order flow, after the last the first."""
    place = FLOW_WINDOWS.index(settings.window) if settings.window in FLOW_WINDOWS else -1
    return msgspec.structs.replace(settings, window=FLOW_WINDOWS[(place + 1) % len(FLOW_WINDOWS)])
