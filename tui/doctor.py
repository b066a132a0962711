"""`nightdesk paths` and `nightdesk doctor`: where things are, and whether this machine can run the desk."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.errors import DeskError
from engine.health import check_sandbox, describe_database, files_of, lock_holder
from engine.settings import ensure_port_is_free, load_settings
from tui.terminal.kinds import UNUSABLE_TERMINALS, terminal_kind

MINIMUM_PYTHON = (3, 12)
MINIMUM_COLUMNS, MINIMUM_LINES = 80, 24


class Finding(msgspec.Struct, frozen=True):
    """What one check found; `fix` says how to mend it and is empty when all is well."""

    subject: str
    state: str
    fix: str = ""


def print_paths(home: Path) -> int:
    """Print the desk's files, one `name path` a line."""
    for name, path in files_of(home).items():
        print(f"{name:9} {path}{'' if path.exists() else '  (not there yet)'}")
    return 0


def run_doctor(home: Path) -> int:
    """Print every check and return 0 if all are well, else 1."""
    checks: tuple[Callable[[Path], Finding], ...] = (
        check_python,
        check_terminal,
        check_colours,
        check_home,
        check_settings,
        check_lock,
        check_database,
        check_programs,
    )
    findings = [check(home) for check in checks]
    for finding in findings:
        mark = "✗" if finding.fix else "✓"
        print(f"{mark} {finding.subject:9} {finding.state}")
        if finding.fix:
            print(f"            fix: {finding.fix}")
    return 1 if any(finding.fix for finding in findings) else 0


def check_python(_home: Path) -> Finding:
    """Check the interpreter's version."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < MINIMUM_PYTHON:
        return Finding("python", version, "use Python 3.12 or newer: `uv python install 3.13`")
    return Finding("python", version)


def check_terminal(_home: Path) -> Finding:
    """Check that a screen can be drawn here."""
    if not sys.stdout.isatty():
        return Finding("terminal", "not a terminal (fine for --headless)")
    columns, lines = shutil.get_terminal_size()
    name = terminal_kind()
    state = f"{name}, {columns}×{lines}"
    if name in UNUSABLE_TERMINALS:
        return Finding("terminal", state, "set TERM to your terminal's type, for example xterm-256color")
    if columns < MINIMUM_COLUMNS or lines < MINIMUM_LINES:
        return Finding("terminal", state, f"enlarge it to {MINIMUM_COLUMNS}×{MINIMUM_LINES} or more")
    return Finding("terminal", state)


def check_colours(_home: Path) -> Finding:
    """Say how many colours the terminal announces; fewer is never an error."""
    if os.environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        return Finding("colours", "16 million")
    if "256" in os.environ.get("TERM", ""):
        return Finding("colours", "256 (COLORTERM=truecolor gives all; `--theme terminal` uses your own 16)")
    return Finding("colours", "16 (use `--theme terminal`)")


def check_home(home: Path) -> Finding:
    """Check that the home directory can be written."""
    existing = next(path for path in (home, *home.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Finding("home", str(home), f"make {existing} writable, or choose another with --home DIR")
    return Finding("home", f"{home}{'' if home.exists() else ' (made at the first run)'}")


def check_settings(home: Path) -> Finding:
    """Check that the settings can be read and used."""
    from tui.cli import check_theme

    try:
        settings = load_settings(home)
        check_theme(settings.theme, "theme")
        if lock_holder(home) is None:
            ensure_port_is_free(settings.prompts.rules_port)
    except DeskError as error:
        return Finding("settings", error.message, "mend or remove that line")
    return Finding("settings", "good" if files_of(home)["settings"].exists() else "all at their defaults")


def check_lock(home: Path) -> Finding:
    """Check that no other desk runs on this home."""
    pid = lock_holder(home)
    if pid is None:
        return Finding("lock", "free")
    return Finding("lock", f"held by a running desk, process {pid}", f"end that desk first: kill {pid}")


def check_database(home: Path) -> Finding:
    """Check that the database can be reached and read."""
    try:
        settings = load_settings(home)
        return Finding("database", describe_database(home, settings.database_url))
    except DeskError as error:
        return Finding(
            "database", error.message, "mend what it names, or choose another home with --home DIR"
        )


def check_programs(_home: Path) -> Finding:
    """Check that programs can run in their sandbox."""
    try:
        asyncio.run(check_sandbox())
    except (DeskError, OSError) as error:
        return Finding("sandbox", str(error), "reinstall it: `uv sync --reinstall-package pyeryx`")
    return Finding("sandbox", "ready")
