"""How long the market has been silent, so that nobody enters on a feed that has stopped."""

from __future__ import annotations

from collections.abc import Callable

from engine.market.market_state import MarketState
from engine.model.event import ReplayState

SILENT_FOR_EVER_MS = 10**12


class FeedWatch:
    """The silence of a feed; a replay that a person paused is not silent, one that ended is for ever."""

    def __init__(self, market: MarketState, state: Callable[[], ReplayState]) -> None:
        self._market = market
        self._state = state

    def silent_ms(self) -> int:
        """Return the milliseconds since the feed last said anything."""
        state = self._state()
        if state is ReplayState.ENDED:
            return SILENT_FOR_EVER_MS
        if state is not ReplayState.RUNNING:
            return 0
        return self._market.feed_age_ms() or 0
