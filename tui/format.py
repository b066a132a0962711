"""Numbers, times and text as the screen shows them: pure functions, measured in terminal cells.

Every function returns plain text. A gain or a loss is told by sign and glyph, never by colour
alone; an absent value is an en dash, never an empty cell that could be read as zero.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len, set_cell_size

Align = Literal["left", "right", "center"]

ABSENT = "–"
ELLIPSIS = "…"
GAIN_GLYPH = "▲"
LOSS_GLYPH = "▼"
FLAT_GLYPH = "·"

_CENT = Decimal("0.01")
_SECOND_MS = 1_000
_MINUTE_MS = 60 * _SECOND_MS
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS


def price(value: Decimal | None, tick: Decimal | None = None) -> str:
    """Return a price with thousands separators and the decimals of the instrument's `tick`.

    Without a tick the value keeps the decimals it has.
    """
    if value is None or not value.is_finite():
        return ABSENT
    return f"{value:,.{decimals_of(tick if tick is not None else value)}f}"


def quantity(value: Decimal | None, step: Decimal | None = None) -> str:
    """Return a size with the decimals of the lot `step`; without one, without trailing zeros."""
    if value is None or not value.is_finite():
        return ABSENT
    if step is not None:
        return f"{value:,.{decimals_of(step)}f}"
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal | None, decimals: int = 2) -> str:
    """Return an amount of the account's currency with thousands separators: `12,345.60`."""
    if value is None or not value.is_finite():
        return ABSENT
    return f"{_rounded(value, decimals):,.{decimals}f}"


def compact_money(value: Decimal | None) -> str:
    """Return an amount in at most six cells or so: `950`, `12.3k`, `4.56M`, `7.89B`."""
    if value is None or not value.is_finite():
        return ABSENT
    for size, suffix, decimals in ((10**9, "B", 2), (10**6, "M", 2), (10**3, "k", 1)):
        if abs(value) >= size:
            return f"{value / size:,.{decimals}f}{suffix}"
    return f"{value:,.0f}"


def profit(value: Decimal | None, decimals: int = 2) -> str:
    """Return a profit or loss with glyph, sign and thousands: `▲ +1,204.50`, `▼ -3.20`, `· 0.00`."""
    if value is None or not value.is_finite():
        return ABSENT
    rounded = _rounded(value, decimals)
    return f"{trend_glyph(rounded)} {rounded:{'+' if rounded else ''},.{decimals}f}"


def percent(ratio: Decimal | float | None, decimals: int = 2, *, signed: bool = True) -> str:
    """Return a ratio as a percentage: `0.0123` is `+1.23%`."""
    if ratio is None:
        return ABSENT
    exact = ratio if isinstance(ratio, Decimal) else Decimal(repr(float(ratio)))
    if not exact.is_finite():
        return ABSENT
    rounded = _rounded(exact * 100, decimals)
    return f"{rounded:{'+' if signed and rounded else ''},.{decimals}f}%"


def change(ratio: Decimal | float | None, decimals: int = 2) -> str:
    """Return a relative change with glyph and sign: `▲ +1.23%`."""
    text = percent(ratio, decimals)
    if text == ABSENT:
        return text
    return f"{trend_glyph(-1 if text.startswith('-') else 1 if text.startswith('+') else 0)} {text}"


def trend_glyph(value: Decimal | float) -> str:
    """Return the glyph that tells a gain, a loss or neither without any colour."""
    return GAIN_GLYPH if value > 0 else LOSS_GLYPH if value < 0 else FLAT_GLYPH


def trend_role(value: Decimal | float | None) -> str:
    """Return the colour role that goes with a gain, a loss or neither."""
    if value is None or value == 0:
        return "muted"
    return "gain" if value > 0 else "loss"


def age(age_ms: int | None) -> str:
    """Return the age of a piece of data: `0.4s`, `12s`, `3m`, `5h`, `2d`."""
    if age_ms is None:
        return ABSENT
    elapsed = max(0, age_ms)
    if elapsed < 10 * _SECOND_MS:
        return f"{elapsed // 100 / 10:.1f}s"
    for limit, unit, suffix in (
        (_MINUTE_MS, _SECOND_MS, "s"),
        (_HOUR_MS, _MINUTE_MS, "m"),
        (_DAY_MS, _HOUR_MS, "h"),
    ):
        if elapsed < limit:
            return f"{elapsed // unit}{suffix}"
    return f"{elapsed // _DAY_MS}d"


def duration(duration_ms: int | None) -> str:
    """Return a length of time in its two largest units: `45s`, `3m 20s`, `5h 02m`, `2d 07h`."""
    if duration_ms is None:
        return ABSENT
    seconds = max(0, duration_ms) // _SECOND_MS
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d {hours % 24:02}h"
    if hours:
        return f"{hours}h {minutes % 60:02}m"
    if minutes:
        return f"{minutes}m {seconds % 60:02}s"
    return f"{seconds}s"


def market_time(ts_ms: int | None, zone: tzinfo = UTC) -> str:
    """Return the time of day of an instant: `14:03:27`."""
    return ABSENT if ts_ms is None else f"{_instant(ts_ms, zone):%H:%M:%S}"


def market_date_time(ts_ms: int | None, zone: tzinfo = UTC) -> str:
    """Return date and time of an instant: `2026-03-01 14:03`."""
    return ABSENT if ts_ms is None else f"{_instant(ts_ms, zone):%Y-%m-%d %H:%M}"


def short_id(identifier: str, length: int = 8) -> str:
    """Return the end of an identifier, the part that tells two of them apart."""
    return identifier if len(identifier) <= length else ELLIPSIS + identifier[1 - length :]


@lru_cache(8192)
def fit(text: str, width: int, align: Align = "left") -> str:
    """Return `text` in exactly `width` cells: padded, or cut with an ellipsis at its end."""
    if width <= 0:
        return ""
    size = cell_len(text)
    if size > width:
        text = set_cell_size(text, width - 1) + ELLIPSIS
        size = cell_len(text)
    space = width - size
    if align == "left":
        return text + " " * space
    if align == "right":
        return " " * space + text
    return " " * (space // 2) + text + " " * (space - space // 2)


def decimals_of(step: Decimal) -> int:
    """Return how many decimals a value on this tick or lot step needs: 0.10 needs 1, 5 needs 0."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _rounded(value: Decimal, decimals: int) -> Decimal:
    """Return `value` rounded, with a negative zero turned into zero."""
    unit = _CENT if decimals == 2 else Decimal(1).scaleb(-decimals)
    return value.quantize(unit, ROUND_HALF_EVEN) + 0


def _instant(ts_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(ts_ms / 1000, zone)
