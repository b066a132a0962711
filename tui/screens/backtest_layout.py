"""Where each pane of the backtests screen stands for a size of the terminal.

*Small* (80×24): one pane at a time, by its tab. *Medium* (120×40): the history over equity and one pane
chosen by its tab, all figures to their right. *Large* (200×60): history, equity and price on the left,
figures, months, trades and triggers on the right. Every cell belongs to exactly one pane.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Region, Size

from tui.action import Context
from tui.screens.arrangement import is_large
from tui.screens.pane_grid import TABS
from tui.screens.turns_layout import TurnsLayout, arrange_turns

TAKING_TURNS = (Context.RUN_PRICE, Context.RUN_TRADES, Context.MONTHS, Context.TRIGGERS)
"""The panes that share a place on a medium terminal."""

FIGURES_WIDTH = 47


def arrange_backtests(
    size: Size, lower: Context, turn: Context, zoomed: Context | None
) -> Mapping[str, Region]:
    """Return the region of every pane that is shown, by its context's name.

    `lower` is the pane a small terminal shows, `turn` the one of `TAKING_TURNS` a medium one shows.
    """
    return arrange_turns(size, lower, zoomed, lambda width, height: _medium(width, height, turn), _large)


def _medium(width: int, height: int, turn: Context) -> dict[str, Region]:
    left = width - FIGURES_WIDTH
    runs, equity = height // 4, height * 3 // 8
    y = runs + equity
    return {
        Context.RUNS.value: Region(0, 0, left, runs),
        Context.EQUITY.value: Region(0, runs, left, equity),
        TABS: Region(0, y, left, 1),
        turn.value: Region(0, y + 1, left, height - y - 1),
        Context.FIGURES.value: Region(left, 0, FIGURES_WIDTH, height),
    }


def _large(width: int, height: int) -> dict[str, Region]:
    left = width * 11 // 20
    runs, equity = height // 4, height * 3 // 8
    figures, months, trades = height * 12 // 25, height // 9, height // 5
    right, y, rest = width - left, runs + equity, figures + months + trades
    return {
        Context.RUNS.value: Region(0, 0, left, runs),
        Context.EQUITY.value: Region(0, runs, left, equity),
        Context.RUN_PRICE.value: Region(0, y, left, height - y),
        Context.FIGURES.value: Region(left, 0, right, figures),
        Context.MONTHS.value: Region(left, figures, right, months),
        Context.RUN_TRADES.value: Region(left, figures + months, right, trades),
        Context.TRIGGERS.value: Region(left, rest, right, height - rest),
    }


class BacktestLayout(TurnsLayout):
    """Places the panes where `arrange_backtests` says; remembers whose turn it is in the shared place."""

    def __init__(self) -> None:
        self._turn = Context.RUN_PRICE
        super().__init__(
            Context.RUNS, lambda size, lower, zoomed: arrange_backtests(size, lower, self._turn, zoomed)
        )

    @property
    def lower(self) -> Context:
        """The pane that was brought up last."""
        return self._lower

    @lower.setter
    def lower(self, context: Context) -> None:
        self._lower = context
        if context in TAKING_TURNS:
            self._turn = context

    def shares_places(self, size: Size) -> bool:
        """Tell whether panes take turns."""
        return not is_large(size)
