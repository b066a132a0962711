"""The home directory: made private, checked for writing, and locked for one desk.

A folder of the user's own that others may enter is closed to them when it is empty or a desk's home
already, and refused when it holds anything else: taking a shared folder from those who use it is not
the desk's to do. A folder of somebody else is taken as it is; the files in it are private anyway.
"""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

from engine.errors import HomeLocked, StoreFailed
from engine.settings import CONFIG_FILE
from engine.store.database import DATABASE_FILE

LOCK_FILE = "desk.lock"
_HOME_FILES = frozenset({LOCK_FILE, DATABASE_FILE, CONFIG_FILE})


def prepare_home(home: Path) -> None:
    """Create `home` for its owner only; raise `StoreFailed` when it cannot hold a desk."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFailed(
            f"{home}: cannot be made a home directory ({error.strerror}); choose another with --home",
            path=str(home),
        ) from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise StoreFailed(
            f"{home}: cannot be written to; make it writable or choose another with --home", path=str(home)
        )
    _make_private(home)


def _make_private(home: Path) -> None:
    found = home.stat()
    if found.st_uid != os.geteuid() or not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return
    contents = {entry.name for entry in home.iterdir()}
    if contents and not contents & _HOME_FILES:
        raise StoreFailed(
            f"{home}: other users may enter it, and it holds more than a desk; "
            "close it to them with chmod 700, or choose another folder with --home",
            path=str(home),
        )
    home.chmod(0o700)


class HomeLock:
    """The right to be the only desk on a home directory, held until released or the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, home: Path) -> HomeLock:
        """Lock `home`; raise `HomeLocked` naming the process that holds it."""
        path = home / LOCK_FILE
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreFailed(f"{path}: cannot be written ({error.strerror})", path=str(path)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise HomeLocked(
                f"another desk (process {holder}) already runs on {home}; "
                "end it, or choose another folder with --home",
                home=str(home),
                pid=holder,
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return cls(descriptor)

    def release(self) -> None:
        """Give the lock up; a second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
