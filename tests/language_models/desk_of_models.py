"""A gateway over a book, a key store that remembers, and everything it told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from engine.errors import Conflict, NotFound, VaultLocked
from engine.language_models.base import LanguageModel, Message, ModelRequest
from engine.language_models.connection_book import ConnectionBook
from engine.language_models.endpoint import RulesEndpoint
from engine.language_models.gateway import Gateway
from engine.language_models.vendors import origin
from engine.model.account import ModelPolicy
from engine.model.language_model import (
    CallPurpose,
    ConnectionState,
    ModelCall,
    ModelConnection,
    Spending,
)
from engine.model.vault import SecretInfo, VaultState, VaultStatus
from engine.secrecy.secret import Secret
from engine.settings import PromptSettings
from tests.language_models.noted_sleeps import NotedSleeps
from tests.models.vendor_simulator import KEY

NOW_MS = 1_750_000_000_000
DAY_MS = 86_400_000
SETTINGS = PromptSettings(connect_seconds=2, first_token_seconds=2, total_seconds=9)


class Keys:
    """A vault without its file: it opens and closes, and a key is bound to an address."""

    def __init__(self) -> None:
        self.locked = False
        self.kept: dict[tuple[str, str], tuple[Secret, str]] = {}

    def put(self, record: str, field: str, secret: Secret, bound_to: str = "") -> SecretInfo:
        if self.locked:
            raise VaultLocked("the vault is closed")
        self.kept[record, field] = secret, bound_to
        return SecretInfo(record=record, field=field, version=1, saved_ms=NOW_MS, bound_to=bound_to)

    def get(self, record: str, field: str, bound_to: str = "") -> Secret:
        if (record, field) not in self.kept:
            raise NotFound("no such secret")
        secret, kept_for = self.kept[record, field]
        if kept_for != bound_to:
            raise Conflict("bound elsewhere")
        if self.locked:
            raise VaultLocked("the vault is closed")
        return secret

    def has(self, record: str, field: str, bound_to: str = "") -> bool:
        return self.kept.get((record, field), (None, None))[1] == bound_to

    def remove(self, record: str, field: str) -> None:
        del self.kept[record, field]

    def status(self) -> VaultStatus:
        return VaultStatus(state=VaultState.LOCKED if self.locked else VaultState.OPEN)


class DeskOfModels:
    """The gateway under test; `calls` and `told` are what it recorded and said."""

    def __init__(
        self,
        *connections: ModelConnection,
        policies: Mapping[int, ModelPolicy] = {},
        spent: Iterable[Spending] = (),
        settings: PromptSettings = SETTINGS,
        environment: Mapping[str, str] = {},
        rules: RulesEndpoint | None = None,
        allow_hosts: Iterable[str] = (),
    ) -> None:
        self.clock = NotedSleeps(NOW_MS)
        self.book = ConnectionBook(connections, allow_hosts)
        self.keys = Keys()
        self.calls: list[ModelCall] = []
        self.told: list[ConnectionState] = []

        async def rules_endpoint() -> RulesEndpoint:
            assert rules is not None
            return rules

        self.gateway = Gateway(
            book=self.book,
            vault=self.keys,
            settings=settings,
            policies=lambda trader_id: policies.get(trader_id, ModelPolicy()),
            record=self.calls.append,
            spent=spent,
            rules=rules_endpoint,
            wall=self.clock,
            tell=self.told.append,
            environment=environment,
            jitter=lambda: 0.5,
        )

    def model(self, connection_id: int = 1, trader_id: int = 0, subject: str = "d1") -> LanguageModel:
        return self.gateway.model_for(
            connection_id, purpose=CallPurpose.DECISION, trader_id=trader_id, subject=subject
        )

    def give_key(self, connection: ModelConnection, key: str = KEY) -> None:
        self.keys.put(
            f"connection:{connection.connection_id}", "api_key", Secret(key), origin(connection.base_url)
        )


def question(model: str = "sim-small", text: str = "What now?", tokens: int | None = None) -> ModelRequest:
    return ModelRequest(model=model, messages=(Message(role="user", content=text),), max_output_tokens=tokens)


def connection_to(base_url: str, connection_id: int = 1, **changes: Any) -> ModelConnection:
    values: dict[str, Any] = {
        "connection_id": connection_id,
        "name": f"connection {connection_id}",
        "vendor": "compatible",
        "base_url": base_url,
        "input_price": Decimal(10),
        "output_price": Decimal(100),
    }
    return ModelConnection(**(values | changes))
