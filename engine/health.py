"""What `nightdesk doctor` asks the engine: where its files are and whether its parts can run."""

from __future__ import annotations

from pathlib import Path

from engine.market.history.candle_store import CANDLES_FOLDER
from engine.settings import CONFIG_FILE
from engine.store.database import DATABASE_FILE
from engine.store.home import LOCK_FILE
from engine.store.inspection import describe_database, lock_holder
from engine.vault.file import VAULT_FILE

__all__ = ["check_sandbox", "describe_database", "files_of", "lock_holder"]


def files_of(home: Path) -> dict[str, Path]:
    """Return where a desk on `home` keeps each of its files, by name.

    The sandbox's runtime is unpacked once for all homes; it may be deleted at any time.
    """
    from engine.strategies.programs.host import default_cache_dir

    return {
        "home": home,
        "settings": home / CONFIG_FILE,
        "database": home / DATABASE_FILE,
        "lock": home / LOCK_FILE,
        "vault": home / VAULT_FILE,
        "candles": home / CANDLES_FOLDER,
        "sandbox": default_cache_dir(),
    }


async def check_sandbox() -> None:
    """Start the sandbox and end it again; raise `Unavailable` when programs cannot run here."""
    from engine.strategies.programs.host import SandboxHost

    host = SandboxHost()
    try:
        host.start()
        await host.ready()
    finally:
        await host.close()
