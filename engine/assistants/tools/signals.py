"""Tools that read signals and pools, and try out conditions that are not saved."""

from __future__ import annotations

from bisect import bisect_left
from statistics import fmean
from typing import Annotated

import msgspec

from engine.assistants.tools.texts import as_json, no_such, picked
from engine.assistants.tools.tool import Arguments, ReadTool
from engine.desk import Desk
from engine.errors import NotFound
from engine.market.periods import HOUR_MS, MINUTE_MS, Period
from engine.model.assistant import AssistantKind
from engine.model.chart import ChartRequest
from engine.model.signal import PoolLogic, SignalPool, SignalPreview
from engine.text import safe_line

_KINDS = (AssistantKind.DESK, AssistantKind.SIGNAL)
_READERS = (*_KINDS, AssistantKind.PROGRAM, AssistantKind.PROMPT, AssistantKind.ATTRIBUTION)
_SHOWN_FIRES = 30
_PRICE_PERIOD = Period.M5
_MOST_CANDLES = 1_000

_Condition = Annotated[
    str, msgspec.Meta(description="such as: rsi14 crosses below 30 on 15m, or price > 70000 on 1m")
]
_Hours = Annotated[int, msgspec.Meta(ge=1, le=720, description="how far back from now")]


class _Pool(Arguments, frozen=True, kw_only=True):
    pool_id: int


class _ConditionOn(Arguments, frozen=True, kw_only=True):
    condition: _Condition
    symbol: str = "BTC"
    hours: _Hours = 72


class _Search(Arguments, frozen=True, kw_only=True):
    about: Annotated[str, msgspec.Meta(description="a word such as volume or macd; empty lists names")] = ""


class _Metric(Arguments, frozen=True, kw_only=True):
    metric: Annotated[str, msgspec.Meta(description="a metric of get_signal_metrics")]
    symbol: str = "BTC"
    period: str = "5m"
    days: Annotated[int, msgspec.Meta(ge=1, le=30)] = 7


class _Combination(Arguments, frozen=True, kw_only=True):
    signals: Annotated[tuple[str, ...], msgspec.Meta(description="names of saved signals")]
    logic: PoolLogic = PoolLogic.AND
    cooldown_seconds: int = 0
    symbol: str = "BTC"
    hours: _Hours = 72


class _Forward(Arguments, frozen=True, kw_only=True):
    pool_id: int
    symbol: str = "BTC"
    hours: _Hours = 72
    hold_minutes: Annotated[int, msgspec.Meta(ge=5, le=1440, description="how long after each fire")] = 60


def pool_of(desk: Desk, pool_id: int) -> SignalPool:
    """Return a pool; raises `NotFound` naming those there are."""
    for pool in desk.signals.pools():
        if pool.pool_id == pool_id:
            return pool
    raise no_such("pool", pool_id, ((each.pool_id, each.name) for each in desk.signals.pools()))


def signal_ids(desk: Desk, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the ids of saved signals by their names; raises `NotFound` naming those there are."""
    by_name = {each.name.casefold(): each.signal_id for each in desk.signals.definitions()}
    missing = [safe_line(name, 60) for name in names if name.casefold() not in by_name]
    if missing:
        known = ", ".join(each.name for each in desk.signals.definitions())
        raise NotFound(f"signals: there is no {', '.join(missing)}; there are {known or 'none'}")
    return tuple(by_name[name.casefold()] for name in names)


async def _pools(desk: Desk, _: Arguments) -> str:
    return as_json(
        {
            "signals": desk.signals.definitions(),
            "pools": [
                picked(pool, "pool_id", "name", "signal_ids", "logic", "symbols", "cooldown_seconds")
                | {"enabled": pool.enabled, "wakes_traders": desk.signals.listeners(pool.pool_id)}
                for pool in desk.signals.pools()
            ],
        }
    )


async def _pool(desk: Desk, asked: _Pool) -> str:
    pool = pool_of(desk, asked.pool_id)
    return as_json(
        {
            "pool": pool,
            "signals": [each for each in desk.signals.definitions() if each.signal_id in pool.signal_ids],
            "states": [each for each in desk.signals.pool_states() if each.pool_id == pool.pool_id],
            "wakes_traders": desk.signals.listeners(pool.pool_id),
            "last_fires": [
                picked(fire, "symbol", "ts_ms", "regime", "signals", "deliveries")
                for fire in desk.signals.fires(pool.pool_id, limit=5)
            ],
        }
    )


async def _metrics(desk: Desk, asked: _Search) -> str:
    word = asked.about.strip().casefold()
    if not word:
        return as_json([f"{each.name} [{each.unit}]" for each in desk.signals.metrics()])
    told = [
        f"{each.name} [{each.unit}] needs {each.needs}: {each.meaning}" for each in desk.signals.metrics()
    ]
    return as_json([text for text in told if word in text.casefold()])


async def _analyze(desk: Desk, asked: _Metric) -> str:
    return as_json(await desk.signals.analyze(asked.metric, asked.symbol, asked.period, asked.days))


async def _condition(desk: Desk, asked: _ConditionOn) -> str:
    now_ms = desk.market().now_ms
    read = desk.signals.check(asked.condition)
    state = await desk.signals.test_signal(asked.condition, asked.symbol)
    preview = await desk.signals.preview_signal(
        asked.condition, asked.symbol, now_ms - asked.hours * HOUR_MS, now_ms
    )
    return as_json({"read_as": read, "now": state, "history": _told(preview)})


async def _combination(desk: Desk, asked: _Combination) -> str:
    now_ms = desk.market().now_ms
    pool = SignalPool(
        pool_id=0,
        name="tried out by an assistant",
        signal_ids=signal_ids(desk, asked.signals),
        logic=asked.logic,
        cooldown_seconds=asked.cooldown_seconds,
    )
    start_ms = now_ms - asked.hours * HOUR_MS
    return as_json(_told(await desk.signals.preview_pool(pool, asked.symbol, start_ms, now_ms)))


async def _forward(desk: Desk, asked: _Forward) -> str:
    """Tell how the price moved after each fire: the share that rose and the mean change, per cent."""
    now_ms = desk.market().now_ms
    pool = pool_of(desk, asked.pool_id)
    start_ms = now_ms - asked.hours * HOUR_MS
    preview = await desk.signals.preview_pool(pool, asked.symbol, start_ms, now_ms)
    closes = _closes_since(desk, asked.symbol, start_ms)
    times = [close_ms for close_ms, _ in closes]
    changes = []
    for fire in preview.fires:
        after = bisect_left(times, fire.ts_ms + asked.hold_minutes * MINUTE_MS)
        if after < len(closes) and fire.price > 0:
            changes.append(100 * (closes[after][1] / fire.price - 1))
    return as_json(
        _told(preview)
        | {
            "hold_minutes": asked.hold_minutes,
            "measured_fires": len(changes),
            "rose_share": fmean(change > 0 for change in changes) if changes else None,
            "mean_change_pct": fmean(changes) if changes else None,
            "worst_change_pct": min(changes, default=None),
            "best_change_pct": max(changes, default=None),
            "note": "price changes before fees and slippage; not a trading result",
        }
    )


def _closes_since(desk: Desk, symbol: str, start_ms: int) -> list[tuple[int, float]]:
    """Return when the closed candles since a time closed, and where, oldest first."""
    found: list[tuple[int, float]] = []
    before_ms: int | None = None
    while True:
        chart = desk.markets.chart(
            ChartRequest(symbol=symbol, period=_PRICE_PERIOD, limit=_MOST_CANDLES, before_ms=before_ms)
        )
        closed = [candle for candle in chart.candles if candle.closed]
        found[:0] = [(candle.open_ms + _PRICE_PERIOD.length_ms, float(candle.close)) for candle in closed]
        if not chart.candles or not chart.has_earlier or chart.candles[0].open_ms <= start_ms:
            return found
        before_ms = chart.candles[0].open_ms


def _told(preview: SignalPreview) -> dict[str, object]:
    hours = max((preview.end_ms - preview.start_ms) / HOUR_MS, 1)
    return picked(preview, "symbol", "start_ms", "end_ms", "checkpoints", "unknown", "why_unknown") | {
        "fire_count": len(preview.fires),
        "fires_a_day": 24 * len(preview.fires) / hours,
        "last_fires": [(fire.ts_ms, fire.price) for fire in preview.fires[-_SHOWN_FIRES:]],
    }


SIGNAL_TOOLS = (
    ReadTool(
        name="get_signal_pools",
        meaning="List the saved signals and the pools they are in, with the traders each pool wakes.",
        kinds=_READERS,
        parameters=Arguments,
        run=_pools,
    ),
    ReadTool(
        name="get_signal_pool_config",
        meaning="Read one pool: its signals, how it stands on each symbol, its last fires.",
        kinds=_READERS,
        parameters=_Pool,
        run=_pool,
    ),
    ReadTool(
        name="get_signal_metrics",
        meaning="List what a condition can compare: the names, or what a word names with its meaning.",
        kinds=_KINDS,
        parameters=_Search,
        run=_metrics,
    ),
    ReadTool(
        name="analyze_metric",
        meaning="Read how a metric was distributed over the last days, with suggested thresholds.",
        kinds=_KINDS,
        parameters=_Metric,
        run=_analyze,
    ),
    ReadTool(
        name="test_condition",
        meaning="Read a condition that is not saved: what it means, how it stands now, where it would have "
        "fired. Do it before proposing a signal.",
        kinds=_KINDS,
        parameters=_ConditionOn,
        run=_condition,
    ),
    ReadTool(
        name="predict_signal_combination",
        meaning="Read how often a pool of saved signals would have fired, before there is one.",
        kinds=_KINDS,
        parameters=_Combination,
        run=_combination,
    ),
    ReadTool(
        name="run_signal_backtest",
        meaning="Read how the price moved after each fire a pool would have had.",
        kinds=_KINDS,
        parameters=_Forward,
        run=_forward,
    ),
)
