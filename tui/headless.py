"""The desk without a screen: the same engine, its events as lines of text on standard output."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine import Desk, DeskThread, Lagged, Settings, Subscription
from engine.model.decision import DecisionStatus
from engine.model.event import (
    Alert,
    DecisionEvent,
    Edge,
    FillEvent,
    FireEvent,
    OrderEvent,
    Topic,
    TraderEvent,
)
from engine.model.signal import PoolFire, TriggerOutcome
from tui.collection_pauses import hold_off, settled_after

TOPICS = (Topic.ORDERS, Topic.FILLS, Topic.DECISIONS, Topic.TRADERS, Topic.SIGNALS, Topic.ALERTS)


def run_headless(home: Path, settings: Settings, passphrase_fd: int | None = None) -> int:
    """Run the desk until a signal ends it; return the exit code.

    `passphrase_fd` is a descriptor that holds the vault's passphrase.

    Raises `DeskError` when the desk cannot run, breaks, or cannot write down what happened.
    """
    asyncio.run(_run(home, settings, passphrase_fd))
    return 0


async def _run(home: Path, settings: Settings, passphrase_fd: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    hold_off()
    desk = DeskThread(home, settings, passphrase_fd)
    try:
        await settled_after(desk.start)()
        market = desk.market()
        _say(f"nightdesk runs in {home}: {market.source} at {market.speed:g}x, Ctrl-C ends it")
        printing = asyncio.create_task(_print_events(desk, desk.stream(TOPICS)))
        await _first_of(stop.wait(), desk.broken())
        printing.cancel()
    finally:
        await desk.stop()
    _say("nightdesk ended")


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def _print_events(desk: Desk, events: Subscription) -> None:
    names = {trader.trader_id: trader.name for trader in desk.traders()}
    while True:
        try:
            async for batch in events:
                for edge in batch.edges:
                    line = describe(edge, names)
                    if line:
                        _say(f"{_time(desk.market().now_ms)} {line}")
            return
        except Lagged as lagged:
            print(f"nightdesk: {lagged.message}", file=sys.stderr, flush=True)


def describe(edge: Edge, names: dict[int, str]) -> str:
    """Return one line for an event, or "" for one not worth a line."""
    match edge:
        case OrderEvent(order):
            reason = f" ({order.status_reason})" if order.status_reason else ""
            return (
                f"{names.get(order.trader_id, '?')}: order {order.side} {order.quantity} {order.symbol}"
                f" {order.status}{reason}"
            )
        case FillEvent(fill):
            return (
                f"{names.get(fill.trader_id, '?')}: fill {fill.side} {fill.quantity} {fill.symbol}"
                f" at {fill.price}, fee {fill.fee:.4f}, realized {fill.realized_pnl:+.2f}"
            )
        case DecisionEvent(record) if record.status is not DecisionStatus.STARTED:
            outcome = f": {record.outcome}" if record.outcome else ""
            return f"{names.get(record.trader_id, '?')}: decision {record.status}{outcome}"
        case TraderEvent(trader_id, status, reason):
            return f"{names.get(trader_id, '?')}: {status} {reason}".rstrip()
        case FireEvent(fire) if not any(delivery.decision_id for delivery in fire.deliveries):
            met = "; ".join(signal.condition for signal in fire.signals)
            return f"{fire.pool_name} fired on {fire.symbol} ({met}){_woken(fire, names)}"
        case Alert(severity, message):
            return f"{severity}: {message}"
        case _:
            return ""


def _woken(fire: PoolFire, names: dict[int, str]) -> str:
    """Return whom a fire woke, and who did not take it and why."""
    answers = [
        f"woke {names.get(delivery.trader_id, '?')}"
        if delivery.outcome is TriggerOutcome.WOKEN
        else f"{names.get(delivery.trader_id, '?')} did not take it: {delivery.reason}"
        for delivery in fire.deliveries
    ]
    return "".join(f", {answer}" for answer in answers)


def _time(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _say(line: str) -> None:
    """Print a line at once; whoever stopped reading does not stop the desk."""
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)
