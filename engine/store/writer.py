"""The one thread that writes: everything that waits is committed together.

A unit of changes is all or nothing. Units that wait while a commit is under way share the next one
(group commit), so the cost of making them durable is paid once. When a shared commit fails on one
unit's account, the units are repeated under a savepoint each and only the faulty one fails; when the
database itself fails (full, locked, gone), all of them do. Units that tell what has already happened are
kept then and written, in their order, as soon as the database takes them again. What is still kept when the
writer closes is tried once more, and its loss is told.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

import msgspec

from engine.errors import StoreFailed
from engine.store.changes import Change
from engine.store.database import Database
from engine.store.migrations import migrate

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from engine.store.statements import Statements

_log = logging.getLogger(__name__)

UNITS_PER_COMMIT = 2_000
"""The most units one commit takes, so that the first of a flood is durable soon."""


RETRY_SECONDS = 1.0
"""How long a database that refused is left alone before kept units are tried again."""

PREPARE_SECONDS = 5.0
"""How long closing waits for a writer that has only just begun to import and migrate."""


class _Unit(msgspec.Struct, frozen=True):
    changes: tuple[Change, ...]
    written: Future[None]
    is_kept: bool


class Writer:
    """Takes units from any thread and writes them in order on its own.

    `on_failure` is called on the writer's thread: once per unit that failed by itself, once per
    commit that the database refused.
    """

    def __init__(self, database: Database, on_failure: Callable[[StoreFailed], None] | None = None) -> None:
        self._database = database
        self._on_failure = on_failure
        self._kept: list[_Unit] = []
        self._last_failure: StoreFailed | None = None
        self._waiting: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="nightdesk-store-writer", daemon=True)
        self._state = threading.Lock()
        self._started = False
        self._closed = False
        self._owed = 0
        self._began = threading.Event()
        self._prepared: tuple[Engine, Statements] | None = None

    def start(self) -> None:
        """Start the thread, which imports SQLAlchemy first; a second call does nothing."""
        with self._state:
            if not self._started and not self._closed:
                self._started = True
                self._thread.start()

    def submit(self, changes: tuple[Change, ...], *, is_kept: bool) -> Future[None]:
        """Queue one unit without waiting; the future is done when the unit is durable.

        The future raises `StoreFailed` when the unit was not written; with `is_kept` it is then
        tried again until the writer closes. Cancelling the future has no effect: what was submitted
        is written.
        """
        unit = _Unit(changes, Future(), is_kept)
        unit.written.set_running_or_notify_cancel()
        self.start()
        with self._state:
            if self._closed:
                unit.written.set_exception(StoreFailed("the store is closed; nothing was written"))
            else:
                self._owed += len(changes)
                self._waiting.put(unit)
        return unit.written

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will be written."""
        return self._closed and not self._thread.is_alive()

    def close(self, timeout_seconds: float) -> None:
        """Write what waits, trying once more with a short wait for locks, and end the thread.

        Raises `StoreFailed` with the number of changes that could not be written, or were not within
        the time; `has_ended` tells whether they still might be.
        """
        self._database.hurry()
        with self._state:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        if not self._started:
            return
        self._began.wait(PREPARE_SECONDS)
        self._thread.join(timeout_seconds)
        with self._state:
            owed, failure = self._owed, self._last_failure
        if self._thread.is_alive():
            lost = f"{_counted(owed)} could not be written within {timeout_seconds:g} s"
            raise StoreFailed(f"{lost}: {self._database.name} does not answer", changes=str(owed))
        if owed:
            reason = failure.message if failure else self._database.name
            raise StoreFailed(
                f"{_counted(owed)} could not be written before the end: {reason}", changes=str(owed)
            )

    def _run(self) -> None:
        try:
            self._prepare()
        except Exception:
            # Reported by the first unit, which meets the same failure unless it has passed by then.
            self._prepared = None
        self._began.set()
        more_to_come = True
        while more_to_come:
            units, more_to_come = self._take()
            if units:
                self._write(units)
        if self._prepared is not None:
            self._prepared[0].dispose()

    def _take(self) -> tuple[list[_Unit], bool]:
        """Wait for a unit and return it with all that wait behind it, and whether to go on after them.

        Kept units come first, after the database has been left alone for a while.
        """
        units, self._kept = self._kept, []
        patience = RETRY_SECONDS if units else None
        while len(units) < UNITS_PER_COMMIT or patience is not None:
            try:
                unit = self._waiting.get(block=not units or patience is not None, timeout=patience)
            except queue.Empty:
                break
            patience = None
            if unit is None:
                return units, False
            units.append(unit)
        return units, True

    def _prepare(self) -> tuple[Engine, Statements]:
        """Migrate if needed and import SQLAlchemy, once."""
        if self._prepared is None:
            migrate(self._database)
            from engine.store.statements import Statements

            engine = self._database.claimed_engine()
            self._prepared = engine, Statements(engine.dialect.name)
        return self._prepared

    def _write(self, units: Sequence[_Unit]) -> None:
        try:
            faulty = self._commit(units)
        except Exception as error:
            failure = self._failure(error)
            self._kept = [unit for unit in units if unit.is_kept]
            self._settle((unit for unit in units if not unit.is_kept), failure)
            for unit in units:
                _finish(unit, failure)
            self._report(failure)
            return
        self._settle(units)
        for unit in units:
            if id(unit) not in faulty:
                _finish(unit, None)
        for unit in units:
            if id(unit) in faulty:
                _finish(unit, faulty[id(unit)])
                self._report(faulty[id(unit)])

    def _commit(self, units: Sequence[_Unit]) -> dict[int, StoreFailed]:
        """Commit all units together, or else all but those that fail by themselves; return why those did."""
        engine, statements = self._prepare()
        try:
            with engine.begin() as connection:
                statements.apply(connection, (change for unit in units for change in unit.changes))
        except Exception as error:
            if _database_failed(error):
                raise
        else:
            return {}
        faulty: dict[int, StoreFailed] = {}
        with engine.begin() as connection:
            for unit in units:
                try:
                    with connection.begin_nested():
                        statements.apply(connection, unit.changes)
                except Exception as error:
                    if _database_failed(error):
                        raise
                    faulty[id(unit)] = _refusal(unit, error)
        return faulty

    def _settle(self, units: Iterable[_Unit], failure: StoreFailed | None = None) -> None:
        """Owe these no longer: they are durable, or were refused and whoever waits is told."""
        with self._state:
            self._owed -= sum(len(unit.changes) for unit in units)
            self._last_failure = failure

    def _failure(self, error: Exception) -> StoreFailed:
        return error if isinstance(error, StoreFailed) else self._database.failure(error)

    def _report(self, failure: StoreFailed) -> None:
        if self._on_failure is None:
            return
        try:
            self._on_failure(failure)
        except Exception:
            # The listener's fault must not end the only thread that writes.
            _log.exception("the listener for failed writes failed itself")


def _finish(unit: _Unit, failure: StoreFailed | None) -> None:
    """Tell whoever waits for the unit; one that failed before and was kept has nobody waiting."""
    if unit.written.done():
        return
    if failure is None:
        unit.written.set_result(None)
    else:
        unit.written.set_exception(failure)


def _database_failed(error: Exception) -> bool:
    """Tell a failure of the database, which strikes every unit, from a value it cannot take."""
    from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

    return (
        isinstance(error, StoreFailed | OSError | OperationalError | InterfaceError)
        or type(error) is DatabaseError
    )


def _counted(changes: int) -> str:
    return "1 change" if changes == 1 else f"{changes} changes"


def _refusal(unit: _Unit, error: Exception) -> StoreFailed:
    kinds = ", ".join(type(change).__name__ for change in unit.changes)
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return StoreFailed(f"{kinds}: not written, since the database cannot keep it ({reason})", reason=reason)
