"""The desk's settings: one typed tree, read from TOML and then from the environment.

Nothing is read at import. `load_settings(home)` reads `config.toml` in the home directory and lets
the environment override it; an unknown key or a bad value is refused by name.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from engine.errors import InvalidSetting

CONFIG_FILE = "config.toml"
DEFAULT_SPEED = 60.0
MIN_SPEED = 1.0
MAX_SPEED = 600.0


class ReplaySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the recorded market is played."""

    source: Literal["candles", "raw"] = "candles"
    """`candles`: one-minute candles of three symbols; `raw`: a recorded order book of one."""

    speed: float | None = None
    """Market seconds per second, 1 to 600; left out, it is what it was last time (60 at first)."""

    lockstep: bool = False
    """Whether the market stands still while a trader decides, so that a replay always comes out the same."""


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one call of a program."""

    seconds: float = 1.0
    """Longest time one call may take, up to 30."""


class PromptSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one language-model call."""

    connect_seconds: float = 5.0
    """Longest wait for the connection."""

    first_token_seconds: float = 30.0
    """Longest wait for the first token, and between two tokens."""

    total_seconds: float = 120.0
    """Longest time a whole reply may take."""

    tokens_per_second: int = 100
    """How fast the built-in rules model streams its reasoning."""

    rules_port: int = 0
    """Port of the built-in rules model on 127.0.0.1; 0 lets the system choose a free one."""

    reasoning_seconds: float = 240.0
    """In place of `total_seconds` for models that think before they answer."""

    max_concurrent: int = 16
    """Most calls of language models under way at once on the whole desk."""


class VaultSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the vault is opened and how hard its passphrase is to guess."""

    credential: str = "nightdesk-passphrase"
    """The name of the systemd credential that opens it, looked for in `$CREDENTIALS_DIRECTORY`."""

    memory_mib: int = 64
    """Memory that Argon2id takes for a passphrase, 19 to 1024; counts for a new passphrase."""

    allow_hosts: tuple[str, ...] = ()
    """Hosts a key may be sent to beside the vendors' own and this machine; empty allows any."""


class NewsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How news is read; its sources are turned on one by one on the desk."""

    model_trader: str = ""
    """The prompt trader whose model reads articles too; empty leaves them to the built-in word lists."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting of the desk."""

    theme: str = "night"
    """One of the themes in `themes/`."""

    on_quit: Literal["keep", "cancel"] = "keep"
    """What happens to resting entry orders when the desk ends; stops and take-profits always stay."""

    database_url: str = ""
    """A PostgreSQL URL; empty for SQLite in the home directory."""

    replay: ReplaySettings = ReplaySettings()
    sandbox: SandboxSettings = SandboxSettings()
    prompts: PromptSettings = PromptSettings()
    news: NewsSettings = NewsSettings()
    vault: VaultSettings = VaultSettings()


def default_home() -> Path:
    """Return `NIGHTDESK_HOME`, or the platform's data folder for nightdesk.

    Raises `InvalidSetting` for a home of a user that does not exist.
    """
    configured = os.environ.get("NIGHTDESK_HOME")
    if configured:
        return expand_home(Path(configured), "NIGHTDESK_HOME")
    from platformdirs import user_data_path

    return user_data_path("nightdesk", appauthor=False)


def expand_home(path: Path, source: str) -> Path:
    """Return `path` with a leading `~` or `~user` replaced, and absolute.

    Raises `InvalidSetting` naming `source`, where the path was given, when there is no such user.
    """
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise InvalidSetting.of(source, path, "there is no such user; allowed is a folder") from error


def database_url_source(home: Path, url: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return where a desk on `home` was given the database URL, as messages about it name it."""
    if environment.get("DATABASE_URL") == url:
        return "DATABASE_URL"
    return f"{home / CONFIG_FILE}: database_url"


def ensure_port_is_free(port: int) -> None:
    """Raise `InvalidSetting` when the rules model could not listen on `prompts.rules_port`."""
    import errno
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As a server does: a port whose last connections still linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            taken = "is taken by another program"
            problem = taken if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise InvalidSetting(
                f"prompts.rules_port: {port} {problem}; choose another, or 0",
                field="prompts.rules_port",
                value=str(port),
                allowed="a free port, or 0",
            ) from error


def load_settings(home: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a home directory.

    Raises `InvalidSetting` naming the file, the key and what is allowed.
    """
    path = home / CONFIG_FILE
    try:
        tree = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
        settings = msgspec.convert(tree, Settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InvalidSetting(f"{path}: cannot be read: {error}", field=str(path)) from error
    except msgspec.ValidationError as error:
        raise InvalidSetting(f"{path}: {error}", field=str(path)) from error
    if environment.get("DATABASE_URL"):
        settings = msgspec.structs.replace(settings, database_url=environment["DATABASE_URL"])
    _check_ranges(settings)
    return settings


def _check_ranges(settings: Settings) -> None:
    if settings.replay.speed is not None:
        check_speed(settings.replay.speed)
    prompts = settings.prompts
    for field, value, most in (
        ("sandbox.seconds", settings.sandbox.seconds, 30),
        ("prompts.connect_seconds", prompts.connect_seconds, 60),
        ("prompts.first_token_seconds", prompts.first_token_seconds, 600),
        ("prompts.total_seconds", prompts.total_seconds, 3600),
        ("prompts.tokens_per_second", prompts.tokens_per_second, 10_000),
        ("prompts.reasoning_seconds", prompts.reasoning_seconds, 3600),
        ("prompts.max_concurrent", prompts.max_concurrent, 1000),
    ):
        if not 0 < value <= most:
            raise InvalidSetting.of(field, value, f"allowed is above 0 up to {most}")
    if not 19 <= settings.vault.memory_mib <= 1024:
        raise InvalidSetting.of("vault.memory_mib", settings.vault.memory_mib, "allowed is 19 to 1024")
    if not 0 <= prompts.rules_port <= 65_535:
        raise InvalidSetting.of("prompts.rules_port", prompts.rules_port, "allowed is 0 to 65535")


def check_speed(speed: float) -> float:
    """Return `speed` if a replay can run at it, else raise `InvalidSetting`."""
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise InvalidSetting.of("speed", speed, f"allowed is {MIN_SPEED:g} to {MAX_SPEED:g}")
    return speed


def with_replay(settings: Settings, *, speed: float | None, source: str | None) -> Settings:
    """Return the settings with the command line's replay options laid over them."""
    replay = settings.replay
    if speed is not None:
        replay = msgspec.structs.replace(replay, speed=check_speed(speed))
    if source is not None:
        replay = msgspec.convert({**msgspec.structs.asdict(replay), "source": source}, ReplaySettings)
    return msgspec.structs.replace(settings, replay=replay)
