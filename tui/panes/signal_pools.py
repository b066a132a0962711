"""The pools pane: which signals wake which traders, how each pool stands, and when it last fired."""

from __future__ import annotations

from engine.model.signal import PoolState, SignalPool
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.panes.signal_base import SignalTablePane, subject_key, subject_of
from tui.signal_view import (
    MET_WORDS,
    SUSPENDED,
    SignalView,
    duration,
    met_glyph,
    met_role,
    pool_members_text,
    trigger_verdict,
)
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

COLUMNS = (
    Column("state", "state", 9),
    Column("name", "pool", 14, weight=2),
    Column("symbol", "sym", 4),
    Column("members", "fires on", 14, weight=5, priority=2),
    Column("wakes", "wakes", 12, weight=2, priority=1, cut="words"),
    Column("cooldown", "silent", 7, align="right", priority=4),
    Column("fired", "last fire", 11, align="right"),
    Column("fires", "fires", 5, align="right", priority=3),
)


def state_cell(pool: SignalPool, state: PoolState | None) -> Cell:
    """Return how a pool stands on a symbol: off, suspended, met, not met or unknown."""
    if not pool.enabled:
        return Cell("· off", "muted")
    if state is None:
        return Cell("– unknown", "stale")
    if state.is_suspended:
        return Cell(f"{SUSPENDED} stale", "stale")
    return Cell(f"{met_glyph(state.met)} {MET_WORDS[state.met]}", met_role(state.met))


def pool_rows(view: SignalView) -> list[Row]:
    """Return a row for each pool and symbol, one alone for a pool that is off."""
    rows = []
    for pool in view.pools:
        symbols = view.symbols_of(pool)
        for place, symbol in enumerate(symbols if pool.enabled else symbols[:1]):
            rows.append(_row(view, pool, symbol, is_first=not place))
    return rows


def _row(view: SignalView, pool: SignalPool, symbol: str, *, is_first: bool) -> Row:
    """Return one row; what all rows of a pool would repeat stands in its first one."""
    state = view.pool_state(pool.pool_id, symbol)
    is_plain = is_first and pool.enabled
    names = ", ".join(view.listener_names(pool.pool_id)) or "nobody"
    return Row(
        subject_key(pool.pool_id, symbol),
        (
            state_cell(pool, state),
            Cell(pool.name, "text" if is_plain else "muted"),
            Cell(symbol if pool.enabled else fmt.ABSENT, "text" if pool.enabled else "muted"),
            Cell(pool_members_text(view, pool) if is_first else "", "muted"),
            Cell(names if is_first else "", "muted" if names == "nobody" else "text"),
            Cell(_cooldown(pool) if is_first else "", "muted"),
            Cell(fmt.time_or_day(state.fired_ms if state else None, view.now_ms), "muted"),
            Cell(str(state.fires) if state else fmt.ABSENT, "muted"),
        ),
    )


def _cooldown(pool: SignalPool) -> str:
    return duration(pool.cooldown_seconds) if pool.cooldown_seconds else fmt.ABSENT


class PoolsPane(SignalTablePane):
    """A row for each pool on each of its symbols."""

    context = Context.POOLS
    BINDINGS = bindings_for(Context.POOLS)
    HELP = "w chooses who a pool wakes, r resets it, e edits it, N makes a new one."
    columns = COLUMNS
    empty_text = "no pools yet · N puts signals together into one"

    def show(self, view: SignalView) -> None:
        """Show how the pools stand."""
        self.table.show(pool_rows(view))
        subject = subject_of(self.cursor_key)
        pool = view.pool(subject[0]) if subject else None
        self.set_subtitle(
            f"would it fire? {trigger_verdict(view, pool, subject[1])}" if pool and subject else ""
        )
