"""The variables reference, made from the table."""

from __future__ import annotations

import itertools

from engine.model.prompt import PromptVariable, VariableFamily
from engine.strategies.prompts.variables.row import HOLES, Variable, VariableRow
from engine.strategies.prompts.variables.table import VARIABLES, names_with
from engine.strategies.prompts.variables.wording import NOT_AVAILABLE
from engine.strategies.prompts.view import PromptView

MAX_VALUE_CHARACTERS = 2_000
_TITLES = {
    VariableFamily.REQUIRED: "Required",
    VariableFamily.TRIGGER: "Why the trader wakes",
    VariableFamily.ACCOUNT: "Account",
    VariableFamily.SESSION: "Session",
    VariableFamily.MARKET: "Market",
    VariableFamily.SYMBOL: "One symbol",
    VariableFamily.FLOW: "Order flow",
    VariableFamily.REGIME: "Market regime",
    VariableFamily.NEWS: "News",
    VariableFamily.FACTOR: "Factors",
    VariableFamily.LEGACY: "Of older templates",
}
_HEAD = f"""# Variables of prompts

A prompt is a text with variables in braces: `{{market_prices}}` or `{{{{market_prices}}}}`. Each is replaced
by what it stands for at the moment of the decision. A name that means nothing, and a variable without
data, becomes `{NOT_AVAILABLE}` and is reported. Every other brace stays, so a prompt may hold literal JSON.

Bold names are the ones that every guide to prompts names. Parts in angle brackets change:
"""


def variable_rows(view: PromptView | None) -> tuple[PromptVariable, ...]:
    """Return the rows of the reference, with what each stands for in a view; empty values without one."""
    return tuple(_row(row, view) for row in VARIABLES)


def variables_reference(view: PromptView | None) -> str:
    """Return the reference as Markdown."""
    lines = [_HEAD]
    lines += [f"- `<{hole}>`: {meaning}" for hole, meaning in HOLES.items()]
    for family, rows in itertools.groupby(variable_rows(view), key=lambda row: row.family):
        lines += ["", f"## {_TITLES[family]}", ""]
        for row in rows:
            name = f"**`{{{row.name}}}`**" if row.documented else f"`{{{row.name}}}`"
            example = "" if row.example == row.name else f" Example: `{{{row.example}}}`."
            lines.append(f"- {name}: {row.meaning}{example}")
            if row.value:
                lines += ["", *(f"      {line}" for line in row.value.split("\n")), ""]
    return "\n".join(lines) + "\n"


def _row(row: VariableRow, view: PromptView | None) -> PromptVariable:
    example = row.example(view.symbols[0] if view is not None and view.symbols else "")
    return PromptVariable(
        name=row.pattern,
        family=row.family,
        meaning=row.meaning,
        example=example,
        value="" if view is None else _value(names_with(view.symbols).find(example), view),
        documented=row.documented,
    )


def _value(variable: Variable | None, view: PromptView) -> str:
    value = None if variable is None else variable.render(view)
    return NOT_AVAILABLE if value is None else value[:MAX_VALUE_CHARACTERS]
