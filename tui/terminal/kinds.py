"""Which terminals a screen cannot be drawn on."""

from __future__ import annotations

import os

UNUSABLE_TERMINALS = ("dumb", "unknown")


def terminal_kind() -> str:
    """Return the terminal's type as `TERM` names it, `unknown` when it does not."""
    return os.environ.get("TERM") or "unknown"
