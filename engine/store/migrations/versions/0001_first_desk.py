"""The first schema: traders, their orders, money, decisions and equity, programs and settings."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_EXACT = sa.Numeric().with_variant(sa.Text(), "sqlite")


def _key(name: str, kind: type[sa.BigInteger | sa.Text] = sa.BigInteger) -> sa.Column[Any]:
    return sa.Column(name, kind(), primary_key=True, autoincrement=False)


def _row_number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("row_number", kind, primary_key=True, autoincrement=True)


def _unique_text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, unique=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _integer(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _exact(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _EXACT, nullable=nullable)


def upgrade() -> None:
    """Create every table and index."""
    _create_trader_tables()
    _create_trading_tables()
    _create_decision_tables()
    op.create_table("settings", _key("key", sa.Text), _text("value"))


def _create_trader_tables() -> None:
    op.create_table(
        "traders",
        _key("trader_id"),
        _text("name"),
        _text("kind"),
        _exact("initial_capital"),
        _text("mode"),
        _text("symbols"),
        _text("strategy"),
        _text("model"),
        _text("base_url"),
        _text("period"),
        _integer("schedule_seconds"),
        _text("signal"),
        _text("limits"),
    )
    op.create_table(
        "trader_states", _key("trader_id"), _text("status"), _text("status_reason"), _integer("seq")
    )
    op.create_table(
        "wallets",
        _key("trader_id"),
        _exact("cash"),
        _exact("realized_pnl"),
        _exact("fees"),
        _exact("funding"),
        _integer("next_trade_number"),
    )
    op.create_table(
        "programs",
        _key("program_id"),
        _text("name"),
        _text("code"),
        _text("description"),
        _integer("created_ms"),
        _integer("updated_ms"),
    )
    op.create_table(
        "bindings",
        _key("binding_id"),
        _integer("trader_id"),
        _integer("program_id"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
    )


def _create_trading_tables() -> None:
    op.create_table(
        "orders",
        _row_number(),
        _unique_text("client_order_id"),
        _integer("trader_id"),
        _text("symbol"),
        _text("side"),
        _text("type"),
        _exact("quantity"),
        _integer("created_ms"),
        _integer("updated_ms"),
        _exact("price", nullable=True),
        _exact("trigger_price", nullable=True),
        _text("time_in_force"),
        sa.Column("reduce_only", sa.Boolean(), nullable=False),
        _integer("leverage", nullable=True),
        _exact("stop_loss", nullable=True),
        _exact("take_profit", nullable=True),
        _text("parent_id", nullable=True),
        _text("decision_id", nullable=True),
        _text("venue_order_id", nullable=True),
        _text("status"),
        _exact("filled_quantity"),
        _exact("average_price", nullable=True),
        _exact("fee"),
        _text("status_reason"),
    )
    op.create_index("ix_orders_trader_id_created_ms", "orders", ["trader_id", "created_ms"])
    op.create_index("ix_orders_status", "orders", ["status"])
    op.create_table(
        "fills",
        _row_number(),
        _unique_text("trade_id"),
        _text("client_order_id"),
        _integer("trader_id"),
        _text("symbol"),
        _text("side"),
        _exact("price"),
        _exact("quantity"),
        _exact("fee"),
        _text("liquidity"),
        _exact("realized_pnl"),
        _integer("ts_ms"),
    )
    op.create_index("ix_fills_trader_id_ts_ms", "fills", ["trader_id", "ts_ms"])
    op.create_table(
        "positions",
        _key("trader_id"),
        _key("symbol", sa.Text),
        _exact("quantity"),
        _exact("entry_price"),
        _integer("leverage"),
        _exact("isolated_margin"),
        _exact("mark_price"),
        _exact("liquidation_price", nullable=True),
        _integer("opened_ms"),
        _exact("funding"),
        _exact("realized_pnl"),
        _exact("fees"),
    )
    op.create_table("equity_points", _key("trader_id"), _key("ts_ms"), _exact("equity"))


def _create_decision_tables() -> None:
    op.create_table(
        "decisions",
        _key("decision_id", sa.Text),
        _integer("trader_id"),
        _text("trigger"),
        _integer("started_ms"),
        _text("status"),
        _text("decisions"),
        _text("prompt"),
        _text("reply"),
        _text("outcome"),
        _text("order_ids"),
        _integer("tokens"),
        _integer("latency_ms"),
    )
    op.create_index("ix_decisions_trader_id_started_ms", "decisions", ["trader_id", "started_ms"])
    op.create_table(
        "reasoning",
        _key("decision_id", sa.Text),
        _key("chunk_index"),
        _integer("trader_id"),
        _text("text"),
    )
