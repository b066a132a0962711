"""The vault's file in the wrong hands: changed, cut off, moved about, read by others, half written."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.clock import VirtualClock
from engine.errors import Conflict, DeskError, StoreFailed, WrongPassphrase
from engine.secrecy.secret import Secret
from engine.vault.file import VAULT_FILE, read_vault
from engine.vault.vault import Vault
from tests.vault.conftest import KEY, PASSPHRASE, SETTINGS, URL, reopened


def content(home: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((home / VAULT_FILE).read_text())
    return tree


def put_content(home: Path, tree: object) -> None:
    (home / VAULT_FILE).write_text(json.dumps(tree))


def flipped(text: str) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[0] ^= 1
    return base64.b64encode(raw).decode()


def test_the_file_is_its_owners_alone(vault: Vault, home: Path) -> None:
    assert vault.status()
    assert stat.S_IMODE((home / VAULT_FILE).stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == [VAULT_FILE]


def test_a_lax_umask_opens_nothing(home: Path) -> None:
    before = os.umask(0)
    try:
        Vault(home, SETTINGS, VirtualClock()).create(Secret(PASSPHRASE))
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / VAULT_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o601])
def test_a_file_others_may_open_is_refused(vault: Vault, home: Path, mode: int) -> None:
    assert vault.status()
    (home / VAULT_FILE).chmod(mode)
    with pytest.raises(StoreFailed, match=f"chmod 600 {home / VAULT_FILE}"):
        Vault(home, SETTINGS, VirtualClock())


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_folder_others_may_enter_is_refused(vault: Vault, home: Path, mode: int) -> None:
    home.chmod(mode)
    with pytest.raises(StoreFailed, match=f"chmod 700 {home}"):
        Vault(home, SETTINGS, VirtualClock())
    with pytest.raises(StoreFailed, match="chmod 700"):
        vault.put("connection:4", "api_key", Secret(KEY))


def test_a_link_in_the_vaults_place_is_not_followed(vault: Vault, home: Path, tmp_path: Path) -> None:
    assert vault.status()
    moved = home / "elsewhere.json"
    (home / VAULT_FILE).rename(moved)
    (home / VAULT_FILE).symlink_to(moved)
    with pytest.raises(StoreFailed, match="cannot be read"):
        Vault(home, SETTINGS, VirtualClock())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory_kib", 19 * 1024 - 1),
        ("memory_kib", 1024 * 1024 + 1),
        ("time", 0),
        ("time", 11),
        ("parallelism", 0),
        ("parallelism", 17),
        ("name", "scrypt"),
        ("salt", "AAAA"),
    ],
)
def test_figures_out_of_their_range_are_refused_before_they_are_used(
    vault: Vault, home: Path, field: str, value: object
) -> None:
    tree = content(home)
    tree["kdf"][field] = value
    put_content(home, tree)
    with pytest.raises(StoreFailed, match="damaged"):
        Vault(home, SETTINGS, VirtualClock())


@pytest.mark.parametrize("field", ["memory_kib", "time", "parallelism", "salt"])
def test_other_figures_within_range_do_not_open_it(vault: Vault, home: Path, field: str) -> None:
    tree = content(home)
    kdf = tree["kdf"]
    kdf[field] = flipped(kdf[field]) if field == "salt" else kdf[field] + 1
    put_content(home, tree)
    with pytest.raises(WrongPassphrase):
        reopened(home)


@pytest.mark.parametrize("field", ["nonce", "sealed"])
def test_a_flipped_bit_in_the_data_key_opens_nothing(vault: Vault, home: Path, field: str) -> None:
    tree = content(home)
    tree["dek"][field] = flipped(tree["dek"][field])
    put_content(home, tree)
    with pytest.raises(WrongPassphrase):
        reopened(home)


@pytest.mark.parametrize("field", ["nonce", "sealed", "version", "record", "field", "bound_to"])
def test_a_changed_secret_is_refused_and_the_others_go_on(vault: Vault, home: Path, field: str) -> None:
    vault.put("connection:4", "api_key", Secret("another key"), URL)
    tree = content(home)
    kept = tree["secrets"][0]
    if field in ("nonce", "sealed"):
        kept[field] = flipped(kept[field])
    else:
        kept[field] = kept[field] + 1 if field == "version" else f"{kept[field]}x"
    put_content(home, tree)
    later = reopened(home)
    with pytest.raises(StoreFailed, match="enter it again"):
        later.get(kept["record"], kept["field"], kept["bound_to"])
    assert later.get("connection:4", "api_key", URL).reveal() == "another key"
    later.put(kept["record"], kept["field"], Secret(KEY), URL)
    assert later.get(kept["record"], kept["field"], URL).reveal() == KEY


def test_two_secrets_cannot_be_swapped(vault: Vault, home: Path) -> None:
    vault.put("connection:4", "api_key", Secret("another key"), URL)
    tree = content(home)
    first, second = tree["secrets"]
    for field in ("nonce", "sealed"):
        first[field], second[field] = second[field], first[field]
    put_content(home, tree)
    later = reopened(home)
    for record in ("connection:3", "connection:4"):
        with pytest.raises(StoreFailed):
            later.get(record, "api_key", URL)


def test_an_entry_put_before_the_real_one_does_not_send_its_key_elsewhere(vault: Vault, home: Path) -> None:
    tree = content(home)
    (kept,) = tree["secrets"]
    forged = {**kept, "bound_to": "https://evil.example:443", "sealed": flipped(kept["sealed"])}
    put_content(home, {**tree, "secrets": [forged, kept]})
    later = reopened(home)
    for bound_to in (URL, "https://evil.example:443"):
        with pytest.raises((Conflict, StoreFailed), match="enter it again"):
            later.get("connection:3", "api_key", bound_to)


def test_a_pipe_in_the_vaults_place_is_not_waited_for(home: Path) -> None:
    os.mkfifo(home / VAULT_FILE, 0o600)
    with pytest.raises(StoreFailed, match="not a plain file"):
        read_vault(home)


def test_what_a_killed_process_left_goes_with_the_next_change(vault: Vault, home: Path) -> None:
    left = home / f".{VAULT_FILE}.4711.tmp"
    left.write_text("sealed under an old passphrase")
    vault.change_passphrase(Secret(PASSPHRASE), Secret("another passphrase"))
    assert [path.name for path in home.iterdir()] == [VAULT_FILE]


def test_lengths_part_what_a_seal_belongs_to() -> None:
    from engine.vault.sealing import secret_belongs_to

    assert secret_belongs_to("a|b", "c", 1, "") != secret_belongs_to("a", "b|c", 1, "")
    assert secret_belongs_to("ab", "c", 1, "") != secret_belongs_to("a", "bc", 1, "")
    assert secret_belongs_to("a", "b", 11, "") != secret_belongs_to("a", "b", 1, "1")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(end=st.integers(min_value=0), junk=st.binary(max_size=30))
def test_a_damaged_file_is_one_clear_error(vault: Vault, home: Path, end: int, junk: bytes) -> None:
    whole = (home / VAULT_FILE).read_bytes()
    damaged = whole[: end % (len(whole) - 2)] + junk
    try:
        (home / VAULT_FILE).write_bytes(damaged)
        with pytest.raises(DeskError) as refused:
            reopened(home).get("connection:3", "api_key", URL)
        assert KEY not in refused.value.message
    finally:
        (home / VAULT_FILE).write_bytes(whole)


def test_a_file_of_any_size_is_not_read_whole(vault: Vault, home: Path) -> None:
    with (home / VAULT_FILE).open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(StoreFailed, match="longer than"):
        read_vault(home)


def test_a_full_disk_leaves_the_vault_as_it_was(
    vault: Vault, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFailed, match="No space left"):
        vault.put("connection:4", "api_key", Secret("another key"), URL)
    monkeypatch.undo()
    assert not vault.has("connection:4", "api_key", URL)
    assert [path.name for path in home.iterdir()] == [VAULT_FILE]
    assert reopened(home).get("connection:3", "api_key", URL).reveal() == KEY


_CHANGES_WITHOUT_END = """
import sys
from pathlib import Path
from engine.clock import WallClock
from engine.secrecy.secret import Secret
from engine.settings import VaultSettings
from engine.vault.vault import Vault
vault = Vault(Path(sys.argv[1]), VaultSettings(memory_mib=19), WallClock())
old, new = sys.argv[2:4]
vault.unlock(Secret(old))
print("ready", flush=True)
while True:
    vault.change_passphrase(Secret(old), Secret(new))
    old, new = new, old
    print("changed", flush=True)
"""


def test_a_process_killed_while_it_changes_the_passphrase_leaves_a_whole_vault(
    vault: Vault, home: Path
) -> None:
    vault.lock()
    current, other = PASSPHRASE, "the other passphrase"
    for kills in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", _CHANGES_WITHOUT_END, str(home), current, other],
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdout is not None
            for _ in range(1 + kills % 3):
                assert child.stdout.readline()
            child.kill()
        try:
            reopened(home, current)
        except WrongPassphrase:
            current, other = other, current
        assert reopened(home, current).get("connection:3", "api_key", URL).reveal() == KEY
