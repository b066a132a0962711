"""The two databases a desk can live in, reached through their plain drivers.

SQLite in the home directory by default, PostgreSQL by URL. A plain connection serves what a start
needs before SQLAlchemy is imported; `engine()` serves everything later over the same driver.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from engine.errors import HomeLocked, InvalidSetting, StoreFailed

if TYPE_CHECKING:
    from sqlalchemy import Engine

DATABASE_FILE = "desk.db"
LOCK_SECONDS = 5.0
"""How long a statement waits for another program's lock on the database."""

_SINGLE_DESK_KEY = 0x6E69676874
_POSTGRES_SCHEMES = ("postgres://", "postgresql://", "postgresql+psycopg://")


class PlainConnection:
    """A driver's own connection, reduced to reading: one SQL dialect with `?` for parameters."""

    def __init__(self, connection: Any, placeholder: str) -> None:
        self._connection = connection
        self._placeholder = placeholder

    def rows(self, sql: str, *parameters: object) -> Sequence[tuple[Any, ...]]:
        """Return every row of a query."""
        statement = sql.replace("?", self._placeholder)
        rows: Sequence[tuple[Any, ...]] = self._connection.execute(statement, parameters).fetchall()
        return rows

    def run(self, sql: str) -> None:
        """Execute a statement that has no result to read."""
        self._connection.execute(sql)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Database(Protocol):
    """What the store needs of a database."""

    name: str
    """What to call it in a sentence; holds no password."""

    begin_snapshot: str
    """Starts a transaction in which every query sees the same moment."""

    table_query: str
    """Returns a row if the table named by its one parameter exists."""

    def connect(self) -> PlainConnection:
        """Open a plain connection; raises the driver's error."""
        ...

    def claim(self) -> PlainConnection | None:
        """Make this desk the database's only one for as long as the connection lives, where needed."""
        ...

    def engine(self, *, for_writing: bool) -> Engine:
        """Return a SQLAlchemy engine; imports SQLAlchemy."""
        ...

    def checkpoint(self) -> None:
        """Fold what a clean end leaves to fold into the database."""
        ...

    def failure(self, error: BaseException) -> StoreFailed:
        """Say in one sentence what a driver's or SQLAlchemy's error means and what to do."""
        ...


class SqliteDatabase:
    """One file in the home directory: WAL, synchronous=FULL, readable by its owner only."""

    begin_snapshot = "BEGIN"
    table_query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"

    def __init__(self, path: Path, lock_seconds: float = LOCK_SECONDS) -> None:
        self.path = path
        self.name = str(path)
        self._lock_seconds = lock_seconds

    def _open(self) -> Any:
        import sqlite3

        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            self.path, timeout=self._lock_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def connect(self) -> PlainConnection:
        """Open the file, creating it when it is missing."""
        return PlainConnection(self._open(), "?")

    def claim(self) -> PlainConnection | None:
        """Return None: the lock on the home directory already covers the file."""
        return None

    def engine(self, *, for_writing: bool) -> Engine:
        """Return an engine; one for writing takes SQLite's write lock as a transaction begins."""
        from sqlalchemy import QueuePool, create_engine, event
        from sqlalchemy.engine import Connection

        engine = create_engine("sqlite://", creator=self._open, poolclass=QueuePool)
        begin_statement = "BEGIN IMMEDIATE" if for_writing else "BEGIN"

        # The driver would open a transaction only at the first row written, which leaves a
        # savepoint outside of it and turns a busy database into an error half-way.
        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin_statement)

        return engine

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file."""
        with self.connect() as connection:
            connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def failure(self, error: BaseException) -> StoreFailed:
        """Say what happened to the file and what to do."""
        reason = _first_line(error)
        if "malformed" in reason or "not a database" in reason:
            advice = f"is damaged ({reason}); put a backup in its place, or move it away to start afresh"
        elif "full" in reason:
            advice = f"cannot grow ({reason}); free some disk space"
        elif "locked" in reason:
            advice = f"is locked by another program ({reason}); end that program"
        else:
            advice = f"cannot be used ({reason}); check its permissions and its disk"
        return StoreFailed(f"{self.path}: {advice}", path=str(self.path), reason=reason)


class PostgresDatabase:
    """A PostgreSQL database; its password appears in no message."""

    begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    table_query = "SELECT 1 WHERE to_regclass(?) IS NOT NULL"

    def __init__(self, url: str, lock_seconds: float = LOCK_SECONDS) -> None:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        try:
            named = conninfo_to_dict("postgresql://" + url.partition("://")[2])
        except psycopg.Error:
            # The driver's message repeats the URL, password included: neither it nor its cause is shown.
            raise InvalidSetting(
                "DATABASE_URL: cannot be understood; allowed is postgresql://user:password@host:port/database",
                field="DATABASE_URL",
            ) from None
        self._parameters: dict[str, Any] = {
            "connect_timeout": 5,
            "tcp_user_timeout": 10_000,
            "application_name": "nightdesk",
            **named,
        }
        self._password = str(named.get("password") or "")
        self._lock_seconds = lock_seconds
        self.name = f"PostgreSQL database {named.get('dbname', '')} at {named.get('host', 'localhost')}"

    def _open(self) -> Any:
        import psycopg

        connection = psycopg.connect(**self._parameters, autocommit=True)
        connection.execute(f"SET lock_timeout = {round(self._lock_seconds * 1000)}".encode())
        connection.autocommit = False
        return connection

    def connect(self) -> PlainConnection:
        """Open a connection outside of any transaction."""
        connection = self._open()
        connection.autocommit = True
        return PlainConnection(connection, "%s")

    def claim(self) -> PlainConnection | None:
        """Take the database's advisory lock; raise `HomeLocked` while another desk holds it."""
        import psycopg

        connection = self.connect()
        try:
            # A desk that was just killed holds the lock until the server notices: hence the waiting form.
            connection.rows("SELECT pg_advisory_lock(?)", _SINGLE_DESK_KEY)
        except psycopg.errors.LockNotAvailable as error:
            connection.close()
            raise HomeLocked(
                f"another desk already uses the {self.name}; end it, or choose another database"
            ) from error
        except psycopg.Error:
            connection.close()
            raise
        return connection

    def engine(self, *, for_writing: bool) -> Engine:
        """Return an engine that notices a lost connection before it uses it."""
        from sqlalchemy import create_engine

        return create_engine("postgresql+psycopg://", creator=self._open, pool_pre_ping=True)

    def checkpoint(self) -> None:
        """Do nothing: the server keeps its own log."""

    def failure(self, error: BaseException) -> StoreFailed:
        """Say what the server answered, without the password."""
        reason = _first_line(error)
        if self._password:
            reason = reason.replace(self._password, "…")
        return StoreFailed(
            f"{self.name}: cannot be used ({reason}); check DATABASE_URL and that the server runs",
            reason=reason,
        )


def find_database(home: Path, url: str = "", lock_seconds: float = LOCK_SECONDS) -> Database:
    """Return the database of `url`, or the SQLite file in `home` when it is empty.

    Raises `InvalidSetting` for a URL that names no PostgreSQL database.
    """
    if not url:
        return SqliteDatabase(home / DATABASE_FILE, lock_seconds)
    if not url.startswith(_POSTGRES_SCHEMES):
        raise InvalidSetting(
            f"DATABASE_URL: cannot be used; it must begin with {', '.join(_POSTGRES_SCHEMES)}, "
            "or be empty for SQLite",
            field="DATABASE_URL",
        )
    return PostgresDatabase(url, lock_seconds)


def _first_line(error: BaseException) -> str:
    """Return the first line of the driver's own message, from under SQLAlchemy's wrapping."""
    told_by_driver = getattr(error, "orig", None) or error
    return (str(told_by_driver).strip() or type(told_by_driver).__name__).splitlines()[0]
