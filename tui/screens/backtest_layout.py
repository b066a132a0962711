"""Where each pane of the backtests screen stands for a size of the terminal.

*Small* (80×24): one pane at a time, by its tab. *Medium* (120×40): the history over equity and one pane
chosen by its tab, all figures to their right. *Large* (200×60): history, equity and price on the left,
figures, months, trades and triggers on the right. Every cell belongs to exactly one pane.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Region, Size

from tui.action import Context
from tui.screens.arrangement import LARGE_SIZE, is_small
from tui.screens.pane_grid import TABS, PaneLayout

TAKING_TURNS = (Context.RUN_PRICE, Context.RUN_TRADES, Context.MONTHS, Context.TRIGGERS)
"""The panes that share a place on a medium terminal."""

FIGURES_WIDTH = 47


def arrange_backtests(
    size: Size, lower: Context, turn: Context, zoomed: Context | None
) -> Mapping[str, Region]:
    """Return the region of every pane that is shown, by its context's name.

    `lower` is the pane a small terminal shows, `turn` the one of `TAKING_TURNS` a medium one shows.
    """
    width, height = size
    if zoomed is not None:
        return {zoomed.value: Region(0, 0, width, height)}
    if is_small(size):
        return {TABS: Region(0, 0, width, 1), lower.value: Region(0, 1, width, height - 1)}
    if not is_large(size):
        return _medium(width, height, turn)
    return _large(width, height)


def is_large(size: Size) -> bool:
    """Tell whether there is room for every pane at once."""
    return size.width >= LARGE_SIZE.width and size.height >= LARGE_SIZE.height


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


class BacktestLayout(PaneLayout):
    """Places the panes where `arrange_backtests` says; remembers whose turn it is in the shared place."""

    def __init__(self) -> None:
        self._turn = Context.RUN_PRICE
        super().__init__(lower=Context.RUNS)

    @property
    def lower(self) -> Context:
        """The pane that was brought up last."""
        return self._lower

    @lower.setter
    def lower(self, context: Context) -> None:
        self._lower = context
        if context in TAKING_TURNS:
            self._turn = context

    def regions(self, size: Size) -> Mapping[str, Region]:
        """Return the region of every pane that is shown."""
        return arrange_backtests(size, self.lower, self._turn, self.zoomed)

    def shares_places(self, size: Size) -> bool:
        """Tell whether panes take turns."""
        return not is_large(size)

    def is_always_shown(self, context: Context) -> bool:
        """No pane has a place of its own on a small terminal."""
        return False
