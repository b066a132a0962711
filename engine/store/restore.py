"""What a desk reads when it starts: everything it needs to go on where it ended.

Reads over the plain driver in one snapshot, without SQLAlchemy, because the restored panes are on
screen before that import would be done.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from engine.model.account import TraderConfig, TraderStatus
from engine.model.assistant import Conversation, Proposal, ProposalStatus
from engine.model.backtest import BacktestRun
from engine.model.decision import DecisionRecord
from engine.model.fill import Fill
from engine.model.language_model import ModelConnection, Spending
from engine.model.news import NewsItem, NewsSource
from engine.model.order import Order, OrderStatus
from engine.model.position import Position
from engine.model.program import Binding, Program
from engine.model.prompt import Prompt
from engine.model.prompt_backtest import PromptRun
from engine.model.signal import PoolEdge, PoolFire, PriceAlert, SignalDefinition, SignalPool
from engine.store.changes import BindingHealth, CustomFactor, Setting, TraderState, Wallet
from engine.store.connection import PlainConnection
from engine.store.database import Database
from engine.store.rows import from_tuple
from engine.store.spending import spending_of

RECENT_ORDERS = 200
RECENT_FILLS = 200
RECENT_DECISIONS = 50
RECENT_FIRES = 500
RECENT_NEWS = 500
RECENT_BACKTESTS = 500
RECENT_EQUITY_POINTS = 10_000
"""How many of the newest equity points come whole; all older ones are thinned to as many again."""


class EquityCurve(msgspec.Struct, frozen=True):
    """A trader's equity over time, oldest first: times in UTC ms and equities in the quote currency.

    Two arrays of equal length (`array('q')` and `array('d')`), made for charts.
    """

    ts_ms: array[int]
    equity: array[float]


class StoredTrader(msgspec.Struct, frozen=True, kw_only=True):
    """One trader as it was; a trader that has never run is paused, and without a wallet yet."""

    config: TraderConfig
    state: TraderState
    wallet: Wallet | None
    equity: EquityCurve


class DeskState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a restart needs; every sequence is oldest first.

    Orders and fills of one millisecond stand in the order they were first written, trader by trader.

    `open_orders` is complete. `recent_orders` (which includes open ones) and `fills` hold the last
    200 of each trader, `decisions` the last 50 of each with whatever reasoning had streamed; one
    that was being made when the desk died is still `started`.

    Prompts, model connections, conversations and the proposals that wait are complete; a conversation's
    messages, a prompt's versions and the calls of models are read from the store when asked for; of the
    calls only `spending` is here, what they took by day.
    Programs, bindings, signals, pools, factors, price alerts and news sources are complete, deleted
    ones included; `fires`, `news` and `backtest_runs` are the last 500. What programs did is in the
    store's `executions`.
    """

    traders: tuple[StoredTrader, ...] = ()
    programs: tuple[Program, ...] = ()
    bindings: tuple[Binding, ...] = ()
    binding_health: tuple[BindingHealth, ...] = ()
    backtest_runs: tuple[BacktestRun, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    model_connections: tuple[ModelConnection, ...] = ()
    prompt_runs: tuple[PromptRun, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    open_orders: tuple[Order, ...] = ()
    recent_orders: tuple[Order, ...] = ()
    positions: tuple[Position, ...] = ()
    fills: tuple[Fill, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()
    signals: tuple[SignalDefinition, ...] = ()
    pools: tuple[SignalPool, ...] = ()
    pool_edges: tuple[PoolEdge, ...] = ()
    fires: tuple[PoolFire, ...] = ()
    price_alerts: tuple[PriceAlert, ...] = ()
    factors: tuple[CustomFactor, ...] = ()
    news_sources: tuple[NewsSource, ...] = ()
    news: tuple[NewsItem, ...] = ()
    spending: tuple[Spending, ...] = ()
    settings: dict[str, str] = {}


def read_desk_state(database: Database, spent_since_ms: int = 0) -> DeskState:
    """Read the whole state of a database whose schema is current, spending from a time on.

    Raises the driver's error, or `msgspec.ValidationError` for a row that is no value of its kind.
    """
    with database.connect() as connection:
        connection.run(database.begin_snapshot)
        return _Reader(connection).desk_state(spent_since_ms)


class _Reader:
    """The queries of one restore, over one snapshot."""

    def __init__(self, connection: PlainConnection) -> None:
        self._connection = connection

    def desk_state(self, spent_since_ms: int) -> DeskState:
        configs = self._all(TraderConfig, "traders", "ORDER BY trader_id")
        trader_ids = [config.trader_id for config in configs]
        settings = self._all(Setting, "settings", "ORDER BY key")
        return DeskState(
            traders=self._traders(configs),
            programs=self._all(Program, "programs", "ORDER BY program_id"),
            bindings=self._all(Binding, "bindings", "ORDER BY binding_id"),
            binding_health=self._all(BindingHealth, "binding_health", "ORDER BY binding_id"),
            backtest_runs=self._newest(BacktestRun, "backtest_runs", "created_ms", RECENT_BACKTESTS),
            prompts=self._all(Prompt, "prompts", "ORDER BY prompt_id"),
            model_connections=self._all(ModelConnection, "model_connections", "ORDER BY connection_id"),
            prompt_runs=self._all(PromptRun, "prompt_runs", "ORDER BY created_ms, run_id"),
            conversations=self._all(Conversation, "conversations", "ORDER BY conversation_id"),
            proposals=self._all(
                Proposal, "proposals", "WHERE status = ? ORDER BY created_ms", ProposalStatus.WAITING.value
            ),
            open_orders=self._open_orders(),
            recent_orders=self._recent_orders(trader_ids),
            positions=self._all(Position, "positions", "ORDER BY trader_id, symbol"),
            fills=self._recent_fills(trader_ids),
            decisions=self._recent_decisions(trader_ids),
            signals=self._all(SignalDefinition, "signals", "ORDER BY signal_id"),
            pools=self._all(SignalPool, "signal_pools", "ORDER BY pool_id"),
            pool_edges=self._all(PoolEdge, "pool_edges", "ORDER BY pool_id, symbol"),
            fires=self._newest(PoolFire, "pool_fires", "fire_id", RECENT_FIRES),
            price_alerts=self._all(PriceAlert, "price_alerts", "ORDER BY alert_id"),
            factors=self._all(CustomFactor, "factors", "ORDER BY name"),
            news_sources=self._all(NewsSource, "news_sources", "ORDER BY source_id"),
            news=self._newest(NewsItem, "news_items", "published_ms", RECENT_NEWS),
            spending=self._spending(spent_since_ms),
            settings={setting.key: setting.value for setting in settings},
        )

    def _spending(self, since_ms: int) -> tuple[Spending, ...]:
        made = self._connection.rows(
            "SELECT started_ms, trader_id, connection_id, error, usage, cost_usd FROM model_calls"
            " WHERE started_ms >= ? AND NOT cached",
            since_ms,
        )
        return spending_of(made)

    def _all[T: msgspec.Struct](
        self, kind: type[T], table: str, tail: str, *parameters: object
    ) -> tuple[T, ...]:
        columns = kind.__struct_fields__
        found = self._connection.rows(f"SELECT {', '.join(columns)} FROM {table} {tail}", *parameters)
        return tuple(from_tuple(kind, columns, values) for values in found)

    def _newest[T: msgspec.Struct](self, kind: type[T], table: str, column: str, limit: int) -> tuple[T, ...]:
        return self._all(kind, table, f"ORDER BY {column} DESC LIMIT ?", limit)[::-1]

    def _traders(self, configs: Sequence[TraderConfig]) -> tuple[StoredTrader, ...]:
        states = {state.trader_id: state for state in self._all(TraderState, "trader_states", "")}
        wallets = {wallet.trader_id: wallet for wallet in self._all(Wallet, "wallets", "")}
        return tuple(
            StoredTrader(
                config=config,
                state=states.get(config.trader_id)
                or TraderState(trader_id=config.trader_id, status=TraderStatus.PAUSED),
                wallet=wallets.get(config.trader_id),
                equity=self._equity(config.trader_id),
            )
            for config in configs
        )

    def _open_orders(self) -> tuple[Order, ...]:
        open_statuses = [status.value for status in OrderStatus if status.is_open]
        marks = ", ".join("?" * len(open_statuses))
        return self._all(
            Order,
            "orders",
            f"WHERE status IN ({marks}) ORDER BY created_ms, row_number",
            *open_statuses,
        )

    def _recent_orders(self, trader_ids: Sequence[int]) -> tuple[Order, ...]:
        newest = "WHERE trader_id = ? ORDER BY created_ms DESC, row_number DESC LIMIT ?"
        found = [
            order
            for trader_id in trader_ids
            for order in reversed(self._all(Order, "orders", newest, trader_id, RECENT_ORDERS))
        ]
        return tuple(sorted(found, key=lambda order: order.created_ms))

    def _recent_fills(self, trader_ids: Sequence[int]) -> tuple[Fill, ...]:
        newest = "WHERE trader_id = ? ORDER BY ts_ms DESC, row_number DESC LIMIT ?"
        found = [
            fill
            for trader_id in trader_ids
            for fill in reversed(self._all(Fill, "fills", newest, trader_id, RECENT_FILLS))
        ]
        return tuple(sorted(found, key=lambda fill: fill.ts_ms))

    def _recent_decisions(self, trader_ids: Sequence[int]) -> tuple[DecisionRecord, ...]:
        newest = "WHERE trader_id = ? ORDER BY started_ms DESC, decision_id DESC LIMIT ?"
        columns = tuple(name for name in DecisionRecord.__struct_fields__ if name != "reasoning")
        decisions = []
        for trader_id in trader_ids:
            pieces: defaultdict[str, list[str]] = defaultdict(list)
            for decision_id, text in self._connection.rows(
                "SELECT decision_id, text FROM reasoning WHERE decision_id IN "
                f"(SELECT decision_id FROM decisions {newest}) ORDER BY decision_id, chunk_index",
                trader_id,
                RECENT_DECISIONS,
            ):
                pieces[decision_id].append(text)
            for values in self._connection.rows(
                f"SELECT {', '.join(columns)} FROM decisions {newest}", trader_id, RECENT_DECISIONS
            ):
                record = from_tuple(DecisionRecord, columns, values)
                reasoning = "".join(pieces[record.decision_id])
                decisions.append(msgspec.structs.replace(record, reasoning=reasoning))
        return tuple(sorted(decisions, key=lambda record: (record.started_ms, record.decision_id)))

    def _equity(self, trader_id: int) -> EquityCurve:
        recent = self._equity_points(
            "WHERE trader_id = ? ORDER BY ts_ms DESC LIMIT ?", trader_id, RECENT_EQUITY_POINTS
        )
        recent.reverse()
        if len(recent) < RECENT_EQUITY_POINTS:
            return _curve(recent)
        return _curve(self._thinned_equity_points(trader_id, before_ms=recent[0][0]) + recent)

    def _thinned_equity_points(self, trader_id: int, before_ms: int) -> list[tuple[int, float]]:
        """Return the last point of each of `RECENT_EQUITY_POINTS` equal intervals before a time."""
        first = self._connection.rows("SELECT MIN(ts_ms) FROM equity_points WHERE trader_id = ?", trader_id)
        interval_ms = (before_ms - int(first[0][0])) // RECENT_EQUITY_POINTS + 1
        return self._equity_points(
            "WHERE trader_id = ? AND ts_ms IN (SELECT MAX(ts_ms) FROM equity_points "
            "WHERE trader_id = ? AND ts_ms < ? GROUP BY (? - ts_ms) / ?) ORDER BY ts_ms",
            trader_id,
            trader_id,
            before_ms,
            before_ms,
            interval_ms,
        )

    def _equity_points(self, tail: str, *parameters: object) -> list[tuple[int, float]]:
        sql = f"SELECT ts_ms, CAST(equity AS DOUBLE PRECISION) FROM equity_points {tail}"
        return [(int(ts_ms), float(equity)) for ts_ms, equity in self._connection.rows(sql, *parameters)]


def _curve(points: Sequence[tuple[int, float]]) -> EquityCurve:
    return EquityCurve(
        array("q", [ts_ms for ts_ms, _ in points]), array("d", [equity for _, equity in points])
    )
