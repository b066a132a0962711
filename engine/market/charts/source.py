"""Charts: a window of candles with indicator lines, cheap enough to be asked for at every repaint.

A request is answered from what the last equal one left: the same chart if nothing has moved, the
same closed candles with a new last entry if only the forming candle has, and a new window, cut from
histories that are carried forward, when a candle has closed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import msgspec

from engine.errors import InvalidInput
from engine.market.charts.history import ChartHistory
from engine.market.indicators import IndicatorDefinition, indicator_lines
from engine.market.periods import Period, parse_period
from engine.model.candle import Candle
from engine.model.chart import Chart, ChartLine, ChartRequest

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries

MOST_CANDLES = 2000
MOST_INDICATORS = 32
KEPT_HISTORIES = 24
KEPT_WINDOWS = 64


class ChartMarket(Protocol):
    """Where charts get their candles; both methods may be called from any thread."""

    def minutes(self, symbol: str) -> CandleSeries:
        """Return every closed minute on record; raises `NotFound` for an unknown symbol."""
        ...

    def forming(self, symbol: str, period: Period) -> Candle | None:
        """Return the candle that has not closed yet, None where prices have formed none."""
        ...


class _Window(msgspec.Struct, frozen=True, eq=False):
    """The closed part of a chart, and the chart last made of it with the forming candle it shows."""

    history: ChartHistory
    closed_count: int
    candles: tuple[Candle, ...]
    lines: tuple[tuple[float | None, ...], ...]
    has_earlier: bool
    forming: Candle | None
    chart: Chart


class ChartSource:
    """Answers chart requests from any thread, one at a time."""

    def __init__(self, market: ChartMarket) -> None:
        self._market = market
        self._lock = threading.Lock()
        self._histories: dict[tuple[str, Period], ChartHistory] = {}
        self._windows: dict[ChartRequest, _Window] = {}

    def chart(self, request: ChartRequest) -> Chart:
        """Return candles with indicator lines.

        An indicator of several lines gives them all, with its name as their `group`. Values that are
        missing or infinite are None. Raises `NotFound` for an unknown symbol or indicator,
        `InvalidInput` for a period, a limit (1 to `MOST_CANDLES`) or an indicator's parameter.
        """
        period = parse_period(request.period)
        if not 1 <= request.limit <= MOST_CANDLES:
            raise InvalidInput.of("limit", request.limit, f"allowed is 1 to {MOST_CANDLES} candles")
        if len(request.indicators) > MOST_INDICATORS:
            raise InvalidInput.of(
                "indicators", len(request.indicators), f"allowed are {MOST_INDICATORS} at most"
            )
        definitions = _lines(request.indicators)
        with self._lock:
            # Forming first: should its candle close in between, it is seen to be old, not missed.
            forming = self._market.forming(request.symbol, period)
            history = self._history(request.symbol, period)
            return self._chart(request, history, definitions, forming)

    def _history(self, symbol: str, period: Period) -> ChartHistory:
        minutes = self._market.minutes(symbol)
        key = (symbol, period)
        history = self._histories.pop(key, None)
        if history is not None and history.continues_in(minutes):
            history.take(minutes)
        else:
            if history is not None:
                self._windows.clear()  # some are of the history that is replaced
            history = ChartHistory(minutes, period)
        _keep(self._histories, key, history, KEPT_HISTORIES)
        return history

    def _chart(
        self,
        request: ChartRequest,
        history: ChartHistory,
        definitions: tuple[IndicatorDefinition, ...],
        forming: Candle | None,
    ) -> Chart:
        closed = history.closed()
        forming = _still_forming(forming or history.forming(), closed, request.before_ms)
        window = self._windows.pop(request, None)
        same_closed = (
            window is not None
            and window.history is history
            and window.closed_count == len(closed)
            and (window.forming is None) == (forming is None)
        )
        if window is None or not same_closed:
            window = _cut(request, history, closed, definitions, forming)
        elif window.forming != forming and forming is not None:
            window = _with_forming(window, definitions, forming)
        _keep(self._windows, request, window, KEPT_WINDOWS)
        return window.chart


def _lines(names: tuple[str, ...]) -> tuple[IndicatorDefinition, ...]:
    found = {line.name: line for name in names for line in indicator_lines(name)}
    return tuple(found.values())


def _still_forming(candle: Candle | None, closed: CandleSeries, before_ms: int | None) -> Candle | None:
    if candle is None or (before_ms is not None and candle.open_ms >= before_ms):
        return None
    return candle if len(closed) == 0 or candle.open_ms > closed.open_ms[-1] else None


def _cut(
    request: ChartRequest,
    history: ChartHistory,
    closed: CandleSeries,
    definitions: tuple[IndicatorDefinition, ...],
    forming: Candle | None,
) -> _Window:
    stop = len(closed) if request.before_ms is None else int(closed.open_ms.searchsorted(request.before_ms))
    start = max(0, stop - request.limit + (forming is not None))
    candles = closed.slice(start, stop).candles()
    lines = tuple(tuple(history.line(each, start, stop)) for each in definitions)
    chart = Chart(
        request.symbol,
        str(history.period),
        candles,
        tuple(
            ChartLine(each.name, each.group, each.place, values)
            for each, values in zip(definitions, lines, strict=True)
        ),
        start > 0,
    )
    window = _Window(history, len(closed), candles, lines, start > 0, None, chart)
    return window if forming is None else _with_forming(window, definitions, forming)


def _with_forming(window: _Window, definitions: tuple[IndicatorDefinition, ...], forming: Candle) -> _Window:
    lines = tuple(
        ChartLine(each.name, each.group, each.place, (*values, window.history.peek(each, forming)))
        for each, values in zip(definitions, window.lines, strict=True)
    )
    chart = Chart(
        window.chart.symbol, window.chart.period, (*window.candles, forming), lines, window.has_earlier
    )
    return msgspec.structs.replace(window, forming=forming, chart=chart)


def _keep[Key, Value](kept: dict[Key, Value], key: Key, value: Value, most: int) -> None:
    """Put `value` at the end, dropping what has been at the front, unused, for longest."""
    kept[key] = value
    if len(kept) > most:
        del kept[next(iter(kept))]
