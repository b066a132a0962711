"""A curve drawn with characters, for the summary in a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from threading import Lock

import msgspec

from engine.backtest.report.scales import time_ticks, value_labels, value_scale, value_ticks

_figure_lock = Lock()
"""plotext draws into one figure of its module."""
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_FEWEST_COLUMNS = 30
_COLUMNS_PER_TIME = 14
_ROWS_PER_VALUE = 3


class TerminalCurve(msgspec.Struct, frozen=True):
    """A curve: rising times in UTC milliseconds, a value for each, and plotext's name of its colour."""

    ts_ms: Sequence[int]
    values: Sequence[float]
    color: str


def terminal_chart(
    curves: Sequence[TerminalCurve],
    width: int,
    height: int,
    *,
    color: bool,
    may_log: bool = True,
    unit: str = "",
) -> list[str]:
    """Return `height` lines of at most `width` cells, the later curves drawn over the earlier."""
    import plotext

    low = min(min(curve.values) for curve in curves)
    high = max(max(curve.values) for curve in curves)
    scale = value_scale(low, high, 0, height, may_log=may_log)
    start_ms, end_ms = curves[0].ts_ms[0], max(curves[0].ts_ms[-1], curves[0].ts_ms[0] + 1)
    ticks = value_ticks(scale, max(2, height // _ROWS_PER_VALUE))
    labels = [label + unit for label in value_labels(scale, ticks)]
    times = time_ticks(start_ms, end_ms, max(2, width // _COLUMNS_PER_TIME))
    with _figure_lock:
        plotext.clear_figure()
        try:
            plotext.limit_size(False, False)
            plotext.plot_size(max(width, _FEWEST_COLUMNS), height)
            plotext.theme("clear")
            plotext.xaxes(True, False)
            plotext.yaxes(True, False)
            plotext.xlim(start_ms, end_ms)
            plotext.ylim(0, height)
            plotext.xticks([at for at, _ in times], [label for _, label in times])
            plotext.yticks([scale(tick) for tick in ticks], labels)
            for curve in curves:
                plotext.plot(
                    list(curve.ts_ms),
                    [scale(value) for value in curve.values],
                    marker="braille",
                    color=curve.color,
                )
            drawn = str(plotext.build())
        finally:
            plotext.clear_figure()
    text = drawn if color else _ESCAPES.sub("", drawn)
    return [line.rstrip() for line in text.split("\n")][:height]
