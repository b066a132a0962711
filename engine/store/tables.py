"""The tables, one per fact, with a column per field of the value each keeps.

No foreign keys: the journal must take a fill whose order it has not seen and an order whose trader
is not yet written, since refusing a fact that has happened would lose it. A decision's reasoning
lives in `reasoning` only, streamed or whole. Orders and fills are numbered as they are first written,
so that those of one millisecond keep their order. Importing this module imports SQLModel.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from engine.store.columns import (
    exact_column,
    integer_column,
    integer_key,
    row_number_key,
    text_column,
    text_key,
    unique_text,
)
from engine.store.prompt_tables import PromptRow


class TraderRow(SQLModel, table=True):
    """A `TraderConfig`."""

    __tablename__: ClassVar[Any] = "traders"
    trader_id: int = integer_key()
    name: str = text_column()
    kind: str = text_column()
    initial_capital: Decimal = exact_column()
    mode: str = text_column()
    symbols: str = text_column()
    strategy: str = text_column()
    model: str = text_column()
    connection_id: int = integer_column()
    policy: str = text_column()
    period: str = text_column()
    schedule_seconds: int = integer_column()
    pool_ids: str = text_column()
    limits: str = text_column()
    description: str = text_column()
    trading_enabled: bool
    hidden: bool
    deleted: bool


class TraderStateRow(SQLModel, table=True):
    """A `TraderState`."""

    __tablename__: ClassVar[Any] = "trader_states"
    trader_id: int = integer_key()
    status: str = text_column()
    status_reason: str = text_column()
    seq: int = integer_column()


class WalletRow(SQLModel, table=True):
    """A `Wallet`."""

    __tablename__: ClassVar[Any] = "wallets"
    trader_id: int = integer_key()
    cash: Decimal = exact_column()
    realized_pnl: Decimal = exact_column()
    fees: Decimal = exact_column()
    funding: Decimal = exact_column()
    next_trade_number: int = integer_column()


class ProgramRow(SQLModel, table=True):
    """A `Program`."""

    __tablename__: ClassVar[Any] = "programs"
    program_id: int = integer_key()
    name: str = text_column()
    code: str = text_column()
    description: str = text_column()
    params: str = text_column()
    enabled: bool
    version: int = integer_column()
    created_ms: int = integer_column()
    updated_ms: int = integer_column()
    deleted: bool


class ProgramVersionRow(SQLModel, table=True):
    """A `ProgramVersion`."""

    __tablename__: ClassVar[Any] = "program_versions"
    program_id: int = integer_key()
    version: int = integer_key()
    code: str = text_column()
    saved_ms: int = integer_column()


class BindingRow(SQLModel, table=True):
    """A `Binding`."""

    __tablename__: ClassVar[Any] = "bindings"
    binding_id: int = integer_key()
    trader_id: int = integer_column()
    program_id: int = integer_column()
    pool_ids: str = text_column()
    schedule_seconds: int = integer_column()
    params: str = text_column()
    exchange: str = text_column()
    active: bool
    deleted: bool


class BindingHealthRow(SQLModel, table=True):
    """A `BindingHealth`."""

    __tablename__: ClassVar[Any] = "binding_health"
    binding_id: int = integer_key()
    failed: bool
    reason: str = text_column()
    traceback: str = text_column()
    last_trigger_ms: int | None = integer_column(nullable=True)
    runs: int = integer_column()
    failures: int = integer_column()
    deciding: str = text_column()


class ProgramExecutionRow(SQLModel, table=True):
    """A `ProgramExecution`."""

    __tablename__: ClassVar[Any] = "program_executions"
    __table_args__ = (
        Index("ix_program_executions_program_id_started_ms", "program_id", "started_ms"),
        Index("ix_program_executions_trader_id_started_ms", "trader_id", "started_ms"),
        Index("ix_program_executions_started_ms", "started_ms"),
    )
    decision_id: str = text_key()
    binding_id: int = integer_column()
    trader_id: int = integer_column()
    program_id: int = integer_column()
    program_version: int = integer_column()
    trigger: str = text_column()
    started_ms: int = integer_column()
    success: bool
    params: str = text_column()
    decisions: str = text_column()
    order_ids: str = text_column()
    outcome: str = text_column()
    error: str | None = text_column(nullable=True)
    output: str = text_column()
    market_context: str = text_column()
    reads: str = text_column()
    duration_ms: float


class BacktestRunRow(SQLModel, table=True):
    """A `BacktestRun`."""

    __tablename__: ClassVar[Any] = "backtest_runs"
    __table_args__ = (Index("ix_backtest_runs_created_ms", "created_ms"),)
    run_id: str = text_key()
    name: str = text_column()
    symbols: str = text_column()
    status: str = text_column()
    created_ms: int = integer_column()
    program_id: int = integer_column()
    binding_id: int = integer_column()
    finished_ms: int | None = integer_column(nullable=True)
    progress: str = text_column()
    summary: str = text_column()
    total_trades: int = integer_column()
    final_equity: float | None = Field(nullable=True)
    total_pnl: float | None = Field(nullable=True)
    result_hash: str = text_column()
    error: str = text_column()
    combinations: int = integer_column()
    deleted: bool


class OrderRow(SQLModel, table=True):
    """An `Order`, from intent to its end."""

    __tablename__: ClassVar[Any] = "orders"
    __table_args__ = (
        Index("ix_orders_trader_id_created_ms", "trader_id", "created_ms"),
        Index("ix_orders_status", "status"),
        Index("ix_orders_decision_id", "decision_id"),
        Index("ix_orders_parent_id", "parent_id"),
    )
    row_number: int | None = row_number_key()
    client_order_id: str = unique_text()
    trader_id: int = integer_column()
    symbol: str = text_column()
    side: str = text_column()
    type: str = text_column()
    quantity: Decimal = exact_column()
    created_ms: int = integer_column()
    updated_ms: int = integer_column()
    price: Decimal | None = exact_column(nullable=True)
    trigger_price: Decimal | None = exact_column(nullable=True)
    time_in_force: str = text_column()
    reduce_only: bool
    leverage: int | None = integer_column(nullable=True)
    stop_loss: Decimal | None = exact_column(nullable=True)
    take_profit: Decimal | None = exact_column(nullable=True)
    parent_id: str | None = text_column(nullable=True)
    decision_id: str | None = text_column(nullable=True)
    venue_order_id: str | None = text_column(nullable=True)
    status: str = text_column()
    filled_quantity: Decimal = exact_column()
    average_price: Decimal | None = exact_column(nullable=True)
    fee: Decimal = exact_column()
    status_reason: str = text_column()


class FillRow(SQLModel, table=True):
    """A `Fill`, once per trade id."""

    __tablename__: ClassVar[Any] = "fills"
    __table_args__ = (
        Index("ix_fills_trader_id_ts_ms", "trader_id", "ts_ms"),
        Index("ix_fills_client_order_id", "client_order_id"),
    )
    row_number: int | None = row_number_key()
    trade_id: str = unique_text()
    client_order_id: str = text_column()
    trader_id: int = integer_column()
    symbol: str = text_column()
    side: str = text_column()
    price: Decimal = exact_column()
    quantity: Decimal = exact_column()
    fee: Decimal = exact_column()
    liquidity: str = text_column()
    realized_pnl: Decimal = exact_column()
    ts_ms: int = integer_column()


class PositionRow(SQLModel, table=True):
    """An open `Position`."""

    __tablename__: ClassVar[Any] = "positions"
    trader_id: int = integer_key()
    symbol: str = text_key()
    quantity: Decimal = exact_column()
    entry_price: Decimal = exact_column()
    leverage: int = integer_column()
    isolated_margin: Decimal = exact_column()
    mark_price: Decimal = exact_column()
    liquidation_price: Decimal | None = exact_column(nullable=True)
    opened_ms: int = integer_column()
    funding: Decimal = exact_column()
    realized_pnl: Decimal = exact_column()
    fees: Decimal = exact_column()


class DecisionRow(SQLModel, table=True):
    """A `DecisionRecord` without its reasoning."""

    __tablename__: ClassVar[Any] = "decisions"
    __table_args__ = (Index("ix_decisions_trader_id_started_ms", "trader_id", "started_ms"),)
    decision_id: str = text_key()
    trader_id: int = integer_column()
    trigger: str = text_column()
    started_ms: int = integer_column()
    status: str = text_column()
    decisions: str = text_column()
    prompt: str = text_column()
    reply: str = text_column()
    outcome: str = text_column()
    order_ids: str = text_column()
    tokens: int = integer_column()
    latency_ms: int = integer_column()
    cost_usd: Decimal | None = exact_column(nullable=True)
    stage: str = text_column()
    strategy: str = text_column()
    strategy_version: int = integer_column()
    model: str = text_column()
    regime: str = text_column()


class ReasoningRow(SQLModel, table=True):
    """A `ReasoningChunk`, or a decision's whole reasoning as piece 0."""

    __tablename__: ClassVar[Any] = "reasoning"
    decision_id: str = text_key()
    chunk_index: int = integer_key()
    trader_id: int = integer_column()
    text: str = text_column()


class EquityPointRow(SQLModel, table=True):
    """An `EquityPoint`."""

    __tablename__: ClassVar[Any] = "equity_points"
    trader_id: int = integer_key()
    ts_ms: int = integer_key()
    equity: Decimal = exact_column()


class SignalRow(SQLModel, table=True):
    """A `SignalDefinition`."""

    __tablename__: ClassVar[Any] = "signals"
    signal_id: int = integer_key()
    name: str = text_column()
    condition: str = text_column()
    description: str = text_column()
    enabled: bool
    deleted: bool


class SignalPoolRow(SQLModel, table=True):
    """A `SignalPool`."""

    __tablename__: ClassVar[Any] = "signal_pools"
    pool_id: int = integer_key()
    name: str = text_column()
    signal_ids: str = text_column()
    logic: str = text_column()
    symbols: str = text_column()
    cooldown_seconds: int = integer_column()
    enabled: bool
    deleted: bool


class PoolEdgeRow(SQLModel, table=True):
    """A `PoolEdge`."""

    __tablename__: ClassVar[Any] = "pool_edges"
    pool_id: int = integer_key()
    symbol: str = text_key()
    met: bool | None = Field(nullable=True)
    as_of_ms: int = integer_column()
    fired_ms: int | None = integer_column(nullable=True)


class PoolFireRow(SQLModel, table=True):
    """A `PoolFire`."""

    __tablename__: ClassVar[Any] = "pool_fires"
    __table_args__ = (Index("ix_pool_fires_pool_id_ts_ms", "pool_id", "ts_ms"),)
    fire_id: int = integer_key()
    pool_id: int = integer_column()
    pool_name: str = text_column()
    symbol: str = text_column()
    ts_ms: int = integer_column()
    logic: str = text_column()
    signals: str = text_column()
    regime: str = text_column()
    deliveries: str = text_column()


class PriceAlertRow(SQLModel, table=True):
    """A `PriceAlert`."""

    __tablename__: ClassVar[Any] = "price_alerts"
    alert_id: int = integer_key()
    symbol: str = text_column()
    direction: str = text_column()
    price: Decimal = exact_column()
    created_ms: int = integer_column()
    fired_ms: int | None = integer_column(nullable=True)
    deleted: bool


class FactorRow(SQLModel, table=True):
    """A `CustomFactor`."""

    __tablename__: ClassVar[Any] = "factors"
    name: str = text_key()
    expression: str = text_column()
    meaning: str = text_column()
    deleted: bool


class NewsSourceRow(SQLModel, table=True):
    """A `NewsSource`."""

    __tablename__: ClassVar[Any] = "news_sources"
    source_id: int = integer_key()
    name: str = text_column()
    url: str = text_column()
    format: str = text_column()
    items_path: str = text_column()
    interval_seconds: int = integer_column()
    enabled: bool
    deleted: bool


class NewsItemRow(SQLModel, table=True):
    """A `NewsItem`."""

    __tablename__: ClassVar[Any] = "news_items"
    __table_args__ = (Index("ix_news_items_published_ms", "published_ms"),)
    news_id: str = text_key()
    source: str = text_column()
    url: str = text_column()
    title: str = text_column()
    summary: str = text_column()
    published_ms: int = integer_column()
    received_ms: int = integer_column()
    symbols: str = text_column()
    sentiment: str = text_column()
    relevance: float
    classified_by: str = text_column()


class SettingRow(SQLModel, table=True):
    """A `Setting`."""

    __tablename__: ClassVar[Any] = "settings"
    key: str = text_key()
    value: str = text_column()


TABLES = PromptRow.metadata.tables
"""Every table by its name, those of `prompt_tables` too, for SQL built without the classes."""
