"""The models side of the desk in this process: connections, their keys, their tests, what was spent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from engine.clock import DAY_MS, Clock, WallClock
from engine.errors import InvalidInput
from engine.language_models.connection_book import ConnectionBook
from engine.language_models.endpoint import Endpoint
from engine.language_models.gateway import Gateway
from engine.language_models.keys import KEY_FIELD, KeyReader, key_record
from engine.language_models.spending import day_of
from engine.language_models.vendors import VENDORS, origin
from engine.model.account import TraderConfig
from engine.model.event import Topic
from engine.model.language_model import (
    ConnectionState,
    ConnectionTest,
    KeySource,
    ModelCall,
    ModelConnection,
    Spending,
    Vendor,
)
from engine.model.vault import SecretInfo, VaultStatus
from engine.secrecy.secret import Secret
from engine.store.store import Store
from engine.streams import Bus
from engine.trading.journal import WRITTEN_SECONDS, DeskJournal

MOST_CALLS = 200
MOST_DAYS = 3660


class KeyKeeper(KeyReader, Protocol):
    """What keeping a connection needs of the vault."""

    def put(self, record: str, field: str, secret: Secret, bound_to: str = "") -> SecretInfo:
        """Keep a secret; raises `VaultLocked`."""
        ...

    def remove(self, record: str, field: str) -> None:
        """Remove a secret; raises `NotFound`."""
        ...

    def status(self) -> VaultStatus:
        """Return how the vault stands."""
        ...


class LocalModels:
    """See `engine.desk.models.ModelDesk`."""

    def __init__(
        self,
        *,
        book: ConnectionBook,
        gateway: Gateway,
        vault: KeyKeeper,
        store: Store,
        journal: DeskJournal,
        bus: Bus,
        traders: Callable[[], Sequence[TraderConfig]],
        wall: Clock | None = None,
    ) -> None:
        self._book = book
        self._gateway = gateway
        self._vault = vault
        self._store = store
        self._journal = journal
        self._bus = bus
        self._traders = traders
        self._wall = wall or WallClock()
        self._saving = asyncio.Lock()

    def vendors(self) -> tuple[Vendor, ...]:
        """See `engine.desk.models.ModelDesk`."""
        return tuple(row.shown() for row in VENDORS.values())

    def connections(self) -> tuple[ConnectionState, ...]:
        """See `engine.desk.models.ModelDesk`."""
        return tuple(self._with_traders(state) for state in self._gateway.states())

    async def save_connection(
        self, connection: ModelConnection, key: Secret | None = None
    ) -> ConnectionState:
        """See `engine.desk.models.ModelDesk`."""
        async with self._saving:
            prepared = self._book.prepare(connection)
            if key is not None:
                if prepared.key_source is not KeySource.VAULT:
                    source = prepared.key_source.value
                    raise InvalidInput.of("key_source", source, "allowed is vault where a key is given")
                # What cannot be sent to that address is not kept for it either.
                Endpoint(prepared.base_url, key)
                record, bound_to = key_record(prepared.connection_id), origin(prepared.base_url)
                await asyncio.to_thread(self._vault.put, record, KEY_FIELD, key, bound_to)
            elif connection.connection_id:
                await self._drop_key_unless(prepared)
            self._journal.write(prepared)
            self._book.keep(prepared)
        return self._publish(prepared)

    async def delete_connection(self, connection_id: int) -> None:
        """See `engine.desk.models.ModelDesk`."""
        async with self._saving:
            users = (each.name for each in self._users(connection_id))
            deleted = self._book.without(connection_id, users)
            await self._remove_key(connection_id, origin(deleted.base_url))
            self._journal.write(deleted)
            self._book.keep(deleted)
        self._publish(deleted)

    async def test_connection(
        self, connection: ModelConnection, model: str, key: Secret | None = None
    ) -> ConnectionTest:
        """See `engine.desk.models.ModelDesk`."""
        return await self._gateway.test(connection, model, key)

    async def spending(self, days: int = 30) -> tuple[Spending, ...]:
        """See `engine.desk.models.ModelDesk`."""
        if not 1 <= days <= MOST_DAYS:
            raise InvalidInput.of("days", days, f"allowed is 1 to {MOST_DAYS}")
        await self._journal.written(WRITTEN_SECONDS)
        return await self._store.spending(day_of(self._wall.now_ms()) - (days - 1) * DAY_MS)

    async def calls(self, subject: str) -> tuple[ModelCall, ...]:
        """See `engine.desk.models.ModelDesk`."""
        await self._journal.written(WRITTEN_SECONDS)
        return await self._store.model_calls(subject, MOST_CALLS)

    def tell(self, state: ConnectionState) -> None:
        """Publish a connection whose figures changed; the gateway's `tell`."""
        shown = self._with_traders(state)
        self._bus.publish_level(Topic.MODELS, ("connection", state.connection.connection_id), shown)

    async def _drop_key_unless(self, prepared: ModelConnection) -> None:
        """Drop a connection's key unless the vault keeps it for where the connection leads now."""
        before = self._book.connection(prepared.connection_id)
        is_kept = prepared.key_source is KeySource.VAULT
        if not is_kept or origin(before.base_url) != origin(prepared.base_url):
            await self._remove_key(prepared.connection_id, origin(before.base_url))

    async def _remove_key(self, connection_id: int, bound_to: str) -> None:
        record = key_record(connection_id)
        if self._vault.has(record, KEY_FIELD, bound_to):
            await asyncio.to_thread(self._vault.remove, record, KEY_FIELD)

    def _publish(self, connection: ModelConnection) -> ConnectionState:
        """Publish a connection, and the vault, which may keep or have dropped its key."""
        state = self._with_traders(self._gateway.state(connection))
        self.tell(state)
        self._bus.publish_level(Topic.VAULT, "vault", self._vault.status())
        return state

    def _with_traders(self, state: ConnectionState) -> ConnectionState:
        users = tuple(each.trader_id for each in self._users(state.connection.connection_id))
        return msgspec.structs.replace(state, traders=users)

    def _users(self, connection_id: int) -> tuple[TraderConfig, ...]:
        return tuple(
            each for each in self._traders() if each.connection_id == connection_id and not each.deleted
        )
