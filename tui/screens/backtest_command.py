"""Carries out `backtest …` of the command line, from whichever workspace it was typed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.action import Context

if TYPE_CHECKING:
    from tui.screens.surface import WorkspaceSurface


async def run_backtest(screen: WorkspaceSurface, program: str) -> None:
    """Show the backtests, and with a program's name ask how to backtest it."""
    from tui.screens.backtests import BacktestsScreen

    await screen.host.open_workspace(Context.BACKTEST_DESK)
    shown = screen.app.screen
    if program and isinstance(shown, BacktestsScreen):
        await shown.backtest_actions.new_run(program)
