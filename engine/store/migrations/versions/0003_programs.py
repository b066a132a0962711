"""Programs with versions, bindings with pools and schedules of their own, what runs did, backtests.

The pools and the schedule of a program trader move to its bindings, and so does what the desk knew
of it: when it last woke, how often it ran, whether it had failed, and whom a fire still owes.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LOGGED_FIRES = 500


def _key(name: str, kind: type[sa.BigInteger | sa.Text] = sa.BigInteger) -> sa.Column[Any]:
    return sa.Column(name, kind(), primary_key=True, autoincrement=False)


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def _integer(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, server_default=default)


def _float(name: str, *, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Float(), nullable=nullable)


def _truth(name: str, default: Any = None) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=default)


def upgrade() -> None:
    """Widen programs and bindings, create the new tables, then move what traders had of them."""
    _widen_programs_and_bindings()
    _create_program_tables()
    _create_backtest_table()
    _keep_first_versions()
    _move_to_bindings()


def _widen_programs_and_bindings() -> None:
    op.add_column("programs", _text("params", default="{}"))
    op.add_column("programs", _truth("enabled", sa.true()))
    op.add_column("programs", _integer("version", default="1"))
    op.add_column("programs", _truth("deleted", sa.false()))
    op.add_column("bindings", _text("pool_ids", default="[]"))
    op.add_column("bindings", _integer("schedule_seconds", default="0"))
    op.add_column("bindings", _text("params", default="{}"))
    op.add_column("bindings", _text("exchange", default="paper"))
    op.add_column("bindings", _truth("active", sa.true()))
    op.add_column("bindings", _truth("deleted", sa.false()))
    op.execute("UPDATE bindings SET active = enabled")
    op.drop_column("bindings", "enabled")


def _create_program_tables() -> None:
    op.create_table(
        "program_versions", _key("program_id"), _key("version"), _text("code"), _integer("saved_ms")
    )
    op.create_table(
        "binding_health",
        _key("binding_id"),
        _truth("failed"),
        _text("reason"),
        _text("traceback"),
        _integer("last_trigger_ms", nullable=True),
        _integer("runs"),
        _integer("failures"),
        _text("deciding"),
    )
    op.create_table(
        "program_executions",
        _key("decision_id", sa.Text),
        _integer("binding_id"),
        _integer("trader_id"),
        _integer("program_id"),
        _integer("program_version"),
        _text("trigger"),
        _integer("started_ms"),
        _truth("success"),
        _text("params"),
        _text("decisions"),
        _text("order_ids"),
        _text("outcome"),
        _text("error", nullable=True),
        _text("output"),
        _text("market_context"),
        _text("reads"),
        _float("duration_ms"),
    )
    for column in ("program_id", "trader_id"):
        index = f"ix_program_executions_{column}_started_ms"
        op.create_index(index, "program_executions", [column, "started_ms"])
    op.create_index("ix_program_executions_started_ms", "program_executions", ["started_ms"])


def _create_backtest_table() -> None:
    op.create_table(
        "backtest_runs",
        _key("run_id", sa.Text),
        _text("name"),
        _text("symbols"),
        _text("status"),
        _integer("created_ms"),
        _integer("program_id"),
        _integer("binding_id"),
        _integer("finished_ms", nullable=True),
        _text("progress"),
        _text("summary"),
        _integer("total_trades"),
        _float("final_equity", nullable=True),
        _float("total_pnl", nullable=True),
        _text("result_hash"),
        _text("error"),
        _integer("combinations"),
        _truth("deleted"),
    )
    op.create_index("ix_backtest_runs_created_ms", "backtest_runs", ["created_ms"])


def _keep_first_versions() -> None:
    op.execute(
        "INSERT INTO program_versions (program_id, version, code, saved_ms) "
        "SELECT program_id, 1, code, updated_ms FROM programs"
    )


def _move_to_bindings() -> None:
    """Give each binding of a program trader what the trader had; of several only the last one decided."""
    connection = op.get_bind()
    bound = connection.execute(
        sa.text(
            "SELECT bindings.binding_id, traders.trader_id, traders.pool_ids, traders.schedule_seconds, "
            "bindings.active FROM bindings JOIN traders ON traders.trader_id = bindings.trader_id "
            "WHERE traders.kind = 'program' ORDER BY bindings.binding_id"
        )
    ).all()
    for binding_id, trader_id, pool_ids, schedule_seconds, _ in bound:
        connection.execute(
            sa.text(
                "UPDATE bindings SET pool_ids = :pool_ids, schedule_seconds = :seconds "
                "WHERE binding_id = :binding_id"
            ),
            {"pool_ids": pool_ids, "seconds": schedule_seconds, "binding_id": binding_id},
        )
        connection.execute(
            sa.text("UPDATE traders SET pool_ids = '[]', schedule_seconds = 0 WHERE trader_id = :trader_id"),
            {"trader_id": trader_id},
        )
    deciding = {trader_id: binding_id for binding_id, trader_id, _, _, active in bound if active}
    for binding_id, trader_id, _, _, active in bound:
        if active and deciding[trader_id] != binding_id:
            connection.execute(
                sa.text("UPDATE bindings SET active = :no WHERE binding_id = :binding_id"),
                {"no": False, "binding_id": binding_id},
            )
    for trader_id, binding_id in deciding.items():
        _write_health(connection, trader_id, binding_id)
    _name_bindings_in_the_log(connection, deciding)


def _write_health(connection: sa.Connection, trader_id: int, binding_id: int) -> None:
    of_trader = {"trader_id": trader_id}
    state = connection.execute(
        sa.text("SELECT status, status_reason FROM trader_states WHERE trader_id = :trader_id"), of_trader
    ).first()
    statuses = connection.execute(
        sa.text("SELECT status, COUNT(*) FROM decisions WHERE trader_id = :trader_id GROUP BY status"),
        of_trader,
    )
    counts = {str(status): int(count) for status, count in statuses}
    last = connection.execute(
        sa.text(
            "SELECT decision_id, trigger, status FROM decisions WHERE trader_id = :trader_id "
            "ORDER BY started_ms DESC, decision_id DESC LIMIT 1"
        ),
        of_trader,
    ).first()
    failed = state is not None and state[0] == "error"
    connection.execute(
        sa.text(
            "INSERT INTO binding_health (binding_id, failed, reason, traceback, last_trigger_ms, runs, "
            "failures, deciding) VALUES (:binding_id, :failed, :reason, '', :last_ms, :runs, :failures, "
            ":deciding)"
        ),
        {
            "binding_id": binding_id,
            "failed": failed,
            "reason": state[1] if state is not None and failed else "",
            "last_ms": json.loads(last[1])["ts_ms"] if last else None,
            "runs": sum(counts.values()),
            "failures": counts.get("failed", 0),
            "deciding": last[0] if last and last[2] == "started" else "",
        },
    )


def _name_bindings_in_the_log(connection: sa.Connection, deciding: dict[int, int]) -> None:
    fires = connection.execute(
        sa.text("SELECT fire_id, deliveries FROM pool_fires ORDER BY fire_id DESC LIMIT :count"),
        {"count": LOGGED_FIRES},
    ).all()
    for fire_id, text in fires:
        deliveries = json.loads(text)
        for delivery in deliveries:
            delivery["binding_id"] = deciding.get(delivery["trader_id"], 0)
        connection.execute(
            sa.text("UPDATE pool_fires SET deliveries = :deliveries WHERE fire_id = :fire_id"),
            {"deliveries": json.dumps(deliveries), "fire_id": fire_id},
        )
