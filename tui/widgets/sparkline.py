"""A curve in one line of text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """Return the curve of `values` as at most `width` bars, the newest at the right end.

    More values than cells are averaged bucket by bucket; fewer are padded with spaces on the
    left. A flat curve is drawn at half height.
    """
    if width <= 0 or not values:
        return " " * max(0, width)
    levels = _bucket_means(values, width) if len(values) > width else list(values)
    low, high = min(levels), max(levels)
    if high == low:
        bars = BARS[3] * len(levels)
    else:
        scale = (len(BARS) - 1) / (high - low)
        bars = "".join(BARS[round((level - low) * scale)] for level in levels)
    return bars.rjust(width)


def _bucket_means(values: Sequence[float], count: int) -> list[float]:
    edges = [index * len(values) // count for index in range(count + 1)]
    return [sum(values[start:end]) / (end - start) for start, end in pairwise(edges)]
