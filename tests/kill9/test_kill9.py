"""kill -9 at any moment loses nothing and repeats nothing.

A few kills here; `NIGHTDESK_KILLS=1000 uv run pytest tests/kill9` for a long run.
"""

from __future__ import annotations

import asyncio
import os
import random
import selectors
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from engine.local_desk import LocalDesk
from engine.model.decision import DecisionStatus
from engine.model.event import Topic
from engine.model.fill import Fill
from engine.model.order import Order, OrderStatus
from engine.model.program import ProgramExecution
from engine.model.signal import PoolFire, TriggerOutcome
from engine.store.restore import DeskState, StoredTrader
from engine.store.store import Store
from engine.streams import Bus
from tests.kill9.trade_until_killed import PROGRAM_TRADER, SETTINGS

KILLS = int(os.environ.get("NIGHTDESK_KILLS", "6"))
LIVES = 2.5
"""The longest life of a desk killed by the clock, counted in the time that one takes until it trades."""

MOST_EXECUTIONS = 1_000
ROOT = Path(__file__).parents[2]


def run_desk(home: Path, seed: int, *options: str) -> subprocess.Popen[str]:
    """Start a desk that trades as fast as it can."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.kill9.trade_until_killed", str(home), str(seed), *options],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )


def run_until_killed(home: Path, seed: int, orders_before_kill: int) -> dict[str, OrderStatus]:
    """Let a desk trade, kill it after so many acknowledged orders, and return their last known states."""
    desk = run_desk(home, seed)
    told: dict[str, OrderStatus] = {}
    assert desk.stdout is not None
    with desk.stdout as lines:
        for line in lines:
            told |= told_order(line)
            if len(told) == orders_before_kill:
                desk.kill()
    desk.wait()
    assert desk.returncode == -signal.SIGKILL
    return told


def run_for(home: Path, seed: int, seconds: float, *options: str) -> dict[str, OrderStatus]:
    """Kill a desk so long after its process began, wherever it is, and return what it had told."""
    desk = run_desk(home, seed, *options)
    assert desk.stdout is not None
    written = b""
    deadline = monotonic() + seconds
    with desk.stdout as pipe, selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        while (left := deadline - monotonic()) > 0:
            if ready.select(left):
                piece = os.read(pipe.fileno(), 65_536)
                if not piece:
                    break
                written += piece
        desk.kill()
        while piece := os.read(pipe.fileno(), 65_536):
            written += piece
    assert desk.wait() in (0, -signal.SIGKILL)
    # The last line may be cut off.
    told: dict[str, OrderStatus] = {}
    for line in written.decode().split("\n")[:-1]:
        told |= told_order(line)
    return told


def seconds_until_it_trades(home: Path) -> float:
    """Let a desk open and begin to trade; return how long that took."""
    began = monotonic()
    run_until_killed(home, 0, 1)
    return monotonic() - began


def told_order(line: str) -> dict[str, OrderStatus]:
    """Return the order and status that a line of the desk tells, if it does."""
    word, *rest = line.split()
    return {rest[0]: OrderStatus(rest[1])} if word == "order" and len(rest) == 2 else {}


def test_what_was_acknowledged_survives_and_the_books_add_up(tmp_path: Path) -> None:
    home = tmp_path / "home"
    chance = random.Random(20260101)
    told: dict[str, OrderStatus] = {}
    for kill in range(KILLS // 2):
        told |= run_until_killed(home, kill, chance.randint(5, 40))
        check_books(home, told)


def test_a_desk_may_be_killed_at_any_millisecond_even_while_it_opens_or_closes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    chance = random.Random(20260102)
    longest = LIVES * seconds_until_it_trades(home)
    told: dict[str, OrderStatus] = {}
    for kill in range(KILLS):
        # Now and then the home is new, so that its database is being made; every other desk closes by itself.
        if kill % 4 == 0:
            home, told = tmp_path / f"home{kill}", {}
        orders = ("--orders", str(chance.randint(1, 20))) if kill % 2 else ()
        told |= run_for(home, kill, chance.uniform(0.2, longest), *orders)
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


class Books(NamedTuple):
    """Everything a home's database holds."""

    state: DeskState
    orders: dict[str, Order]
    fills: tuple[Fill, ...]
    executions: tuple[ProgramExecution, ...]


def read_books(home: Path) -> Books:
    store = Store.open(home)
    try:
        orders = asyncio.run(every(store.orders, lambda order: order.created_ms))
        fills = asyncio.run(every(store.fills, lambda fill: fill.ts_ms))
        executions = asyncio.run(store.executions(limit=MOST_EXECUTIONS))
        by_id = {order.client_order_id: order for order in orders}
        return Books(store.restore(), by_id, fills, executions)
    finally:
        store.close()


async def every[T](
    page: Callable[..., Awaitable[tuple[T, ...]]], time_of: Callable[[T], int]
) -> tuple[T, ...]:
    """Return all pages of a history, oldest first."""
    found: tuple[T, ...] = ()
    before_ms = None
    while older := await page(before_ms=before_ms, limit=1_000):
        found = (*older, *found)
        before_ms = time_of(older[0])
    return found


def check_books(home: Path, told: dict[str, OrderStatus]) -> None:
    """Compare everything that was acknowledged, and every trader's books, with what is on disk."""
    books = read_books(home)
    for identity, status in told.items():
        assert identity in books.orders, f"{identity} was acknowledged and is lost"
        now = books.orders[identity].status
        assert status.can_become(now), f"{identity} went back from {status} to {now}"
    filled: defaultdict[str, Decimal] = defaultdict(Decimal)
    for fill in books.fills:
        filled[fill.client_order_id] += fill.quantity
    # A liquidation is the venue's own order: it has fills, but no order of the desk.
    for identity, order in books.orders.items():
        assert order.filled_quantity == filled[identity], f"{identity}: fills are missing or repeated"
    for trader in books.state.traders:
        check_trader(trader, books)
    check_fires(books.state)
    check_executions(books)


def check_executions(books: Books) -> None:
    """Check that every run of a binding is in the log once it has ended, with its decision's orders."""
    assert len(books.executions) < MOST_EXECUTIONS
    executions = {execution.decision_id: execution for execution in books.executions}
    runs = Counter(execution.binding_id for execution in books.executions)
    deciding = {health.deciding for health in books.state.binding_health} - {""}
    for health in books.state.binding_health:
        assert health.runs == runs[health.binding_id], f"binding {health.binding_id}: runs are miscounted"
    for record in books.state.decisions:
        if record.trader_id != PROGRAM_TRADER:
            continue
        if record.status is DecisionStatus.STARTED:
            assert record.decision_id in deciding
            assert record.decision_id not in executions
        else:
            execution = executions[record.decision_id]
            assert (execution.outcome, execution.order_ids) == (record.outcome, record.order_ids)
            assert all(identity in books.orders for identity in execution.order_ids)


def check_fires(state: DeskState) -> None:
    """Check that no fire is repeated or forgotten, and that every wake-up was answered or is still owed."""
    happened = [(fire.pool_id, fire.symbol, fire.ts_ms) for fire in state.fires]
    assert len(set(happened)) == len(happened), "a fire is repeated"
    assert [fire.fire_id for fire in state.fires] == sorted({fire.fire_id for fire in state.fires})
    last = {(fire.pool_id, fire.symbol): fire.ts_ms for fire in state.fires}
    fired = {(edge.pool_id, edge.symbol): edge.fired_ms for edge in state.pool_edges if edge.fired_ms}
    assert last == fired, "a pool and its log disagree"
    decided = {record.decision_id: record for record in state.decisions}
    woken: defaultdict[tuple[int, int], list[tuple[PoolFire, str]]] = defaultdict(list)
    for fire in state.fires:
        for delivery in fire.deliveries:
            if delivery.outcome is TriggerOutcome.WOKEN:
                woken[delivery.trader_id, delivery.binding_id].append((fire, delivery.decision_id))
    for whose, fires in woken.items():
        for fire, decision_id in fires[:-1]:
            assert decision_id, f"fire {fire.fire_id} woke {whose}, who never decided"
        for fire, decision_id in fires:
            if decision_id in decided:
                assert decided[decision_id].trigger.fire_id == fire.fire_id


def check_trader(trader: StoredTrader, books: Books) -> None:
    """Check that a trader's fills, positions and money tell the same story."""
    trader_id = trader.config.trader_id
    fills = [fill for fill in books.fills if fill.trader_id == trader_id]
    positions = [position for position in books.state.positions if position.trader_id == trader_id]
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    spent = Decimal(0)
    for fill in fills:
        held[fill.symbol] += fill.side.sign * fill.quantity
        spent += fill.side.sign * fill.quantity * fill.price
    assert {p.symbol: p.quantity for p in positions} == {s: q for s, q in held.items() if q}
    wallet = trader.wallet
    assert wallet is not None
    paid = sum((fill.fee for fill in fills), Decimal(0))
    earned = sum((fill.realized_pnl for fill in fills), Decimal(0))
    assert wallet.fees == paid
    assert wallet.realized_pnl == earned
    assert wallet.cash == trader.config.initial_capital + earned - paid + wallet.funding
    if len(held) == len(positions) and all(p.opened_ms == first_fill_ms(fills, p.symbol) for p in positions):
        assert wallet.funding == sum((p.funding for p in positions), Decimal(0))
    worth = sum((p.quantity * p.mark_price for p in positions), Decimal(0))
    unrealized = sum((p.quantity * (p.mark_price - p.entry_price) for p in positions), Decimal(0))
    from_trades = trader.config.initial_capital - spent - paid + wallet.funding + worth
    # Entry prices and profits are rounded to a fraction of a cent at every fill.
    assert abs(wallet.cash + unrealized - from_trades) < Decimal("0.01")


def first_fill_ms(fills: list[Fill], symbol: str) -> int:
    return min(fill.ts_ms for fill in fills if fill.symbol == symbol)
