"""The one table of template variables, from which they are found, rendered and explained."""

from __future__ import annotations

import functools

from engine.model.prompt import VariableFamily
from engine.strategies.prompts.variables import account, context, flow, legacy, market, news, regime, symbol
from engine.strategies.prompts.variables.row import Names, VariableRow

_FAMILIES = tuple(VariableFamily)
VARIABLES: tuple[VariableRow, ...] = tuple(
    sorted(
        (
            row
            for module in (context, account, market, symbol, flow, regime, news, legacy)
            for row in module.ROWS
        ),
        key=lambda row: _FAMILIES.index(row.family),
    )
)
"""Every variable and family of variables, chapter by chapter."""


@functools.lru_cache(maxsize=64)
def names_with(symbols: tuple[str, ...]) -> Names:
    """Return every name that means something where these symbols are known."""
    return Names(VARIABLES, symbols)
