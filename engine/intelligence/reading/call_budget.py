"""So many calls a minute and no more."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 60.0


class CallBudget:
    """Counts calls over a sliding minute; times are seconds of a clock that never goes back."""

    def __init__(self, calls_per_minute: int) -> None:
        self._calls: deque[float] = deque(maxlen=calls_per_minute)

    def wait_seconds(self, now: float) -> float:
        """Return how long to wait before the next call."""
        if len(self._calls) < (self._calls.maxlen or 0):
            return 0.0
        return max(0.0, self._calls[0] + WINDOW_SECONDS - now)

    def spend(self, now: float) -> None:
        """Count a call made now."""
        self._calls.append(now)
