"""What deleting and importing a trader would do, in full sentences, before it happens."""

from __future__ import annotations

from engine.errors import Conflict, NotFound
from engine.model.trader_file import ImportPreview, TraderFile
from engine.text import count, safe_line
from tui import format as fmt
from tui.bridge import DeskBridge
from tui.proposals import Proposal
from tui.view import DeskView


def propose_delete(trader_id: int, view: DeskView, bridge: DeskBridge) -> Proposal:
    """Return what deleting a trader would do.

    Raises `Conflict` while it holds a position, and `NotFound` when it is not on the desk any more.
    """
    trader = view.trader_of(trader_id)
    if trader is None:
        raise NotFound(f"trader: there is no #{trader_id} any more", field="trader", value=str(trader_id))
    held = [item.symbol for item in view.positions if item.trader_id == trader.trader_id]
    if held:
        raise Conflict(
            f"trader: {trader.name} holds {', '.join(held)}; X closes everything, then D deletes it",
            field="trader",
            value=trader.name,
        )
    orders = f"cancel its {count(trader.open_orders, 'open order')}, " if trader.open_orders else ""

    async def run() -> str:
        deleted = await bridge.desk.roster.delete(trader.trader_id)
        return f"{deleted.name} is deleted; its decisions, orders and fills stay"

    return Proposal(
        title=f"Delete {trader.name}",
        sentence=f"Stop {trader.name}, {orders}unbind what wakes it and take it off the desk for good."
        " Its decisions, orders and fills stay; it cannot be started again.",
        verb="Delete",
        run=run,
        facts=(("equity", fmt.money(trader.account.equity)),),
    )


def propose_import(file: TraderFile, preview: ImportPreview, name: str, bridge: DeskBridge) -> Proposal:
    """Return what taking in a trader's file would do."""
    called = safe_line(name or preview.name)

    async def run() -> str:
        made = await bridge.desk.roster.import_trader(file, name)
        return f"{made.name} is imported, paused: p starts it"

    return Proposal(
        title=f"Import {called}",
        sentence=f"Add the {file.config.kind} trader {called} with the history of the file, paused.",
        verb="Import",
        run=run,
        facts=(
            ("decisions", f"{preview.decisions:,}"),
            ("orders", f"{preview.orders:,}"),
            ("fills", f"{preview.fills:,}"),
        ),
        warning="\n".join(safe_line(f"{warning}.") for warning in preview.warnings),
    )
