"""The asset curve: samples of equity kept compactly, and thinned for a screen."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from decimal import Decimal

from engine.model.account import EquityPoint

MAX_SAMPLES = 50_000


class EquityHistory:
    """One trader's equity samples in time order, bounded.

    Samples are kept as 16 bytes each; past `MAX_SAMPLES` the older half keeps every second one.
    """

    def __init__(self, trader_id: int) -> None:
        self.trader_id = trader_id
        # One pair, replaced as a whole, and times grow after values: a reader on another thread
        # that takes the pair and goes by the length of the times never sees half a sample.
        self._samples = (array("q"), array("d"))

    def __len__(self) -> int:
        return len(self._samples[0])

    @property
    def first_ms(self) -> int | None:
        """The time of the first sample, None before there is one."""
        times, _ = self._samples
        return times[0] if times else None

    def load(self, times: array[int], values: array[float]) -> None:
        """Take samples read from the store, oldest first."""
        self._samples = (array("q", times), array("d", values))
        while len(self) > MAX_SAMPLES:
            self._compact()

    def append(self, ts_ms: int, equity: Decimal) -> bool:
        """Add a sample; one that is not later than the last is ignored and False returned."""
        times, values = self._samples
        if times and ts_ms <= times[-1]:
            return False
        values.append(float(equity))
        times.append(ts_ms)
        if len(times) > MAX_SAMPLES:
            self._compact()
        return True

    def since(self, start_ms: int) -> tuple[array[int], array[float]]:
        """Return the times and values from `start_ms` on."""
        times, values = self._samples
        count = len(times)
        first = bisect_left(times, start_ms)
        return times[first:count], values[first:count]

    def at_or_before(self, ts_ms: int) -> float | None:
        """Return the last sample not after `ts_ms`, or None if there is none."""
        times, values = self._samples
        index = bisect_left(times, ts_ms + 1) - 1
        return values[index] if index >= 0 else None

    def recent(self, count: int, step_ms: int) -> tuple[float, ...]:
        """Return up to `count` values, `step_ms` apart and ending at the last sample, oldest first."""
        times, _ = self._samples
        if not times:
            return ()
        last = times[-1]
        wanted = [last - step_ms * back for back in reversed(range(count))]
        return tuple(value for value in map(self.at_or_before, wanted) if value is not None)

    def _compact(self) -> None:
        times, values = self._samples
        middle = len(times) // 2
        self._samples = (times[:middle:2] + times[middle:], values[:middle:2] + values[middle:])


def thin(times: array[int], values: array[float], max_points: int) -> list[tuple[int, float]]:
    """Return at most `max_points` samples that keep each interval's lowest and highest value.

    The first and the last sample always stay.
    """
    count = len(times)
    if count <= max_points or max_points < 4:
        return list(zip(times, values, strict=True))
    buckets = (max_points - 2) // 2
    kept = {0, count - 1}
    for bucket in range(buckets):
        low, high = 1 + bucket * (count - 2) // buckets, 1 + (bucket + 1) * (count - 2) // buckets
        indices = range(low, high)
        kept.add(min(indices, key=values.__getitem__))
        kept.add(max(indices, key=values.__getitem__))
    return [(times[index], values[index]) for index in sorted(kept)]


def summed(histories: list[EquityHistory], start_ms: int) -> tuple[array[int], array[float]]:
    """Return the sum of several curves at every time any of them has a sample.

    Before its first sample a curve counts with its first value.
    """
    slices = [history.since(start_ms) for history in histories]
    latest = [
        history.at_or_before(start_ms) or (values[0] if values else 0.0)
        for history, (_, values) in zip(histories, slices, strict=True)
    ]
    events = sorted(
        (ts, index, value)
        for index, (times, values) in enumerate(slices)
        for ts, value in zip(times, values, strict=True)
    )
    summed_times, summed_values = array("q"), array("d")
    for ts, index, value in events:
        latest[index] = value
        if summed_times and summed_times[-1] == ts:
            summed_values[-1] = sum(latest)
        else:
            summed_times.append(ts)
            summed_values.append(sum(latest))
    return summed_times, summed_values


def as_points(trader_id: int, samples: list[tuple[int, float]]) -> tuple[EquityPoint, ...]:
    """Return samples as the desk's values, rounded to cents."""
    return tuple(EquityPoint(trader_id, ts, round(Decimal(value), 2)) for ts, value in samples)
