"""A vault opened by systemd or by a file descriptor, and what is said of inputs that cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.clock import VirtualClock
from engine.errors import InvalidSetting, WrongPassphrase
from engine.model.vault import VaultState
from engine.settings import VaultSettings
from engine.vault.opening import open_unattended, secret_of_descriptor
from engine.vault.vault import Vault
from tests.vault.conftest import PASSPHRASE, SETTINGS


def descriptor_of(raw: bytes) -> int:
    reading, writing = os.pipe()
    os.write(writing, raw)
    os.close(writing)
    return reading


def credentials(folder: Path, passphrase: str, name: str = SETTINGS.credential) -> dict[str, str]:
    folder.mkdir()
    (folder / name).write_text(passphrase)
    return {"CREDENTIALS_DIRECTORY": str(folder)}


@pytest.fixture
def locked(vault: Vault) -> Vault:
    vault.lock()
    return vault


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_descriptor_opens_it_and_is_closed(locked: Vault, ending: str) -> None:
    descriptor = descriptor_of((PASSPHRASE + ending).encode())
    how = open_unattended(locked, SETTINGS, passphrase_fd=descriptor, environment={})
    assert how == locked.status().opened_by == "file descriptor"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_systemd_credential_opens_it(locked: Vault, tmp_path: Path) -> None:
    environment = credentials(tmp_path / "credentials", PASSPHRASE + "\n")
    how = open_unattended(locked, SETTINGS, passphrase_fd=None, environment=environment)
    assert how == locked.status().opened_by == "systemd credential"


def test_the_credential_comes_before_the_descriptor(locked: Vault, tmp_path: Path) -> None:
    environment = credentials(tmp_path / "credentials", PASSPHRASE)
    descriptor = descriptor_of(b"not the passphrase")
    assert open_unattended(locked, SETTINGS, passphrase_fd=descriptor, environment=environment)
    assert locked.status().opened_by == "systemd credential"


@pytest.mark.parametrize("environment", [{}, {"CREDENTIALS_DIRECTORY": "/nonexistent"}])
def test_without_either_it_stays_locked(locked: Vault, environment: dict[str, str]) -> None:
    assert open_unattended(locked, SETTINGS, passphrase_fd=None, environment=environment) == ""
    assert locked.status().state is VaultState.LOCKED


def test_a_vault_that_is_not_there_is_not_made(home: Path) -> None:
    vault = Vault(home, SETTINGS, VirtualClock())
    descriptor = descriptor_of(PASSPHRASE.encode())
    assert open_unattended(vault, SETTINGS, passphrase_fd=descriptor, environment={}) == ""
    assert vault.status().state is VaultState.ABSENT


def test_a_wrong_passphrase_is_said_and_counted(locked: Vault) -> None:
    for _ in range(5):
        with pytest.raises(WrongPassphrase):
            open_unattended(
                locked, SETTINGS, passphrase_fd=descriptor_of(b"not the passphrase"), environment={}
            )
    assert locked.status().wait_seconds == 1


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n", b"two\nlines", b"\xff\xfe", b"x" * 20_000],
    ids=["empty", "line", "lines", "raw", "long"],
)
def test_an_input_that_is_no_line_of_text_is_refused_without_being_quoted(raw: bytes) -> None:
    with pytest.raises(InvalidSetting, match="--key-fd") as refused:
        secret_of_descriptor(descriptor_of(raw), "--key-fd")
    assert "two" not in refused.value.message
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("descriptor", [-1, 987])
def test_a_descriptor_that_is_not_open_is_refused(descriptor: int) -> None:
    with pytest.raises(InvalidSetting, match=f"--passphrase-fd: {descriptor} is not allowed"):
        secret_of_descriptor(descriptor, "--passphrase-fd")


def test_a_credential_cannot_be_named_out_of_its_folder(locked: Vault, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text(PASSPHRASE)
    environment = credentials(tmp_path / "credentials", "other")
    settings = VaultSettings(credential="../outside", memory_mib=19)
    with pytest.raises(InvalidSetting, match="without a path"):
        open_unattended(locked, settings, passphrase_fd=None, environment=environment)
