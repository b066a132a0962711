"""How many trades returned how much."""

from __future__ import annotations

from collections.abc import Sequence

from engine.backtest.report.markup import Markup, element
from engine.backtest.report.scales import Scale, compact_text
from engine.model.backtest import BacktestTrade

WIDTH = 520
HEIGHT = 170
ROOM_BELOW = 26
ROOM_ABOVE = 16
MOST_BINS_A_SIDE = 20


def result_histogram(trades: Sequence[BacktestTrade]) -> Markup | None:
    """Return a histogram of the returns of closed trades, None for fewer than two.

    The outermost hundredth on either side is counted in the outermost bars.
    """
    returns = sorted(trade.return_pct for trade in trades if trade.exit_ms is not None)
    if len(returns) < 2:
        return None
    edge = len(returns) // 100
    reach = max(abs(returns[edge]), abs(returns[-1 - edge]), 1e-6)
    half = min(MOST_BINS_A_SIDE, round(len(returns) ** 0.5) + 2)
    counts = [0] * (2 * half)
    for value in returns:
        counts[min(2 * half - 1, max(0, int((value / reach + 1) * half)))] += 1
    drawing = element(
        "svg",
        element("line", x1=0, x2=WIDTH, y1=HEIGHT, y2=HEIGHT, class_="axis"),
        *_bars(counts, reach),
        *_labels(reach),
        element("text", f"most in one bar: {compact_text(max(counts))}", x=0, y=11),
        viewBox=f"0 0 {WIDTH} {HEIGHT + ROOM_BELOW}",
        role="img",
        aria_label="Trades by return",
        class_="histogram",
    )
    return element("figure", element("figcaption", element("h3", "Trades by return")), drawing)


def _bars(counts: Sequence[int], reach: float) -> list[Markup]:
    scale = Scale(0, max(counts), HEIGHT, ROOM_ABOVE)
    half, width = len(counts) // 2, WIDTH / len(counts)
    bars: list[Markup] = []
    for index, count in enumerate(counts):
        low, high = (_percent(border / half - 1, reach) for border in (index, index + 1))
        bar = element(
            "rect",
            element("title", f"{low} to {high}: {count}"),
            x=f"{index * width + 1:.1f}",
            y=f"{scale(count):.1f}",
            width=f"{width - 2:.1f}",
            height=f"{HEIGHT - scale(count):.1f}",
            class_="bar-gain" if index >= half else "bar-loss",
        )
        bars.append(bar)
    return bars


def _labels(reach: float) -> list[Markup]:
    places = ((-1.0, "start"), (-0.5, "middle"), (0.0, "middle"), (0.5, "middle"), (1.0, "end"))
    return [
        element(
            "text",
            _percent(share, reach),
            x=f"{(share + 1) * WIDTH / 2:.1f}",
            y=HEIGHT + 18,
            text_anchor=anchor,
        )
        for share, anchor in places
    ]


def _percent(share: float, reach: float) -> str:
    return f"{share * reach:+.{1 if reach >= 10 else 2}f} %" if share else "0 %"
