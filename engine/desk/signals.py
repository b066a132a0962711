"""The desk's signals side: definitions, pools, their states, the trigger log and price alerts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.model.signal import (
        AlertDirection,
        ConditionCheck,
        MetricAnalysis,
        MetricInfo,
        PoolFire,
        PoolState,
        PriceAlert,
        SignalDefinition,
        SignalPool,
        SignalPreview,
        SignalState,
    )


class SignalDesk(Protocol):
    """What a screen, a script or a server can ask about signals, and do with them."""

    def definitions(self) -> tuple[SignalDefinition, ...]:
        """Return every signal that is not deleted, in the order of their ids."""
        ...

    def pools(self) -> tuple[SignalPool, ...]:
        """Return every pool that is not deleted, in the order of their ids."""
        ...

    def listeners(self, pool_id: int) -> tuple[int, ...]:
        """Return the ids of the traders a pool wakes."""
        ...

    def signal_states(self) -> tuple[SignalState, ...]:
        """Return how each signal of each pool stands on each of its symbols now."""
        ...

    def pool_states(self) -> tuple[PoolState, ...]:
        """Return how each pool stands on each of its symbols now."""
        ...

    def fires(
        self, pool_id: int | None = None, symbol: str | None = None, limit: int = 100
    ) -> tuple[PoolFire, ...]:
        """Return the latest lines of the trigger log, oldest first."""
        ...

    def metrics(self) -> tuple[MetricInfo, ...]:
        """Return what a condition can compare."""
        ...

    def check(self, condition: str) -> ConditionCheck:
        """Read a condition as it is typed.

        Raises `InvalidInput` whose `details["position"]` is where the wrong word begins.
        """
        ...

    async def save_signal(self, signal: SignalDefinition) -> SignalDefinition:
        """Keep a new or changed signal; raises `InvalidInput`, `NotFound` or `Conflict` (name taken)."""
        ...

    async def delete_signal(self, signal_id: int) -> None:
        """Delete a signal; raises `Conflict` while a pool uses it."""
        ...

    async def save_pool(self, pool: SignalPool) -> SignalPool:
        """Keep a new or changed pool; raises `InvalidInput`, `NotFound` or `Conflict` (name taken)."""
        ...

    async def delete_pool(self, pool_id: int) -> None:
        """Delete a pool; raises `Conflict` while a trader listens to it."""
        ...

    async def listen(self, trader_id: int, pool_ids: tuple[int, ...]) -> None:
        """Let exactly these pools wake a trader."""
        ...

    async def reset(self, pool_id: int | None = None) -> None:
        """Forget what a pool, or every pool, has seen, so that a condition that is met fires anew."""
        ...

    async def test_signal(self, condition: str, symbol: str) -> SignalState:
        """Return how a condition, saved or not, stands now; its `signal_id` is 0."""
        ...

    async def preview_signal(
        self, condition: str, symbol: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> SignalPreview:
        """Return where a condition would have fired on recorded history up to now."""
        ...

    async def preview_pool(
        self, pool: SignalPool, symbol: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> SignalPreview:
        """Return where a pool, saved or not, would have fired on recorded history up to now."""
        ...

    async def analyze(self, metric: str, symbol: str, period: str = "5m", days: int = 7) -> MetricAnalysis:
        """Return how a metric was distributed over the last days, with suggested thresholds."""
        ...

    def price_alerts(self) -> tuple[PriceAlert, ...]:
        """Return every price alert that is not deleted, waiting ones first."""
        ...

    async def add_price_alert(self, symbol: str, direction: AlertDirection, price: Decimal) -> PriceAlert:
        """Tell a person once the mark price is above or below a price; at once if it is already."""
        ...

    async def delete_price_alert(self, alert_id: int) -> None:
        """Remove a price alert."""
        ...
