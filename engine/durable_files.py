"""Files that are either the old one or the new one, whatever happens in between, a power cut included."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engine.errors import StoreFailed

TEMPORARY_SUFFIX = ".tmp"


def write_durably(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file beside `path`, then move it there; raise `StoreFailed` if that fails.

    When it returns, the file and its name have reached the disk. A process killed on the way leaves
    `path` as it was and possibly a file whose name ends in `TEMPORARY_SUFFIX`.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    try:
        write(temporary)
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    except Exception as error:
        if not _is_disk_error(error):
            raise
        reason = getattr(error, "strerror", None) or error
        raise StoreFailed(f"{path}: cannot be written ({reason})", path=str(path)) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def make_folder_durably(path: Path) -> None:
    """Make a folder and those above it, each of whose names has reached the disk when this returns."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in reversed(missing):
        _sync(folder.parent)


def _is_disk_error(error: Exception) -> bool:
    """Tell whether it was the disk: polars, imported only to ask, has errors of its own for that."""
    if isinstance(error, OSError):
        return True
    from polars.exceptions import PolarsError

    return isinstance(error, PolarsError)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
