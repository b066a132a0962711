"""A vault in a private home, on a clock that moves when it is told to; its passphrase is cheap to check."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.clock import VirtualClock
from engine.secrecy.secret import Secret
from engine.settings import VaultSettings
from engine.vault.vault import Vault

SETTINGS = VaultSettings(memory_mib=19)
PASSPHRASE = "correct horse battery"
KEY = "sk-test-4fG7hJ2kL9mN3pQ6rS8t"
URL = "https://api.example:443"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(start_ms=1_772_373_807_000)


@pytest.fixture
def vault(home: Path, clock: VirtualClock) -> Vault:
    """An open vault with one key."""
    vault = Vault(home, SETTINGS, clock)
    vault.create(Secret(PASSPHRASE))
    vault.put("connection:3", "api_key", Secret(KEY), URL)
    return vault


def reopened(home: Path, passphrase: str = PASSPHRASE) -> Vault:
    vault = Vault(home, SETTINGS, VirtualClock())
    vault.unlock(Secret(passphrase))
    return vault
