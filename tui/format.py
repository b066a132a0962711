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


def model_cost(value: Decimal) -> str:
    """Return what a model took: `$1.25`, below a cent to a hundredth of it, `$0.0047`."""
    decimals = 4 if Decimal(0) < value < Decimal("0.01") else 2
    return f"${money(value, decimals)}"


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


def market_time(ts_ms: int | None, zone: tzinfo = UTC) -> str:
    """Return the time of day of an instant: `14:03:27`."""
    return ABSENT if ts_ms is None else f"{_instant(ts_ms, zone):%H:%M:%S}"


def market_date_time(ts_ms: int | None, zone: tzinfo = UTC) -> str:
    """Return date and time of an instant: `2026-03-01 14:03`."""
    return ABSENT if ts_ms is None else f"{_instant(ts_ms, zone):%Y-%m-%d %H:%M}"


def short_date_time(ts_ms: int | None, zone: tzinfo = UTC) -> str:
    """Return day and time of an instant without its year and seconds: `03-01 14:03`."""
    return ABSENT if ts_ms is None else f"{_instant(ts_ms, zone):%m-%d %H:%M}"


def time_or_day(ts_ms: int | None, now_ms: int, zone: tzinfo = UTC) -> str:
    """Return the time of day of an instant of today, with the day in front of one of another day."""
    if ts_ms is None or _instant(ts_ms, zone).date() == _instant(now_ms, zone).date():
        return market_time(ts_ms, zone)
    return short_date_time(ts_ms, zone)


def plain_price(value: Decimal) -> str:
    """Return a price as short as it can be said: `79,000`, `0.25`."""
    return f"{value:,.{decimals_of(value)}f}"


@lru_cache(8192)
def fit_whole(text: str, width: int, align: Align = "right") -> str:
    """Return `text` in `width` cells if all of it fits, else an ellipsis: a cut number is another number."""
    return fit(text if cell_len(text) <= width else ELLIPSIS, width, align)


@lru_cache(8192)
def fit_words(text: str, width: int, align: Align = "left") -> str:
    """Return the words of `text` that fit in `width` cells, with an ellipsis for those that do not."""
    if cell_len(text) <= width:
        return fit(text, width, align)
    kept = ""
    for word in text.split(" "):
        longer = f"{kept} {word}" if kept else word
        if cell_len(longer) + 2 > width:
            break
        kept = longer
    return fit(f"{kept} {ELLIPSIS}" if kept else ELLIPSIS, width, align)


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
