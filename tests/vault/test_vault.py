"""The vault: what opens it, what it gives out, and what it refuses."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.clock import VirtualClock
from engine.errors import Conflict, InvalidInput, NotFound, VaultLocked, WrongPassphrase
from engine.model.vault import SecretInfo, VaultState
from engine.secrecy.secret import Secret
from engine.vault.file import VAULT_FILE
from engine.vault.sealing import Kdf, key_of
from engine.vault.vault import Vault
from tests.vault.conftest import KEY, PASSPHRASE, SETTINGS, URL, reopened


def test_a_new_home_has_no_vault_and_none_is_made_unasked(home: Path) -> None:
    vault = Vault(home, SETTINGS, VirtualClock())
    assert vault.status().state is VaultState.ABSENT
    assert not vault.has("connection:3", "api_key")
    with pytest.raises(NotFound, match="no vault yet"):
        vault.unlock(Secret(PASSPHRASE))
    with pytest.raises(NotFound, match="no vault yet"):
        vault.put("connection:3", "api_key", Secret(KEY))
    vault.lock()
    assert not (home / VAULT_FILE).exists()


def test_a_key_comes_back_after_a_restart_and_only_with_the_passphrase(vault: Vault, home: Path) -> None:
    assert vault.get("connection:3", "api_key", URL).reveal() == KEY
    later = Vault(home, SETTINGS, VirtualClock())
    assert later.status().state is VaultState.LOCKED
    assert later.has("connection:3", "api_key", URL)
    with pytest.raises(VaultLocked) as refused:
        later.get("connection:3", "api_key", URL)
    assert refused.value.details == {"record": "connection:3", "field": "api_key"}
    later.unlock(Secret(PASSPHRASE))
    assert later.get("connection:3", "api_key", URL).reveal() == KEY


def test_the_status_says_what_is_kept_and_never_the_key(vault: Vault) -> None:
    status = vault.status()
    assert status.state is VaultState.OPEN
    assert status.opened_by == "passphrase"
    assert status.kdf == "argon2id 19 MiB, t=3, p=4"
    assert status.secrets == (
        SecretInfo(
            record="connection:3", field="api_key", version=1, saved_ms=1_772_373_807_000, bound_to=URL
        ),
    )
    assert KEY not in repr(status)


def test_the_file_holds_neither_key_nor_passphrase_in_any_encoding(vault: Vault, home: Path) -> None:
    from engine.secrecy.encodings import encodings_of

    text = (home / VAULT_FILE).read_text()
    assert vault.status().state is VaultState.OPEN
    for value in (KEY, PASSPHRASE):
        assert not any(form in text for form in encodings_of(value))


def test_another_address_asks_for_the_key_again(vault: Vault) -> None:
    for elsewhere in ("https://evil.example:443", "http://api.example:443", "https://api.example:8443", ""):
        assert not vault.has("connection:3", "api_key", elsewhere)
        with pytest.raises(Conflict, match="enter it again"):
            vault.get("connection:3", "api_key", elsewhere)
    vault.put("connection:3", "api_key", Secret("another key"), "https://evil.example:443")
    assert not vault.has("connection:3", "api_key", URL)
    assert vault.status().secrets[0].version == 2


def test_a_locked_vault_gives_out_nothing_and_takes_nothing(vault: Vault) -> None:
    vault.lock()
    assert vault.status().state is VaultState.LOCKED
    assert vault.status().opened_by == ""
    with pytest.raises(VaultLocked):
        vault.get("connection:3", "api_key", URL)
    with pytest.raises(VaultLocked):
        vault.put("connection:4", "api_key", Secret(KEY))


def test_a_key_can_be_removed_from_a_locked_vault(vault: Vault, home: Path) -> None:
    vault.lock()
    vault.remove("connection:3", "api_key")
    with pytest.raises(NotFound):
        vault.remove("connection:3", "api_key")
    with pytest.raises(NotFound):
        reopened(home).get("connection:3", "api_key", URL)


def test_a_second_vault_is_never_made_over_the_first(vault: Vault, home: Path) -> None:
    before = (home / VAULT_FILE).read_bytes()
    with pytest.raises(Conflict):
        vault.create(Secret("another passphrase"))
    assert (home / VAULT_FILE).read_bytes() == before


@pytest.mark.parametrize("passphrase", ["", "eleven char", "x" * 1025])
def test_a_passphrase_out_of_range_is_refused_without_being_quoted(home: Path, passphrase: str) -> None:
    vault = Vault(home, SETTINGS, VirtualClock())
    with pytest.raises(InvalidInput, match="12 to 1024") as refused:
        vault.create(Secret(passphrase))
    assert not passphrase or passphrase not in refused.value.message
    assert vault.status().state is VaultState.ABSENT


def test_a_changed_passphrase_rewrites_no_secret(vault: Vault, home: Path) -> None:
    def secrets_of() -> tuple[object, ...]:
        from engine.vault.file import read_vault

        file = read_vault(home)
        assert file is not None
        return file.secrets

    before = secrets_of()
    vault.change_passphrase(Secret(PASSPHRASE), Secret("a new passphrase"))
    assert secrets_of() == before
    assert vault.status().state is VaultState.OPEN
    with pytest.raises(WrongPassphrase):
        reopened(home)
    assert reopened(home, "a new passphrase").get("connection:3", "api_key", URL).reveal() == KEY


def test_a_passphrase_is_not_changed_with_a_wrong_one_or_to_a_bad_one(vault: Vault, home: Path) -> None:
    with pytest.raises(WrongPassphrase):
        vault.change_passphrase(Secret("not the passphrase"), Secret("a new passphrase"))
    with pytest.raises(InvalidInput):
        vault.change_passphrase(Secret(PASSPHRASE), Secret("short"))
    assert reopened(home).get("connection:3", "api_key", URL).reveal() == KEY


async def test_five_wrong_tries_are_free_and_then_each_waits_twice_as_long(
    vault: Vault, clock: VirtualClock
) -> None:
    vault.lock()

    def try_wrong() -> float:
        with pytest.raises(WrongPassphrase) as refused:
            vault.unlock(Secret("not the passphrase"))
        return float(refused.value.details["wait"])

    assert [try_wrong() for _ in range(5)] == [0, 0, 0, 0, 1]
    for wait in (2, 4, 8, 16, 32, 60, 60):
        await clock.advance(vault.status().wait_seconds)
        assert try_wrong() == wait
    await clock.advance(10)
    # Neither the right passphrase nor a change of it gets around the wait.
    with pytest.raises(WrongPassphrase, match="in 50 s"):
        vault.unlock(Secret(PASSPHRASE))
    with pytest.raises(WrongPassphrase, match="in 50 s"):
        vault.change_passphrase(Secret(PASSPHRASE), Secret("a new passphrase"))
    await clock.advance(50)
    vault.unlock(Secret(PASSPHRASE))
    vault.lock()
    assert try_wrong() == 0


@pytest.mark.parametrize(
    ("record", "field", "value"),
    [
        ("", "api_key", KEY),
        ("r" * 201, "api_key", KEY),
        ("r", "", KEY),
        ("r", "f", ""),
        ("r", "f", "x" * 8193),
    ],
)
def test_what_cannot_be_kept_is_refused(vault: Vault, record: str, field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        vault.put(record, field, Secret(value))
    assert not value or value not in refused.value.message


def test_bytes_that_are_no_text_are_a_wrong_passphrase_and_no_secret(vault: Vault) -> None:
    with pytest.raises(WrongPassphrase):
        vault.unlock(Secret(f"{PASSPHRASE}\udc80"))
    with pytest.raises(InvalidInput, match="api_key"):
        vault.put("connection:4", "api_key", Secret("key \udc80 of bytes"), URL)


def test_locking_goes_before_an_opening_that_has_not_ended(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked_meanwhile(passphrase: Secret, kdf: Kdf) -> bytes:
        vault.lock()
        return key_of(passphrase, kdf)

    monkeypatch.setattr("engine.vault.vault.key_of", locked_meanwhile)
    with pytest.raises(VaultLocked, match="locked while"):
        vault.unlock(Secret(PASSPHRASE))
    assert vault.status().state is VaultState.LOCKED


def test_giving_out_never_waits_for_a_passphrase_being_checked(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking, may_go_on = threading.Event(), threading.Event()

    def slow_key_of(passphrase: Secret, kdf: Kdf) -> bytes:
        checking.set()
        assert may_go_on.wait(10)
        return key_of(passphrase, kdf)

    monkeypatch.setattr("engine.vault.vault.key_of", slow_key_of)
    opening = threading.Thread(target=vault.unlock, args=(Secret(PASSPHRASE),))
    opening.start()
    assert checking.wait(10)
    assert vault.get("connection:3", "api_key", URL).reveal() == KEY
    assert vault.has("connection:3", "api_key", URL)
    may_go_on.set()
    opening.join(10)
    assert vault.status().state is VaultState.OPEN
