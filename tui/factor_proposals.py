"""What saving over or deleting a factor of one's own would do, in a sentence, before it happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from engine.errors import Conflict, NotFound
from engine.model.factor import FactorDefinition
from tui.bridge import DeskBridge
from tui.commands import RemoveFactor, SaveFactor
from tui.factor_view import is_own
from tui.proposals import Proposal


def factor_named(bridge: DeskBridge, name: str) -> FactorDefinition | None:
    """Return the factor of that name, if there is one."""
    return next((each for each in bridge.desk.markets.factors() if each.name == name), None)


def save_factor(bridge: DeskBridge, command: SaveFactor) -> Callable[[], Awaitable[str]]:
    """Return the task that keeps a factor of one's own and says how it reads."""

    async def run() -> str:
        known = factor_named(bridge, command.name)
        meaning = known.meaning if known is not None and is_own(known) else ""
        saved = await bridge.desk.markets.save_factor(command.name, command.expression, meaning)
        return f"factor {saved.name} = {saved.expression}"

    return run


def propose_factor(command: SaveFactor | RemoveFactor, bridge: DeskBridge) -> Proposal | None:
    """Return what the command would do to a factor that is there; None for a new one.

    Raises `NotFound` or `Conflict` for one that cannot be deleted.
    """
    if isinstance(command, RemoveFactor):
        return propose_delete_factor(command.name, bridge)
    known = factor_named(bridge, command.name)
    if known is None or not is_own(known):
        return None
    return Proposal(
        title="Replace factor",
        sentence=f"Let the factor {known.name}, now {known.expression}, be {command.expression}.",
        verb="Replace",
        run=save_factor(bridge, command),
        warning="Signals and factors that use it follow.",
    )


def propose_delete_factor(name: str, bridge: DeskBridge) -> Proposal:
    """Return what deleting a factor would do; the desk itself refuses while anything uses it.

    Raises `NotFound` when there is none, `Conflict` for one that is built in.
    """
    factor = factor_named(bridge, name)
    if factor is None:
        raise NotFound(f"factor: there is no factor {name}", field="factor", value=name)
    if not is_own(factor):
        raise Conflict(f"factor: {name} is built in and stays", field="factor")

    async def run() -> str:
        await bridge.desk.markets.delete_factor(name)
        return f"factor {name} is deleted"

    return Proposal(
        title="Delete factor",
        sentence=f"Delete the factor {name} = {factor.expression}.",
        verb="Delete",
        run=run,
    )
