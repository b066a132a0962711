"""The recorded desk's models and vault: connections and keys with fixed values.

Commands change the tables, are noted in `calls`, secrets as whether one was given, and raise what a test
set as failure. The vault's passphrase is `PASSPHRASE`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from engine.errors import Conflict, InvalidInput, WrongPassphrase
from engine.model.language_model import (
    ConnectionState,
    ConnectionTest,
    KeySource,
    ModelCall,
    ModelConnection,
    Spending,
    Vendor,
)
from engine.model.vault import SecretInfo, VaultState, VaultStatus
from engine.secrecy.secret import Secret

D = Decimal
NOW_MS = 1_772_373_807_000
PASSPHRASE = "correct horse battery"

VENDORS = (
    Vendor(name="openai", title="OpenAI", base_url="https://api.openai.com/v1", models=("gpt-5-mini",)),
    Vendor(
        name="deepseek", title="DeepSeek", base_url="https://api.deepseek.com/v1", models=("deepseek-chat",)
    ),
    Vendor(name="ollama", title="Ollama", base_url="http://localhost:11434/v1", needs_key=False),
    Vendor(name="compatible", title="Compatible", base_url=""),
)
CONNECTIONS = (
    ConnectionState(
        connection=ModelConnection(
            connection_id=1,
            name="OpenAI main",
            vendor="openai",
            base_url="https://api.openai.com/v1",
            daily_usd=D(5),
            daily_tokens=400_000,
        ),
        has_key=True,
        calls_running=1,
        calls_today=48,
        tokens_today=123_400,
        usd_today=D("1.2417"),
        traders=(2,),
    ),
    ConnectionState(
        connection=ModelConnection(
            connection_id=2, name="[/foo] cheap", vendor="deepseek", base_url="https://api.deepseek.com/v1"
        ),
        has_key=False,
        problem="no key: the vault has none for https://api.deepseek.com; e gives it one",
    ),
    ConnectionState(
        connection=ModelConnection(
            connection_id=3,
            name="local",
            vendor="ollama",
            base_url="http://localhost:11434/v1",
            key_source=KeySource.NONE,
            max_concurrent=1,
        ),
        has_key=False,
        calls_today=7,
        tokens_today=9_120,
    ),
)
SECRET = SecretInfo(
    record="connection:1",
    field="api_key",
    version=1,
    saved_ms=NOW_MS - 86_400_000,
    bound_to="https://api.openai.com:443",
)


class RecordedModels:
    """A `ModelDesk` over fixed values."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note = note
        self.states: tuple[ConnectionState, ...] = CONNECTIONS
        self.test = ConnectionTest(success=True, message="gpt-5-mini answered in 412 ms", latency_ms=412)

    def vendors(self) -> tuple[Vendor, ...]:
        return VENDORS

    def connections(self) -> tuple[ConnectionState, ...]:
        return self.states

    async def save_connection(
        self, connection: ModelConnection, key: Secret | None = None
    ) -> ConnectionState:
        self._note("save_connection", connection, key is not None)
        if not connection.name:
            raise InvalidInput.of("name", connection.name, "a connection needs a name")
        number = connection.connection_id or max(item.connection.connection_id for item in self.states) + 1
        kept = msgspec.structs.replace(connection, connection_id=number)
        before = next((item for item in self.states if item.connection.connection_id == number), None)
        state = (
            msgspec.structs.replace(before, connection=kept)
            if before
            else ConnectionState(connection=kept, has_key=key is not None)
        )
        others = [item for item in self.states if item is not before]
        self.states = tuple(sorted([*others, state], key=lambda item: item.connection.connection_id))
        return state

    async def delete_connection(self, connection_id: int) -> None:
        self._note("delete_connection", connection_id)
        if any(item.connection.connection_id == connection_id and item.traders for item in self.states):
            raise Conflict("connection: Rules asks its model there; give it another connection first")
        self.states = tuple(item for item in self.states if item.connection.connection_id != connection_id)

    async def test_connection(
        self, connection: ModelConnection, model: str, key: Secret | None = None
    ) -> ConnectionTest:
        self._note("test_connection", connection.connection_id, model)
        return self.test

    async def spending(self, days: int = 30) -> tuple[Spending, ...]:
        return (Spending(day_ms=NOW_MS, trader_id=2, connection_id=1, calls=48, tokens=123_400),)

    async def calls(self, subject: str) -> tuple[ModelCall, ...]:
        return ()


class RecordedVault:
    """A `VaultDesk` that opens with `PASSPHRASE`."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note: Callable[..., Any] = note
        self.state = VaultStatus(state=VaultState.LOCKED, secrets=(SECRET,), kdf="Argon2id 64 MiB, 3 passes")

    def status(self) -> VaultStatus:
        return self.state

    async def create(self, passphrase: Secret) -> VaultStatus:
        self._note("create_vault", bool(passphrase))
        if len(passphrase.reveal()) < 12:
            raise InvalidInput("passphrase: at least 12 characters are needed", field="new")
        return self._become(VaultState.OPEN, "passphrase")

    async def unlock(self, passphrase: Secret) -> VaultStatus:
        self._note("unlock", bool(passphrase))
        if passphrase.reveal() != PASSPHRASE:
            raise WrongPassphrase("passphrase: it does not open the vault", field="passphrase")
        return self._become(VaultState.OPEN, "passphrase")

    async def lock(self) -> VaultStatus:
        self._note("lock")
        return self._become(VaultState.LOCKED, "")

    async def change_passphrase(self, old: Secret, new: Secret) -> VaultStatus:
        self._note("change_passphrase", bool(old), bool(new))
        return self.state

    async def remove_secret(self, record: str, field: str) -> VaultStatus:
        self._note("remove_secret", record, field)
        self.state = msgspec.structs.replace(self.state, secrets=())
        return self.state

    def _become(self, state: VaultState, opened_by: str) -> VaultStatus:
        self.state = msgspec.structs.replace(self.state, state=state, opened_by=opened_by)
        return self.state
