"""The vault as it stands; no value here ever holds a secret."""

from __future__ import annotations

import enum

import msgspec


class VaultState(enum.StrEnum):
    """Absent until a passphrase is chosen, then locked or open."""

    ABSENT = "absent"
    LOCKED = "locked"
    OPEN = "open"


class SecretInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one secret without opening it: whose it is and when it was put in.

    `record` names the owner, such as `connection:3`, `field` what it is to it, such as `api_key`.
    `bound_to` is what it may be used for, such as a base URL; another asks for the secret again.
    """

    record: str
    field: str
    version: int
    saved_ms: int
    bound_to: str = ""


class VaultStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The vault's state, what it keeps, how it was opened, and the wait before the next attempt."""

    state: VaultState
    secrets: tuple[SecretInfo, ...] = ()
    opened_by: str = ""
    wait_seconds: float = 0.0
    kdf: str = ""
