"""kill -9 at any moment loses nothing and repeats nothing.

A few kills here; `NIGHTDESK_KILLS=1000 uv run pytest tests/kill9` for a long run.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from engine.local_desk import LocalDesk
from engine.model.event import Topic
from engine.model.order import OrderStatus
from engine.store.store import Store
from engine.streams import Bus
from tests.kill9.trade_until_killed import MANUAL_TRADER, SETTINGS

KILLS = int(os.environ.get("NIGHTDESK_KILLS", "4"))
ROOT = Path(__file__).parents[2]


def run_until_killed(home: Path, seed: int, orders_before_kill: int) -> dict[str, OrderStatus]:
    """Let a desk trade, kill it after so many acknowledged orders, and return their last known states."""
    desk = subprocess.Popen(
        [sys.executable, "-m", "tests.kill9.trade_until_killed", str(home), str(seed)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    told: dict[str, OrderStatus] = {}
    assert desk.stdout is not None
    with desk.stdout as lines:
        for line in lines:
            word, *rest = line.split()
            if word == "order" and len(rest) == 2:
                told[rest[0]] = OrderStatus(rest[1])
            if len(told) == orders_before_kill:
                desk.send_signal(signal.SIGKILL)
    desk.wait()
    assert desk.returncode == -signal.SIGKILL
    return told


def test_what_was_acknowledged_survives_and_the_books_add_up(tmp_path: Path) -> None:
    home = tmp_path / "home"
    chance = random.Random(20260101)
    told: dict[str, OrderStatus] = {}
    for kill in range(KILLS):
        told |= run_until_killed(home, kill, chance.randint(5, 40))
        check_books(home, told)


def test_a_desk_opens_again_after_a_kill_and_settles_every_order(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run_until_killed(home, 7, 20)

    async def reopen() -> None:
        desk = await LocalDesk.open(home, SETTINGS, Bus())
        changes = desk.stream([Topic.ORDERS])
        await desk.start()
        try:
            while any(order.status is OrderStatus.UNKNOWN for order in desk.orders()):
                await anext(changes)
            assert all(
                order.status in (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED)
                for order in desk.orders()
            )
        finally:
            await desk.close()

    asyncio.run(asyncio.wait_for(reopen(), 30))


def check_books(home: Path, told: dict[str, OrderStatus]) -> None:
    """Compare everything that was acknowledged, and every book, with what is on disk."""
    store = Store.open(home)
    try:
        state = store.restore()
        orders = {order.client_order_id: order for order in asyncio.run(store.orders(limit=1_000))}
        fills = asyncio.run(store.fills(limit=1_000))
    finally:
        store.close()
    for identity, status in told.items():
        assert identity in orders, f"{identity} was acknowledged and is lost"
        assert status.can_become(orders[identity].status), f"{identity} went back from {status}"
    assert len({fill.trade_id for fill in fills}) == len(fills)
    filled: dict[str, Decimal] = {}
    held: dict[str, Decimal] = {}
    for fill in fills:
        filled[fill.client_order_id] = filled.get(fill.client_order_id, Decimal(0)) + fill.quantity
        if fill.trader_id == MANUAL_TRADER:
            held[fill.symbol] = held.get(fill.symbol, Decimal(0)) + fill.side.sign * fill.quantity
    for identity, quantity in filled.items():
        assert orders[identity].filled_quantity == quantity
    on_disk = {p.symbol: p.quantity for p in state.positions if p.trader_id == MANUAL_TRADER}
    assert on_disk == {symbol: quantity for symbol, quantity in held.items() if quantity}
    trader = next(trader for trader in state.traders if trader.config.trader_id == MANUAL_TRADER)
    assert trader.wallet is not None
    mine = [fill for fill in fills if fill.trader_id == MANUAL_TRADER]
    paid = sum((fill.fee for fill in mine), Decimal(0))
    earned = sum((fill.realized_pnl for fill in mine), Decimal(0))
    assert trader.wallet.cash == trader.config.initial_capital + earned - paid + trader.wallet.funding
