"""The store: what the desk writes down, and reads again when it starts.

Opening and restoring a database of the current schema touches only the plain driver; SQLAlchemy is
imported by the writer's own thread. An empty database has nothing to restore, so its schema is
made by the writer as well, and only an older schema is migrated before `open` returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.errors import DeskError, StoreFailed
from engine.store.changes import Change
from engine.store.connection import LOCK_SECONDS
from engine.store.database import Database, find_database
from engine.store.home import HomeLock, prepare_home
from engine.store.migrations import HEAD, migrate, read_revision
from engine.store.restore import DeskState, read_desk_state
from engine.store.writer import Writer

if TYPE_CHECKING:
    from engine.model.assistant import ConversationMessage
    from engine.model.decision import DecisionRecord
    from engine.model.fill import Fill
    from engine.model.language_model import ModelCall, Spending
    from engine.model.order import Order
    from engine.model.program import ProgramExecution, ProgramVersion
    from engine.model.prompt import PromptVersion
    from engine.store.history import History

CLOSE_SECONDS = 1.5
READ_SECONDS = 0.4
"""How long closing waits for a read that is under way."""
PAGE_LIMIT = 1_000


class Store:
    """One desk's database, opened for this desk alone.

    `write`, `journal`, `restore` and the history queries may be called from any thread.
    """

    def __init__(
        self,
        database: Database,
        lock: HomeLock,
        on_failure: Callable[[StoreFailed], None] | None,
    ) -> None:
        self._database = database
        self._lock = lock
        self._writer = Writer(database, on_failure)
        self._history: History | None = None
        self._history_opening = threading.Lock()
        self._reads = threading.Condition()
        self._reading = 0
        self._reads_are_over = False
        self._closed = False

    @classmethod
    def open(
        cls,
        home: Path,
        database_url: str = "",
        *,
        on_failure: Callable[[StoreFailed], None] | None = None,
        lock_seconds: float = LOCK_SECONDS,
    ) -> Store:
        """Lock `home`, then open its SQLite file, or the PostgreSQL database of `database_url`.

        `on_failure` hears of every failed write, on the writer's thread. `lock_seconds` is how long
        a statement waits for another program that holds the database.

        Raises `HomeLocked` when another desk runs on the home or the database, `InvalidSetting` for
        a URL that cannot be used, and `StoreFailed` for a home that cannot be written, or a database
        that is damaged, unreachable or newer than this program.
        """
        prepare_home(home)
        lock = HomeLock.take(home)
        try:
            database = find_database(home, database_url, lock_seconds)
            _claim(database)
        except BaseException:
            lock.release()
            raise
        return cls(database, lock, on_failure)

    def restore(self, spent_since_ms: int = 0) -> DeskState:
        """Read everything a restart needs; empty for a new database. Blocks for a few milliseconds.

        What calls of models took is read from `spent_since_ms` on.
        """
        try:
            if read_revision(self._database) is None:
                return DeskState()
            return read_desk_state(self._database, spent_since_ms)
        except msgspec.ValidationError as error:
            raise StoreFailed(f"the database holds a row this nightdesk cannot read: {error}") from error
        except DeskError:
            raise
        except Exception as error:
            raise self._database.failure(error) from error

    def start_writer(self) -> None:
        """Let the writer import SQLAlchemy now rather than at the first write."""
        self._writer.start()

    def write(self, *changes: Change) -> Future[None]:
        """Queue changes as one unit, all or nothing, and return at once.

        For what has already happened. The future is done when the unit is durable, and raises
        `StoreFailed` when the database refused it; a database that is full, locked or gone is then
        tried again until it takes the unit, so nothing that happened is forgotten.
        """
        return self._writer.submit(changes, is_kept=True)

    async def journal(self, *changes: Change) -> None:
        """Return when the changes are durable; raise `StoreFailed` when they were not written.

        For what must not happen unless it is written down first: a refused unit is forgotten.
        """
        await asyncio.wrap_future(self._writer.submit(changes, is_kept=False))

    async def orders(
        self, trader_id: int | None = None, *, before_ms: int | None = None, limit: int = 100
    ) -> tuple[Order, ...]:
        """Return a page of orders, of one trader or of all; paging as in `engine.store.history`."""
        return await asyncio.to_thread(
            self._read, lambda history: history.orders(trader_id, before_ms, _page_size(limit))
        )

    async def fills(
        self, trader_id: int | None = None, *, before_ms: int | None = None, limit: int = 100
    ) -> tuple[Fill, ...]:
        """Return a page of fills, of one trader or of all; paging as in `engine.store.history`."""
        return await asyncio.to_thread(
            self._read, lambda history: history.fills(trader_id, before_ms, _page_size(limit))
        )

    async def decisions(
        self,
        trader_id: int | None = None,
        *,
        before_ms: int | None = None,
        limit: int = 50,
        symbol: str = "",
        operation: str = "",
        text: str = "",
    ) -> tuple[DecisionRecord, ...]:
        """Return a page of decisions, of one trader or of all; paging as in `engine.store.history`.

        `symbol`, `operation` and `text` keep those that have them, as `History.decisions` says.
        """
        size = _page_size(limit)
        return await asyncio.to_thread(
            self._read,
            lambda history: history.decisions(
                trader_id, before_ms, size, symbol=symbol, operation=operation, text=text
            ),
        )

    async def decision(self, decision_id: str) -> DecisionRecord | None:
        """Return one decision with its reasoning, None where there is none."""
        return await asyncio.to_thread(self._read, lambda history: history.decision(decision_id))

    async def orders_of(self, decision_id: str) -> tuple[Order, ...]:
        """Return the orders a decision made, the exits attached to them included, oldest first."""
        return await asyncio.to_thread(self._read, lambda history: history.orders_of(decision_id))

    async def fills_of(self, order_ids: Sequence[str]) -> tuple[Fill, ...]:
        """Return the fills of some orders, oldest first."""
        return await asyncio.to_thread(self._read, lambda history: history.fills_of(order_ids))

    async def prompt_versions(self, prompt_id: int) -> tuple[PromptVersion, ...]:
        """Return the texts a prompt had, oldest first."""
        return await asyncio.to_thread(self._read, lambda history: history.prompt_versions(prompt_id))

    async def model_calls(self, subject: str, limit: int = 200) -> tuple[ModelCall, ...]:
        """Return the first calls made for a decision, conversation or run, oldest first."""
        return await asyncio.to_thread(
            self._read, lambda history: history.model_calls(subject, _page_size(limit))
        )

    async def spending(self, since_ms: int) -> tuple[Spending, ...]:
        """Return what each UTC day's calls took since a time, by trader and connection, newest day first."""
        return await asyncio.to_thread(self._read, lambda history: history.spending(since_ms))

    async def conversation_messages(self, conversation_id: str) -> tuple[ConversationMessage, ...]:
        """Return the messages of a conversation, oldest first."""
        return await asyncio.to_thread(
            self._read, lambda history: history.conversation_messages(conversation_id)
        )

    async def executions(
        self, *, program_id: int | None = None, trader_id: int | None = None, limit: int = 50
    ) -> tuple[ProgramExecution, ...]:
        """Return the last runs of programs, of one program or trader or of all, newest first."""
        return await asyncio.to_thread(
            self._read, lambda history: history.executions(program_id, trader_id, _page_size(limit))
        )

    async def program_versions(self, program_id: int) -> tuple[ProgramVersion, ...]:
        """Return the sources a program had, oldest first."""
        return await asyncio.to_thread(self._read, lambda history: history.program_versions(program_id))

    def hurry(self) -> None:
        """Wait only a moment for another program's locks from now on, since the desk ends."""
        self._database.hurry()

    def close(self, timeout_seconds: float = CLOSE_SECONDS) -> None:
        """Write what waits, fold the log into the database and give the home free.

        Raises `StoreFailed` with the number of changes that could not be written. When that is
        because the writer does not end in time, the home stays locked until the process ends, since
        something may still be written. A second call does nothing.
        """
        if self._closed:
            return
        try:
            self._writer.close(timeout_seconds)
            self._checkpoint()
        finally:
            if self._writer.has_ended:
                self._closed = True
                self._give_free()

    def _checkpoint(self) -> None:
        self._end_reads()
        try:
            self._database.checkpoint()
        except Exception as error:
            raise self._database.failure(error) from error

    def _give_free(self) -> None:
        self._end_reads()
        self._database.release()
        self._lock.release()

    async def aclose(self, timeout_seconds: float = CLOSE_SECONDS) -> None:
        """Do what `close` does without blocking the event loop."""
        await asyncio.to_thread(self.close, timeout_seconds)

    def _end_reads(self) -> None:
        """Let no read begin any more, wait for those under way, and give their connections back."""
        with self._reads:
            self._reads_are_over = True
            self._reads.wait_for(lambda: not self._reading, READ_SECONDS)
        if self._history is not None:
            self._history.close()

    @contextlib.contextmanager
    def _while_open(self) -> Iterator[None]:
        with self._reads:
            if self._reads_are_over:
                raise StoreFailed("the store is closed; nothing can be read")
            self._reading += 1
        try:
            yield
        finally:
            with self._reads:
                self._reading -= 1
                self._reads.notify_all()

    def _read[T](self, query: Callable[[History], T]) -> T:
        try:
            with self._while_open():
                return query(self._open_history())
        except DeskError:
            raise
        except Exception as error:
            raise self._database.failure(error) from error

    def _open_history(self) -> History:
        with self._history_opening:
            if self._history is None:
                migrate(self._database)
                from engine.store.history import History

                self._history = History(self._database.engine(for_writing=False))
            return self._history


def _claim(database: Database) -> None:
    """Make the database this desk's alone, and its schema current unless it is empty."""
    try:
        database.claim()
        if read_revision(database) not in (None, HEAD):
            migrate(database)
    except BaseException as error:
        database.release()
        if isinstance(error, DeskError) or not isinstance(error, Exception):
            raise
        raise database.failure(error) from error


def _page_size(limit: int) -> int:
    return max(1, min(limit, PAGE_LIMIT))
