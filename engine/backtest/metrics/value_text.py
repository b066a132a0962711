"""Numbers as reports write them, by unit: the same on a page, in a terminal and in a comparison."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.backtest.metrics.metric import Unit

ABSENT = "–"
_SECOND_MS = 1_000
_DURATIONS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", _SECOND_MS))
_LARGE = 10_000_000


def value_text(value: float | None, unit: Unit) -> str:
    """Return a metric's value with its unit; an en dash where it is undefined."""
    if value is None:
        return ABSENT
    match unit:
        case Unit.PERCENT:
            return percent_text(value)
        case Unit.SHARE:
            return f"{value * 100:.1f} %"
        case Unit.RATIO:
            return _rounded(value, 2)
        case Unit.MONEY:
            return money_text(value)
        case Unit.COUNT:
            return f"{value:,.0f}"
        case Unit.TIME:
            return utc_text(int(value))
        case Unit.DURATION:
            return duration_text(value)


def percent_text(value: float, *, signed: bool = False) -> str:
    """Return a percentage: `12.34 %`, `-3.20 %`, with `signed` also `+12.34 %`."""
    return f"{_rounded(value, 2, signed=signed)} %"


def money_text(value: float, *, signed: bool = False) -> str:
    """Return an amount with thousands separators, and cents below ten millions."""
    return _rounded(value, 2 if abs(value) < _LARGE else 0, signed=signed)


def utc_text(ts_ms: int) -> str:
    """Return a UTC time to the minute, with seconds only where there are any: `2025-05-01 13:00`."""
    moment = datetime.fromtimestamp(ts_ms / _SECOND_MS, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"


def duration_text(duration_ms: float) -> str:
    """Return a duration in its two largest units: `3 d 4 h`, `12 min 30 s`."""
    rest = int(duration_ms)
    parts: list[str] = []
    for name, length_ms in _DURATIONS:
        count, rest = divmod(rest, length_ms)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part) or "0 s"


def _rounded(value: float, decimals: int, *, signed: bool = False) -> str:
    """Write a number without a sign on what rounds to 0."""
    rounded = round(value, decimals) + 0.0
    return f"{rounded:{'+' if signed and rounded else ''},.{decimals}f}"
