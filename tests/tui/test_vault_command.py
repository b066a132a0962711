"""`nightdesk vault` and `nightdesk key`: what they say, what they refuse, and that they print no key."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from engine.clock import WallClock
from engine.model.language_model import ModelConnection
from engine.program_files import library
from engine.secrecy.secret import Secret
from engine.settings import VaultSettings, load_settings
from engine.store.home import HomeLock
from engine.vault.vault import Vault
from tui.cli import main

PASSPHRASE = "correct horse battery"
KEY = "sk-test-4fG7hJ2kL9mN3pQ6rS8t"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").write_text("[vault]\nmemory_mib = 19\n")
    return tmp_path


def descriptor_of(text: str) -> str:
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    return str(reading)


def run(home: Path, *words: str) -> int:
    return main(["--home", str(home), *words])


def create(home: Path) -> None:
    assert run(home, "vault", "create", "--passphrase-fd", descriptor_of(PASSPHRASE)) == 0


def test_a_vault_is_made_looked_at_and_tried(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "vault", "status") == 0
    assert "there is no vault yet" in capsys.readouterr().out
    create(home)
    assert run(home, "vault", "unlock-test", "--passphrase-fd", descriptor_of(PASSPHRASE)) == 0
    assert run(home, "vault", "status") == 0
    said = capsys.readouterr()
    assert "the passphrase opens the vault: 0 keys" in said.out
    assert "AES-256-GCM under argon2id 19 MiB, t=3, p=4" in said.out
    assert PASSPHRASE not in said.out + said.err


def test_a_wrong_passphrase_is_one_sentence_and_exit_code_1(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create(home)
    assert run(home, "vault", "unlock-test", "--passphrase-fd", descriptor_of("not the passphrase")) == 1
    error = capsys.readouterr().err
    assert error == "nightdesk: the vault does not open with that passphrase\n"


def test_the_passphrase_changes_only_with_the_old_one(home: Path) -> None:
    create(home)

    def change(old: str) -> int:
        descriptors = (
            "--passphrase-fd",
            descriptor_of(old),
            "--new-passphrase-fd",
            descriptor_of("a new passphrase"),
        )
        return run(home, "vault", "change-passphrase", *descriptors)

    assert change("not the passphrase") == 1
    assert change(PASSPHRASE) == 0
    assert run(home, "vault", "unlock-test", "--passphrase-fd", descriptor_of(PASSPHRASE)) == 1
    assert run(home, "vault", "unlock-test", "--passphrase-fd", descriptor_of("a new passphrase")) == 0


def test_a_second_vault_is_refused_before_anything_is_asked(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create(home)
    assert run(home, "vault", "create") == 1
    assert "there is a vault already" in capsys.readouterr().err


def test_a_running_desk_holds_the_vault(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create(home)
    lock = HomeLock.take(home)
    try:
        assert run(home, "vault", "change-passphrase") == 1
        assert "already runs on" in capsys.readouterr().err
        assert run(home, "vault", "status") == 0
        assert run(home, "key", "list") == 0
    finally:
        lock.release()


def test_without_a_terminal_the_descriptor_is_named(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert run(home, "vault", "create") == 2
    assert "--passphrase-fd N" in capsys.readouterr().err


def test_the_credential_of_systemd_is_tried_unasked(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(home)
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "nightdesk-passphrase").write_text(PASSPHRASE)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert run(home, "vault", "unlock-test") == 0


def test_a_list_of_keys_shows_whose_they_are_and_no_key(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create(home)
    vault = Vault(home, VaultSettings(memory_mib=19), WallClock())
    vault.unlock(Secret(PASSPHRASE))
    vault.put("connection:3", "api_key", Secret(KEY), "https://api.example:443")
    capsys.readouterr()
    assert run(home, "key", "list") == 0
    said = capsys.readouterr().out
    assert "connection:3" in said
    assert "for https://api.example:443" in said
    assert KEY not in said


@pytest.mark.parametrize(
    "words",
    [
        ["key", "set", "OpenAI", KEY],
        ["key", "set", "OpenAI", "--key", KEY],
        ["key", "set", "OpenAI", "--key-fd", KEY],
        ["key", KEY],
        ["vault", KEY],
        ["vault", "create", KEY],
    ],
)
def test_a_secret_is_never_taken_from_an_argument(
    home: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(home, *words)
    assert ended.value.code == 2
    assert KEY not in capsys.readouterr().err


def test_a_typed_passphrase_does_not_show(home: Path) -> None:
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tui", "--home", str(home), "vault", "create"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ) as child:
        os.close(terminal)
        seen = b""
        for prompt in (b"new passphrase: ", b"new passphrase again: "):
            while prompt not in seen:
                seen += os.read(controller, 1024)
            os.write(controller, PASSPHRASE.encode() + b"\n")
        while b"the vault is made" not in seen:
            seen += os.read(controller, 1024)
    os.close(controller)
    assert child.returncode == 0
    assert PASSPHRASE.encode() not in seen
    vault = Vault(home, VaultSettings(memory_mib=19), WallClock())
    vault.unlock(Secret(PASSPHRASE))


def connected(home: Path, base_url: str) -> None:
    """Give a home one connection without a key."""

    async def save() -> None:
        async with library(home, load_settings(home)) as desk:
            await desk.models.save_connection(
                ModelConnection(connection_id=0, name="Mine", vendor="compatible", base_url=base_url)
            )

    asyncio.run(save())


def test_a_key_is_set_for_its_connection_and_removed_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connected(home, "https://api.example/v1")

    def set_key(connection: str, passphrase: str = PASSPHRASE) -> int:
        descriptors = ("--key-fd", descriptor_of(KEY), "--passphrase-fd", descriptor_of(passphrase))
        return run(home, "key", "set", connection, *descriptors)

    assert set_key("Mine") == 1
    assert "there is no vault yet" in capsys.readouterr().err
    create(home)
    assert set_key("Yours") == 1
    assert "there is no Yours; there are" in capsys.readouterr().err
    assert set_key("Mine", "not the passphrase") == 1
    assert set_key("Mine") == 0
    assert run(home, "key", "list") == 0
    said = capsys.readouterr()
    assert "the key of Mine is in the vault, for https://api.example/v1 alone" in said.out
    assert "connection:1" in said.out
    assert KEY not in said.out + said.err
    vault = Vault(home, VaultSettings(memory_mib=19), WallClock())
    vault.unlock(Secret(PASSPHRASE))
    kept = vault.status().secrets[0]
    assert vault.get(kept.record, kept.field, kept.bound_to).reveal() == KEY
    assert run(home, "key", "remove", "Mine") == 0
    assert run(home, "key", "remove", "Mine") == 1
    assert Vault(home, VaultSettings(memory_mib=19), WallClock()).status().secrets == ()
