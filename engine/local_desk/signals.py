"""The signals side of the desk in this process: checked, kept, watched, previewed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from engine.clock import Clock
from engine.errors import Conflict, InvalidInput, NotFound
from engine.local_desk.known_symbols import check_symbol
from engine.market.market_state import MarketState
from engine.market.periods import DAY_MS, parse_period
from engine.model.instrument import Instrument
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
from engine.signals.conditions.meanings import check_condition
from engine.signals.conditions.metric_names import metric_infos
from engine.store.changes import Change
from engine.text import safe_line
from engine.trading.signal_floor import SignalFloor
from engine.trading.traders import Traders
from engine.trading.waking import Roster

if TYPE_CHECKING:
    from engine.signals.history.condition_arrays import SignalData

MAX_PRICE_ALERTS = 500
MAX_ANALYSIS_DAYS = 30
MAX_ALERT_PRICE = Decimal(10**12)


class LocalSignals:
    """See `engine.desk.signals.SignalDesk`; `write` stores changes as one unit."""

    def __init__(
        self,
        floor: SignalFloor,
        market: MarketState,
        instruments: Sequence[Instrument],
        roster: Roster,
        traders: Traders,
        clock: Clock,
        write: Callable[[*tuple[Change, ...]], None],
    ) -> None:
        self._floor = floor
        self._market = market
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._roster = roster
        self._traders = traders
        self._clock = clock
        self._write = write

    def definitions(self) -> tuple[SignalDefinition, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        return self._floor.book.signals

    def pools(self) -> tuple[SignalPool, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        return self._floor.book.pools

    def listeners(self, pool_id: int) -> tuple[int, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        return self._floor.listeners(pool_id)

    def signal_states(self) -> tuple[SignalState, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        return self._floor.evaluator.signal_states()

    def pool_states(self) -> tuple[PoolState, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        counts = self._floor.log.counts()
        return tuple(
            msgspec.structs.replace(state, fires=counts[state.pool_id, state.symbol])
            for state in self._floor.evaluator.pool_states()
        )

    def fires(
        self, pool_id: int | None = None, symbol: str | None = None, limit: int = 100
    ) -> tuple[PoolFire, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        return self._floor.log.recent(pool_id, symbol, limit)

    def metrics(self) -> tuple[MetricInfo, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        return metric_infos(self._floor.factors)

    def check(self, condition: str) -> ConditionCheck:
        """See `engine.desk.signals.SignalDesk`."""
        return check_condition(condition, self._floor.factors)

    async def save_signal(self, signal: SignalDefinition) -> SignalDefinition:
        """See `engine.desk.signals.SignalDesk`."""
        prepared = self._floor.book.prepare_signal(signal)
        self._floor.evaluator.put_signal(prepared)
        self._floor.book.keep_signal(prepared)
        self._write(prepared, *self._floor.evaluator.take_changed_edges())
        return prepared

    async def delete_signal(self, signal_id: int) -> None:
        """See `engine.desk.signals.SignalDesk`."""
        deleted = self._floor.book.delete_signal(signal_id)
        self._floor.evaluator.remove_signal(signal_id)
        self._write(deleted)

    async def save_pool(self, pool: SignalPool) -> SignalPool:
        """See `engine.desk.signals.SignalDesk`."""
        prepared = self._floor.book.prepare_pool(pool)
        self._floor.evaluator.put_pool(prepared)
        self._floor.book.keep_pool(prepared)
        self._write(prepared, *self._floor.evaluator.take_changed_edges())
        return prepared

    async def delete_pool(self, pool_id: int) -> None:
        """See `engine.desk.signals.SignalDesk`."""
        pool = self._floor.book.pool(pool_id)
        if listeners := self._floor.listeners(pool_id):
            names = ", ".join(self._traders.find(trader_id).config.name for trader_id in listeners)
            raise Conflict(f"pool: {pool.name} wakes {names}; let them listen to others first")
        deleted = self._floor.book.delete_pool(pool_id)
        self._floor.evaluator.remove_pool(pool_id)
        self._write(deleted)

    async def listen(self, trader_id: int, pool_ids: tuple[int, ...]) -> None:
        """See `engine.desk.signals.SignalDesk`.

        Of a trader that runs programs, a pool that is new to it wakes all of its bindings, one that is
        left out none, and which of them the others wake stays as it is. Raises `Conflict` for a trader
        that has nothing to wake.
        """
        name = self._traders.find(trader_id).config.name
        for pool_id in pool_ids:
            self._floor.book.pool(pool_id)
        if pool_ids and not self._roster.of_trader(trader_id):
            raise Conflict(f"trader: {name} has nothing that a pool could wake", field="trader_id")
        if changes := self._roster.listen(trader_id, tuple(dict.fromkeys(pool_ids))):
            self._write(*changes)

    async def reset(self, pool_id: int | None = None) -> None:
        """See `engine.desk.signals.SignalDesk`."""
        if pool_id is not None:
            self._floor.book.pool(pool_id)
        self._floor.evaluator.reset(pool_id)
        self._write(*self._floor.evaluator.take_changed_edges())

    async def test_signal(self, condition: str, symbol: str) -> SignalState:
        """See `engine.desk.signals.SignalDesk`."""
        from engine.signals.history.previews import signal_now

        signal = SignalDefinition(signal_id=0, name="", condition=condition)
        return await asyncio.to_thread(signal_now, signal, symbol, self._data(symbol))

    async def preview_signal(
        self, condition: str, symbol: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> SignalPreview:
        """See `engine.desk.signals.SignalDesk`."""
        from engine.signals.history.previews import preview_condition

        data = self._data(symbol)
        return await asyncio.to_thread(preview_condition, condition, symbol, data, start_ms, end_ms)

    async def preview_pool(
        self, pool: SignalPool, symbol: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> SignalPreview:
        """See `engine.desk.signals.SignalDesk`."""
        from engine.signals.history.previews import preview_pool

        checked = self._floor.book.check_pool(pool)
        members = {signal_id: self._floor.book.signal(signal_id) for signal_id in checked.signal_ids}
        data = self._data(symbol)
        return await asyncio.to_thread(preview_pool, checked, members, symbol, data, start_ms, end_ms)

    async def analyze(self, metric: str, symbol: str, period: str = "5m", days: int = 7) -> MetricAnalysis:
        """See `engine.desk.signals.SignalDesk`."""
        from engine.signals.history.metric_analysis import analyze_metric

        if not 1 <= days <= MAX_ANALYSIS_DAYS:
            raise InvalidInput.of("days", days, f"allowed are 1 to {MAX_ANALYSIS_DAYS}")
        data, length = self._data(symbol), parse_period(period)
        since_ms = self._clock.now_ms() - days * DAY_MS
        return await asyncio.to_thread(analyze_metric, safe_line(metric, 100), symbol, length, data, since_ms)

    def price_alerts(self) -> tuple[PriceAlert, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        alerts = [alert for alert in tuple(self._floor.known_alerts.values()) if not alert.deleted]
        alerts.sort(key=lambda alert: (alert.fired_ms is not None, alert.alert_id))
        return tuple(alerts)

    async def add_price_alert(self, symbol: str, direction: AlertDirection, price: Decimal) -> PriceAlert:
        """See `engine.desk.signals.SignalDesk`."""
        instrument = self._instrument(symbol)
        if not (price.is_finite() and 0 < price <= MAX_ALERT_PRICE):
            raise InvalidInput.of(
                "price", price, f"allowed is a number above 0, at most {MAX_ALERT_PRICE:,f}"
            )
        if price % instrument.tick_size:
            raise InvalidInput.of("price", price, f"{symbol} moves in steps of {instrument.tick_size}")
        if sum(1 for alert in self.price_alerts() if alert.fired_ms is None) >= MAX_PRICE_ALERTS:
            raise Conflict(f"alert: {MAX_PRICE_ALERTS} are waiting already; remove one first")
        alert = PriceAlert(
            alert_id=max(self._floor.known_alerts, default=0) + 1,
            symbol=symbol,
            direction=direction,
            price=price,
            created_ms=self._clock.now_ms(),
        )
        self._floor.keep_alert(alert)
        self._floor.price_alerts.add(alert)
        quote = self._market.quote_or_none(symbol)
        if quote is not None:
            self._floor.on_mark(symbol, quote.mark, quote.ts_ms)
        return self._floor.known_alerts[alert.alert_id]

    async def delete_price_alert(self, alert_id: int) -> None:
        """See `engine.desk.signals.SignalDesk`."""
        alert = self._floor.known_alerts.get(alert_id)
        if alert is None or alert.deleted:
            raise NotFound(f"alert: there is no alert {alert_id}", field="alert_id", value=str(alert_id))
        self._floor.price_alerts.remove(alert_id)
        self._floor.keep_alert(msgspec.structs.replace(alert, deleted=True))

    def _data(self, symbol: str) -> SignalData:
        from engine.signals.history.condition_arrays import SignalData

        self._instrument(symbol)
        return SignalData(self._market.minutes(symbol), self._market.flow_series(symbol), self._floor.factors)

    def _instrument(self, symbol: str) -> Instrument:
        check_symbol(symbol, self._instruments)
        return self._instruments[symbol]
