"""Schedules: a trader wakes at least every so many market seconds.

Due when `now - last trigger >= interval`. Any trigger, a signal as well, starts the interval anew.
The time of the last trigger is the whole state.
"""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.model.trigger import Trigger, TriggerKind


class Schedule:
    """One trader's timer; an interval of 0 never comes due.

    `last_ms` is the market time of the trader's last trigger, or when it started if it had none.
    Raises `InvalidInput` for a negative interval.
    """

    def __init__(self, interval_seconds: int, last_ms: int) -> None:
        if interval_seconds < 0:
            raise InvalidInput.of("schedule_seconds", interval_seconds, "allowed is 0 (never) or more")
        self.interval_seconds = interval_seconds
        self._last_ms = last_ms

    @property
    def last_ms(self) -> int:
        """The market time from which the interval runs."""
        return self._last_ms

    @property
    def due_ms(self) -> int | None:
        """When it comes due, None for never."""
        return self._last_ms + self.interval_seconds * 1000 if self.interval_seconds else None

    def fire(self, now_ms: int) -> Trigger | None:
        """Return a trigger and start anew if the interval is over at `now_ms`, else None."""
        due_ms = self.due_ms
        if due_ms is None or now_ms < due_ms:
            return None
        self.reset(now_ms)
        return scheduled_trigger(self.interval_seconds, now_ms)

    def reset(self, ts_ms: int) -> None:
        """Start the interval anew, as another trigger woke the trader at `ts_ms`."""
        self._last_ms = max(self._last_ms, ts_ms)


def scheduled_trigger(interval_seconds: int, ts_ms: int) -> Trigger:
    """Return the trigger of a schedule that comes due."""
    return Trigger(kind=TriggerKind.SCHEDULED, symbol="", ts_ms=ts_ms, detail=f"every {interval_seconds} s")
