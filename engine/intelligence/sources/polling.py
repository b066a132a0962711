"""When a source is read next: at its interval while it answers, ever more seldom while it does not.

Pauses are spread a little, so that sources do not all come due at once; how much is taken from the
source's number and the count of its failures, which keeps it the same in every run.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from engine.intelligence.sources.fetch import Validators
from engine.model.news import NewsSource

MAX_PAUSE_SECONDS = 6 * 3600.0
MAX_RETRY_AFTER_SECONDS = 86_400.0
SPREAD = 0.2
"""How much longer than it must be a pause may become, as a share of it."""

_MAX_DOUBLINGS = 16


class PollState(msgspec.Struct, frozen=True, kw_only=True):
    """How reading a source goes; `due` is when to read it next, in seconds of the monotonic clock."""

    due: float = 0.0
    reads: int = 0
    failures: int = 0
    validators: Validators = Validators()
    last_read_ms: int | None = None
    items: int = 0
    error: str = ""


def after_answer(
    state: PollState,
    source: NewsSource,
    *,
    now: float,
    now_ms: int,
    items: int | None,
    validators: Validators,
) -> PollState:
    """Return the state after an answer with `items` articles, None when nothing had changed."""
    reads = state.reads + 1
    return PollState(
        due=now + _spread(source, reads, source.interval_seconds),
        reads=reads,
        validators=validators,
        last_read_ms=now_ms,
        items=state.items if items is None else items,
    )


def after_failure(
    state: PollState, source: NewsSource, *, now: float, error: str, retry_after: float | None = None
) -> PollState:
    """Return the state after a failure: the interval doubles each time, up to six hours.

    `retry_after` is what the server asks to wait at least; up to a day of it is granted.
    """
    failures = state.failures + 1
    longest = max(MAX_PAUSE_SECONDS, source.interval_seconds)
    pause = min(source.interval_seconds * 2.0 ** min(failures - 1, _MAX_DOUBLINGS), longest)
    asked = min(retry_after or 0.0, MAX_RETRY_AFTER_SECONDS)
    return msgspec.structs.replace(
        state,
        due=now + _spread(source, state.reads + failures, max(pause, asked)),
        failures=failures,
        error=error,
    )


def _spread(source: NewsSource, turn: int, seconds: float) -> float:
    digest = blake2b(f"{source.source_id}:{turn}".encode(), digest_size=4).digest()
    return seconds * (1.0 + SPREAD * int.from_bytes(digest) / 2**32)
