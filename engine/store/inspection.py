"""Looking at a home from outside, without opening a desk on it: who holds it, and is it sound."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from engine.errors import DeskError
from engine.store.database import DATABASE_FILE, find_database
from engine.store.home import LOCK_FILE
from engine.store.migrations import HEAD, read_revision


def lock_holder(home: Path) -> str | None:
    """Return the process id of the desk that runs on `home`, None when there is none."""
    try:
        descriptor = os.open(home / LOCK_FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
    finally:
        os.close(descriptor)
    return None


def describe_database(home: Path, database_url: str) -> str:
    """Return one phrase about a database that can be used.

    Raises `StoreFailed` or `InvalidSetting` saying what is wrong with one that cannot.
    """
    if not database_url and not (home / DATABASE_FILE).exists():
        return f"{home / DATABASE_FILE} (made at the first run)"
    database = find_database(home, database_url)
    try:
        revision = read_revision(database)
        if not database_url:
            with database.connect() as connection:
                found = connection.rows("PRAGMA quick_check")
            if found != [("ok",)]:
                raise database.failure(OSError(f"database disk image is malformed: {found[0][0]}"))
    except DeskError:
        raise
    except Exception as error:
        raise database.failure(error) from error
    if revision is None:
        return f"{database.name}, empty"
    return f"{database.name}, schema {revision}" + ("" if revision == HEAD else ", migrated at the next run")
