"""The desk's market side: charts, order flow, regimes, factors and how well each feed does.

Queries return at once and read only what the engine has already taken in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.model.chart import Chart, ChartRequest, FeedStatus, IndicatorInfo
    from engine.model.factor import FactorDefinition, FactorEffectiveness, FactorWord
    from engine.model.flow import FlowReading
    from engine.model.regime import RegimeReading, RegimeThresholds
    from engine.model.trade import Trade


class MarketDesk(Protocol):
    """What a screen, a script or a server can ask about the market."""

    def periods(self) -> tuple[str, ...]:
        """Return every candle period, shortest first."""
        ...

    def chart(self, request: ChartRequest) -> Chart:
        """Return candles with indicator lines.

        Raises `NotFound` for an unknown symbol or indicator, `InvalidInput` for a period or limit.
        An equal request between two market events returns the same object.
        """
        ...

    def indicators(self) -> tuple[IndicatorInfo, ...]:
        """Return every indicator with a name of its own; others are written `adx(14)`."""
        ...

    def trades(self, symbol: str, limit: int = 100) -> tuple[Trade, ...]:
        """Return the latest trades, oldest first; empty where the feed has none."""
        ...

    def flow(self, symbol: str, window: str = "15m") -> FlowReading:
        """Return the nine flow measures over the calendar window that holds now."""
        ...

    def regime(self, symbol: str, period: str = "5m") -> RegimeReading:
        """Return the regime of the last closed candle."""
        ...

    def regime_thresholds(self) -> RegimeThresholds:
        """Return the numbers regimes are told apart by."""
        ...

    async def set_regime_thresholds(self, thresholds: RegimeThresholds) -> RegimeThresholds:
        """Change them, for good; raises `InvalidInput` for a value that makes no sense."""
        ...

    def feeds(self) -> tuple[FeedStatus, ...]:
        """Return how each symbol's feed does, in the watchlist's order."""
        ...

    def factors(self) -> tuple[FactorDefinition, ...]:
        """Return every factor, the built-in ones first."""
        ...

    def factor_words(self) -> tuple[FactorWord, ...]:
        """Return every column and function a factor's expression may use."""
        ...

    def check_factor(self, expression: str) -> None:
        """Read an expression as it is typed.

        Raises `InvalidInput` whose `details["position"]` is where the wrong word begins.
        """
        ...

    async def save_factor(self, name: str, expression: str, meaning: str = "") -> FactorDefinition:
        """Keep a custom factor; raises `InvalidInput` pointing at what is wrong in its expression."""
        ...

    async def delete_factor(self, name: str) -> None:
        """Remove a custom factor; raises `Conflict` while a signal or another factor uses it."""
        ...

    async def factor_effectiveness(
        self, name: str, symbol: str, period: str = "1h", horizon: int = 1
    ) -> FactorEffectiveness:
        """Return how well a factor has foretold the return of the next `horizon` candles."""
        ...
