"""A trader's file on the disk: written whole and never over another, read back as what it says it is."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from engine.errors import InvalidInput
from engine.model.trader_file import TraderFile

MAX_FILE_BYTES = 256 * 1024 * 1024
SUFFIX = ".trader.json"


def suggested_path(name: str) -> str:
    """Return where a trader's file would go: `~/Rules.trader.json`."""
    plain = re.sub(r"[^\w.-]+", "_", name).strip("._") or "trader"
    return f"~/{plain}{SUFFIX}"


def path_of(typed: str) -> Path:
    """Return the path that was typed; raises `InvalidInput` for none."""
    if not typed.strip():
        raise InvalidInput.of("path", "nothing", "type where the file is, such as ~/Rules.trader.json")
    try:
        return Path(typed.strip()).expanduser()
    except RuntimeError as error:
        raise InvalidInput.of("path", typed.strip(), "there is no such home") from error


def check_free(path: Path) -> None:
    """Raise `InvalidInput` unless a new file can be made there."""
    try:
        is_taken, has_folder = path.exists(), path.parent.is_dir()
    except OSError as error:
        raise InvalidInput.of("path", path, f"it cannot be looked at ({error.strerror})") from error
    if is_taken:
        raise InvalidInput.of("path", path, "it is there already: give the name of a new file")
    if not has_folder:
        raise InvalidInput.of("path", path, f"the folder {path.parent} is not there")


def write_trader(path: Path, file: TraderFile) -> None:
    """Write a file that is there whole or not at all; raises `InvalidInput`, `StoreFailed`."""
    from engine.durable_files import write_durably

    check_free(path)
    content = msgspec.json.format(msgspec.json.encode(file), indent=1)

    def write(place: Path) -> None:
        place.touch(mode=0o600)
        place.write_bytes(content)

    write_durably(path, write)


def read_trader(path: Path) -> TraderFile:
    """Return what a file holds; raises `InvalidInput` saying what is wrong with it."""
    try:
        size = path.stat().st_size
        if not path.is_file() or size > MAX_FILE_BYTES:
            raise InvalidInput.of("path", path, f"allowed is a file of at most {MAX_FILE_BYTES:,} bytes")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput.of("path", path, f"it cannot be read ({reason})") from error
    try:
        return msgspec.json.decode(content, type=TraderFile)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidInput.of("path", path, f"it is no trader's file ({error})") from error
