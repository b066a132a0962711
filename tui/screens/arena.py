"""The arena screen: the traders side by side, ranked, and where their profit and loss came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.geometry import Region, Size

from engine.errors import DeskError
from engine.model.arena import Dimension
from tui.action import Context
from tui.actions import bindings_for
from tui.arena_view import DIMENSIONS, ArenaReader, ArenaView, attribution_stamp
from tui.bridge import DeskBridge
from tui.panes.arena_panes import ArenaCurvesPane, ArenaPane, AttributionPane, StandingsPane
from tui.screens.turns_layout import TurnsLayout, arrange_turns
from tui.screens.workspace import WorkspaceScreen
from tui.screens.workspace_actions import WorkspaceActions
from tui.view import DeskView
from tui.widgets.live_table import LiveTable
from tui.wording import refusal_text


def arrange_arena(size: Size, lower: Context, zoomed: Context | None) -> Mapping[str, Region]:
    """Return the region of every pane that is shown: standings over attribution, the curves between."""
    return arrange_turns(size, lower, zoomed, _arrange, _arrange)


def _arrange(width: int, height: int) -> dict[str, Region]:
    standings = max(7, height // 4)
    attribution = max(9, height // 3)
    curves = height - standings - attribution
    return {
        Context.STANDINGS.value: Region(0, 0, width, standings),
        Context.ARENA_CURVES.value: Region(0, standings, width, curves),
        Context.ATTRIBUTION.value: Region(0, standings + curves, width, attribution),
    }


class ArenaScreen(WorkspaceScreen):
    """Standings, curves and attribution."""

    workspace = Context.ARENA_DESK
    first_pane = Context.STANDINGS
    panes = (StandingsPane, ArenaCurvesPane, AttributionPane)
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.ARENA_DESK)

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        self.arena = ArenaView()
        super().__init__(bridge, frames_per_second)
        self._reader = ArenaReader(bridge.desk)
        self._shown: dict[str, ArenaView] = {}
        self._attributed: tuple[object, ...] | None = None

    def make_layout(self) -> TurnsLayout:
        """Return the layout of the arena."""
        return TurnsLayout(Context.STANDINGS, arrange_arena)

    def make_actions(self) -> WorkspaceActions:
        """Return what runs its actions."""
        return ArenaActions(self)

    def show_picture(self, view: DeskView) -> None:
        """Hand each visible pane the picture, if it has changed, and ask for what takes a while."""
        shown = self.grid.shown_ids()
        self.arena = self._reader.read(view, wants_curves=Context.ARENA_CURVES.value in shown)
        for pane in self.query(ArenaPane):
            if pane.id in shown and self._shown.get(pane.id or "") is not self.arena:
                self._shown[pane.id or ""] = self.arena
                pane.show(self.arena)
        stamp = attribution_stamp(self.arena)
        if stamp != self._attributed and not view.is_starting and Context.ATTRIBUTION.value in shown:
            self._attributed = stamp
            work = self._read_attribution(self.arena.dimension, self.arena.scope)
            self.run_worker(work, group="attribution", exclusive=True, exit_on_error=False)

    def turn_dimension(self, by: int) -> None:
        """Attribute by another dimension."""
        place = DIMENSIONS.index(self._reader.dimension)
        self._reader.dimension = DIMENSIONS[(place + by) % len(DIMENSIONS)]
        self._reader.rows = None
        self.go_to(Context.ATTRIBUTION)
        self.paint_tick()

    def turn_scope(self) -> None:
        """Attribute the trader under the cursor alone, or all of them again."""
        chosen = self.query_one(StandingsPane).cursor_id
        self._reader.scope = chosen if self._reader.scope is None else None
        self._reader.rows = None
        self.go_to(Context.ATTRIBUTION)
        self.paint_tick()

    @on(LiveTable.RowSelected, "#standings LiveTable")
    def trader_picked(self, event: LiveTable.RowSelected) -> None:
        """Let the keys act on the chosen trader, here and on the desk."""
        self.select(trader_id=int(event.key))
        self.say(f"{self.view.trader_name(int(event.key))} is selected")

    async def _read_attribution(self, dimension: Dimension, scope: int | None) -> None:
        try:
            self._reader.rows = await self.bridge.desk.arena.attribution(dimension, trader_id=scope)
        except DeskError as error:
            self.say(refusal_text(error), "warning")
            return
        self.paint_tick()


class ArenaActions(WorkspaceActions):
    """Runs actions for the arena."""

    def __init__(self, screen: ArenaScreen) -> None:
        super().__init__(screen)
        self.handlers |= {
            "arena.next": lambda: screen.turn_dimension(1),
            "arena.previous": lambda: screen.turn_dimension(-1),
            "arena.scope": screen.turn_scope,
        }
