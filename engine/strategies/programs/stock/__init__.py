"""The programs that ship with the desk, as readable sources.

`stock_programs()` returns their texts; they are never imported, only run in the sandbox.
"""

from __future__ import annotations

from importlib.resources import files

FIRST_PROGRAM = "rsi_mean_reversion"
"""What a new desk's program traders run."""


def stock_programs() -> dict[str, str]:
    """Return the source of every stock program by its name: `FIRST_PROGRAM`, then the others by name."""
    folder = files(__package__)
    names = sorted(
        entry.name.removesuffix(".py")
        for entry in folder.iterdir()
        if entry.name.endswith(".py") and not entry.name.startswith("_")
    )
    names.sort(key=lambda name: name != FIRST_PROGRAM)
    return {name: folder.joinpath(f"{name}.py").read_text("utf-8") for name in names}
