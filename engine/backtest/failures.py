"""The triggers at which a strategy failed, and when it has failed too often to go on."""

from __future__ import annotations

from collections import deque

from engine.backtest.trigger_log import OPERATIONS, TriggerNotes
from engine.backtest.triggers import TriggerTimes
from engine.model.program import ProgramError
from engine.trading.decider import FAILURE_WINDOW_MS, FAILURES_BEFORE_STOPPING


class Failures:
    """How often a strategy failed in a run, and how it did last; each is noted in the log."""

    def __init__(self, times: TriggerTimes, notes: TriggerNotes) -> None:
        self.count = 0
        self.last: ProgramError | None = None
        self._times = times
        self._notes = notes
        self._recent_ms: deque[int] = deque(maxlen=FAILURES_BEFORE_STOPPING)

    def add(self, index: int, error: ProgramError) -> str:
        """Note a failure; return why the run must end now, empty if it need not."""
        self.count += 1
        self.last = error
        self._notes.operation[index] = OPERATIONS.index("error")
        self._notes.errors[index] = error.sentence()
        now_ms = int(self._times.at_ms[index])
        self._recent_ms.append(now_ms)
        is_often = len(self._recent_ms) == FAILURES_BEFORE_STOPPING
        if not is_often or now_ms - self._recent_ms[0] > FAILURE_WINDOW_MS:
            return ""
        return f"stopped after {FAILURES_BEFORE_STOPPING} failures within ten minutes: {error.sentence()}"
