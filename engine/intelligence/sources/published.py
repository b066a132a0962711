"""When an article was published, in any of the ways sources write it."""

from __future__ import annotations

import email.utils
import math
import re
from datetime import UTC, datetime

_EARLIEST = 946_684_800  # 2000-01-01
_LATEST = 4_102_444_800  # 2100-01-01
_NUMBER = re.compile(r"\d{9,16}(?:\.\d{1,9})?")


def published_ms(value: float | str | None) -> int | None:
    """Return a time as UTC milliseconds; None when it cannot be understood.

    Understood are ISO 8601, the dates of mails (RFC 822), and seconds or milliseconds since 1970, as
    a number or as text; a time without a zone is UTC. Only times of this century count.
    """
    if isinstance(value, str):
        text = value.strip()[:100]
        seconds = float(text) if _NUMBER.fullmatch(text) else _of_text(text)
    else:
        seconds = value
    if seconds is None or not math.isfinite(seconds):
        return None
    if seconds > _LATEST:
        seconds /= 1000
    return round(seconds * 1000) if _EARLIEST <= seconds < _LATEST else None


def _of_text(text: str) -> float | None:
    for parse in (datetime.fromisoformat, email.utils.parsedate_to_datetime):
        try:
            at = parse(text)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            continue
    return None
