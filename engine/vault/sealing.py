"""How the vault seals: a passphrase makes a key that opens a key that opens the secrets.

Argon2id (RFC 9106) turns the passphrase into the key-encryption key, which wraps a random data key;
the data key seals each secret with AES-256-GCM under a fresh 96-bit nonce. What a seal belongs to is
authenticated with it, so that a sealed text moved elsewhere does not open.
"""

from __future__ import annotations

import secrets
from typing import Literal

import msgspec

from engine.secrecy.secret import Secret

KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 16
TIME_COST = 3
PARALLELISM = 4


class BadSeal(Exception):
    """The key is another one, or the sealed text or what it belongs to was changed."""


class Kdf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The figures a passphrase is turned into a key with; out of range ones are refused on reading."""

    name: Literal["argon2id"] = "argon2id"
    memory_kib: int
    time: int
    parallelism: int
    salt: bytes

    def __post_init__(self) -> None:
        for field, value, least, most in (
            ("memory_kib", self.memory_kib, 19 * 1024, 1024 * 1024),
            ("time", self.time, 1, 10),
            ("parallelism", self.parallelism, 1, 16),
            ("salt", len(self.salt), SALT_BYTES, 64),
        ):
            if not least <= value <= most:
                raise ValueError(f"{field} is {value}; allowed is {least} to {most}")

    @property
    def words(self) -> str:
        """The figures as a person reads them."""
        return f"{self.name} {self.memory_kib // 1024} MiB, t={self.time}, p={self.parallelism}"


class Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sealed text and the nonce it was sealed with."""

    nonce: bytes
    sealed: bytes

    def __post_init__(self) -> None:
        if len(self.nonce) != NONCE_BYTES:
            raise ValueError(f"nonce is {len(self.nonce)} bytes; allowed is {NONCE_BYTES}")


def new_kdf(memory_mib: int) -> Kdf:
    """Return figures for a new passphrase, with a fresh salt."""
    return Kdf(
        memory_kib=memory_mib * 1024,
        time=TIME_COST,
        parallelism=PARALLELISM,
        salt=secrets.token_bytes(SALT_BYTES),
    )


def key_of(passphrase: Secret, kdf: Kdf) -> bytes:
    """Return the key-encryption key of a passphrase; takes about 0.1 s and the memory of `kdf`."""
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        passphrase.reveal().encode(errors="surrogatepass"),
        kdf.salt,
        time_cost=kdf.time,
        memory_cost=kdf.memory_kib,
        parallelism=kdf.parallelism,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def seal(key: bytes, text: bytes, belongs_to: bytes) -> Sealed:
    """Seal a text under a fresh nonce, bound to what it belongs to."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    return Sealed(nonce=nonce, sealed=AESGCM(key).encrypt(nonce, text, belongs_to))


def unseal(key: bytes, sealed: Sealed, belongs_to: bytes) -> bytes:
    """Return the text; raise `BadSeal` when the key or anything that was sealed is not the same."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed.nonce, sealed.sealed, belongs_to)
    except InvalidTag:
        raise BadSeal from None


def data_key_belongs_to(kdf: Kdf) -> bytes:
    """Return what the wrapped data key is bound to: the figures its passphrase is used with."""
    return _authenticated(
        "dek", kdf.name, str(kdf.memory_kib), str(kdf.time), str(kdf.parallelism), kdf.salt.hex()
    )


def secret_belongs_to(record: str, field: str, version: int, bound_to: str) -> bytes:
    """Return what a secret is bound to: whose it is, what it is, which version, and where it may go."""
    return _authenticated("secret", record, field, str(version), bound_to)


def _authenticated(*parts: str) -> bytes:
    """Join parts so that no two different lists give the same bytes: each is preceded by its length."""
    joined = bytearray()
    for part in ("nightdesk", "vault", "1", *parts):
        raw = part.encode()
        joined += len(raw).to_bytes(4, "big") + raw
    return bytes(joined)
