"""Opening: one desk a home, and one clear sentence for everything that stands in the way."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import HomeLocked, InvalidSetting, StoreFailed
from engine.settings import CONFIG_FILE
from engine.store.database import DATABASE_FILE, find_database
from engine.store.store import Store
from tests.store.conftest import OpenStore, PostgresServer
from tests.store.values import order, trader


def test_the_home_and_its_files_are_private(open_store: OpenStore, home: Path) -> None:
    open_store().write(trader()).result()
    assert home.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in home.iterdir()} == {0o600}


@pytest.mark.parametrize("content", [None, CONFIG_FILE, DATABASE_FILE])
def test_a_home_that_others_may_enter_is_closed_to_them(home: Path, content: str | None) -> None:
    home.mkdir()
    if content is not None:
        (home / content).touch()
    home.chmod(0o755)
    Store.open(home).close()
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_shared_folder_of_other_things_is_refused_and_left_alone(home: Path) -> None:
    home.mkdir()
    (home / "letters").touch()
    home.chmod(0o777)
    with pytest.raises(StoreFailed, match="chmod 700"):
        Store.open(home)
    assert home.stat().st_mode & 0o777 == 0o777
    assert [entry.name for entry in home.iterdir()] == ["letters"]


def test_sqlite_makes_every_commit_durable_before_it_is_acknowledged(home: Path) -> None:
    Store.open(home).close()
    engine = find_database(home).engine(for_writing=True)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    engine.dispose()


LOOK_IN = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    print(database.execute("SELECT count(*) FROM orders").fetchone()[0])
database.close()
"""


async def test_another_program_that_looks_in_takes_nothing_away(home: Path) -> None:
    def look_in() -> int:
        ran = subprocess.run(
            [sys.executable, "-c", LOOK_IN, home / DATABASE_FILE], stdout=subprocess.PIPE, check=True
        )
        return int(ran.stdout)

    store = Store.open(home)
    store.write(trader()).result()
    await store.decisions(1)  # a connection that comes later than the writer's
    assert await asyncio.to_thread(look_in) == 0
    store.write(order("looked-at")).result()
    assert await asyncio.to_thread(look_in) == 1
    store.close()
    assert await asyncio.to_thread(look_in) == 1


async def test_closing_waits_for_a_read_under_way_and_lets_none_begin(home: Path) -> None:
    store = Store.open(home)
    store.write(trader()).result()
    reads = [asyncio.create_task(store.decisions(1)) for _ in range(20)]
    await asyncio.sleep(0)
    await store.aclose()
    for read in await asyncio.gather(*reads, return_exceptions=True):
        assert read == () or isinstance(read, StoreFailed)
    with pytest.raises(StoreFailed, match="closed"):
        await store.decisions(1)


def test_a_second_desk_on_the_home_is_told_who_runs_there(
    open_store: OpenStore, home: Path, database_url: str
) -> None:
    first = open_store()
    with pytest.raises(HomeLocked, match=f"process {os.getpid()}"):
        Store.open(home, database_url)
    first.write(trader()).result()
    first.close()
    assert len(open_store().restore().traders) == 1


def test_a_second_desk_on_the_same_server_database_is_refused(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.create_database()
    first = Store.open(tmp_path / "one", url)
    with pytest.raises(HomeLocked, match="another desk"):
        Store.open(tmp_path / "two", url, lock_seconds=0.1)
    first.close()
    Store.open(tmp_path / "two", url).close()


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_home_that_cannot_be_made_is_named(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreFailed, match=r"file.*--home"):
        Store.open(tmp_path / "file" / below)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreFailed, match="cannot be written"):
        Store.open(tmp_path)


def test_a_file_that_is_no_database_is_named_with_what_to_do(home: Path) -> None:
    home.mkdir()
    (home / DATABASE_FILE).write_bytes(b"this was never a database " * 400)
    with pytest.raises(StoreFailed, match=r"desk\.db: is damaged .* move it away"):
        Store.open(home)
    (home / DATABASE_FILE).unlink()
    Store.open(home).close()


def test_damage_inside_the_file_is_named_when_it_is_read(home: Path) -> None:
    store = Store.open(home)
    store.write(trader(), *(order(f"{number:05}") for number in range(5_000))).result()
    store.close()
    content = (home / DATABASE_FILE).read_bytes()
    # What opening reads, the schema and its revision, lies at the beginning and stays whole.
    whole = len(content) // 2
    (home / DATABASE_FILE).write_bytes(content[:whole] + b"\xff" * (len(content) - whole))
    damaged = Store.open(home)
    with pytest.raises(StoreFailed, match=r"desk\.db: is damaged"):
        damaged.restore()
    damaged.close()


def test_a_folder_in_the_place_of_the_database_is_named(home: Path) -> None:
    (home / DATABASE_FILE).mkdir(parents=True)
    with pytest.raises(StoreFailed, match=r"desk\.db"):
        Store.open(home)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("postgresql://desk:hunter2@127.0.0.1:1/nothing", StoreFailed),
        ("postgres://desk:hunter2@127.0.0.1:1/nothing", StoreFailed),
        ("postgresql+psycopg://desk:hunter2@127.0.0.1:1/nothing", StoreFailed),
        ("postgresql://desk:hunter2@127.0.0.1:port/nothing", StoreFailed),
        ("postgresql://desk:hunter2@[127.0.0.1/nothing", InvalidSetting),
        ("postgresql://desk@127.0.0.1/nothing?pass=hunter2", InvalidSetting),
        ("mysql://desk:hunter2@127.0.0.1/nothing", InvalidSetting),
        ("hunter2", InvalidSetting),
    ],
)
def test_a_url_that_cannot_be_used_is_explained_without_its_password(
    home: Path, url: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        Store.open(home, url)
    told = str(raised.value)
    assert "hunter2" not in told + repr(raised.value.__cause__)
    assert f"{home / CONFIG_FILE}: database_url" in told
    Store.open(home).close()


@pytest.mark.parametrize("url", ["mysql://desk@127.0.0.1/x", "postgresql://desk@127.0.0.1:1/x"])
def test_a_url_from_the_environment_is_named_as_such(
    home: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises((InvalidSetting, StoreFailed), match="DATABASE_URL"):
        Store.open(home, url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_form_of_url_opens(home: Path, postgres: PostgresServer, scheme: str) -> None:
    url = postgres.create_database().replace("postgresql", scheme, 1)
    store = Store.open(home, url)
    store.write(trader()).result()
    assert len(store.restore().traders) == 1
    store.close()
