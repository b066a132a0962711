"""Rendering a template: every variable is replaced once, everything else stays as it is.

`{name}` and `{{name}}` mean the same. Braces around anything that is not a name stay, so a template
may hold literal JSON; a value that happens to look like a variable is not looked at again.
"""

from __future__ import annotations

import re

import msgspec

from engine.errors import InvalidInput
from engine.strategies.context import StrategyContext
from engine.strategies.prompts.variables import NOT_AVAILABLE, VARIABLES

MAX_TEMPLATE_CHARACTERS = 64 * 1024

_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
_VARIABLE = re.compile(rf"\{{\{{({_NAME})\}}\}}|\{{({_NAME})\}}")


class RenderedPrompt(msgspec.Struct, frozen=True):
    """The exact text for the model, and the names in the template that mean nothing."""

    text: str
    unknown: tuple[str, ...]


def render_prompt(template: str, context: StrategyContext) -> RenderedPrompt:
    """Return the template with its variables filled in; an unknown one becomes `N/A`.

    Raises `InvalidInput` for a template that is too long.
    """
    if len(template) > MAX_TEMPLATE_CHARACTERS:
        allowed = f"allowed is up to {MAX_TEMPLATE_CHARACTERS} characters"
        raise InvalidInput.of("template", f"a text of {len(template)} characters", allowed)
    values: dict[str, str] = {}
    unknown: list[str] = []

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in values:
            if name not in VARIABLES:
                unknown.append(name)
            values[name] = VARIABLES[name].render(context) if name in VARIABLES else NOT_AVAILABLE
        return values[name]

    text = _VARIABLE.sub(value, template)
    return RenderedPrompt(text, tuple(unknown))
