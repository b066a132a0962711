"""The recorded desk's signals side: definitions, pools, fires and alerts with fixed values.

Commands change the tables, are noted in `calls` and raise `failure` when a test sets one. A word
`nosuch` in a condition is what the desk does not understand.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.signal import (
    AlertDirection,
    ConditionCheck,
    FiredSignal,
    MetricAnalysis,
    MetricInfo,
    PoolFire,
    PoolLogic,
    PoolState,
    PreviewFire,
    PriceAlert,
    SignalDefinition,
    SignalPool,
    SignalPreview,
    SignalState,
    TriggerDelivery,
    TriggerOutcome,
)

D = Decimal
NOW_MS = 1_772_373_807_000
MINUTE_MS = 60_000

SIGNALS = (
    SignalDefinition(
        signal_id=1,
        name="RSI oversold",
        condition="rsi14 crosses below 30 on 15m",
        description="The quick exhaustion of sellers",
    ),
    SignalDefinition(signal_id=2, name="Takers sell", condition="taker < 0.9 on 15m"),
    SignalDefinition(signal_id=3, name="Above 70k", condition="price > 70000 on 1m"),
    SignalDefinition(signal_id=4, name="MACD turns up", condition="macd golden_cross on 1h", enabled=False),
)
POOLS = (
    SignalPool(pool_id=1, name="Reversal", signal_ids=(1, 2), symbols=("BTC", "ETH"), cooldown_seconds=900),
    SignalPool(pool_id=2, name="Breakout", signal_ids=(3, 4), logic=PoolLogic.OR, symbols=("BTC",)),
    SignalPool(pool_id=3, name="Everything", signal_ids=(2,), enabled=False),
)
SIGNAL_STATES = (
    SignalState(
        signal_id=1, symbol="BTC", value=34.2, target=30.0, distance=4.2, met=False, as_of_ms=NOW_MS - 27_000
    ),
    SignalState(
        signal_id=1, symbol="ETH", value=28.9, target=30.0, distance=-1.1, met=True, as_of_ms=NOW_MS - 27_000
    ),
    SignalState(
        signal_id=2, symbol="BTC", value=0.83, target=0.9, distance=-0.07, met=True, as_of_ms=NOW_MS - 12_000
    ),
    SignalState(
        signal_id=2,
        symbol="ETH",
        value=None,
        target=0.9,
        distance=None,
        met=None,
        why_unknown="taker needs trades, and this feed has none",
    ),
    SignalState(
        signal_id=3,
        symbol="BTC",
        value=67_013.2,
        target=70_000.0,
        distance=2_986.8,
        met=False,
        as_of_ms=NOW_MS - 27_000,
    ),
)
POOL_STATES = (
    PoolState(pool_id=1, symbol="BTC", met=False, fired_ms=NOW_MS - 42 * MINUTE_MS, fires=3),
    PoolState(
        pool_id=1,
        symbol="ETH",
        met=None,
        fired_ms=None,
        fires=0,
        why_unknown="Takers sell: taker needs trades, and this feed has none",
    ),
    PoolState(pool_id=2, symbol="BTC", met=False, fired_ms=None, fires=0, is_suspended=True),
)


def fire(fire_id: int, minutes_ago: int, symbol: str, *deliveries: TriggerDelivery) -> PoolFire:
    return PoolFire(
        fire_id=fire_id,
        pool_id=1,
        pool_name="Reversal",
        symbol=symbol,
        ts_ms=NOW_MS - minutes_ago * MINUTE_MS - 27_000,
        logic=PoolLogic.AND,
        signals=(
            FiredSignal(1, "RSI oversold", "rsi14 crosses below 30 on 15m", 29.4),
            FiredSignal(2, "Takers sell", "taker < 0.9 on 15m", 0.77),
        ),
        regime="exhaustion",
        deliveries=deliveries,
    )


FIRES = (
    fire(1, 312, "BTC", TriggerDelivery(1, TriggerOutcome.WOKEN, decision_id="d-0")),
    fire(2, 171, "ETH", TriggerDelivery(2, TriggerOutcome.WOKEN, decision_id="d-1")),
    fire(
        3,
        42,
        "BTC",
        TriggerDelivery(1, TriggerOutcome.WOKEN, decision_id="d-1"),
        TriggerDelivery(2, TriggerOutcome.SKIPPED, "still thinking about its last trigger"),
    ),
)
ALERTS = (
    PriceAlert(
        alert_id=1,
        symbol="BTC",
        direction=AlertDirection.ABOVE,
        price=D(67300),
        created_ms=NOW_MS - 7_200_000,
    ),
    PriceAlert(
        alert_id=2,
        symbol="ETH",
        direction=AlertDirection.BELOW,
        price=D(3050),
        created_ms=NOW_MS - 3_600_000,
    ),
    PriceAlert(
        alert_id=3,
        symbol="BTC",
        direction=AlertDirection.BELOW,
        price=D(66500),
        created_ms=NOW_MS - 9_000_000,
        fired_ms=NOW_MS - 5_400_000,
    ),
)
METRICS = (
    MetricInfo("price", "USD", "close of the last closed candle", 0, None, "candles"),
    MetricInfo("rsi14", "", "relative strength over 14 candles", 0, 100, "candles"),
    MetricInfo("taker", "ratio", "taker buys over taker sells", 0, None, "trades"),
    MetricInfo("oi_delta", "%", "change of open interest over the window", None, None, "open interest"),
    MetricInfo("funding", "%", "funding rate of the coming settlement", None, None, "funding"),
    MetricInfo("depth_ratio", "ratio", "resting bids over resting asks", 0, None, "book"),
)


class RecordedSignals:
    """The signals desk over fixed tables."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note = note
        self.definition_list: tuple[SignalDefinition, ...] = SIGNALS
        self.pool_list: tuple[SignalPool, ...] = POOLS
        self.signal_state_list: tuple[SignalState, ...] = SIGNAL_STATES
        self.pool_state_list: tuple[PoolState, ...] = POOL_STATES
        self.fire_list: tuple[PoolFire, ...] = FIRES
        self.alert_list: tuple[PriceAlert, ...] = ALERTS
        self.listener_ids: dict[int, tuple[int, ...]] = {1: (1, 2), 2: (2,)}

    def definitions(self) -> tuple[SignalDefinition, ...]:
        return self.definition_list

    def pools(self) -> tuple[SignalPool, ...]:
        return self.pool_list

    def listeners(self, pool_id: int) -> tuple[int, ...]:
        return self.listener_ids.get(pool_id, ())

    def signal_states(self) -> tuple[SignalState, ...]:
        return self.signal_state_list

    def pool_states(self) -> tuple[PoolState, ...]:
        return self.pool_state_list

    def fires(
        self, pool_id: int | None = None, symbol: str | None = None, limit: int = 100
    ) -> tuple[PoolFire, ...]:
        found = [
            item
            for item in self.fire_list
            if pool_id in (None, item.pool_id) and symbol in (None, item.symbol)
        ]
        return tuple(found[-limit:])

    def metrics(self) -> tuple[MetricInfo, ...]:
        return METRICS

    def check(self, condition: str) -> ConditionCheck:
        text = " ".join(condition.split())
        if not text:
            raise InvalidInput("condition: nothing is written yet", field="condition", position="0")
        if "nosuch" in text:
            raise InvalidInput(
                "condition: nosuch is not a metric; did you mean rsi14?",
                field="condition",
                position=str(condition.index("nosuch")),
            )
        return ConditionCheck(text.lower(), f"{text.lower()}, looked at when a candle closes", "")

    async def save_signal(self, signal: SignalDefinition) -> SignalDefinition:
        self._note("save_signal", signal)
        self._refuse_taken(signal.name, signal.signal_id, self.definition_list, "signal_id")
        kept = msgspec.structs.replace(signal, signal_id=signal.signal_id or 100)
        self.definition_list = _with(self.definition_list, kept, "signal_id")
        return kept

    async def delete_signal(self, signal_id: int) -> None:
        self._note("delete_signal", signal_id)
        users = [pool.name for pool in self.pool_list if signal_id in pool.signal_ids]
        if users:
            raise Conflict(f"signal: {', '.join(users)} uses it", field="signal_id", value=str(signal_id))
        self.definition_list = tuple(item for item in self.definition_list if item.signal_id != signal_id)

    async def save_pool(self, pool: SignalPool) -> SignalPool:
        self._note("save_pool", pool)
        self._refuse_taken(pool.name, pool.pool_id, self.pool_list, "pool_id")
        kept = msgspec.structs.replace(pool, pool_id=pool.pool_id or 100)
        self.pool_list = _with(self.pool_list, kept, "pool_id")
        return kept

    async def delete_pool(self, pool_id: int) -> None:
        self._note("delete_pool", pool_id)
        if self.listeners(pool_id):
            raise Conflict("pool: a trader listens to it", field="pool_id", value=str(pool_id))
        self.pool_list = tuple(item for item in self.pool_list if item.pool_id != pool_id)

    async def listen(self, trader_id: int, pool_ids: tuple[int, ...]) -> None:
        self._note("listen", trader_id, pool_ids)
        for pool in self.pool_list:
            others = tuple(each for each in self.listeners(pool.pool_id) if each != trader_id)
            mine = (trader_id,) if pool.pool_id in pool_ids else ()
            self.listener_ids[pool.pool_id] = tuple(sorted((*others, *mine)))

    async def reset(self, pool_id: int | None = None) -> None:
        self._note("reset", pool_id)

    async def test_signal(self, condition: str, symbol: str) -> SignalState:
        self._note("test_signal", condition, symbol)
        return msgspec.structs.replace(self.signal_state_list[0], signal_id=0, symbol=symbol)

    async def preview_signal(
        self, condition: str, symbol: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> SignalPreview:
        self._note("preview_signal", condition, symbol)
        return self._preview(symbol, start_ms, end_ms)

    async def preview_pool(
        self, pool: SignalPool, symbol: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> SignalPreview:
        self._note("preview_pool", pool.name, symbol)
        return self._preview(symbol, start_ms, end_ms)

    async def analyze(self, metric: str, symbol: str, period: str = "5m", days: int = 7) -> MetricAnalysis:
        self._note("analyze", metric, symbol, period, days)
        return MetricAnalysis(
            metric=metric,
            symbol=symbol,
            period=period,
            samples=2016,
            mean=49.8,
            deviation=11.3,
            lowest=14.2,
            highest=86.1,
            percentiles=((1, 23.1), (5, 30.9), (25, 41.8), (50, 49.9), (75, 57.6), (95, 68.4), (99, 76.0)),
            suggestions=((f"{metric} < 30.9 on {period}", 0.05), (f"{metric} > 68.4 on {period}", 0.05)),
        )

    def price_alerts(self) -> tuple[PriceAlert, ...]:
        return tuple(sorted(self.alert_list, key=lambda item: item.fired_ms is not None))

    async def add_price_alert(self, symbol: str, direction: AlertDirection, price: Decimal) -> PriceAlert:
        self._note("add_price_alert", symbol, direction, price)
        alert = PriceAlert(alert_id=100, symbol=symbol, direction=direction, price=price, created_ms=NOW_MS)
        self.alert_list = (*self.alert_list, alert)
        return alert

    async def delete_price_alert(self, alert_id: int) -> None:
        self._note("delete_price_alert", alert_id)
        if alert_id not in {item.alert_id for item in self.alert_list}:
            raise NotFound(f"alert: there is no {alert_id}", field="alert_id", value=str(alert_id))
        self.alert_list = tuple(item for item in self.alert_list if item.alert_id != alert_id)

    def _preview(self, symbol: str, start_ms: int | None, end_ms: int | None) -> SignalPreview:
        end = end_ms if end_ms is not None else NOW_MS
        start = start_ms if start_ms is not None else end - 7 * 86_400_000
        fired = (FiredSignal(1, "RSI oversold", "rsi14 crosses below 30 on 15m", 29.1),)
        return SignalPreview(
            symbol=symbol,
            start_ms=start,
            end_ms=end,
            checkpoints=672,
            unknown=14,
            fires=tuple(
                PreviewFire(end - hours * 3_600_000, 66_900.0 - 11.3 * hours, fired)
                for hours in (9, 4, 2)
                if end - hours * 3_600_000 >= start
            ),
            why_unknown="rsi14 needs 15 candles",
        )

    def _refuse_taken(self, name: str, own_id: int, rows: tuple[Any, ...], id_field: str) -> None:
        if any(row.name == name and getattr(row, id_field) != own_id for row in rows):
            raise Conflict(f"name: {name} is taken", field="name", value=name)


def _with(rows: tuple[Any, ...], row: Any, id_field: str) -> tuple[Any, ...]:
    """Return the table with a row put in the place of the one with its id, or at the end."""
    row_id = getattr(row, id_field)
    if any(getattr(each, id_field) == row_id for each in rows):
        return tuple(row if getattr(each, id_field) == row_id else each for each in rows)
    return (*rows, row)
