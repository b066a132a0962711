"""The SQL of every change: SQLAlchemy Core statements, built once and compiled once.

Importing this module imports SQLModel, so only the writer thread does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, Table, bindparam, delete, text
from sqlalchemy.dialects import postgresql, sqlite

from engine.model.account import EquityPoint, TraderConfig, TraderStatus
from engine.model.assistant import Conversation, ConversationMessage, Proposal
from engine.model.backtest import BacktestRun
from engine.model.decision import DecisionRecord
from engine.model.fill import Fill
from engine.model.language_model import ModelCall, ModelConnection
from engine.model.news import NewsItem, NewsSource
from engine.model.order import Order, OrderStatus
from engine.model.position import Position
from engine.model.program import Binding, Program, ProgramExecution, ProgramVersion
from engine.model.prompt import Prompt, PromptVersion
from engine.model.prompt_backtest import PromptRun
from engine.model.signal import PoolEdge, PoolFire, PriceAlert, SignalDefinition, SignalPool
from engine.store.changes import (
    BindingHealth,
    Change,
    CustomFactor,
    PositionClosed,
    ReasoningChunk,
    Setting,
    TraderSeq,
    TraderState,
    Wallet,
)
from engine.store.rows import to_row
from engine.store.tables import TABLES

_UPSERTED: dict[type[Change], str] = {
    TraderConfig: "traders",
    TraderState: "trader_states",
    Wallet: "wallets",
    Program: "programs",
    ProgramVersion: "program_versions",
    Binding: "bindings",
    BindingHealth: "binding_health",
    ProgramExecution: "program_executions",
    BacktestRun: "backtest_runs",
    Prompt: "prompts",
    PromptVersion: "prompt_versions",
    ModelConnection: "model_connections",
    ModelCall: "model_calls",
    PromptRun: "prompt_runs",
    Conversation: "conversations",
    ConversationMessage: "conversation_messages",
    Proposal: "proposals",
    Order: "orders",
    Position: "positions",
    DecisionRecord: "decisions",
    ReasoningChunk: "reasoning",
    EquityPoint: "equity_points",
    SignalDefinition: "signals",
    SignalPool: "signal_pools",
    PoolEdge: "pool_edges",
    PoolFire: "pool_fires",
    PriceAlert: "price_alerts",
    CustomFactor: "factors",
    NewsSource: "news_sources",
    NewsItem: "news_items",
    Setting: "settings",
}


_KEYS = {"orders": "client_order_id", "fills": "trade_id"}
"""What tells the rows of a table apart whose primary key only numbers them."""


class _Step(NamedTuple):
    """One row for one statement; the statement is named by its table and what it does."""

    table: str
    verb: str
    row: dict[str, object]


class Statements:
    """Applies changes to one kind of database, `dialect` being SQLAlchemy's name for it."""

    def __init__(self, dialect: str) -> None:
        self._insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
        self._statements: dict[tuple[str, str], Executable] = {
            (table, "put"): self._upsert(TABLES[table]) for table in _UPSERTED.values()
        }
        fills = TABLES["fills"]
        self._statements["fills", "put"] = self._insert(fills).on_conflict_do_nothing().inline()
        self._statements["trader_states", "count"] = self._upsert(
            TABLES["trader_states"], replacing=frozenset({"seq"})
        )
        for table, key in (("positions", ("trader_id", "symbol")), ("reasoning", ("decision_id",))):
            columns = TABLES[table].c
            matches = [columns[name] == bindparam(name) for name in key]
            self._statements[table, "drop"] = delete(TABLES[table]).where(*matches)

    def apply(self, connection: Connection, changes: Iterable[Change]) -> None:
        """Execute changes inside the caller's transaction, their order kept within each table."""
        steps = [step for change in changes for step in _steps(change)]
        # No change reads another table, so bringing each table's rows together changes nothing but speed.
        steps.sort(key=lambda step: step.table)
        for name, group in groupby(steps, key=lambda step: (step.table, step.verb)):
            connection.execute(self._statements[name], [step.row for step in group])

    def _upsert(self, table: Table, replacing: frozenset[str] | None = None) -> Executable:
        """Return the statement that puts a row, or replaces all or some columns of the one there is."""
        # Inline: nobody asks for the number a new row is given.
        statement: Any = self._insert(table).inline()
        primary_key = {column.name for column in table.primary_key}
        key = {_KEYS[table.name]} if table.name in _KEYS else primary_key
        facts = {column.name for column in table.columns} - primary_key - key
        replaced = {name: statement.excluded[name] for name in sorted(replacing or facts)}
        allowed = text(_ALLOWED_STEP) if table.name == "orders" else None
        upsert: Executable = statement.on_conflict_do_update(
            index_elements=sorted(key), set_=replaced, where=allowed
        )
        return upsert


def _steps(change: Change) -> Iterator[_Step]:
    if isinstance(change, Fill):
        yield _Step("fills", "put", to_row(change))
    elif isinstance(change, TraderSeq):
        unknown = TraderState(trader_id=change.trader_id, status=TraderStatus.PAUSED, seq=change.seq)
        yield _Step("trader_states", "count", to_row(unknown))
    elif isinstance(change, PositionClosed):
        yield _Step("positions", "drop", to_row(change))
    elif isinstance(change, DecisionRecord):
        row = to_row(change)
        reasoning = row.pop("reasoning")
        yield _Step("decisions", "put", row)
        if reasoning:
            yield _Step("reasoning", "drop", {"decision_id": change.decision_id})
            whole = ReasoningChunk(
                decision_id=change.decision_id,
                chunk_index=0,
                trader_id=change.trader_id,
                text=change.reasoning,
            )
            yield _Step("reasoning", "put", to_row(whole))
    else:
        yield _Step(_UPSERTED[type(change)], "put", to_row(change))


def _allowed_steps() -> str:
    """Return the SQL condition under which a stored order may take on a new status."""
    pairs = ", ".join(
        f"('{stored.value}', '{new.value}')"
        for stored in OrderStatus
        for new in OrderStatus
        if stored.can_become(new)
    )
    return f"(orders.status, excluded.status) IN (VALUES {pairs})"


_ALLOWED_STEP = _allowed_steps()
