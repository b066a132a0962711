"""Who a pool wakes: the traders that decide, to pick from."""

from __future__ import annotations

from textual.app import ComposeResult

from engine.model.signal import SignalPool
from tui.bridge import DeskBridge
from tui.screens.signal_fields import Choice, PickList
from tui.screens.signal_form import PICKING_HINT, FormScreen
from tui.signal_proposals import set_listeners
from tui.signal_view import SignalView, can_listen


class ListenersScreen(FormScreen):
    """Picks the traders a pool wakes."""

    DEFAULT_CSS = """
    ListenersScreen .dialog { width: 64; }
    ListenersScreen .row.-list { height: 8; }
    """
    hint = PICKING_HINT
    first_field = "listeners"

    def __init__(self, bridge: DeskBridge, view: SignalView, pool: SignalPool) -> None:
        super().__init__()
        self._bridge = bridge
        self._view = view
        self._pool = pool
        self.heading = f"Who {pool.name} wakes"

    def compose_fields(self) -> ComposeResult:
        """Build the list."""
        heard_by = [str(trader_id) for trader_id in self._view.listeners.get(self._pool.pool_id, ())]
        traders = [
            Choice(str(item.trader_id), item.name, f"{item.status} {item.kind}")
            for item in self._view.desk.traders
            if can_listen(item)
        ]
        with self.row("-list"):
            yield self.label("listeners", "wakes")
            yield PickList(traders, heard_by, empty_text="no trader decides by itself", id="listeners")

    @property
    def values(self) -> frozenset[int]:
        """The ids of the picked traders."""
        return frozenset(int(key) for key in self.query_one(PickList).picked)

    async def save(self) -> str:
        """Let the pool wake exactly these traders; raises `DeskError`."""
        chosen = self.values
        await set_listeners(self._bridge, self._pool.pool_id, chosen)
        names = [self._view.desk.trader_name(trader_id) for trader_id in sorted(chosen)]
        return f"pool {self._pool.name} wakes {', '.join(names) or 'nobody'}"
