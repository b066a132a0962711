"""The two databases a desk can live in, reached through their plain drivers.

SQLite in the home directory by default, PostgreSQL by URL. A plain connection serves what a start
needs before SQLAlchemy is imported; `engine()` serves everything later over the same driver.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import InvalidSetting, StoreFailed
from engine.settings import database_url_source
from engine.store.connection import HURRIED_LOCK_SECONDS, LOCK_SECONDS, PlainConnection, first_line

if TYPE_CHECKING:
    from sqlalchemy import Engine

DATABASE_FILE = "desk.db"
_POSTGRES_SCHEMES = ("postgres://", "postgresql://", "postgresql+psycopg://")


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

    def claim(self) -> None:
        """Make this desk the database's only one; raise `HomeLocked` while another desk is."""
        ...

    def release(self) -> None:
        """Give up a claim that no connection of `claimed_engine` has taken over."""
        ...

    def engine(self, *, for_writing: bool) -> Engine:
        """Return a SQLAlchemy engine; imports SQLAlchemy."""
        ...

    def claimed_engine(self) -> Engine:
        """Return the writer's engine, which holds the claim and refuses to write without it.

        Its one connection raises `HomeLocked` when it is opened while another desk has the claim,
        or after another desk has written.
        """
        ...

    def hurry(self) -> None:
        """Wait for locks only `HURRIED_LOCK_SECONDS` from now on."""
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
        self._is_hurried = False

    def _open(self) -> Any:
        import sqlite3

        self._create()
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

    def _create(self) -> None:
        """Create a missing file, readable by its owner only.

        One that is there is not opened: to close a file gives up every lock this process has on it, those
        of its other connections too. Whoever then closed the database as the last one, as it would
        believe, would take the write-ahead log away from under them.
        """
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))

    def connect(self) -> PlainConnection:
        """Open the file, creating it when it is missing."""
        return PlainConnection(self._open(), "?")

    def claim(self) -> None:
        """Do nothing: the lock on the home directory already covers the file."""

    def release(self) -> None:
        """Do nothing, for the same reason."""

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
            if self._is_hurried:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(self._lock_seconds * 1000)}")
            connection.exec_driver_sql(begin_statement)

        return engine

    def claimed_engine(self) -> Engine:
        """Return an engine for writing."""
        return self.engine(for_writing=True)

    def hurry(self) -> None:
        """Wait for locks only `HURRIED_LOCK_SECONDS` from now on."""
        self._lock_seconds = min(self._lock_seconds, HURRIED_LOCK_SECONDS)
        self._is_hurried = True

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file."""
        with self.connect() as connection:
            connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def failure(self, error: BaseException) -> StoreFailed:
        """Say what happened to the file and what to do."""
        reason = first_line(error)
        if "malformed" in reason or "not a database" in reason:
            advice = f"is damaged ({reason}); put a backup in its place, or move it away to start afresh"
        elif "full" in reason:
            advice = f"cannot grow ({reason}); free some disk space"
        elif "locked" in reason:
            advice = f"is locked by another program ({reason}); end that program"
        else:
            advice = f"cannot be used ({reason}); check its permissions and its disk"
        return StoreFailed(f"{self.path}: {advice}", path=str(self.path), reason=reason)


def find_database(home: Path, url: str = "", lock_seconds: float = LOCK_SECONDS) -> Database:
    """Return the database of `url`, or the SQLite file in `home` when it is empty.

    Raises `InvalidSetting` for a URL that names no PostgreSQL database.
    """
    if not url:
        return SqliteDatabase(home / DATABASE_FILE, lock_seconds)
    source = database_url_source(home, url)
    if not url.startswith(_POSTGRES_SCHEMES):
        raise InvalidSetting(
            f"{source}: cannot be used; it must begin with {', '.join(_POSTGRES_SCHEMES)}, "
            "or be empty for SQLite",
            field=source,
        )
    from engine.store.postgres import PostgresDatabase

    return PostgresDatabase(url, source, lock_seconds)
