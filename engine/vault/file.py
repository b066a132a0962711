"""The vault's file: what is written in it, who may read it, and how it is replaced."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from engine.durable_files import TEMPORARY_SUFFIX, write_durably
from engine.errors import StoreFailed
from engine.model.vault import SecretInfo
from engine.vault.sealing import Kdf, Sealed

VAULT_FILE = "vault.json"
LARGEST_FILE = 4 * 1024 * 1024


class SealedSecret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One secret as it is kept: what is known of it in the open, and its sealed value."""

    record: str
    field: str
    version: int
    saved_ms: int
    bound_to: str
    nonce: bytes
    sealed: bytes

    @property
    def info(self) -> SecretInfo:
        """What is known without opening it."""
        return SecretInfo(
            record=self.record,
            field=self.field,
            version=self.version,
            saved_ms=self.saved_ms,
            bound_to=self.bound_to,
        )

    @property
    def value(self) -> Sealed:
        """The sealed value."""
        return Sealed(nonce=self.nonce, sealed=self.sealed)


class VaultFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of the file: how the passphrase becomes a key, the wrapped data key, and the secrets."""

    format: Literal[1] = 1
    kdf: Kdf
    dek: Sealed
    secrets: tuple[SealedSecret, ...] = ()

    def find(self, record: str, field: str) -> SealedSecret | None:
        """Return a secret as it is kept, None where there is none."""
        for secret in self.secrets:
            if (secret.record, secret.field) == (record, field):
                return secret
        return None

    def without(self, record: str, field: str) -> tuple[SealedSecret, ...]:
        """Return the secrets but that one."""
        return tuple(s for s in self.secrets if (s.record, s.field) != (record, field))


def read_vault(home: Path) -> VaultFile | None:
    """Return the vault of a home, None where there is none.

    Raises `StoreFailed` for a file or folder that others may enter, naming the `chmod`, and for a file
    that is cut off, changed beyond reading, or has figures out of their range.
    """
    path = home / VAULT_FILE
    try:
        # A pipe in its place would be waited for.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failed(path, f"cannot be read ({error.strerror})") from error
    with os.fdopen(descriptor, "rb") as file:
        _check_private(path, os.fstat(descriptor))
        _check_folder(home)
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise _failed(path, f"is longer than {LARGEST_FILE} bytes")
    try:
        return msgspec.json.decode(raw, type=VaultFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = "is damaged; put a copy of it back, or move it away and enter the keys again"
        raise _failed(path, f"{reason} ({error})") from error


def write_vault(home: Path, vault: VaultFile) -> None:
    """Replace the file as a whole, readable by its owner alone; it is on the disk when this returns.

    Raises `StoreFailed`, also for a folder that others may enter.
    """
    _check_folder(home)
    raw = msgspec.json.format(msgspec.json.encode(vault), indent=1)

    def write(path: Path) -> None:
        path.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(raw)

    write_durably(home / VAULT_FILE, write)
    # What a killed process left behind opens with the passphrase of its day.
    for left in home.glob(f".{VAULT_FILE}.*{TEMPORARY_SUFFIX}"):
        with suppress(OSError):
            left.unlink()


def _check_private(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _failed(path, "is not a plain file")
    if found.st_uid != os.geteuid():
        raise _failed(path, "belongs to another user")
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _failed(path, f"other users may read it; close it to them with chmod 600 {path}")


def _check_folder(home: Path) -> None:
    """Refuse a folder in which others could put another file in the vault's place, or that is not private.

    A folder of somebody else, such as a mounted one, cannot be closed by the desk's user: others must not
    be able to write there.
    """
    try:
        found = home.stat()
    except OSError as error:
        raise _failed(home, f"cannot be read ({error.strerror})") from error
    is_own = found.st_uid == os.geteuid()
    open_to = stat.S_IRWXG | stat.S_IRWXO if is_own else stat.S_IWGRP | stat.S_IWOTH
    if found.st_mode & open_to:
        raise _failed(home, f"other users may enter it; close it to them with chmod 700 {home}")


def _failed(path: Path, what: str) -> StoreFailed:
    return StoreFailed(f"{path}: {what}", path=str(path))
