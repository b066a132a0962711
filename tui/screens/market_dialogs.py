"""Opens news, factors and regime thresholds over any workspace; each is loaded when first opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import DeskError, InvalidInput
from tui.wording import refusal_text

if TYPE_CHECKING:
    from tui.commands import SaveFactor, SwitchNewsSource
    from tui.screens.surface import WorkspaceSurface

STARTING = "the desk is still starting"
FACTOR_PERIOD = "1h"
"""The candles factors are measured on where no chart says otherwise."""


async def open_news(screen: WorkspaceSurface) -> None:
    """Show news, which can be narrowed down to the selected symbol."""
    from tui.screens.news import NewsScreen

    if screen.view.is_starting:
        screen.say(STARTING, "warning")
    else:
        await screen.app.push_screen(NewsScreen(screen.bridge, screen.selection.symbol))


async def open_factors(screen: WorkspaceSurface, period: str = FACTOR_PERIOD) -> None:
    """Show the factors, measured on the selected symbol's candles of a period."""
    from tui.screens.factors import FactorsScreen

    if screen.view.is_starting:
        screen.say(STARTING, "warning")
    else:
        await screen.app.push_screen(FactorsScreen(screen.bridge, screen.selection.symbol, period))


async def open_regime_thresholds(screen: WorkspaceSurface) -> None:
    """Show the numbers regimes are told apart by, and say what was saved."""
    from tui.screens.regime_thresholds import RegimeThresholdsScreen

    def answered(proof: str | None) -> None:
        if proof is not None:
            screen.say(proof)

    try:
        form = RegimeThresholdsScreen(screen.bridge)
    except DeskError as error:
        screen.say(refusal_text(error), "warning")
        return
    await screen.app.push_screen(form, answered)


def switch_news_source(screen: WorkspaceSurface, command: SwitchNewsSource) -> None:
    """Turn a source on or off; raises `NotFound` when it has gone."""
    from tui.news_proposals import source_named, switch_source

    status = source_named(screen.bridge, command.source)
    screen.send(switch_source(screen.bridge, status, on=command.enabled))


def save_new_factor(screen: WorkspaceSurface, command: SaveFactor) -> None:
    """Keep a new factor; one the desk refuses comes up in its editor with the wrong word marked."""
    from tui.factor_proposals import save_factor
    from tui.screens.factors_editor import FactorEditor

    save = save_factor(screen.bridge, command)

    def answered(proof: str | None) -> None:
        if proof is not None:
            screen.say(proof)

    async def run() -> str:
        try:
            return await save()
        except InvalidInput as problem:
            editor = FactorEditor(
                screen.bridge, None, name=command.name, expression=command.expression, problem=problem
            )
            await screen.app.push_screen(editor, answered)
            return ""

    screen.send(run)
