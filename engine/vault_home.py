"""The vault of a home for tools: looked at while a desk runs, changed only while none does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.clock import WallClock
from engine.model.vault import VaultStatus
from engine.settings import Settings
from engine.store.home import HomeLock, prepare_home
from engine.vault.opening import passphrase_credential, secret_of_descriptor
from engine.vault.vault import Vault

__all__ = [
    "open_vault",
    "passphrase_credential",
    "read_vault_status",
    "secret_of_descriptor",
    "unchanged_vault",
]


def read_vault_status(home: Path, settings: Settings) -> VaultStatus:
    """Return what a home's vault keeps; raises `StoreFailed` for a damaged file or one others may read."""
    return unchanged_vault(home, settings).status()


def unchanged_vault(home: Path, settings: Settings) -> Vault:
    """Return a home's vault to look into, which a running desk may do too; raises `StoreFailed`."""
    return Vault(home, settings.vault, WallClock())


@contextmanager
def open_vault(home: Path, settings: Settings) -> Iterator[Vault]:
    """Give a home's vault to change, making the home if needed, and lock it again at the end.

    Raises `HomeLocked` while a desk runs on the home, `StoreFailed` when it cannot be used.
    """
    prepare_home(home)
    lock = HomeLock.take(home)
    try:
        vault = Vault(home, settings.vault, WallClock())
        try:
            yield vault
        finally:
            vault.lock()
    finally:
        lock.release()
