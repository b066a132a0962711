"""A vault opened without anybody at the keyboard: by a systemd credential or a file descriptor."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.errors import InvalidSetting
from engine.model.vault import VaultState
from engine.secrecy.secret import Secret
from engine.settings import VaultSettings
from engine.vault.vault import Vault

CREDENTIALS_DIRECTORY = "CREDENTIALS_DIRECTORY"
LONGEST_INPUT = 16 * 1024


def open_unattended(
    vault: Vault,
    settings: VaultSettings,
    *,
    passphrase_fd: int | None,
    environment: Mapping[str, str],
) -> str:
    """Open the vault with the systemd credential or else the descriptor; return which, "" for neither.

    The descriptor is read and closed whatever happens. A vault that does not exist stays so. Raises
    `WrongPassphrase`, and `InvalidSetting` for a credential or descriptor that cannot be read.
    """
    given = None if passphrase_fd is None else secret_of_descriptor(passphrase_fd, "--passphrase-fd")
    if vault.status().state is VaultState.ABSENT:
        return ""
    credential = passphrase_credential(settings, environment)
    if credential is not None:
        vault.unlock(credential, "systemd credential")
        return "systemd credential"
    if given is not None:
        vault.unlock(given, "file descriptor")
        return "file descriptor"
    return ""


def passphrase_credential(settings: VaultSettings, environment: Mapping[str, str]) -> Secret | None:
    """Return the passphrase systemd has put where only this service reads it, None where it has not.

    Raises `InvalidSetting` for a credential that is there and cannot be read.
    """
    folder = environment.get(CREDENTIALS_DIRECTORY)
    if not folder or not settings.credential:
        return None
    if Path(settings.credential).name != settings.credential:
        raise InvalidSetting.of("vault.credential", settings.credential, "allowed is a name without a path")
    path = Path(folder) / settings.credential
    try:
        with path.open("rb") as file:
            return _one_line(file.read(LONGEST_INPUT + 1), str(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidSetting(
            f"{path}: cannot be read ({error.strerror})", field="vault.credential"
        ) from error


def secret_of_descriptor(descriptor: int, option: str) -> Secret:
    """Return the one line an open descriptor holds, and close it; raise `InvalidSetting` naming `option`.

    Waits until the writer has closed its end.
    """
    try:
        # Standard input stays open: another file would take its number.
        with os.fdopen(descriptor, "rb", closefd=descriptor > 2) as file:
            return _one_line(file.read(LONGEST_INPUT + 1), option)
    except (OSError, ValueError) as error:
        allowed = "allowed is the number of a descriptor that is open for reading"
        raise InvalidSetting.of(option, descriptor, allowed) from error


def _one_line(raw: bytes, source: str) -> Secret:
    """Return the text without the line end that shells and editors add."""
    allowed = f"one line of UTF-8 text, at most {LONGEST_INPUT} bytes, is allowed"
    if len(raw) > LONGEST_INPUT:
        raise InvalidSetting(f"{source}: it is too long; {allowed}", field=source)
    try:
        text = raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        # Not chained: the error quotes what it could not read.
        raise InvalidSetting(f"{source}: it is not UTF-8; {allowed}", field=source) from None
    if not text or "\n" in text:
        raise InvalidSetting(f"{source}: it is empty or has several lines; {allowed}", field=source)
    return Secret(text)
