"""A PostgreSQL database, and the claim that makes a desk its only one.

The claim is an advisory lock of the writer's own session. It is taken as the store opens and handed to
the writer with its connection; when that connection is lost the claim is lost with it, so the next one
takes it again and also sees that no other desk has written in between: the books in memory would then
be older than those on the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import HomeLocked, InvalidSetting, StoreFailed
from engine.store.connection import HURRIED_LOCK_SECONDS, LOCK_SECONDS, PlainConnection, first_line

if TYPE_CHECKING:
    from sqlalchemy import Engine

_SINGLE_DESK_KEY = 0x6E69676874
_WRITERS_KEY = "store.writers"
"""The setting that counts the desks which have written to this database."""


class PostgresDatabase:
    """A PostgreSQL database; its password appears in no message.

    `source` is where its URL was read, for messages about it.
    """

    begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    table_query = "SELECT 1 WHERE to_regclass(?) IS NOT NULL"

    def __init__(self, url: str, source: str, lock_seconds: float = LOCK_SECONDS) -> None:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        try:
            named = conninfo_to_dict("postgresql://" + url.partition("://")[2])
        except psycopg.Error:
            # The driver's message repeats the URL, password included: neither it nor its cause is shown.
            raise InvalidSetting(
                f"{source}: cannot be understood; allowed is postgresql://user:password@host:port/database",
                field=source,
            ) from None
        self._parameters: dict[str, Any] = {
            "connect_timeout": 5,
            "tcp_user_timeout": 10_000,
            "application_name": "nightdesk",
            **named,
        }
        self._password = str(named.get("password") or "")
        self._source = source
        self._lock_seconds = lock_seconds
        self._is_hurried = False
        self._claimed: Any = None
        self._writer_number: Any = None
        self.name = f"PostgreSQL database {named.get('dbname', '')} at {named.get('host', 'localhost')}"

    def _open(self) -> Any:
        import psycopg

        connection = psycopg.connect(**self._parameters, autocommit=True)
        connection.execute(f"SET lock_timeout = {round(self._lock_seconds * 1000)}".encode())
        # A server may be set to acknowledge a commit that its disk has not taken yet.
        connection.execute("SET synchronous_commit = on")
        connection.autocommit = False
        return connection

    def connect(self) -> PlainConnection:
        """Open a connection outside of any transaction."""
        connection = self._open()
        connection.autocommit = True
        return PlainConnection(connection, "%s")

    def claim(self) -> None:
        """Take the claim on the connection that the writer will write on."""
        self._claimed = self._open_claimed()

    def release(self) -> None:
        """Close the claimed connection if the writer has not taken it over."""
        claimed, self._claimed = self._claimed, None
        if claimed is not None:
            claimed.close()

    def _open_claimed(self) -> Any:
        import psycopg

        connection = self._open()
        try:
            # A desk that was just killed holds the lock until the server notices: hence the waiting form.
            connection.execute("SELECT pg_advisory_lock(%s)", (_SINGLE_DESK_KEY,))
            connection.commit()
        except psycopg.errors.LockNotAvailable as error:
            connection.close()
            raise HomeLocked(
                f"another desk already uses the {self.name}; end it, or choose another database"
            ) from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_for_writing(self) -> Any:
        import psycopg

        connection, self._claimed = self._claimed, None
        if connection is not None:
            try:
                return self._count_writer(connection)
            except psycopg.OperationalError:
                connection.close()
        connection = self._open_claimed()
        try:
            return self._count_writer(connection)
        except BaseException:
            connection.close()
            raise

    def _count_writer(self, connection: Any) -> Any:
        """Count this desk as a writer, or check that it still is the last one; return the connection."""
        if self._writer_number is None:
            counted = connection.execute(
                "INSERT INTO settings (key, value) VALUES (%s, '1') ON CONFLICT (key) DO UPDATE "
                "SET value = CAST(CAST(settings.value AS BIGINT) + 1 AS TEXT) RETURNING value",
                (_WRITERS_KEY,),
            ).fetchone()
        else:
            counted = connection.execute(
                "SELECT value FROM settings WHERE key = %s", (_WRITERS_KEY,)
            ).fetchone()
        connection.commit()
        if self._writer_number not in (None, counted):
            raise HomeLocked(
                f"another desk has used the {self.name} since this one lost its connection; "
                "nothing more is written: end this desk and start it again"
            )
        self._writer_number = counted
        return connection

    def engine(self, *, for_writing: bool) -> Engine:
        """Return an engine that notices a lost connection before it uses it."""
        from sqlalchemy import create_engine

        return create_engine("postgresql+psycopg://", creator=self._open, pool_pre_ping=True)

    def claimed_engine(self) -> Engine:
        """Return the writer's engine; see `engine.store.database.Database`."""
        from sqlalchemy import create_engine, event
        from sqlalchemy.engine import Connection

        engine = create_engine(
            "postgresql+psycopg://",
            creator=self._open_for_writing,
            pool_pre_ping=True,
            pool_size=1,
            max_overflow=0,
        )

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            if self._is_hurried:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(self._lock_seconds * 1000)}")

        return engine

    def hurry(self) -> None:
        """Wait for locks only `HURRIED_LOCK_SECONDS` from now on."""
        self._lock_seconds = min(self._lock_seconds, HURRIED_LOCK_SECONDS)
        self._is_hurried = True

    def checkpoint(self) -> None:
        """Do nothing: the server keeps its own log."""

    def failure(self, error: BaseException) -> StoreFailed:
        """Say what the server answered, without the password."""
        reason = first_line(error)
        if self._password:
            reason = reason.replace(self._password, "…")
        return StoreFailed(
            f"{self.name}: cannot be used ({reason}); check {self._source} and that the server runs",
            reason=reason,
        )
