"""The programs that ship with the desk, as readable sources.

`stock_programs()` returns their texts; they are never imported, only run in the sandbox.
"""

from __future__ import annotations

from importlib.resources import files


def stock_programs() -> dict[str, str]:
    """Return the source of every stock program by its name, such as `rsi_mean_reversion`."""
    folder = files(__package__)
    return {
        entry.name.removesuffix(".py"): entry.read_text("utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".py") and not entry.name.startswith("_")
    }
