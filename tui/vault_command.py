"""`nightdesk vault` and `nightdesk key`: the vault and the keys in it, from the command line.

A passphrase or key is typed, or read from a file descriptor. Exit codes: 0 done, 1 it could not be
done, 2 a wrong option.
"""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tui.model_access import add_passphrase_option, connection_named
from tui.option_parser import OptionParser, home_option
from tui.passphrase_entry import ask_new_passphrase, ask_secret

if TYPE_CHECKING:
    from engine.model.vault import SecretInfo, VaultStatus
    from engine.secrecy.secret import Secret
    from engine.settings import Settings

_GIVEN_VALUE = re.compile(r"(invalid [a-z]+)(?: value)?: '.*?'(?= \(|$)", re.DOTALL)

VAULT_EPILOG = """\
examples:
  nightdesk vault create
  nightdesk vault status
  nightdesk vault unlock-test --passphrase-fd 3 3< passphrase.txt
  nightdesk vault change-passphrase

A desk that runs on the home holds the vault: create it and change its passphrase on the screen then.
Unattended, the desk opens it with the systemd credential nightdesk-passphrase
(LoadCredentialEncrypted=) or with nightdesk --passphrase-fd N.
"""

KEY_EPILOG = """\
examples:
  nightdesk key set "OpenAI"
  nightdesk key set 3 --key-fd 4 --passphrase-fd 3 4< key.txt 3< passphrase.txt
  nightdesk key list
  nightdesk key remove "OpenAI"

A key is bound to the scheme, host and port of its connection: another address asks for it again.
It is never printed. `set` and `remove` open the home, which a running desk holds: use its models
screen then.
"""


class SecretParser(OptionParser):
    """A parser that repeats nothing it was given: what is in the wrong place may be a key."""

    def error(self, message: str) -> NoReturn:
        """End the program with one line that names options, never values."""
        if message.startswith("unrecognized arguments"):
            message = "there are too many arguments; a key or passphrase is never given as one"
        super().error(_GIVEN_VALUE.sub(r"\1 value", message))


def build_vault_parser() -> SecretParser:
    """Return the parser of everything behind `nightdesk vault`."""
    home = home_option(SecretParser)
    parser = SecretParser(
        prog="nightdesk vault",
        description="The vault: where the keys of models and exchanges are kept, sealed.",
        epilog=VAULT_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[home],
    )
    commands = parser.add_subparsers(dest="vault_command", required=True, metavar="COMMAND")
    for name, summary in (
        ("status", "say whether there is a vault and what it keeps; no passphrase is needed"),
        ("create", "make the vault under a new passphrase"),
        ("unlock-test", "say whether a passphrase opens it; nothing is changed"),
        ("change-passphrase", "seal it under another passphrase; the keys stay as they are"),
    ):
        command = _command(commands, name, summary, home)
        if name != "status":
            add_passphrase_option(command)
        if name == "change-passphrase":
            command.add_argument(
                "--new-passphrase-fd", metavar="N", type=int, help="descriptor to read the new one from"
            )
    return parser


def build_key_parser() -> SecretParser:
    """Return the parser of everything behind `nightdesk key`."""
    home = home_option(SecretParser)
    parser = SecretParser(
        prog="nightdesk key",
        description="Keys of model connections, in the vault.",
        epilog=KEY_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[home],
    )
    commands = parser.add_subparsers(dest="key_command", required=True, metavar="COMMAND")
    enter = _command(commands, "set", "put the key of a connection into the vault", home)
    enter.add_argument("connection", metavar="CONNECTION", help="a connection's name or number")
    enter.add_argument("--key-fd", metavar="N", type=int, help="descriptor to read the key from")
    add_passphrase_option(enter)
    _command(commands, "list", "show whose keys there are, never the keys", home)
    remove = _command(commands, "remove", "take the key of a connection out of the vault", home)
    remove.add_argument("connection", metavar="CONNECTION", help="a name or number, or a record as listed")
    return parser


def _command(
    commands: argparse._SubParsersAction[SecretParser], name: str, summary: str, home: SecretParser
) -> SecretParser:
    description = f"{summary[0].upper()}{summary[1:]}."
    return commands.add_parser(name, help=summary, description=description, parents=[home])


def run_vault_command(options: argparse.Namespace, home: Path) -> int:
    """Carry out one command; raises `DeskError` for what the caller prints."""
    from engine.settings import load_settings
    from engine.vault_home import read_vault_status

    settings = load_settings(home)
    match options.vault_command:
        case "create":
            return _create(options, home, settings)
        case "unlock-test":
            return _unlock_test(options, home, settings)
        case "change-passphrase":
            return _change_passphrase(options, home, settings)
        case _:
            _print_status(read_vault_status(home, settings), home)
            return 0


def _create(options: argparse.Namespace, home: Path, settings: Settings) -> int:
    from engine.errors import Conflict
    from engine.model.vault import VaultState
    from engine.vault_home import open_vault

    with open_vault(home, settings) as vault:
        if vault.status().state is not VaultState.ABSENT:
            raise Conflict(f"{home}: there is a vault already; change-passphrase changes what opens it")
        passphrase = ask_new_passphrase("new passphrase", "--passphrase-fd", options.passphrase_fd)
        vault.create(passphrase)
    print("the vault is made; without its passphrase nobody can read the keys in it, keep it well")
    return 0


def _unlock_test(options: argparse.Namespace, home: Path, settings: Settings) -> int:
    from engine.errors import NotFound
    from engine.model.vault import VaultState
    from engine.text import count
    from engine.vault_home import unchanged_vault

    vault = unchanged_vault(home, settings)
    if vault.status().state is VaultState.ABSENT:
        raise NotFound(f"{home}: there is no vault yet; nightdesk vault create makes one")
    vault.unlock(_passphrase(options.passphrase_fd, settings))
    print(f"the passphrase opens the vault: {count(len(vault.status().secrets), 'key')}")
    vault.lock()
    return 0


def _change_passphrase(options: argparse.Namespace, home: Path, settings: Settings) -> int:
    from engine.vault_home import open_vault

    with open_vault(home, settings) as vault:
        old = ask_secret("present passphrase", "--passphrase-fd", options.passphrase_fd)
        # Tried before a new one is asked for: nobody chooses one in vain.
        vault.unlock(old)
        new = ask_new_passphrase("new passphrase", "--new-passphrase-fd", options.new_passphrase_fd)
        vault.change_passphrase(old, new)
    print("the vault opens with the new passphrase; the keys in it are the same")
    return 0


def _passphrase(descriptor: int | None, settings: Settings) -> Secret:
    """Return the passphrase from a descriptor, the systemd credential or the terminal."""
    import os

    from engine.vault_home import passphrase_credential

    if descriptor is None:
        credential = passphrase_credential(settings.vault, os.environ)
        if credential is not None:
            return credential
    return ask_secret("passphrase", "--passphrase-fd", descriptor)


def _print_status(status: VaultStatus, home: Path) -> None:
    from engine.model.vault import VaultState
    from engine.text import count

    if status.state is VaultState.ABSENT:
        print(f"{home}: there is no vault yet; nightdesk vault create makes one")
        return
    print(f"{home}: {count(len(status.secrets), 'key')}, sealed with AES-256-GCM under {status.kdf}")
    _print_secrets(status.secrets)


def _print_secrets(secrets: tuple[SecretInfo, ...]) -> None:
    from engine.text import safe_line

    for info in secrets:
        saved = datetime.fromtimestamp(info.saved_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
        bound_to = f"  for {info.bound_to}" if info.bound_to else ""
        print(safe_line(f"{info.record:<16} {info.field}  saved {saved} UTC{bound_to}"))


def run_key_command(options: argparse.Namespace, home: Path) -> int:
    """Carry out one command; raises `DeskError` for what the caller prints."""
    import asyncio

    from engine.settings import load_settings
    from engine.vault_home import read_vault_status

    settings = load_settings(home)
    match options.key_command:
        case "set":
            return asyncio.run(_set(options, home, settings))
        case "remove":
            return asyncio.run(_remove(options, home, settings))
        case _:
            secrets = read_vault_status(home, settings).secrets
            _print_secrets(secrets)
            if not secrets:
                print("no keys yet; nightdesk key set CONNECTION puts one in")
            return 0


async def _set(options: argparse.Namespace, home: Path, settings: Settings) -> int:
    from engine.errors import NotFound
    from engine.model.vault import VaultState
    from engine.program_files import library

    async with library(home, settings) as desk:
        connection = connection_named(desk, options.connection)
        if desk.vault.status().state is VaultState.ABSENT:
            raise NotFound(f"{home}: there is no vault yet; nightdesk vault create makes one")
        if desk.vault.status().state is VaultState.LOCKED or options.passphrase_fd is not None:
            await desk.vault.unlock(_passphrase(options.passphrase_fd, settings))
        key = ask_secret(f"key of {connection.name}", "--key-fd", options.key_fd)
        await desk.models.save_connection(connection, key)
    print(f"the key of {connection.name} is in the vault, for {connection.base_url} alone")
    return 0


async def _remove(options: argparse.Namespace, home: Path, settings: Settings) -> int:
    from engine.errors import NotFound
    from engine.program_files import library

    async with library(home, settings) as desk:
        record: str = options.connection
        kept = {info.record for info in desk.vault.status().secrets}
        if record not in kept:
            record = f"connection:{connection_named(desk, record).connection_id}"
        fields = [info.field for info in desk.vault.status().secrets if info.record == record]
        if not fields:
            raise NotFound(f"CONNECTION: there is no key of {options.connection} in the vault")
        for field in fields:
            await desk.vault.remove_secret(record, field)
    print(f"the key of {options.connection} is out of the vault")
    return 0
