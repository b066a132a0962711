"""Passphrases and keys from a terminal or a file descriptor; never from an argument, which others can see."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.secrecy.secret import Secret


def ask_secret(what: str, option: str, descriptor: int | None = None) -> Secret:
    """Return what a descriptor holds, or what is typed without being shown.

    Raises `InvalidInput` naming `option` where there is no terminal to type on, or nothing is typed.
    """
    from engine.errors import InvalidInput
    from engine.secrecy.secret import Secret

    if descriptor is not None:
        from engine.vault_home import secret_of_descriptor

        return secret_of_descriptor(descriptor, option)
    if not sys.stdin.isatty():
        raise InvalidInput(
            f"{what}: there is no terminal to type it on; give an open file descriptor with {option} N",
            field=option,
        )
    from getpass import getpass

    try:
        typed = Secret(getpass(f"{what}: "))
    except (EOFError, UnicodeDecodeError):
        typed = Secret("")
    if not typed:
        raise InvalidInput(f"{what}: nothing was typed", field=option)
    return typed


def ask_new_passphrase(what: str, option: str, descriptor: int | None) -> Secret:
    """Return a passphrase typed twice the same, or what a descriptor holds."""
    passphrase = ask_secret(what, option, descriptor)
    if descriptor is None:
        again = ask_secret(f"{what} again", option)
        if again.reveal() != passphrase.reveal():
            from engine.errors import InvalidInput

            raise InvalidInput(f"{what}: the two entries differ; nothing was done", field=option)
    return passphrase


def descriptor_of(secret: Secret) -> int:
    """Return an open descriptor that holds a passphrase, for a desk that reads it once as it opens."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(secret.reveal().encode())
    return reading
