"""Signals, pools, their edges and log, price alerts, factors and news; traders listen to pools.

A trader that had a signal of its own gets it as a signal and a pool of that name.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_EXACT = sa.Numeric().with_variant(sa.Text(), "sqlite")


def _key(name: str, kind: type[sa.BigInteger | sa.Text] = sa.BigInteger) -> sa.Column[Any]:
    return sa.Column(name, kind(), primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _integer(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _truth(name: str, *, nullable: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=nullable)


def upgrade() -> None:
    """Create the tables, then move each trader's signal into them."""
    _create_signal_tables()
    _create_factor_and_news_tables()
    pool_ids = sa.Column("pool_ids", sa.Text(), nullable=False, server_default="[]")
    op.add_column("traders", pool_ids)
    _move_signals()
    op.drop_column("traders", "signal")


def _create_signal_tables() -> None:
    op.create_table(
        "signals",
        _key("signal_id"),
        _text("name"),
        _text("condition"),
        _text("description"),
        _truth("enabled"),
        _truth("deleted"),
    )
    op.create_table(
        "signal_pools",
        _key("pool_id"),
        _text("name"),
        _text("signal_ids"),
        _text("logic"),
        _text("symbols"),
        _integer("cooldown_seconds"),
        _truth("enabled"),
        _truth("deleted"),
    )
    op.create_table(
        "pool_edges",
        _key("pool_id"),
        _key("symbol", sa.Text),
        _truth("met", nullable=True),
        _integer("as_of_ms"),
        _integer("fired_ms", nullable=True),
    )
    op.create_table(
        "pool_fires",
        _key("fire_id"),
        _integer("pool_id"),
        _text("pool_name"),
        _text("symbol"),
        _integer("ts_ms"),
        _text("logic"),
        _text("signals"),
        _text("regime"),
        _text("deliveries"),
    )
    op.create_index("ix_pool_fires_pool_id_ts_ms", "pool_fires", ["pool_id", "ts_ms"])
    op.create_table(
        "price_alerts",
        _key("alert_id"),
        _text("symbol"),
        _text("direction"),
        sa.Column("price", _EXACT, nullable=False),
        _integer("created_ms"),
        _integer("fired_ms", nullable=True),
        _truth("deleted"),
    )


def _create_factor_and_news_tables() -> None:
    op.create_table(
        "factors", _key("name", sa.Text), _text("expression"), _text("meaning"), _truth("deleted")
    )
    op.create_table(
        "news_sources",
        _key("source_id"),
        _text("name"),
        _text("url"),
        _text("format"),
        _text("items_path"),
        _integer("interval_seconds"),
        _truth("enabled"),
        _truth("deleted"),
    )
    op.create_table(
        "news_items",
        _key("news_id", sa.Text),
        _text("source"),
        _text("url"),
        _text("title"),
        _text("summary"),
        _integer("published_ms"),
        _integer("received_ms"),
        _text("symbols"),
        _text("sentiment"),
        sa.Column("relevance", sa.Float(), nullable=False),
        _text("classified_by"),
    )
    op.create_index("ix_news_items_published_ms", "news_items", ["published_ms"])


def _move_signals() -> None:
    connection = op.get_bind()
    traders = connection.execute(
        sa.text("SELECT trader_id, name, symbols, signal FROM traders WHERE signal <> '' ORDER BY trader_id")
    ).all()
    for number, (trader_id, trader, symbols, condition) in enumerate(traders, start=1):
        name = f"{trader}: {condition}"[:100]
        connection.execute(
            sa.text(
                "INSERT INTO signals (signal_id, name, condition, description, enabled, deleted) "
                "VALUES (:number, :name, :condition, '', :yes, :no)"
            ),
            {"number": number, "name": name, "condition": condition, "yes": True, "no": False},
        )
        connection.execute(
            sa.text(
                "INSERT INTO signal_pools (pool_id, name, signal_ids, logic, symbols, cooldown_seconds, "
                "enabled, deleted) VALUES (:number, :name, :ids, 'or', :symbols, 0, :yes, :no)"
            ),
            {
                "number": number,
                "name": name,
                "ids": json.dumps([number]),
                "symbols": symbols,
                "yes": True,
                "no": False,
            },
        )
        connection.execute(
            sa.text("UPDATE traders SET pool_ids = :ids WHERE trader_id = :trader_id"),
            {"ids": json.dumps([number]), "trader_id": trader_id},
        )
