"""The price with what was traded on it: candles, and of each trade the entry, the exit, the way between."""

from __future__ import annotations

from collections.abc import Sequence

from engine.backtest.report.chart_figure import (
    Frame,
    chart_figure,
    dots_path,
    frame_of,
    line_path,
    shape,
)
from engine.backtest.report.markup import Markup
from engine.backtest.report.price_chart import PriceChart
from engine.model.backtest import BacktestTrade

HEIGHT = 320
MARKED_TRADES = 20_000
"""Beyond this a page would be too heavy for the dots it shows."""
DOT_SIZES = ((150, "large"), (1_500, "small"), (MARKED_TRADES, "tiny"))
"""Up to how many trades their dots have which size."""
_LONE_CANDLE_MS = 60_000
_BODY = 0.7
_LEGEND = (
    ("long-entry", "long entry"),
    ("short-entry", "short entry"),
    ("gain", "exit with a profit"),
    ("loss", "exit with a loss"),
)


def price_figure(price: PriceChart, trades: Sequence[BacktestTrade]) -> Markup | None:
    """Return the chart of a symbol's price and trades, None without a candle."""
    if not price.ts_ms:
        return None
    span_ms = price.ts_ms[-1] - price.ts_ms[0]
    pitch_ms = span_ms / (len(price.ts_ms) - 1) if span_ms else _LONE_CANDLE_MS
    frame = frame_of(
        price.ts_ms[0], round(price.ts_ms[-1] + pitch_ms), HEIGHT, min(price.low), max(price.high)
    )
    marked = [trade for trade in trades if trade.symbol == price.symbol][:MARKED_TRADES]
    scale = " (logarithmic)" if frame.y.is_log else ""
    return chart_figure(
        "price",
        f"{price.symbol} price and trades{scale}",
        frame,
        [*_candles(price, frame, pitch_ms), *_marks(marked, frame)],
        {"t": price.ts_ms, "open": price.open, "high": price.high, "low": price.low, "close": price.close},
        _LEGEND,
    )


def _candles(price: PriceChart, frame: Frame, pitch_ms: float) -> list[Markup]:
    """Return four shapes, since a page of a thousand would be slow: wicks and bodies, up and down."""
    wicks: dict[bool, list[str]] = {True: [], False: []}
    bodies: dict[bool, list[str]] = {True: [], False: []}
    pitch = frame.x(frame.start_ms + pitch_ms)
    width = pitch * _BODY
    for at, open_, high, low, close in zip(
        price.ts_ms, price.open, price.high, price.low, price.close, strict=True
    ):
        left, rose = frame.x(at), close >= open_
        top, bottom = frame.y(max(open_, close)), frame.y(min(open_, close))
        wicks[rose].append(f"M{left + pitch / 2:.2f} {frame.y(high):.1f}V{frame.y(low):.1f}")
        corner, height = left + (pitch - width) / 2, max(bottom - top, 0.6)
        bodies[rose].append(f"M{corner:.2f} {top:.1f}h{width:.2f}v{height:.1f}h{-width:.2f}z")
    return [
        shape("".join(paths[rose]), f"{part} {'rise' if rose else 'fall'}")
        for part, paths in (("wick", wicks), ("body", bodies))
        for rose in (True, False)
    ]


def _marks(trades: Sequence[BacktestTrade], frame: Frame) -> list[Markup]:
    dots: dict[str, list[tuple[float, float]]] = {mark: [] for mark, _ in _LEGEND}
    ways: dict[str, list[str]] = {"gain": [], "loss": []}
    for trade in trades:
        entry = (frame.x(trade.entry_ms), frame.y(float(trade.entry_price)))
        dots["long-entry" if trade.side == "long" else "short-entry"].append(entry)
        if trade.exit_ms is not None and trade.exit_price is not None:
            exit_ = (frame.x(trade.exit_ms), frame.y(float(trade.exit_price)))
            result = "gain" if trade.pnl > 0 else "loss"
            dots[result].append(exit_)
            ways[result].append(line_path([entry, exit_]))
    size = next(name for most, name in DOT_SIZES if len(trades) <= most)
    return [
        *(shape("".join(paths), f"way {result}") for result, paths in ways.items()),
        *(shape(dots_path(places), f"dot {size} {mark}") for mark, places in dots.items()),
    ]
