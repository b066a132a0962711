"""Rendering a template: every variable is replaced once, everything else stays as it is.

A value that happens to look like a variable is not looked at again.
"""

from __future__ import annotations

import msgspec

from engine.errors import InvalidInput
from engine.strategies.context import StrategyContext
from engine.strategies.programs.batch import DataQuery
from engine.strategies.prompts.scan import places
from engine.strategies.prompts.variables.row import Names
from engine.strategies.prompts.variables.table import names_with
from engine.strategies.prompts.variables.wording import NOT_AVAILABLE
from engine.strategies.prompts.view import PromptView

MAX_TEMPLATE_CHARACTERS = 64 * 1024
MAX_PROMPT_CHARACTERS = 256 * 1024
MAX_QUESTIONS = 256
"""How many kinds of data beyond the context a template may ask for."""


class RenderedPrompt(msgspec.Struct, frozen=True):
    """The exact text for the model.

    `unknown` are the names that mean nothing and `missing` the variables without data now, both
    rendered as `N/A`; `used` are the variables with data. Each is named once, in order.
    """

    text: str
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    used: tuple[str, ...] = ()


def render_prompt(template: str, view: PromptView) -> RenderedPrompt:
    """Return the template with its variables filled in.

    Raises `InvalidInput` for a template, or a prompt made of it, that is too long.
    """
    check_length(template)
    values: dict[str, str | None] = {}
    unknown: dict[str, None] = {}
    pieces: list[str] = []
    done = length = 0
    for place in places(template, names_with(view.symbols)):
        if place.name not in values:
            values[place.name] = None if place.variable is None else place.variable.render(view)
            if place.variable is None:
                unknown[place.name] = None
        value = values[place.name]
        pieces += template[done : place.start], NOT_AVAILABLE if value is None else value
        length += len(pieces[-2]) + len(pieces[-1])
        done = place.end
        if length > MAX_PROMPT_CHARACTERS:
            break
    pieces.append(template[done:])
    if length + len(pieces[-1]) > MAX_PROMPT_CHARACTERS:
        raise InvalidInput(
            f"prompt: it renders to more than {MAX_PROMPT_CHARACTERS} characters; use fewer variables",
            field="prompt",
            allowed=f"up to {MAX_PROMPT_CHARACTERS} characters",
        )
    return RenderedPrompt(
        "".join(pieces),
        tuple(unknown),
        tuple(name for name, value in values.items() if value is None and name not in unknown),
        tuple(name for name, value in values.items() if value is not None),
    )


def questions_of(template: str, names: Names, context: StrategyContext) -> tuple[DataQuery, ...]:
    """Return what rendering a template asks beyond the context, each question once.

    Raises `InvalidInput` for a template that is too long or asks too much.
    """
    check_length(template)
    asked: dict[DataQuery, None] = {}
    for place in places(template, names):
        if place.variable is not None:
            asked |= dict.fromkeys(place.variable.queries(context))
        if len(asked) > MAX_QUESTIONS:
            allowed = f"allowed are up to {MAX_QUESTIONS} kinds of data beyond prices, account and candles"
            raise InvalidInput.of("template", f"asking for {len(asked)} kinds of data", allowed)
    return tuple(asked)


def check_length(template: str) -> None:
    """Raise `InvalidInput` for a template that is too long."""
    if len(template) > MAX_TEMPLATE_CHARACTERS:
        allowed = f"allowed is up to {MAX_TEMPLATE_CHARACTERS} characters"
        raise InvalidInput.of("template", f"a text of {len(template)} characters", allowed)
