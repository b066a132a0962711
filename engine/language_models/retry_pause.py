"""How long to wait before a model is asked again, or not to ask it again."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime

MAX_RETRIES = 2
MAX_RETRY_SECONDS = 10.0


def next_pause(
    attempts: int, asked: float | None, first_seconds: float, jitter: Callable[[], float]
) -> float | None:
    """Return the seconds to wait after `attempts` failed, None to give up.

    The server's own wish counts where it has one; else the pause doubles from `first_seconds`, times 0.5
    to 1.5 by `jitter` (0 up to 1), so that many callers do not come back at the same moment. A longer
    wish than 10 s is not waited for.
    """
    if attempts > MAX_RETRIES:
        return None
    if asked is not None:
        return asked if asked <= MAX_RETRY_SECONDS else None
    doubled: float = first_seconds * 2 ** (attempts - 1) * (0.5 + jitter())
    return min(doubled, MAX_RETRY_SECONDS)


def asked_pause(retry_after: str, now_seconds: float) -> float | None:
    """Return the seconds a `Retry-After` header asks to wait, as a number or an HTTP date (RFC 9110, 10.2.3).

    `now_seconds` is UTC. None where it says nothing that can be read.
    """
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now_seconds)
    except (ValueError, TypeError, OverflowError):
        return None
