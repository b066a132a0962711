"""How long an event loop keeps a newcomer waiting, measured from a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time

PING_SECONDS = 0.005
WARM_UP_SECONDS = 4.0


class LoopLag:
    """Pings a loop of another thread all the time; `report` gives milliseconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, name: str) -> None:
        self._loop = loop
        self._name = name
        self._lags: list[float] = []
        threading.Thread(target=self._measure, name=f"lag of {name}", daemon=True).start()

    def report(self) -> dict[str, float]:
        """Return p50, p99 and the longest wait so far, after the first seconds."""
        lags = sorted(self._lags) or [0.0]
        return {
            f"{self._name}_lag_p50": round(lags[len(lags) // 2], 2),
            f"{self._name}_lag_p99": round(lags[int(len(lags) * 0.99)], 2),
            f"{self._name}_lag_max": round(lags[-1], 2),
        }

    def _measure(self) -> None:
        time.sleep(WARM_UP_SECONDS)
        while not self._loop.is_closed():
            asked = time.perf_counter()
            answered = threading.Event()
            try:
                self._loop.call_soon_threadsafe(answered.set)
            except RuntimeError:
                return
            answered.wait(30)
            self._lags.append((time.perf_counter() - asked) * 1000)
            time.sleep(PING_SECONDS)
