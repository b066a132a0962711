"""The vault's side of the desk: the loop goes on while a passphrase is checked, and every change is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.clock import VirtualClock
from engine.desk.models import VaultDesk
from engine.errors import NotFound, WrongPassphrase
from engine.local_desk.vault import LocalVault
from engine.model.event import Topic
from engine.model.vault import VaultState
from engine.secrecy.secret import Secret
from engine.settings import VaultSettings
from engine.streams import Bus
from engine.vault.vault import Vault

PASSPHRASE = "correct horse battery"


def local_vault(home: Path, bus: Bus) -> VaultDesk:
    home.chmod(0o700)
    return LocalVault(vault=Vault(home, VaultSettings(memory_mib=19), VirtualClock()), bus=bus)


async def test_every_change_is_published_as_it_stands(tmp_path: Path) -> None:
    bus = Bus()
    news = bus.subscribe([Topic.VAULT])
    vault = local_vault(tmp_path, bus)
    for change, state in (
        (vault.create(Secret(PASSPHRASE)), VaultState.OPEN),
        (vault.lock(), VaultState.LOCKED),
        (vault.unlock(Secret(PASSPHRASE)), VaultState.OPEN),
        (vault.change_passphrase(Secret(PASSPHRASE), Secret("another passphrase")), VaultState.OPEN),
    ):
        status = await change
        assert status.state is state
        assert news.drain().levels == {(Topic.VAULT, "vault"): status}


async def test_a_wrong_passphrase_is_published_with_its_wait(tmp_path: Path) -> None:
    bus = Bus()
    news = bus.subscribe([Topic.VAULT])
    vault = local_vault(tmp_path, bus)
    await vault.create(Secret(PASSPHRASE))
    await vault.lock()
    for _ in range(5):
        with pytest.raises(WrongPassphrase):
            await vault.unlock(Secret("not the passphrase"))
    assert news.drain().levels[Topic.VAULT, "vault"].wait_seconds == 1


async def test_the_loop_goes_on_while_a_passphrase_is_checked(tmp_path: Path) -> None:
    vault = local_vault(tmp_path, Bus())
    creating = asyncio.create_task(vault.create(Secret(PASSPHRASE)))
    turns = 0
    while not creating.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await creating).state is VaultState.OPEN
    assert turns > 10


async def test_a_secret_that_is_not_there_cannot_be_removed(tmp_path: Path) -> None:
    vault = local_vault(tmp_path, Bus())
    await vault.create(Secret(PASSPHRASE))
    with pytest.raises(NotFound):
        await vault.remove_secret("connection:1", "api_key")
