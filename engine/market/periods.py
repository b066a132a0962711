"""Candle periods: their names, their lengths, and where on the calendar each candle opens.

Every candle opens at a fixed UTC time: a multiple of its period since 1970-01-01 00:00, and for
`1w` on Monday 00:00, so that two desks always cut the same candles. Imports nothing heavy, so that
settings and signal definitions can name a period for free.
"""

from __future__ import annotations

import enum

from engine.errors import InvalidInput

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_LENGTHS_MS = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
}
_FIRST_MONDAY_MS = 4 * DAY_MS  # 1970-01-05, as 1970-01-01 was a Thursday


class Period(enum.StrEnum):
    """How long a candle lasts; the value is the text people write."""

    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"
    D3 = "3d"
    W1 = "1w"

    @property
    def length_ms(self) -> int:
        """How long a candle of this period lasts, in milliseconds."""
        return _LENGTHS_MS[self.value]

    @property
    def anchor_ms(self) -> int:
        """A time at which a candle of this period opens; all others are whole periods away."""
        return _FIRST_MONDAY_MS if self is Period.W1 else 0

    def open_of(self, ts_ms: int) -> int:
        """Return when the candle that holds `ts_ms` opens."""
        return ts_ms - (ts_ms - self.anchor_ms) % self.length_ms

    def close_of(self, ts_ms: int) -> int:
        """Return when the candle that holds `ts_ms` closes, which is when the next one opens."""
        return self.open_of(ts_ms) + self.length_ms

    def is_made_of(self, base: Period) -> bool:
        """Tell whether each candle of this period is a whole number of candles of `base`."""
        return self.length_ms % base.length_ms == 0


def parse_period(text: str) -> Period:
    """Return the period written as `text`, such as `15m`; raise `InvalidInput` for any other.

    Letters may be of either case but for `M`, which is a month wherever people write both.
    """
    word = text.strip()
    try:
        return Period(word if word.endswith("M") else word.lower())
    except ValueError:
        raise InvalidInput.of("period", text, f"allowed is {', '.join(Period)}") from None
