"""Where the panes of the prompts and the models screens stand for a size of the terminal.

*Small* (80×24): one pane at a time, by its tab. Every cell belongs to exactly one pane.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Region, Size

from tui.action import Context
from tui.screens.turns_layout import arrange_turns


def arrange_models(size: Size, lower: Context, zoomed: Context | None) -> Mapping[str, Region]:
    """Return the region of every pane of the models screen that is shown: connections over the vault."""
    return arrange_turns(size, lower, zoomed, _models, _models)


def arrange_prompts(size: Size, lower: Context, zoomed: Context | None) -> Mapping[str, Region]:
    """Return the region of every pane of the prompts screen that is shown, by its context's name."""
    return arrange_turns(size, lower, zoomed, _prompts, _prompts)


def _models(width: int, height: int) -> dict[str, Region]:
    connections = height * 3 // 5
    return {
        Context.CONNECTIONS.value: Region(0, 0, width, connections),
        Context.VAULT.value: Region(0, connections, width, height - connections),
    }


def _prompts(width: int, height: int) -> dict[str, Region]:
    left, prompts = width // 2, max(8, height // 4)
    variables = height * 2 // 5
    return {
        Context.PROMPTS.value: Region(0, 0, left, prompts),
        Context.PROMPT_EDITOR.value: Region(0, prompts, left, height - prompts),
        Context.VARIABLES.value: Region(left, 0, width - left, variables),
        Context.PROMPT_PREVIEW.value: Region(left, variables, width - left, height - variables),
    }
