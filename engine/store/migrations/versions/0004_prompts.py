"""Prompts with versions, model connections and calls, prompt backtests, conversations, trader upkeep.

A trader's base URL becomes a connection, one for each address; its key is asked for anew, since the
desk never kept one.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _key(name: str, kind: type[sa.BigInteger | sa.Text] = sa.BigInteger) -> sa.Column[Any]:
    return sa.Column(name, kind(), primary_key=True, autoincrement=False)


def _text(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _integer(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, server_default=default)


def _float(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float(), nullable=True)


def _truth(name: str, default: Any = None) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=default)


def _exact(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    kind = sa.Text() if op.get_bind().dialect.name == "sqlite" else sa.Numeric()
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    """Create the new tables, widen traders and decisions, and make a connection of each base URL."""
    _create_prompt_tables()
    _create_model_tables()
    _create_run_table()
    _create_conversation_tables()
    _widen_traders_and_decisions()
    _move_base_urls()
    for table, column in (("orders", "decision_id"), ("orders", "parent_id"), ("fills", "client_order_id")):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _create_prompt_tables() -> None:
    op.create_table(
        "prompts",
        _key("prompt_id"),
        _text("name"),
        _text("text"),
        _text("description"),
        _text("stock"),
        _integer("version"),
        _integer("created_ms"),
        _integer("updated_ms"),
        _truth("deleted"),
    )
    op.create_table(
        "prompt_versions", _key("prompt_id"), _key("version"), _text("text"), _integer("saved_ms")
    )


def _create_model_tables() -> None:
    op.create_table(
        "model_connections",
        _key("connection_id"),
        _text("name"),
        _text("vendor"),
        _text("base_url"),
        _text("key_source"),
        _integer("max_concurrent"),
        _exact("daily_usd", nullable=True),
        _integer("daily_tokens", nullable=True),
        _exact("input_price", nullable=True),
        _exact("output_price", nullable=True),
        _float("first_token_seconds"),
        _float("total_seconds"),
        _truth("deleted"),
    )
    op.create_table(
        "model_calls",
        _key("call_id", sa.Text),
        _integer("connection_id"),
        _text("model"),
        _text("purpose"),
        _integer("started_ms"),
        _integer("trader_id"),
        _text("subject"),
        _text("request"),
        _text("reply"),
        _text("reasoning"),
        _text("finish_reason"),
        _text("error"),
        _integer("attempts"),
        _integer("first_token_ms", nullable=True),
        _integer("latency_ms"),
        _text("usage"),
        _exact("cost_usd", nullable=True),
        _truth("cached"),
    )
    op.create_index("ix_model_calls_started_ms", "model_calls", ["started_ms"])
    op.create_index("ix_model_calls_subject", "model_calls", ["subject"])


def _create_run_table() -> None:
    op.create_table(
        "prompt_runs",
        _key("run_id", sa.Text),
        _text("kind"),
        _text("name"),
        _text("status"),
        _integer("created_ms"),
        _integer("trader_id"),
        _text("model"),
        _integer("total"),
        _integer("completed"),
        _integer("failed"),
        _integer("cached"),
        _integer("tokens"),
        _exact("cost_usd"),
        _integer("finished_ms", nullable=True),
        _text("error"),
        _text("warnings"),
        _text("result_hash"),
        _truth("deleted"),
    )


def _create_conversation_tables() -> None:
    op.create_table(
        "conversations",
        _key("conversation_id", sa.Text),
        _text("kind"),
        _text("title"),
        _integer("connection_id"),
        _text("model"),
        _text("subject"),
        _integer("created_ms"),
        _integer("updated_ms"),
        _integer("message_count"),
        _integer("tokens"),
        _exact("cost_usd"),
        _truth("deleted"),
    )
    op.create_table(
        "conversation_messages",
        _key("conversation_id", sa.Text),
        _key("number"),
        _text("role"),
        _text("text"),
        _integer("created_ms"),
        _text("reasoning"),
        _text("tool_calls"),
        _text("tool"),
        _text("answers"),
        _text("usage"),
        _truth("interrupted"),
        _text("error"),
    )
    op.create_table(
        "proposals",
        _key("proposal_id", sa.Text),
        _text("conversation_id"),
        _text("tool"),
        _text("arguments"),
        _text("summary"),
        _text("before"),
        _text("after"),
        _text("status"),
        _text("outcome"),
        _integer("created_ms"),
    )
    op.create_index("ix_proposals_conversation_id", "proposals", ["conversation_id"])


def _widen_traders_and_decisions() -> None:
    op.add_column("traders", _integer("connection_id", default="0"))
    op.add_column("traders", _text("policy", default="{}"))
    op.add_column("traders", _text("description", default=""))
    op.add_column("traders", _truth("trading_enabled", sa.true()))
    op.add_column("traders", _truth("hidden", sa.false()))
    op.add_column("traders", _truth("deleted", sa.false()))
    op.add_column("decisions", _exact("cost_usd", nullable=True))
    op.add_column("decisions", _text("stage", default="done"))
    op.add_column("decisions", _text("strategy", default=""))
    op.add_column("decisions", _integer("strategy_version", default="0"))
    op.add_column("decisions", _text("model", default=""))
    op.add_column("decisions", _text("regime", default=""))


def _move_base_urls() -> None:
    connection = op.get_bind()
    addresses = connection.execute(
        sa.text("SELECT DISTINCT base_url FROM traders WHERE base_url <> '' ORDER BY base_url")
    )
    for number, (base_url,) in enumerate(addresses.all(), start=1):
        connection.execute(
            sa.text(
                "INSERT INTO model_connections (connection_id, name, vendor, base_url, key_source, "
                "max_concurrent, deleted) VALUES (:number, :name, 'compatible', :url, 'environment', 4, :no)"
            ),
            {"number": number, "name": f"model server {number}", "url": base_url, "no": False},
        )
        connection.execute(
            sa.text("UPDATE traders SET connection_id = :number WHERE base_url = :url"),
            {"number": number, "url": base_url},
        )
    op.drop_column("traders", "base_url")
