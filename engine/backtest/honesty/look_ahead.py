"""Looking for the future in the past: change everything after a cut, run again, compare what is before.

The simulation makes looking ahead impossible by construction; this asks the finished whole, program
included, and does not take its word for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from engine.backtest.metrics.value_text import utc_text
from engine.market.candles.series import CandleSeries
from engine.model.backtest import TriggerLine
from engine.text import count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DECIDED = ("kind", "ts_ms", "symbol", "pool_name", "signals", "operation", "decision_symbol", "side")
_EXACT = tuple(name for name in TriggerLine.__struct_fields__ if name != "index")


class LookAheadFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What a look-ahead check found: the cuts tried, and the first difference before one of them.

    `difference` is empty if nothing before any cut depended on what came after it; else it names the
    trigger's time, the field and both values, and `cut_ms` is the cut it came before.
    """

    cuts: tuple[int, ...]
    cut_ms: int | None = None
    difference: str = ""

    @property
    def is_clean(self) -> bool:
        """Whether nothing before a cut changed."""
        return not self.difference


async def look_for_future[Request, History](
    run: Callable[[Request, History], Awaitable[Sequence[TriggerLine]]],
    request: Request,
    history: History,
    altered: Callable[[History, int], History],
    cuts: Sequence[int],
    bar_ms: int,
) -> LookAheadFinding:
    """Run once as it is and once for each cut with everything after it changed; compare what is before.

    `run` returns the trigger log; `altered` changes what a history holds after a time (for candles
    see `altered_after`). `bar_ms` is the length of a bar, which a fill may need to happen. A look of
    one bar ahead shows only at a cut at the time of a trigger: see `cut_times`.
    """
    original = await run(request, history)
    for cut_ms in cuts:
        changed = await run(request, altered(history, cut_ms))
        difference = first_difference(original, changed, cut_ms, bar_ms)
        if difference:
            return LookAheadFinding(cuts=tuple(cuts), cut_ms=cut_ms, difference=difference)
    return LookAheadFinding(cuts=tuple(cuts))


def cut_times(lines: Sequence[TriggerLine], count: int) -> tuple[int, ...]:
    """Return up to `count` times at which the program was asked, evenly spread over the run."""
    times = sorted({line.ts_ms for line in lines if line.operation})
    if len(times) <= count:
        return tuple(times)
    return tuple(times[number * len(times) // (count + 1)] for number in range(1, count + 1))


def first_difference(
    original: Sequence[TriggerLine], altered: Sequence[TriggerLine], cut_ms: int, bar_ms: int
) -> str:
    """Say how two trigger logs first differ before a cut, empty if they do not.

    Up to the cut itself the same triggers must have made the same decisions; up to a bar earlier, by
    when their fills are in unchanged bars, everything in the log must be the same.
    """
    settled_ms = cut_ms - bar_ms
    return _difference(
        _until(original, settled_ms), _until(altered, settled_ms), _EXACT, settled_ms
    ) or _difference(_asked_until(original, cut_ms), _asked_until(altered, cut_ms), _DECIDED, cut_ms)


def altered_after(series: CandleSeries, cut_ms: int, bar_ms: int) -> CandleSeries:
    """Return candles where each that closes after the cut is another: turned upside down and a tenth off.

    Prices are mirrored about the last unchanged close on a logarithmic scale, so that every rise is a
    fall, and raised by a tenth; volumes are tripled, and one more. Candles stay possible ones. The
    price at which the first of them opens stays: at the cut it has just been seen.
    """
    import numpy as np

    first = int(np.searchsorted(series.open_ms, cut_ms - bar_ms, side="right"))
    if first == len(series):
        return series
    pivot = float(series.close[first - 1] if first else series.open[0])

    def mirrored(prices: NDArray[np.float64], opposite: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate((prices[:first], 1.1 * pivot * pivot / opposite[first:]))

    opens, highs = mirrored(series.open, series.open), mirrored(series.high, series.low)
    lows = mirrored(series.low, series.high)
    if int(series.open_ms[first]) <= cut_ms:
        opens[first] = series.open[first]
        highs[first], lows[first] = max(highs[first], opens[first]), min(lows[first], opens[first])
    return CandleSeries(
        series.open_ms,
        opens,
        highs,
        lows,
        mirrored(series.close, series.close),
        np.concatenate((series.volume[:first], series.volume[first:] * 3 + 1)),
    )


def _until(lines: Sequence[TriggerLine], ts_ms: int) -> list[TriggerLine]:
    return [line for line in lines if line.ts_ms <= ts_ms]


def _asked_until(lines: Sequence[TriggerLine], ts_ms: int) -> list[TriggerLine]:
    return [line for line in _until(lines, ts_ms) if line.operation]


def _difference(
    original: Sequence[TriggerLine], altered: Sequence[TriggerLine], fields: Sequence[str], until_ms: int
) -> str:
    for one, other in zip(original, altered, strict=False):
        for field in fields:
            before, after = getattr(one, field), getattr(other, field)
            if before != after:
                trigger = f"{one.kind} trigger of {one.symbol} at {utc_text(one.ts_ms)}"
                return f"{field} of the {trigger} became {after} instead of {before}"
    if len(original) != len(altered):
        return f"{count(len(altered), 'trigger')} instead of {len(original)} came until {utc_text(until_ms)}"
    return ""
