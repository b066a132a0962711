"""The market of a run as candles with its entries and exits, from the best source there is.

The desk's own candles are used where they cover the run and agree with its trades. A run over files or
stored candles the desk does not know is drawn from its own result: the curve of buying and holding moves
as the first symbol's price does, and of other symbols the prices of their fills are known.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from statistics import median

import msgspec

from engine.desk import Desk
from engine.errors import DeskError
from engine.model.backtest import BacktestResult, BacktestTrade
from engine.model.candle import Candle
from engine.model.chart import ChartRequest
from tui.market_view import period_ms
from tui.widgets.candle_picture import (
    ZOOMS,
    CandlePicture,
    ChartLevel,
    ChartMark,
    MarkKind,
    Zoom,
)

LEAST_COLUMNS = 24
MOST_ASKED = 2_000
"""The desk gives at most so many candles at once."""
AGREEMENT = 0.02
"""A fill this far, as a share, outside the candle of its time shows that the candles are another market's."""
CHECKED_TRADES = 20
LONG = "long"
_MARGIN = 1.0
"""Around one trade as much time is shown on each side as it lasted."""
_LEAST_MARGIN_MS = 15 * 60_000


class PricePicture(msgspec.Struct, frozen=True, kw_only=True):
    """Candles with marks, and in words where the prices come from."""

    candles: CandlePicture
    source: str
    shown_trades: int


def price_picture(
    desk: Desk, result: BacktestResult, symbol: str, trade: BacktestTrade | None, columns: int
) -> PricePicture:
    """Return the market of a run's symbol, or of one trade of it, in at most so many columns."""
    columns = max(LEAST_COLUMNS, columns)
    start_ms, end_ms = _span(result, trade)
    trades = [item for item in result.trades if item.symbol == symbol]
    found, source = _desk_candles(desk, symbol, start_ms, end_ms, trades), "the desk's candles"
    if not found:
        found, source = _known_prices(result, symbol, trades)
    candles, length = _joined(found, start_ms, end_ms, columns)
    near = [item for item in trades if start_ms <= (item.exit_ms or end_ms) and item.entry_ms <= end_ms]
    return PricePicture(
        candles=CandlePicture(
            candles=candles,
            marks=_marks(near, start_ms, length),
            levels=tuple(_levels(trade)) if trade is not None else (),
            zoom=_zoom(len(candles), columns),
            period_ms=length,
            tick=_tick(candles),
            cursor_ms=trade.entry_ms if trade is not None else None,
            has_volume=False,
            follows=False,
        ),
        source=source,
        shown_trades=len(near),
    )


def _span(result: BacktestResult, trade: BacktestTrade | None) -> tuple[int, int]:
    if trade is None:
        return result.start_ms, result.end_ms
    exit_ms = trade.exit_ms if trade.exit_ms is not None else result.end_ms
    margin = max(_LEAST_MARGIN_MS, int((exit_ms - trade.entry_ms) * _MARGIN))
    return max(result.start_ms, trade.entry_ms - margin), min(result.end_ms, exit_ms + margin)


def _desk_candles(
    desk: Desk, symbol: str, start_ms: int, end_ms: int, trades: Sequence[BacktestTrade]
) -> tuple[Candle, ...]:
    """Return the desk's candles of the span, as short as it gives; none where they are not of this run."""
    fitting = (name for name in desk.markets.periods() if (end_ms - start_ms) // period_ms(name) < MOST_ASKED)
    period = next(fitting, "")
    if not period:
        return ()
    length = period_ms(period)
    limit = min(MOST_ASKED, (end_ms - start_ms) // length + 2)
    try:
        chart = desk.markets.chart(
            ChartRequest(symbol=symbol, period=period, limit=limit, before_ms=end_ms + length)
        )
    except DeskError:
        return ()
    candles = tuple(candle for candle in chart.candles if start_ms <= candle.open_ms < end_ms)
    if not candles or candles[0].open_ms > start_ms + 2 * length or candles[-1].open_ms < end_ms - 3 * length:
        return ()
    return candles if _agree(candles, length, trades) else ()


def _agree(candles: Sequence[Candle], length: int, trades: Sequence[BacktestTrade]) -> bool:
    """Tell whether the fills of trades lie within the candles of their time."""
    for trade in trades[:: max(1, len(trades) // CHECKED_TRADES)]:
        place = bisect_left(candles, trade.entry_ms - length + 1, key=lambda candle: candle.open_ms)
        if place < len(candles) and candles[place].open_ms <= trade.entry_ms:
            candle, price = candles[place], float(trade.entry_price)
            if not candle.low * (1 - AGREEMENT) <= price <= candle.high * (1 + AGREEMENT):
                return False
    return True


def _known_prices(
    result: BacktestResult, symbol: str, trades: Sequence[BacktestTrade]
) -> tuple[tuple[Candle, ...], str]:
    """Return the prices a result itself holds, as candles of one price, and what they are in words."""
    fills = [(trade.entry_ms, float(trade.entry_price)) for trade in trades]
    exits = [
        (trade.exit_ms, float(trade.exit_price))
        for trade in trades
        if trade.exit_ms is not None and trade.exit_price is not None
    ]
    curve = result.curve
    if symbol != result.request.symbols[0] or not curve.benchmark:
        return _points(fills + exits), "the prices of its fills"
    scale = _price_of_benchmark(result, fills)
    held = [(ts_ms, value * scale) for ts_ms, value in zip(curve.ts_ms, curve.benchmark, strict=True)]
    return _points(held + fills + exits), "the run's own curve of holding it"


def _points(prices: Iterable[tuple[int, float]]) -> tuple[Candle, ...]:
    return tuple(Candle(ts_ms, price, price, price, price, 0.0) for ts_ms, price in sorted(prices))


def _price_of_benchmark(result: BacktestResult, fills: Iterable[tuple[int, float]]) -> float:
    """Return what a price is for one of the benchmark: the middle over the fills, 1 without any."""
    curve, ratios = result.curve, []
    for ts_ms, price in fills:
        place = min(len(curve.ts_ms) - 1, bisect_left(curve.ts_ms, ts_ms))
        if curve.benchmark[place] > 0:
            ratios.append(price / curve.benchmark[place])
    return median(ratios) if ratios else 1.0


def _joined(
    candles: Sequence[Candle], start_ms: int, end_ms: int, columns: int
) -> tuple[tuple[Candle, ...], int]:
    """Return candles joined to one for each of at most `columns` stretches, and a stretch's length."""
    length = max(1, -(-(end_ms - start_ms) // columns))
    stretches: dict[int, list[Candle]] = {}
    for candle in candles:
        if start_ms <= candle.open_ms <= end_ms:
            stretches.setdefault((candle.open_ms - start_ms) // length, []).append(candle)
    joined = tuple(
        Candle(
            start_ms + place * length,
            parts[0].open,
            max(part.high for part in parts),
            min(part.low for part in parts),
            parts[-1].close,
            0.0,
        )
        for place, parts in sorted(stretches.items())
    )
    return joined, length


def _marks(trades: Iterable[BacktestTrade], start_ms: int, length: int) -> tuple[ChartMark, ...]:
    """Return the fills, of those of a kind in one stretch the first: there is one place for them."""
    marks: dict[tuple[int, MarkKind], ChartMark] = {}
    for trade in trades:
        into, out = (MarkKind.BUY, MarkKind.SELL) if trade.side == LONG else (MarkKind.SELL, MarkKind.BUY)
        left_ms = trade.exit_ms if trade.exit_price is not None else None
        for ts_ms, kind in ((trade.entry_ms, into), (left_ms, out)):
            if ts_ms is not None:
                marks.setdefault(((ts_ms - start_ms) // length, kind), ChartMark(ts_ms, kind))
    return tuple(marks.values())


def _levels(trade: BacktestTrade) -> Iterable[ChartLevel]:
    yield ChartLevel(trade.entry_price, "=", "accent")
    if trade.exit_price is not None:
        yield ChartLevel(trade.exit_price, "·", "gain" if trade.pnl > 0 else "loss")


def _zoom(candles: int, columns: int) -> Zoom:
    """Return the widest columns that show all candles."""
    wide = [zoom for zoom in ZOOMS if candles <= zoom.candles * (columns // zoom.cells)]
    return wide[-1] if wide else ZOOMS[0]


def _tick(candles: Sequence[Candle]) -> Decimal:
    """Return a step that tells these prices apart: five figures of the highest one."""
    highest = max((candle.high for candle in candles), default=0.0)
    if highest <= 0:
        return Decimal("0.01")
    return min(Decimal(1), Decimal(1).scaleb(Decimal(repr(highest)).adjusted() - 4))
