"""The tables, one per fact, with a column per field of the value each keeps.

No foreign keys: the journal must take a fill whose order it has not seen and an order whose trader
is not yet written, since refusing a fact that has happened would lose it. A decision's reasoning
lives in `reasoning` only, streamed or whole. Orders and fills are numbered as they are first written,
so that those of one millisecond keep their order. Importing this module imports SQLModel.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Dialect, Index, Integer, Numeric, Text
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal kept to its last digit: NUMERIC on PostgreSQL, text on SQLite, which only has floats."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of the database at hand."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Return what is stored; raises ValueError for NaN and infinity, which are no amounts."""
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError(f"{value} is no amount")
        return str(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return the decimal that was stored."""
        return None if value is None else Decimal(value)


def _text_key() -> Any:
    return Field(primary_key=True, sa_type=Text)


def _row_number() -> Any:
    # SQLite counts rows by itself only in a key of exactly the type INTEGER.
    return Field(default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer(), "sqlite"))


def _unique_text() -> Any:
    return Field(sa_type=Text, unique=True)


def _integer_key() -> Any:
    return Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


def _text(*, nullable: bool = False) -> Any:
    return Field(sa_type=Text, nullable=nullable)


def _integer(*, nullable: bool = False) -> Any:
    return Field(sa_type=BigInteger, nullable=nullable)


def _exact(*, nullable: bool = False) -> Any:
    return Field(sa_type=ExactDecimal, nullable=nullable)


class TraderRow(SQLModel, table=True):
    """A `TraderConfig`."""

    __tablename__: ClassVar[Any] = "traders"
    trader_id: int = _integer_key()
    name: str = _text()
    kind: str = _text()
    initial_capital: Decimal = _exact()
    mode: str = _text()
    symbols: str = _text()
    strategy: str = _text()
    model: str = _text()
    connection_id: int = _integer()
    policy: str = _text()
    period: str = _text()
    schedule_seconds: int = _integer()
    pool_ids: str = _text()
    limits: str = _text()
    description: str = _text()
    trading_enabled: bool
    hidden: bool
    deleted: bool


class TraderStateRow(SQLModel, table=True):
    """A `TraderState`."""

    __tablename__: ClassVar[Any] = "trader_states"
    trader_id: int = _integer_key()
    status: str = _text()
    status_reason: str = _text()
    seq: int = _integer()


class WalletRow(SQLModel, table=True):
    """A `Wallet`."""

    __tablename__: ClassVar[Any] = "wallets"
    trader_id: int = _integer_key()
    cash: Decimal = _exact()
    realized_pnl: Decimal = _exact()
    fees: Decimal = _exact()
    funding: Decimal = _exact()
    next_trade_number: int = _integer()


class ProgramRow(SQLModel, table=True):
    """A `Program`."""

    __tablename__: ClassVar[Any] = "programs"
    program_id: int = _integer_key()
    name: str = _text()
    code: str = _text()
    description: str = _text()
    params: str = _text()
    enabled: bool
    version: int = _integer()
    created_ms: int = _integer()
    updated_ms: int = _integer()
    deleted: bool


class ProgramVersionRow(SQLModel, table=True):
    """A `ProgramVersion`."""

    __tablename__: ClassVar[Any] = "program_versions"
    program_id: int = _integer_key()
    version: int = _integer_key()
    code: str = _text()
    saved_ms: int = _integer()


class BindingRow(SQLModel, table=True):
    """A `Binding`."""

    __tablename__: ClassVar[Any] = "bindings"
    binding_id: int = _integer_key()
    trader_id: int = _integer()
    program_id: int = _integer()
    pool_ids: str = _text()
    schedule_seconds: int = _integer()
    params: str = _text()
    exchange: str = _text()
    active: bool
    deleted: bool


class BindingHealthRow(SQLModel, table=True):
    """A `BindingHealth`."""

    __tablename__: ClassVar[Any] = "binding_health"
    binding_id: int = _integer_key()
    failed: bool
    reason: str = _text()
    traceback: str = _text()
    last_trigger_ms: int | None = _integer(nullable=True)
    runs: int = _integer()
    failures: int = _integer()
    deciding: str = _text()


class ProgramExecutionRow(SQLModel, table=True):
    """A `ProgramExecution`."""

    __tablename__: ClassVar[Any] = "program_executions"
    __table_args__ = (
        Index("ix_program_executions_program_id_started_ms", "program_id", "started_ms"),
        Index("ix_program_executions_trader_id_started_ms", "trader_id", "started_ms"),
        Index("ix_program_executions_started_ms", "started_ms"),
    )
    decision_id: str = _text_key()
    binding_id: int = _integer()
    trader_id: int = _integer()
    program_id: int = _integer()
    program_version: int = _integer()
    trigger: str = _text()
    started_ms: int = _integer()
    success: bool
    params: str = _text()
    decisions: str = _text()
    order_ids: str = _text()
    outcome: str = _text()
    error: str | None = _text(nullable=True)
    output: str = _text()
    market_context: str = _text()
    reads: str = _text()
    duration_ms: float


class BacktestRunRow(SQLModel, table=True):
    """A `BacktestRun`."""

    __tablename__: ClassVar[Any] = "backtest_runs"
    __table_args__ = (Index("ix_backtest_runs_created_ms", "created_ms"),)
    run_id: str = _text_key()
    name: str = _text()
    symbols: str = _text()
    status: str = _text()
    created_ms: int = _integer()
    program_id: int = _integer()
    binding_id: int = _integer()
    finished_ms: int | None = _integer(nullable=True)
    progress: str = _text()
    summary: str = _text()
    total_trades: int = _integer()
    final_equity: float | None = Field(nullable=True)
    total_pnl: float | None = Field(nullable=True)
    result_hash: str = _text()
    error: str = _text()
    combinations: int = _integer()
    deleted: bool


class PromptRow(SQLModel, table=True):
    """A `Prompt`."""

    __tablename__: ClassVar[Any] = "prompts"
    prompt_id: int = _integer_key()
    name: str = _text()
    text: str = _text()
    description: str = _text()
    stock: str = _text()
    version: int = _integer()
    created_ms: int = _integer()
    updated_ms: int = _integer()
    deleted: bool


class PromptVersionRow(SQLModel, table=True):
    """A `PromptVersion`."""

    __tablename__: ClassVar[Any] = "prompt_versions"
    prompt_id: int = _integer_key()
    version: int = _integer_key()
    text: str = _text()
    saved_ms: int = _integer()


class ModelConnectionRow(SQLModel, table=True):
    """A `ModelConnection`; its key is in the vault and nowhere else."""

    __tablename__: ClassVar[Any] = "model_connections"
    connection_id: int = _integer_key()
    name: str = _text()
    vendor: str = _text()
    base_url: str = _text()
    key_source: str = _text()
    max_concurrent: int = _integer()
    daily_usd: Decimal | None = _exact(nullable=True)
    daily_tokens: int | None = _integer(nullable=True)
    input_price: Decimal | None = _exact(nullable=True)
    output_price: Decimal | None = _exact(nullable=True)
    first_token_seconds: float | None = Field(nullable=True)
    total_seconds: float | None = Field(nullable=True)
    deleted: bool


class ModelCallRow(SQLModel, table=True):
    """A `ModelCall`."""

    __tablename__: ClassVar[Any] = "model_calls"
    __table_args__ = (
        Index("ix_model_calls_started_ms", "started_ms"),
        Index("ix_model_calls_subject", "subject"),
    )
    call_id: str = _text_key()
    connection_id: int = _integer()
    model: str = _text()
    purpose: str = _text()
    started_ms: int = _integer()
    trader_id: int = _integer()
    subject: str = _text()
    request: str = _text()
    reply: str = _text()
    reasoning: str = _text()
    finish_reason: str = _text()
    error: str = _text()
    attempts: int = _integer()
    first_token_ms: int | None = _integer(nullable=True)
    latency_ms: int = _integer()
    usage: str = _text()
    cost_usd: Decimal | None = _exact(nullable=True)
    cached: bool


class PromptRunRow(SQLModel, table=True):
    """A `PromptRun`."""

    __tablename__: ClassVar[Any] = "prompt_runs"
    run_id: str = _text_key()
    kind: str = _text()
    name: str = _text()
    status: str = _text()
    created_ms: int = _integer()
    trader_id: int = _integer()
    model: str = _text()
    total: int = _integer()
    completed: int = _integer()
    failed: int = _integer()
    cached: int = _integer()
    tokens: int = _integer()
    cost_usd: Decimal = _exact()
    finished_ms: int | None = _integer(nullable=True)
    error: str = _text()
    warnings: str = _text()
    result_hash: str = _text()
    deleted: bool


class ConversationRow(SQLModel, table=True):
    """A `Conversation`."""

    __tablename__: ClassVar[Any] = "conversations"
    conversation_id: str = _text_key()
    kind: str = _text()
    title: str = _text()
    connection_id: int = _integer()
    model: str = _text()
    subject: str = _text()
    created_ms: int = _integer()
    updated_ms: int = _integer()
    message_count: int = _integer()
    tokens: int = _integer()
    cost_usd: Decimal = _exact()
    deleted: bool


class ConversationMessageRow(SQLModel, table=True):
    """A `ConversationMessage`."""

    __tablename__: ClassVar[Any] = "conversation_messages"
    conversation_id: str = _text_key()
    number: int = _integer_key()
    role: str = _text()
    text: str = _text()
    created_ms: int = _integer()
    reasoning: str = _text()
    tool_calls: str = _text()
    tool: str = _text()
    answers: str = _text()
    usage: str = _text()
    interrupted: bool
    error: str = _text()


class ProposalRow(SQLModel, table=True):
    """A `Proposal`."""

    __tablename__: ClassVar[Any] = "proposals"
    __table_args__ = (Index("ix_proposals_conversation_id", "conversation_id"),)
    proposal_id: str = _text_key()
    conversation_id: str = _text()
    tool: str = _text()
    arguments: str = _text()
    summary: str = _text()
    before: str = _text()
    after: str = _text()
    status: str = _text()
    outcome: str = _text()
    created_ms: int = _integer()


class OrderRow(SQLModel, table=True):
    """An `Order`, from intent to its end."""

    __tablename__: ClassVar[Any] = "orders"
    __table_args__ = (
        Index("ix_orders_trader_id_created_ms", "trader_id", "created_ms"),
        Index("ix_orders_status", "status"),
    )
    row_number: int | None = _row_number()
    client_order_id: str = _unique_text()
    trader_id: int = _integer()
    symbol: str = _text()
    side: str = _text()
    type: str = _text()
    quantity: Decimal = _exact()
    created_ms: int = _integer()
    updated_ms: int = _integer()
    price: Decimal | None = _exact(nullable=True)
    trigger_price: Decimal | None = _exact(nullable=True)
    time_in_force: str = _text()
    reduce_only: bool
    leverage: int | None = _integer(nullable=True)
    stop_loss: Decimal | None = _exact(nullable=True)
    take_profit: Decimal | None = _exact(nullable=True)
    parent_id: str | None = _text(nullable=True)
    decision_id: str | None = _text(nullable=True)
    venue_order_id: str | None = _text(nullable=True)
    status: str = _text()
    filled_quantity: Decimal = _exact()
    average_price: Decimal | None = _exact(nullable=True)
    fee: Decimal = _exact()
    status_reason: str = _text()


class FillRow(SQLModel, table=True):
    """A `Fill`, once per trade id."""

    __tablename__: ClassVar[Any] = "fills"
    __table_args__ = (Index("ix_fills_trader_id_ts_ms", "trader_id", "ts_ms"),)
    row_number: int | None = _row_number()
    trade_id: str = _unique_text()
    client_order_id: str = _text()
    trader_id: int = _integer()
    symbol: str = _text()
    side: str = _text()
    price: Decimal = _exact()
    quantity: Decimal = _exact()
    fee: Decimal = _exact()
    liquidity: str = _text()
    realized_pnl: Decimal = _exact()
    ts_ms: int = _integer()


class PositionRow(SQLModel, table=True):
    """An open `Position`."""

    __tablename__: ClassVar[Any] = "positions"
    trader_id: int = _integer_key()
    symbol: str = _text_key()
    quantity: Decimal = _exact()
    entry_price: Decimal = _exact()
    leverage: int = _integer()
    isolated_margin: Decimal = _exact()
    mark_price: Decimal = _exact()
    liquidation_price: Decimal | None = _exact(nullable=True)
    opened_ms: int = _integer()
    funding: Decimal = _exact()
    realized_pnl: Decimal = _exact()
    fees: Decimal = _exact()


class DecisionRow(SQLModel, table=True):
    """A `DecisionRecord` without its reasoning."""

    __tablename__: ClassVar[Any] = "decisions"
    __table_args__ = (Index("ix_decisions_trader_id_started_ms", "trader_id", "started_ms"),)
    decision_id: str = _text_key()
    trader_id: int = _integer()
    trigger: str = _text()
    started_ms: int = _integer()
    status: str = _text()
    decisions: str = _text()
    prompt: str = _text()
    reply: str = _text()
    outcome: str = _text()
    order_ids: str = _text()
    tokens: int = _integer()
    latency_ms: int = _integer()
    cost_usd: Decimal | None = _exact(nullable=True)
    stage: str = _text()
    strategy: str = _text()
    strategy_version: int = _integer()
    model: str = _text()
    regime: str = _text()


class ReasoningRow(SQLModel, table=True):
    """A `ReasoningChunk`, or a decision's whole reasoning as piece 0."""

    __tablename__: ClassVar[Any] = "reasoning"
    decision_id: str = _text_key()
    chunk_index: int = _integer_key()
    trader_id: int = _integer()
    text: str = _text()


class EquityPointRow(SQLModel, table=True):
    """An `EquityPoint`."""

    __tablename__: ClassVar[Any] = "equity_points"
    trader_id: int = _integer_key()
    ts_ms: int = _integer_key()
    equity: Decimal = _exact()


class SignalRow(SQLModel, table=True):
    """A `SignalDefinition`."""

    __tablename__: ClassVar[Any] = "signals"
    signal_id: int = _integer_key()
    name: str = _text()
    condition: str = _text()
    description: str = _text()
    enabled: bool
    deleted: bool


class SignalPoolRow(SQLModel, table=True):
    """A `SignalPool`."""

    __tablename__: ClassVar[Any] = "signal_pools"
    pool_id: int = _integer_key()
    name: str = _text()
    signal_ids: str = _text()
    logic: str = _text()
    symbols: str = _text()
    cooldown_seconds: int = _integer()
    enabled: bool
    deleted: bool


class PoolEdgeRow(SQLModel, table=True):
    """A `PoolEdge`."""

    __tablename__: ClassVar[Any] = "pool_edges"
    pool_id: int = _integer_key()
    symbol: str = _text_key()
    met: bool | None = Field(nullable=True)
    as_of_ms: int = _integer()
    fired_ms: int | None = _integer(nullable=True)


class PoolFireRow(SQLModel, table=True):
    """A `PoolFire`."""

    __tablename__: ClassVar[Any] = "pool_fires"
    __table_args__ = (Index("ix_pool_fires_pool_id_ts_ms", "pool_id", "ts_ms"),)
    fire_id: int = _integer_key()
    pool_id: int = _integer()
    pool_name: str = _text()
    symbol: str = _text()
    ts_ms: int = _integer()
    logic: str = _text()
    signals: str = _text()
    regime: str = _text()
    deliveries: str = _text()


class PriceAlertRow(SQLModel, table=True):
    """A `PriceAlert`."""

    __tablename__: ClassVar[Any] = "price_alerts"
    alert_id: int = _integer_key()
    symbol: str = _text()
    direction: str = _text()
    price: Decimal = _exact()
    created_ms: int = _integer()
    fired_ms: int | None = _integer(nullable=True)
    deleted: bool


class FactorRow(SQLModel, table=True):
    """A `CustomFactor`."""

    __tablename__: ClassVar[Any] = "factors"
    name: str = _text_key()
    expression: str = _text()
    meaning: str = _text()
    deleted: bool


class NewsSourceRow(SQLModel, table=True):
    """A `NewsSource`."""

    __tablename__: ClassVar[Any] = "news_sources"
    source_id: int = _integer_key()
    name: str = _text()
    url: str = _text()
    format: str = _text()
    items_path: str = _text()
    interval_seconds: int = _integer()
    enabled: bool
    deleted: bool


class NewsItemRow(SQLModel, table=True):
    """A `NewsItem`."""

    __tablename__: ClassVar[Any] = "news_items"
    __table_args__ = (Index("ix_news_items_published_ms", "published_ms"),)
    news_id: str = _text_key()
    source: str = _text()
    url: str = _text()
    title: str = _text()
    summary: str = _text()
    published_ms: int = _integer()
    received_ms: int = _integer()
    symbols: str = _text()
    sentiment: str = _text()
    relevance: float
    classified_by: str = _text()


class SettingRow(SQLModel, table=True):
    """A `Setting`."""

    __tablename__: ClassVar[Any] = "settings"
    key: str = _text_key()
    value: str = _text()


TABLES = SQLModel.metadata.tables
"""Every table by its name, for SQL built without the classes."""
