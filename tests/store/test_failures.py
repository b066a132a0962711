"""kill -9, a full disk, a locked or lost database: nothing acknowledged is lost, and it goes on after."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic

import psycopg
import pytest

from engine.errors import HomeLocked, StoreFailed
from engine.store.database import DATABASE_FILE, find_database
from engine.store.store import Store
from tests.store.conftest import OpenStore, PostgresServer
from tests.store.desk_process import fill_the_disk, processes, write_for_ever
from tests.store.values import order, trader

SQLITE_KILLS = 20
POSTGRES_KILLS = 5


def test_nothing_acknowledged_is_lost_to_kill_9(home: Path, database_url: str) -> None:
    moments = random.Random(9)
    acknowledged: set[str] = set()
    for run in range(POSTGRES_KILLS if database_url else SQLITE_KILLS):
        acknowledged |= _killed_run(home, database_url, run, after=moments.randrange(1, 300))
        _check_integrity(home, database_url)
        with find_database(home, database_url).connect() as connection:
            orders = {row[0] for row in connection.rows("SELECT client_order_id FROM orders")}
            fills = {row[0] for row in connection.rows("SELECT trade_id FROM fills")}
        assert acknowledged <= orders
        assert fills == orders
    store = Store.open(home, database_url)
    assert {each.client_order_id for each in store.restore().open_orders} >= acknowledged
    store.close()


def _killed_run(home: Path, database_url: str, run: int, after: int) -> set[str]:
    """Run a desk, kill it once it has told `after` acknowledged ids, and return all it told."""
    told, telling = processes.Pipe(duplex=False)
    desk = processes.Process(target=write_for_ever, args=(home, database_url, run, telling))
    desk.start()
    telling.close()
    acknowledged: set[str] = set()
    with told:
        try:
            while True:
                acknowledged.add(told.recv_bytes().decode())
                if len(acknowledged) == after:
                    desk.kill()
        except (EOFError, OSError):
            desk.join()
    assert len(acknowledged) >= after
    desk.close()
    return acknowledged


def _check_integrity(home: Path, database_url: str) -> None:
    if not database_url:
        with closing(sqlite3.connect(home / DATABASE_FILE)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_full_disk_fails_the_write_and_is_forgotten_when_there_is_space(home: Path) -> None:
    told, telling = processes.Pipe(duplex=False)
    desk = processes.Process(target=fill_the_disk, args=(home, telling))
    desk.start()
    telling.close()
    with told:
        failure = told.recv()
        kept = told.recv()
    desk.join()
    assert desk.exitcode == 0
    desk.close()
    assert "desk.db" in failure
    assert kept == ["after", "before"]


def _hold(home: Path, database_url: str) -> sqlite3.Connection | psycopg.Connection:
    """Lock the orders for writing, as another program would."""
    if database_url:
        server = psycopg.connect(database_url)
        server.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        return server
    file = sqlite3.connect(home / DATABASE_FILE, isolation_level=None)
    file.execute("BEGIN IMMEDIATE")
    return file


async def test_a_locked_database_refuses_intents_and_keeps_what_has_happened(
    open_store: OpenStore, home: Path, database_url: str
) -> None:
    failures: list[StoreFailed] = []
    store = open_store(on_failure=failures.append, lock_seconds=0.1)
    store.write(trader()).result()
    with closing(_hold(home, database_url)):
        with pytest.raises(StoreFailed, match="lock"):
            await store.journal(order("refused"))
        with pytest.raises(StoreFailed, match="lock"):
            store.write(order("kept")).result()
    assert len(failures) == 2
    store.write(order("taken")).result()
    assert {each.client_order_id for each in store.restore().open_orders} == {"kept", "taken"}


@pytest.mark.parametrize("lock_seconds", [0.1, 60])
def test_closing_a_locked_database_tells_what_is_lost_and_takes_no_two_seconds(
    home: Path, database_url: str, lock_seconds: float
) -> None:
    store = Store.open(home, database_url, lock_seconds=lock_seconds)
    store.write(trader()).result()
    with closing(_hold(home, database_url)):
        store.write(order("a"), order("b"))
        store.write(order("c"))
        began = monotonic()
        with pytest.raises(StoreFailed, match="3 changes could not be written"):
            store.close()
        assert monotonic() - began < 1.8


def test_a_home_is_free_again_after_its_changes_were_lost(
    open_store: OpenStore, home: Path, database_url: str
) -> None:
    store = open_store(lock_seconds=0.1)
    store.write(trader()).result()
    with closing(_hold(home, database_url)):
        with pytest.raises(StoreFailed, match="lock"):
            store.write(order("lost")).result()
        with pytest.raises(StoreFailed, match=r"1 change could not be written before the end: .*lock"):
            store.close()
    store.close()
    assert open_store().restore().open_orders == ()


def test_what_was_kept_is_written_at_the_end_when_the_database_is_free_again(
    open_store: OpenStore, home: Path, database_url: str
) -> None:
    store = open_store(lock_seconds=0.1)
    store.write(trader()).result()
    with closing(_hold(home, database_url)), pytest.raises(StoreFailed, match="lock"):
        store.write(order("kept")).result()
    store.close()
    assert [each.client_order_id for each in open_store().restore().open_orders] == ["kept"]


def test_writing_never_waits_for_the_database(open_store: OpenStore, home: Path, database_url: str) -> None:
    store = open_store(lock_seconds=60)
    store.write(trader()).result()
    with closing(_hold(home, database_url)):
        waiting = [store.write(order(f"{number:05}")) for number in range(10_000)]
        assert not any(written.done() for written in waiting)
    assert all(written.result() is None for written in waiting)
    assert len(store.restore().open_orders) == 10_000


def test_a_lost_server_connection_is_replaced(home: Path, postgres: PostgresServer) -> None:
    url = postgres.create_database()
    store = Store.open(home, url)
    store.write(trader()).result()
    _end_all_sessions(postgres)
    store.write(order("a")).result()
    assert [each.client_order_id for each in store.restore().open_orders] == ["a"]
    with pytest.raises(HomeLocked):
        Store.open(home.with_name("another"), url, lock_seconds=0.1)
    store.close()


def test_a_connection_lost_before_the_first_write_is_replaced(home: Path, postgres: PostgresServer) -> None:
    store = Store.open(home, postgres.create_database())
    _end_all_sessions(postgres)
    store.write(trader(), order("a")).result()
    store.close()


async def test_no_two_desks_write_to_one_server_after_a_lost_connection(
    home: Path, postgres: PostgresServer
) -> None:
    url = postgres.create_database()
    first = Store.open(home, url, lock_seconds=0.1)
    first.write(trader()).result()
    _end_all_sessions(postgres)
    second = Store.open(home.with_name("another"), url)
    with pytest.raises(HomeLocked, match="another desk"):
        await first.journal(order("beside the other desk"))
    second.write(order("of the second")).result()
    second.close()
    with pytest.raises(HomeLocked, match="start it again"):
        await first.journal(order("from books that are out of date"))
    first.write(order("neither is this"))
    with pytest.raises(StoreFailed, match="1 change could not be written"):
        first.close()
    third = Store.open(home, url)
    assert [each.client_order_id for each in third.restore().open_orders] == ["of the second"]
    third.close()


async def test_a_desk_whose_connection_was_lost_goes_on_when_no_other_desk_wrote(
    home: Path, postgres: PostgresServer
) -> None:
    url = postgres.create_database()
    first = Store.open(home, url, lock_seconds=0.1)
    first.write(trader()).result()
    _end_all_sessions(postgres)
    visitor = Store.open(home.with_name("another"), url)
    with pytest.raises(HomeLocked):
        await first.journal(order("refused"))
    visitor.close()
    await first.journal(order("taken"))
    assert [each.client_order_id for each in first.restore().open_orders] == ["taken"]
    first.close()


def test_the_server_acknowledges_only_what_its_disk_has(home: Path, postgres: PostgresServer) -> None:
    url = postgres.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET synchronous_commit = off".encode())
    Store.open(home, url).close()
    engine = find_database(home, url).engine(for_writing=True)
    with engine.connect() as session:
        assert session.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    engine.dispose()


def _end_all_sessions(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND application_name = 'nightdesk'"
        )
