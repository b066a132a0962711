"""Migrations lead to exactly the declared tables, and a current database costs no heavy import."""

from __future__ import annotations

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
from engine.store import migrations, tables
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
