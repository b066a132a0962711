"""The models side of the desk over a real store and vault: kept, keyed, tested, counted, deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.clock import VirtualClock, WallClock
from engine.errors import Conflict, InvalidInput, VaultLocked
from engine.language_models.connection_book import ConnectionBook
from engine.language_models.endpoint import RulesEndpoint
from engine.language_models.gateway import Gateway
from engine.local_desk.models import LocalModels
from engine.model.account import ModelPolicy, TraderConfig, TraderKind
from engine.model.event import Topic
from engine.model.language_model import CallPurpose, ConnectionState, KeySource, ModelConnection
from engine.secrecy.secret import Secret
from engine.settings import PromptSettings, VaultSettings
from engine.store.store import Store
from engine.streams import Bus
from engine.trading.journal import DeskJournal
from engine.vault.vault import Vault
from tests.language_models.desk_of_models import question
from tests.models.vendor_simulator import KEY, ModelSimulator

PASSPHRASE = Secret("a passphrase of some length")


class Desk:
    """The side under test, with what it stands on."""

    def __init__(self, home: Path) -> None:
        self.store = Store.open(home)
        self.stored = self.store.restore().model_connections
        self.vault = Vault(home, VaultSettings(memory_mib=19), WallClock())
        self.bus = Bus()
        self.heard = self.bus.subscribe({Topic.MODELS, Topic.VAULT})
        self.traders: list[TraderConfig] = []
        journal = DeskJournal(self.store, VirtualClock(0))
        book = ConnectionBook(self.stored)
        self.gateway = Gateway(
            book=book,
            vault=self.vault,
            settings=PromptSettings(),
            policies=lambda trader_id: ModelPolicy(),
            record=journal.write,
            spent=(),
            rules=no_rules,
            wall=WallClock(),
            tell=lambda state: self.models.tell(state),
        )
        self.models = LocalModels(
            book=book,
            gateway=self.gateway,
            vault=self.vault,
            store=self.store,
            journal=journal,
            bus=self.bus,
            traders=lambda: self.traders,
        )

    async def close(self) -> None:
        await self.gateway.close()
        await self.store.aclose()


async def no_rules() -> RulesEndpoint:
    raise AssertionError("nobody asks the rules model here")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    desk.vault.create(PASSPHRASE)
    yield desk
    await desk.close()


def connection(base_url: object, **changes: object) -> ModelConnection:
    values = {"connection_id": 0, "name": "house", "vendor": "openai", "base_url": base_url}
    return ModelConnection(**(values | changes))  # type: ignore[arg-type]


def everything_in(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.iterdir() if path.is_file())


async def test_a_connection_is_kept_with_its_key_and_asked(desk: Desk, tmp_path: Path) -> None:
    async with ModelSimulator() as simulator:
        state = await desk.models.save_connection(connection(simulator.base_url), Secret(KEY))
        assert (state.connection.connection_id, state.has_key, state.problem) == (1, True, "")
        model = desk.gateway.model_for(1, purpose=CallPurpose.DECISION, trader_id=3, subject="d1")
        await model.ask(question())
        (call,) = await desk.models.calls("d1")
        assert (call.connection_id, call.trader_id, call.error) == (1, 3, "")
        assert await desk.models.calls("d2") == ()
        (spent,) = await desk.models.spending()
        assert (spent.trader_id, spent.connection_id, spent.calls, spent.tokens) == (3, 1, 1, 109)
        assert desk.models.connections()[0].calls_today == 1
    levels = desk.heard.drain().levels
    told = levels[Topic.MODELS, ("connection", 1)]
    assert isinstance(told, ConnectionState)
    assert told.tokens_today == 109
    assert levels[Topic.VAULT, "vault"].secrets[0].record == "connection:1"
    await desk.store.aclose()
    assert Desk(tmp_path).stored == (told.connection,)
    assert KEY.encode() not in everything_in(tmp_path)


async def test_another_host_asks_for_the_key_again(desk: Desk) -> None:
    saved = (await desk.models.save_connection(connection("https://a.example/v1"), Secret(KEY))).connection
    same_host = msgspec.structs.replace(saved, base_url="https://a.example/v2")
    assert (await desk.models.save_connection(same_host)).has_key
    other = msgspec.structs.replace(saved, base_url="https://b.example/v1")
    tested = await desk.models.test_connection(other, "m")
    assert "there is no key for this server" in tested.message
    moved = await desk.models.save_connection(other)
    assert not moved.has_key
    assert "there is no key" in moved.problem
    assert desk.vault.status().secrets == ()
    back = await desk.models.save_connection(same_host)
    assert not back.has_key


async def test_a_closed_vault_keeps_neither_the_key_nor_the_connection(desk: Desk) -> None:
    desk.vault.lock()
    with pytest.raises(VaultLocked):
        await desk.models.save_connection(connection("https://a.example/v1"), Secret(KEY))
    assert desk.models.connections() == ()


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"base_url": "http://a.example/v1"}, KEY),
        ({"key_source": KeySource.NONE}, KEY),
        ({}, "two words"),
    ],
)
async def test_a_key_that_must_not_be_sent_is_not_kept(
    desk: Desk, changes: dict[str, object], key: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await desk.models.save_connection(
            connection(**{"base_url": "https://a.example/v1"} | changes), Secret(key)
        )
    assert key not in caught.value.message
    assert desk.models.connections() == ()
    assert desk.vault.status().secrets == ()


async def test_deleting_takes_the_key_along_and_waits_for_the_traders(desk: Desk) -> None:
    await desk.models.save_connection(connection("https://a.example/v1"), Secret(KEY))
    capital = Decimal(10_000)
    trader = TraderConfig(
        trader_id=5, name="alpha", kind=TraderKind.PROMPT, initial_capital=capital, connection_id=1
    )
    desk.traders = [trader]
    assert desk.models.connections()[0].traders == (5,)
    with pytest.raises(Conflict, match="is used by alpha"):
        await desk.models.delete_connection(1)
    desk.traders = [msgspec.structs.replace(trader, deleted=True)]
    await desk.models.delete_connection(1)
    assert desk.models.connections() == ()
    assert desk.vault.status().secrets == ()
    again = await desk.models.save_connection(connection("https://a.example/v1"))
    assert (again.connection.connection_id, again.has_key) == (2, False)


async def test_the_table_of_vendors_fills_a_form(desk: Desk) -> None:
    vendors = {vendor.name: vendor for vendor in desk.models.vendors()}
    assert list(vendors) == ["openai", "anthropic", "gemini", "deepseek", "gateway", "ollama", "compatible"]
    for name in ("openai", "anthropic", "gemini", "deepseek", "ollama"):
        assert vendors[name].base_url
        assert vendors[name].models
    with pytest.raises(InvalidInput, match="days"):
        await desk.models.spending(0)
