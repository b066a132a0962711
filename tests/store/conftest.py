"""Every store test runs on both databases: SQLite, and a real PostgreSQL started for the session."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from engine.errors import StoreFailed
from engine.store.store import Store

OpenStore = Callable[..., Store]

_DEBIAN_BINARIES = Path("/usr/lib/postgresql/15/bin")


def find_postgres_binaries() -> Path | None:
    if (_DEBIAN_BINARIES / "initdb").exists():
        return _DEBIAN_BINARIES
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


class PostgresServer:
    """A throw-away server in a folder of its own, reached over its Unix socket only."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._numbers = itertools.count(1)
        # PostgreSQL refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)

    def start(self) -> None:
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "nightdesk", "-A", "trust", "-N", "-E", "UTF8", "--no-locale")
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off -c max_connections=50"
        self._run("pg_ctl", "-D", data, "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-m", "immediate", "stop")

    def create_database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"desk{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://nightdesk@/{database}?host={self._folder}"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / program), *arguments],
            user=self._user,
            extra_groups=[] if self._user else None,
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    binaries = find_postgres_binaries()
    if binaries is None:
        reason = (
            "PostgreSQL's initdb is neither in /usr/lib/postgresql/15/bin nor in PATH: install postgresql"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="nightdesk-postgres-") as folder:
        server = PostgresServer(binaries, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return ""
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def open_store(home: Path, database_url: str) -> Iterator[OpenStore]:
    """Open the test's own home and database; what is still open at the end is closed."""
    opened: list[Store] = []

    def open_once_more(
        *, on_failure: Callable[[StoreFailed], None] | None = None, lock_seconds: float = 5.0
    ) -> Store:
        opened.append(Store.open(home, database_url, on_failure=on_failure, lock_seconds=lock_seconds))
        return opened[-1]

    yield open_once_more
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store()
