"""Migrations lead to exactly the declared tables, and a current database costs no heavy import."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import SQLModel

from engine.errors import StoreFailed
from engine.model.program import Program
from engine.store import migrations, tables
from engine.store.changes import BindingHealth
from engine.store.database import find_database
from engine.store.migrations import HEAD, REVISIONS, migrate, read_revision
from engine.store.store import Store
from tests.store.conftest import OpenStore
from tests.store.values import order, trader

OPEN_AND_RESTORE = """
import sys
from contextlib import closing
from pathlib import Path
from engine.store.store import Store
store = Store.open(Path(sys.argv[1]), sys.argv[2])
orders = store.restore().open_orders
store.close()
print(len(orders), *sorted({"sqlalchemy", "sqlmodel", "alembic", "pydantic"} & set(sys.modules)))
"""

OLD_TRADER = """
INSERT INTO traders (trader_id, name, kind, initial_capital, mode, symbols, strategy, model, base_url,
    period, schedule_seconds, signal, limits)
VALUES (:trader_id, 'old', 'program', '10000', 'replay', '["BTC","ETH"]', '', '', '', '5m', 60, :signal, '{}')
"""

OLD_DESK = (
    """INSERT INTO traders (trader_id, name, kind, initial_capital, mode, symbols, strategy, model, base_url,
    period, schedule_seconds, pool_ids, limits) VALUES
    (1, 'old', 'program', '10000', 'replay', '["BTC"]', 'stock', '', '', '5m', 900, '[1, 4]', '{}'),
    (2, 'prompt', 'prompt', '10000', 'replay', '["BTC"]', 'default', 'm', '', '5m', 60, '[2]', '{}')""",
    """INSERT INTO trader_states (trader_id, status, status_reason, seq) VALUES
    (1, 'error', 'line 3: it broke', 7), (2, 'active', '', 3)""",
    """INSERT INTO programs (program_id, name, code, description, created_ms, updated_ms) VALUES
    (1, 'stock', 'class A: pass', '', 1, 2)""",
    """INSERT INTO bindings (binding_id, trader_id, program_id, enabled) VALUES
    (5, 1, 1, :no), (6, 1, 1, :yes), (7, 1, 1, :yes), (8, 2, 1, :yes)""",
    """INSERT INTO decisions (decision_id, trader_id, trigger, started_ms, status, decisions, prompt, reply,
    outcome, order_ids, tokens, latency_ms) VALUES
    ('d1-1', 1, :trigger, 4, 'failed', '[]', '', '', '', '[]', 0, 1),
    ('d1-2', 1, :trigger, 5, 'started', '[]', '', '', '', '[]', 0, 1)""",
    """INSERT INTO pool_fires (fire_id, pool_id, pool_name, symbol, ts_ms, logic, signals, regime, deliveries)
    VALUES (9, 1, 'dip', 'BTC', 5, 'or', '[]', '', :deliveries)""",
)
OLD_VALUES = {
    "yes": True,
    "no": False,
    "trigger": '{"kind":"scheduled","symbol":"","ts_ms":4321}',
    "deliveries": '[{"trader_id":1,"outcome":"woken"},{"trader_id":2,"outcome":"skipped","reason":"x"}]',
}


def test_the_revisions_named_are_the_revisions_shipped() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    shipped = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(shipped)) == REVISIONS


def test_migrating_makes_exactly_the_declared_tables(home: Path, database_url: str) -> None:
    home.mkdir()
    database = find_database(home, database_url)
    assert read_revision(database) is None
    migrate(database)
    assert read_revision(database) == HEAD
    engine = database.engine(for_writing=False)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, SQLModel.metadata)
    engine.dispose()
    assert set(tables.TABLES) >= {"traders", "orders", "fills", "settings"}
    assert differences == []


def test_opening_and_restoring_a_current_database_imports_no_sqlalchemy(
    open_store: OpenStore, home: Path, database_url: str
) -> None:
    store = open_store()
    store.write(trader(), order("a")).result()
    store.close()
    desk = subprocess.run(
        [sys.executable, "-c", OPEN_AND_RESTORE, str(home), database_url],
        capture_output=True,
        text=True,
        check=True,
    )
    assert desk.stdout.split() == ["1"]


def test_a_database_of_a_newer_desk_is_refused(open_store: OpenStore, home: Path, database_url: str) -> None:
    store = open_store()
    store.write(trader()).result()
    store.close()
    engine = find_database(home, database_url).engine(for_writing=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(StoreFailed, match="9999"):
        Store.open(home, database_url)


def test_a_traders_signal_of_the_first_schema_becomes_a_pool_it_listens_to(
    home: Path, database_url: str
) -> None:
    home.mkdir()
    database = find_database(home, database_url)
    migrate(database, "0001")
    engine = database.engine(for_writing=True)
    with engine.begin() as connection:
        for trader_id, signal in (
            (1, "rsi14 crosses below 30 on 5m"),
            (2, ""),
            (3, "rsi7 crosses above 70 on 1h"),
        ):
            connection.execute(text(OLD_TRADER), {"trader_id": trader_id, "signal": signal})
    engine.dispose()
    with closing(Store.open(home, database_url)) as store:
        state = store.restore()
    assert [known.config.pool_ids for known in state.traders] == [(1,), (), (2,)]
    assert [signal.condition for signal in state.signals] == [
        "rsi14 crosses below 30 on 5m",
        "rsi7 crosses above 70 on 1h",
    ]
    assert [(pool.signal_ids, pool.symbols, pool.enabled) for pool in state.pools] == [
        ((1,), ("BTC", "ETH"), True),
        ((2,), ("BTC", "ETH"), True),
    ]


def test_what_a_program_trader_had_moves_to_its_binding(home: Path, database_url: str) -> None:
    home.mkdir()
    database = find_database(home, database_url)
    migrate(database, "0002")
    engine = database.engine(for_writing=True)
    with engine.begin() as connection:
        for statement in OLD_DESK:
            used = {name: value for name, value in OLD_VALUES.items() if f":{name}" in statement}
            connection.execute(text(statement), used)
    engine.dispose()
    with closing(Store.open(home, database_url)) as store:
        state = store.restore()
        versions = asyncio.run(store.program_versions(1))
    assert [(each.config.pool_ids, each.config.schedule_seconds) for each in state.traders] == [
        ((), 0),
        ((2,), 60),
    ]
    assert state.programs == (
        Program(program_id=1, name="stock", code="class A: pass", created_ms=1, updated_ms=2),
    )
    assert [(each.version, each.code, each.saved_ms) for each in versions] == [(1, "class A: pass", 2)]
    bindings = {each.binding_id: each for each in state.bindings}
    assert {identity: each.active for identity, each in bindings.items()} == {
        5: False,
        6: False,
        7: True,
        8: True,
    }
    assert (bindings[7].pool_ids, bindings[7].schedule_seconds, bindings[7].exchange) == (
        (1, 4),
        900,
        "paper",
    )
    assert state.binding_health == (
        BindingHealth(
            binding_id=7,
            failed=True,
            reason="line 3: it broke",
            last_trigger_ms=4321,
            runs=2,
            failures=1,
            deciding="d1-2",
        ),
    )
    assert [each.binding_id for each in state.fires[0].deliveries] == [7, 0]


def test_a_traders_server_becomes_a_connection_shared_by_its_address(home: Path, database_url: str) -> None:
    home.mkdir()
    database = find_database(home, database_url)
    migrate(database, "0003")
    engine = database.engine(for_writing=True)
    with engine.begin() as connection:
        for trader_id, base_url in enumerate(("", "http://b/v1", "http://a/v1", "http://b/v1"), start=1):
            connection.execute(
                text(
                    "INSERT INTO traders (trader_id, name, kind, initial_capital, mode, symbols, strategy,"
                    " model, base_url, period, schedule_seconds, pool_ids, limits) VALUES (:trader_id, :name,"
                    " 'prompt', '10000', 'replay',"
                    " '[\"BTC\"]', 'default', 'm', :base_url, '5m', 60, '[]', '{}')"
                ),
                {"trader_id": trader_id, "name": f"t{trader_id}", "base_url": base_url},
            )
            connection.execute(
                text(
                    "INSERT INTO trader_states (trader_id, status, status_reason, seq)"
                    " VALUES (:trader_id, 'active', '', 1)"
                ),
                {"trader_id": trader_id},
            )
    engine.dispose()
    with closing(Store.open(home, database_url)) as store:
        state = store.restore()
    assert [(each.connection_id, each.base_url) for each in state.model_connections] == [
        (1, "http://a/v1"),
        (2, "http://b/v1"),
    ]
    configs = [each.config for each in state.traders]
    assert [config.connection_id for config in configs] == [0, 2, 1, 2]
    assert all(config.trading_enabled and not config.deleted and not config.hidden for config in configs)
