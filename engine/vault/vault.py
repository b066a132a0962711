"""The vault: keys of models and exchanges, sealed on disk and given out while it is open.

Changes are made one at a time and may take as long as a passphrase takes to check; giving out secrets
never waits for them. The secrets of an open vault are held as `Secret`s, so that their values are taken
out of every text that leaves the desk; locking drops them and the key that opens them.
"""

from __future__ import annotations

import contextlib
import math
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.clock import Clock
from engine.errors import Conflict, InvalidInput, NotFound, StoreFailed, VaultLocked, WrongPassphrase
from engine.model.vault import SecretInfo, VaultState, VaultStatus
from engine.secrecy.secret import Secret
from engine.settings import VaultSettings
from engine.text import safe_line
from engine.vault.file import VAULT_FILE, SealedSecret, VaultFile, read_vault, write_vault
from engine.vault.sealing import (
    KEY_BYTES,
    BadSeal,
    data_key_belongs_to,
    key_of,
    new_kdf,
    seal,
    secret_belongs_to,
    unseal,
)
from engine.vault.throttle import Throttle

SHORTEST_PASSPHRASE = 12
LONGEST_PASSPHRASE = 1024
LONGEST_SECRET = 8192
LONGEST_NAME = 200


class Vault:
    """The vault of one home, for use from any thread; `clock` stamps secrets with the machine's time.

    Raises `StoreFailed` when its file is damaged or others may read it; see `read_vault`.
    """

    def __init__(self, home: Path, settings: VaultSettings, clock: Clock) -> None:
        self._home = home
        self._memory_mib = settings.memory_mib
        self._clock = clock
        self._changing = threading.Lock()
        """Held through a whole change, the passphrase's check included."""
        self._lock = threading.Lock()
        """Held for a few instructions, over the fields below."""
        self._throttle = Throttle()
        self._file = read_vault(home)
        self._data_key: bytearray | None = None
        self._opened_by = ""
        self._times_locked = 0
        self._open: dict[SealedSecret, Secret] = {}
        """By the whole entry: one that was added to the file cannot stand for another."""

    def status(self) -> VaultStatus:
        """Return how the vault stands; never a secret."""
        with self._lock:
            file = self._file
            if file is None:
                return VaultStatus(state=VaultState.ABSENT)
            return VaultStatus(
                state=VaultState.LOCKED if self._data_key is None else VaultState.OPEN,
                secrets=tuple(secret.info for secret in file.secrets),
                opened_by=self._opened_by,
                wait_seconds=self._throttle.wait_seconds(self._clock.monotonic()),
                kdf=file.kdf.words,
            )

    def create(self, passphrase: Secret) -> None:
        """Make the vault and leave it open.

        Raises `Conflict` if there is one, `InvalidInput` for a passphrase that is too short or too long.
        """
        with self._changing:
            if self._file is not None or read_vault(self._home) is not None:
                raise Conflict(f"{self._home / VAULT_FILE}: there is a vault already")
            data_key = secrets.token_bytes(KEY_BYTES)
            file = _wrapped(data_key, passphrase, self._memory_mib, ())
            write_vault(self._home, file)
            with self._lock:
                self._file = file
                self._data_key, self._opened_by = bytearray(data_key), "passphrase"

    def unlock(self, passphrase: Secret, opened_by: str = "passphrase") -> None:
        """Open the vault and every secret in it; `opened_by` says in the status how.

        A secret that was changed in the file does not keep the others closed: asking for it is refused.
        Raises `WrongPassphrase` with the seconds to wait, `NotFound` without a vault, and `VaultLocked` if
        it was locked in the meantime: locking goes before.
        """
        with self._changing:
            file, times_locked = self._present(), self._times_locked
            data_key = self._data_key_of(file, passphrase)
            opened = dict(_opened(data_key, file))
            with self._lock:
                if self._times_locked != times_locked:
                    raise VaultLocked("the vault was locked while it was being opened; unlock it again")
                self._data_key, self._opened_by, self._open = bytearray(data_key), opened_by, opened

    def lock(self) -> None:
        """Forget the key and the secrets; nothing happens when it is locked or absent already."""
        with self._lock:
            if self._data_key is not None:
                self._data_key[:] = bytes(len(self._data_key))
            self._data_key, self._opened_by, self._open = None, "", {}
            self._times_locked += 1

    def change_passphrase(self, old: Secret, new: Secret) -> None:
        """Wrap the data key under another passphrase; no secret is sealed anew, open stays open.

        Raises what `unlock` and `create` raise.
        """
        with self._changing:
            file = self._present()
            data_key = self._data_key_of(file, old)
            changed = _wrapped(data_key, new, self._memory_mib, file.secrets)
            write_vault(self._home, changed)
            with self._lock:
                self._file = changed

    def put(self, record: str, field: str, secret: Secret, bound_to: str = "") -> SecretInfo:
        """Keep a secret, in place of one of the same record and field.

        Raises `VaultLocked`, `NotFound` without a vault, `InvalidInput` for an empty or too long value.
        """
        for name, text in (("record", record), ("field", field), ("bound_to", bound_to)):
            if len(text) > LONGEST_NAME or (not text and name != "bound_to"):
                raise InvalidInput.of(name, safe_line(text, 60), f"allowed is 1 to {LONGEST_NAME} characters")
        if not secret or len(secret.reveal()) > LONGEST_SECRET or not _is_text(secret):
            raise _not_allowed(field, f"allowed is 1 to {LONGEST_SECRET} characters")
        with self._changing:
            file = self._present()
            data_key = self._key(record, field)
            before = file.find(record, field)
            version = before.version + 1 if before else 1
            sealed = seal(
                data_key, secret.reveal().encode(), secret_belongs_to(record, field, version, bound_to)
            )
            kept = SealedSecret(
                record=record,
                field=field,
                version=version,
                saved_ms=self._clock.now_ms(),
                bound_to=bound_to,
                nonce=sealed.nonce,
                sealed=sealed.sealed,
            )
            changed = msgspec.structs.replace(file, secrets=(*file.without(record, field), kept))
            write_vault(self._home, changed)
            with self._lock:
                self._replace_file(changed)
                if self._data_key is not None:
                    self._open[kept] = secret
            return kept.info

    def get(self, record: str, field: str, bound_to: str = "") -> Secret:
        """Return a secret for use where it is bound to.

        Raises `NotFound` for one that is not there, `Conflict` when it is bound elsewhere and must be
        entered again, `VaultLocked`, and `StoreFailed` for one that was changed in the file.
        """
        with self._lock:
            kept = self._file.find(record, field) if self._file else None
            if kept is None:
                raise _missing(record, field)
            if kept.bound_to != bound_to:
                raise Conflict(
                    f"{record}: the {field} was entered for {kept.bound_to or 'no address'} and is not sent"
                    f" to {safe_line(bound_to, 100) or 'another'}; enter it again",
                    record=record,
                    field=field,
                )
            if self._data_key is None:
                raise _locked(record, field)
            secret = self._open.get(kept)
            if secret is None:
                raise StoreFailed(
                    f"{self._home / VAULT_FILE}: the {field} of {record} was changed or moved and cannot be"
                    " used; enter it again",
                    record=record,
                    field=field,
                )
            return secret

    def has(self, record: str, field: str, bound_to: str = "") -> bool:
        """Tell whether there is a secret that may be used there; works on a locked vault too."""
        with self._lock:
            kept = self._file.find(record, field) if self._file else None
            return kept is not None and kept.bound_to == bound_to

    def remove(self, record: str, field: str) -> None:
        """Remove a secret, also from a locked vault; raises `NotFound`."""
        with self._changing:
            file = self._file
            if file is None or file.find(record, field) is None:
                raise _missing(record, field)
            changed = msgspec.structs.replace(file, secrets=file.without(record, field))
            write_vault(self._home, changed)
            with self._lock:
                self._replace_file(changed)

    def _replace_file(self, changed: VaultFile) -> None:
        """Take over what was written, and forget what is no longer in it."""
        self._file = changed
        self._open = {kept: secret for kept, secret in self._open.items() if kept in changed.secrets}

    def _present(self) -> VaultFile:
        if self._file is None:
            raise NotFound(f"{self._home / VAULT_FILE}: there is no vault yet; create one first")
        return self._file

    def _key(self, record: str, field: str) -> bytes:
        # A copy: locking wipes the original, and nothing must be sealed under what it leaves.
        with self._lock:
            if self._data_key is None:
                raise _locked(record, field)
            return bytes(self._data_key)

    def _data_key_of(self, file: VaultFile, passphrase: Secret) -> bytes:
        """Return the data key, or count a wrong try; a try that comes too early is not even looked at."""
        wait = self._throttle.wait_seconds(self._clock.monotonic())
        if wait > 0:
            raise _wrong(f"{self._throttle.failures} wrong passphrases", wait)
        try:
            data_key = unseal(key_of(passphrase, file.kdf), file.dek, data_key_belongs_to(file.kdf))
        except BadSeal:
            self._throttle.failed(self._clock.monotonic())
            wait = self._throttle.wait_seconds(self._clock.monotonic())
            raise _wrong("the vault does not open with that passphrase", wait) from None
        self._throttle.succeeded()
        return data_key


def _opened(data_key: bytes, file: VaultFile) -> Iterator[tuple[SealedSecret, Secret]]:
    """Yield every secret whose seal is whole and stands where it was put."""
    for kept in file.secrets:
        belongs_to = secret_belongs_to(kept.record, kept.field, kept.version, kept.bound_to)
        with contextlib.suppress(BadSeal, UnicodeDecodeError):
            yield kept, Secret(unseal(data_key, kept.value, belongs_to).decode())


def _wrapped(
    data_key: bytes, passphrase: Secret, memory_mib: int, kept: tuple[SealedSecret, ...]
) -> VaultFile:
    """Return a vault whose data key a new passphrase opens; raises `InvalidInput` for one out of range."""
    if not SHORTEST_PASSPHRASE <= len(passphrase.reveal()) <= LONGEST_PASSPHRASE:
        raise _not_allowed(
            "passphrase", f"allowed is {SHORTEST_PASSPHRASE} to {LONGEST_PASSPHRASE} characters"
        )
    kdf = new_kdf(memory_mib)
    dek = seal(key_of(passphrase, kdf), data_key, data_key_belongs_to(kdf))
    return VaultFile(kdf=kdf, dek=dek, secrets=kept)


def _is_text(secret: Secret) -> bool:
    """Return whether a value is text throughout: bytes that are none come as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in secret.reveal())


def _not_allowed(field: str, allowed: str) -> InvalidInput:
    """Return the error for a secret value, which must not be quoted."""
    return InvalidInput(f"{field}: the one given is not allowed; {allowed}", field=field, allowed=allowed)


def _missing(record: str, field: str) -> NotFound:
    return NotFound(f"{record}: there is no {field} in the vault", record=record, field=field)


def _locked(record: str, field: str) -> VaultLocked:
    return VaultLocked(
        f"{record}: the {field} is needed and the vault is locked; unlock it", record=record, field=field
    )


def _wrong(what: str, wait: float) -> WrongPassphrase:
    later = f"; the next try is taken in {math.ceil(wait)} s" if wait else ""
    return WrongPassphrase(f"{what}{later}", wait=f"{wait:.1f}")
