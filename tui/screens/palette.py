"""What the command palette finds: every action, trader, symbol and theme."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.action import Context, contexts_of
from tui.actions import actions_in, shown_keys
from tui.screens.workspace import WorkspaceScreen


class Entry(NamedTuple):
    """One thing to find: what it is called, what it says below, and what it does."""

    title: str
    help: str
    run: Callable[[], Awaitable[None] | None]


def palette_entries(screen: WorkspaceScreen) -> Iterator[Entry]:
    """Return everything the palette offers in a workspace now."""
    for action in actions_in(*contexts_of(screen.workspace)):
        if action.context is not Context.TABLES and action.id != "palette.open":
            run = partial(screen.action_perform, action.id)
            yield Entry(f"{action.label}  [{shown_keys(action.keys)}]", action.help, run)
    for trader in screen.view.traders:
        select = partial(screen.select, trader_id=trader.trader_id)
        yield Entry(f"Trader: {trader.name}", f"{trader.status} {trader.kind}; keys act on it", select)
    for instrument in screen.view.instruments:
        select = partial(screen.select, symbol=instrument.symbol)
        yield Entry(f"Symbol: {instrument.symbol}", "b and s open a ticket for it", select)
    for theme in screen.host.theme_names:
        yield Entry(f"Theme: {theme}", "switch the colours", partial(screen.host.switch_theme, theme))


class DeskProvider(Provider):
    """Offers the palette's entries; names are shown as plain text."""

    def _entries(self) -> Iterator[Entry]:
        screen = self.screen
        return palette_entries(screen) if isinstance(screen, WorkspaceScreen) else iter(())

    async def discover(self) -> Hits:
        """Offer everything while nothing is typed."""
        for entry in self._entries():
            yield DiscoveryHit(Content(entry.title), entry.run, text=entry.title, help=entry.help)

    async def search(self, query: str) -> Hits:
        """Offer what matches the typed text."""
        matcher = self.matcher(query)
        for entry in self._entries():
            if (score := matcher.match(entry.title)) > 0:
                yield Hit(score, Content(entry.title), entry.run, text=entry.title, help=entry.help)
