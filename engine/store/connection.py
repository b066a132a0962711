"""What both databases share: a plain connection, how long a lock is waited for, a driver's own words."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

LOCK_SECONDS = 0.5
"""How long a statement waits for another program's lock on the database."""

HURRIED_LOCK_SECONDS = 0.3
"""How long it waits once the desk ends."""


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


def first_line(error: BaseException) -> str:
    """Return the first line of the driver's own message, from under SQLAlchemy's wrapping."""
    told_by_driver = getattr(error, "orig", None) or error
    return (str(told_by_driver).strip() or type(told_by_driver).__name__).splitlines()[0]
