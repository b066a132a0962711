"""How long a vault waits after wrong passphrases."""

from __future__ import annotations

FREE_TRIES = 5
LONGEST_WAIT_SECONDS = 60.0


class Throttle:
    """Counts wrong tries: five are free, then each is followed by 1, 2, 4 … at most 60 seconds.

    Times are seconds of a monotonic clock.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._free_at = 0.0

    @property
    def failures(self) -> int:
        """How many tries were wrong since the last right one."""
        return self._failures

    def wait_seconds(self, now: float) -> float:
        """Return how long it is until the next try is taken."""
        return max(0.0, self._free_at - now)

    def failed(self, now: float) -> None:
        """Count a wrong try."""
        self._failures += 1
        if self._failures >= FREE_TRIES:
            doublings = min(self._failures - FREE_TRIES, 10)
            self._free_at = now + min(2.0**doublings, LONGEST_WAIT_SECONDS)

    def succeeded(self) -> None:
        """Forget the wrong tries."""
        self._failures = 0
        self._free_at = 0.0
