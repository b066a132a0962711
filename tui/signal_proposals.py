"""What deleting or resetting a signal or a pool would do, in a sentence, before it happens."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.errors import NotFound
from engine.model.signal import PriceAlert, SignalDefinition, SignalPool
from tui.bridge import DeskBridge
from tui.price_alerts import Task, alert_condition, remove_alert
from tui.proposals import Proposal
from tui.signal_view import SignalView, can_listen


def signal_named(view: SignalView, signal_id: int) -> SignalDefinition:
    """Return a signal, or raise `NotFound` when it has gone."""
    signal = view.signal(signal_id)
    if signal is None:
        raise NotFound(f"signal: there is no signal {signal_id} any more", field="signal_id")
    return signal


def pool_named(view: SignalView, pool_id: int) -> SignalPool:
    """Return a pool, or raise `NotFound` when it has gone."""
    pool = view.pool(pool_id)
    if pool is None:
        raise NotFound(f"pool: there is no pool {pool_id} any more", field="pool_id")
    return pool


def propose_delete_signal(view: SignalView, signal_id: int, bridge: DeskBridge) -> Proposal:
    """Return what deleting a signal would do; the desk itself refuses while a pool uses it."""
    signal = signal_named(view, signal_id)
    pools = [pool.name for pool in view.pools_using(signal_id)]

    async def run() -> str:
        await bridge.desk.signals.delete_signal(signal_id)
        return f"signal {signal.name} is deleted; what it fired stays in the log"

    return Proposal(
        title="Delete signal",
        sentence=f"Delete the signal {signal.name}: {signal.condition}.",
        verb="Delete",
        run=run,
        warning=f"In use by {_listed(pools, 'pool')}: it cannot go before they let it go." if pools else "",
    )


def propose_delete_pool(view: SignalView, pool_id: int, bridge: DeskBridge) -> Proposal:
    """Return what deleting a pool would do; the desk itself refuses while a trader listens to it."""
    pool = pool_named(view, pool_id)
    names = view.listener_names(pool_id)

    async def run() -> str:
        await bridge.desk.signals.delete_pool(pool_id)
        return f"pool {pool.name} is deleted; what it fired stays in the log"

    return Proposal(
        title="Delete pool",
        sentence=f"Delete the pool {pool.name} on {', '.join(view.symbols_of(pool))}; its signals stay.",
        verb="Delete",
        run=run,
        warning=f"It wakes {_listed(names, 'trader')}: w lets them go first." if names else "",
    )


def propose_reset(view: SignalView, pool_id: int | None, bridge: DeskBridge) -> Proposal:
    """Return what resetting a pool, or every pool (None), would do."""
    pools = view.pools if pool_id is None else (pool_named(view, pool_id),)
    if not pools:
        raise NotFound("there are no pools to reset", field="pool_id")
    met = sum(1 for state in view.pool_states if state.met and state.pool_id in {p.pool_id for p in pools})
    who = "every pool" if pool_id is None else f"the pool {pools[0].name}"

    async def run() -> str:
        await bridge.desk.signals.reset(pool_id)
        return f"{who} starts afresh"

    return Proposal(
        title="Reset",
        sentence=f"Let {who} forget what it has seen; the log stays.",
        verb="Reset",
        run=run,
        warning=f"Met now on {met} of its symbols: it fires there anew." if met else "",
    )


def propose_remove_alert(view: SignalView, alert_id: int, bridge: DeskBridge) -> Proposal:
    """Return what taking back one price alert would do; raises `NotFound` when it has gone."""
    alert: PriceAlert | None = next((item for item in view.alerts if item.alert_id == alert_id), None)
    if alert is None:
        raise NotFound(f"alert: there is no alert {alert_id} any more", field="alert_id")
    return Proposal(
        title="Remove price alert",
        sentence=f"Remove alert {alert_id}: {alert_condition(view.desk, alert)}.",
        verb="Remove",
        run=remove_alert(alert_id, view.desk, bridge),
    )


def toggle_signal(view: SignalView, signal_id: int, bridge: DeskBridge) -> Task:
    """Return the task that switches a signal off, or on again; raises `NotFound`."""
    signal = signal_named(view, signal_id)
    changed = msgspec.structs.replace(signal, enabled=not signal.enabled)

    async def run() -> str:
        saved = await bridge.desk.signals.save_signal(changed)
        return f"signal {saved.name} is {'on' if saved.enabled else 'off'}"

    return run


def toggle_pool(view: SignalView, pool_id: int, bridge: DeskBridge) -> Task:
    """Return the task that switches a pool off, or on again; raises `NotFound`."""
    pool = pool_named(view, pool_id)
    changed = msgspec.structs.replace(pool, enabled=not pool.enabled)

    async def run() -> str:
        saved = await bridge.desk.signals.save_pool(changed)
        return f"pool {saved.name} is {'on' if saved.enabled else 'off'}"

    return run


async def set_listeners(bridge: DeskBridge, pool_id: int, chosen: frozenset[int]) -> None:
    """Let a pool wake exactly these traders; what else wakes them stays. Raises `DeskError`."""
    signals = bridge.desk.signals
    others = {
        pool.pool_id: signals.listeners(pool.pool_id) for pool in signals.pools() if pool.pool_id != pool_id
    }
    before = signals.listeners(pool_id)
    for trader in filter(can_listen, bridge.desk.traders()):
        trader_id = trader.trader_id
        if (trader_id in chosen) != (trader_id in before):
            kept = tuple(other for other, traders in others.items() if trader_id in traders)
            await signals.listen(trader_id, (*kept, pool_id) if trader_id in chosen else kept)


def _listed(names: Sequence[str], noun: str) -> str:
    return f"{noun if len(names) == 1 else noun + 's'} {', '.join(names)}"
