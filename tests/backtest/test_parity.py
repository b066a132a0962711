"""Parity: a recorded tape through the replay desk and through a backtest comes out the same, bit for bit.

The desk runs as it is, with its store, its traders and their strategies, in lockstep and as fast as it
goes; the backtest is made from the same configuration. A day and a half in every run; all that are
shipped with `NIGHTDESK_PARITY_DAYS=51`. The prompt trader's replies are recorded as the desk gets them,
and the backtest is given each for the very prompt it answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from engine.backtest.history import load_history
from engine.backtest.layout import RunLayout
from engine.backtest.market.tape_market import TapeMarket
from engine.backtest.prepared_run import PreparedRun
from engine.backtest.prompts.snapshots import HistoryViews
from engine.clock import WallClock
from engine.local_desk import LocalDesk
from engine.market.periods import DAY_MS, MINUTE_MS
from engine.model.account import TraderConfig
from engine.model.backtest import BacktestPool, BacktestRequest, PoolSignal, Recording
from engine.model.event import ReplayState, Topic
from engine.model.signal import SignalPool
from engine.settings import PromptSettings, ReplaySettings, Settings
from engine.store.database import DATABASE_FILE
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.strategies.decision import validate_decisions
from engine.strategies.programs.host import SandboxHost
from engine.strategies.programs.stock import FIRST_PROGRAM, stock_programs
from engine.strategies.prompts.render import render_prompt
from engine.strategies.prompts.templates import stock_template
from engine.strategies.prompts.view import PromptViews
from engine.streams import Bus
from engine.trading.default_traders import default_binding, default_pools, default_signals, default_traders

DAYS = float(os.environ.get("NIGHTDESK_PARITY_DAYS", "1.5"))
SYMBOLS = ("BTC", "ETH", "SOL")
SETTINGS = Settings(
    replay=ReplaySettings(speed=600, lockstep=True), prompts=PromptSettings(tokens_per_second=100_000)
)
TIMEOUT_S = 60 + DAYS * 60

pytestmark = pytest.mark.timeout(TIMEOUT_S)


class Skipping(WallClock):
    """A clock whose sleeps take no time: what is paced by it runs as fast as it can."""

    def __init__(self) -> None:
        self._slept = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._slept

    async def sleep(self, seconds: float) -> None:
        self._slept += seconds
        await asyncio.sleep(0)


class Replayed:
    """What a desk wrote down of a replay, up to a market time."""

    def __init__(self, home: Path, start_ms: int, end_ms: int) -> None:
        self.start_ms, self.end_ms = start_ms, end_ms
        self._database = home / DATABASE_FILE

    def rows(self, query: str, trader_id: int) -> list[dict[str, Any]]:
        with contextlib.closing(sqlite3.connect(self._database)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, (trader_id, self.end_ms))]

    def decisions(self, trader_id: int) -> list[dict[str, Any]]:
        # Of those that ended with the desk, nothing is known.
        return self.rows(
            "SELECT * FROM decisions WHERE trader_id = ? AND started_ms < ? ORDER BY started_ms", trader_id
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    home = tmp_path_factory.mktemp("parity")
    desk = await LocalDesk.open(home, SETTINGS, Bus(), pacing=Skipping())
    start_ms = desk.market().now_ms + 1
    end_ms = start_ms + round(DAYS * DAY_MS)
    await desk.start()
    async for _ in desk.stream([Topic.MARKET]):
        if desk.market().now_ms >= end_ms or desk.market().replay is ReplayState.ENDED:
            break
    end_ms = min(end_ms, desk.market().now_ms)
    await desk.close()
    return Replayed(home, start_ms, end_ms - end_ms % MINUTE_MS)


def traders() -> dict[str, TraderConfig]:
    return {trader.name: trader for trader in default_traders(SYMBOLS)}


def request_of(
    trader: TraderConfig, pool_ids: tuple[int, ...], schedule_seconds: int, replayed: Replayed, source: str
) -> BacktestRequest:
    """Return the backtest of what the desk ran."""
    signals = {signal.signal_id: signal for signal in default_signals()}

    def pool_of(pool: SignalPool) -> BacktestPool:
        members = (signals[signal_id] for signal_id in pool.signal_ids)
        return BacktestPool(
            name=pool.name,
            signals=tuple(PoolSignal(member.name, member.condition) for member in members),
            logic=pool.logic,
            cooldown_seconds=pool.cooldown_seconds,
        )

    return BacktestRequest(
        source=source,
        symbols=SYMBOLS,
        period=trader.period,
        pools=tuple(pool_of(pool) for pool in default_pools() if pool.pool_id in pool_ids),
        schedule_seconds=schedule_seconds,
        history=Recording(),
        start_ms=replayed.start_ms,
        end_ms=replayed.end_ms,
        cash=trader.initial_capital,
        limits=trader.limits,
    )


class RecordedModel:
    """A prompt strategy whose model says what it said when it was asked the same thing before."""

    def __init__(self, template: str, replies: dict[str, str], views: PromptViews) -> None:
        self._template = template
        self._replies = replies
        self._views = views

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        prompt = render_prompt(self._template, await self._views.view(self._template, context)).text
        if prompt not in self._replies:
            at, nearest = max((alike(sent, prompt), sent) for sent in self._replies)
            pytest.fail(f"the desk sent …{nearest[at - 80 : at + 80]!r}, not …{prompt[at - 80 : at + 80]!r}")
        trader = context.trader
        decisions = validate_decisions(
            self._replies[prompt], symbols=trader.symbols, max_leverage=trader.limits.max_leverage
        )
        return StrategyReply(decisions=decisions, prompt=prompt, reply=self._replies[prompt])


def alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)


def no_progress(progress: object) -> None:
    return None


def never() -> bool:
    return False


async def test_a_program_trader(replayed: Replayed) -> None:
    trader, binding = traders()["Reverter"], default_binding(1)
    source = stock_programs()[FIRST_PROGRAM]
    request = request_of(trader, binding.pool_ids, binding.schedule_seconds, replayed, source)
    run = PreparedRun(request, load_history(request), trader)
    sandbox = SandboxHost()
    sandbox.start()
    try:
        asker = run.asker(sandbox)
        await asker.ask_all(no_progress, never)
    finally:
        await sandbox.close()
    assert not asker.ended_early, asker.ended_early
    same_run(run, replayed, trader)


async def test_a_prompt_trader(replayed: Replayed) -> None:
    trader = traders()["Rulebook"]
    request = request_of(trader, trader.pool_ids, trader.schedule_seconds, replayed, "")
    replies = {each["prompt"]: each["reply"] for each in replayed.decisions(trader.trader_id)}
    history = load_history(request)
    views = HistoryViews(RunLayout(request, history), history)
    model = RecordedModel(stock_template(trader.strategy).text, replies, views)
    run = PreparedRun(request, history, trader)
    asker = run.strategy_asker(model)
    await asker.ask_all(no_progress, never)
    assert not asker.ended_early, asker.ended_early
    same_run(run, replayed, trader)


def same_run(run: PreparedRun, replayed: Replayed, trader: TraderConfig) -> None:
    """Compare triggers, decisions, orders, fills, funding and equity."""
    run.account.advance(replayed.end_ms - 1)
    same_triggers(run, replayed.decisions(trader.trader_id))
    same_fills(run, replayed, trader.trader_id)
    same_orders(run, replayed, trader.trader_id)
    same_equity(run, replayed, trader.trader_id)


def same_triggers(run: PreparedRun, decisions: list[dict[str, Any]]) -> None:
    theirs = []
    for each in decisions:
        trigger = msgspec.json.decode(each["trigger"])
        said = msgspec.json.decode(each["decisions"])
        acting = [one for one in said if one["operation"] != "hold"] or said
        theirs.append((trigger["ts_ms"], trigger["symbol"], acting[0]["operation"] if acting else "error"))
    times, notes = run.times, run.notes
    words = ("hold", "buy", "sell", "close", "error", "")
    mine = [
        (int(times.fired_ms[index]), times.symbol(index), words[notes.operation[index]])
        for index in range(len(times))
    ]
    assert len(mine) > 20
    assert mine == theirs


def same_fills(run: PreparedRun, replayed: Replayed, trader_id: int) -> None:
    theirs = replayed.rows(
        "SELECT * FROM fills WHERE trader_id = ? AND ts_ms < ? ORDER BY row_number", trader_id
    )
    names = ("symbol", "side", "price", "quantity", "fee", "liquidity", "realized_pnl", "ts_ms")
    assert [tuple(plain(getattr(fill, name)) for name in names) for fill in run.account.fills] == [
        tuple(plain(row[name]) for name in names) for row in theirs
    ]
    assert theirs


def same_orders(run: PreparedRun, replayed: Replayed, trader_id: int) -> None:
    """Compare every order the venue had, by what it was and what became of it."""
    theirs = replayed.rows(
        "SELECT * FROM orders WHERE trader_id = ? AND created_ms < ? AND status != 'denied'", trader_id
    )
    names = ("symbol", "side", "type", "quantity", "price", "trigger_price", "filled_quantity", "created_ms")
    finished = [row for row in theirs if row["updated_ms"] < replayed.end_ms]
    mine = [
        order
        for order in (run.account.orders | run.account.open_orders).values()
        if "-liquidation-" not in order.client_order_id
    ]
    assert len(mine) == len([row for row in theirs if "-liquidation-" not in row["client_order_id"]])
    settled = [order for order in mine if order.status.is_terminal]
    assert sorted(tuple(map(plain, (getattr(order, name) for name in names))) for order in settled) == sorted(
        tuple(plain(row[name]) for name in names)
        for row in finished
        if row["status"] not in ("accepted", "partially_filled")
        and "-liquidation-" not in row["client_order_id"]
    )


def same_equity(run: PreparedRun, replayed: Replayed, trader_id: int) -> None:
    theirs = replayed.rows(
        "SELECT ts_ms, equity FROM equity_points WHERE trader_id = ? AND ts_ms < ? ORDER BY ts_ms", trader_id
    )
    assert len(theirs) > 1000
    mine = list(equity_at(run, [row["ts_ms"] for row in theirs]))
    assert mine == [Decimal(row["equity"]) for row in theirs]


def equity_at(run: PreparedRun, times_ms: list[int]) -> Iterator[Decimal]:
    """Yield equity at rising times, before what was decided at them."""
    changes, market = run.account.changes, run.market
    assert isinstance(market, TapeMarket)
    place = 0
    for ts_ms in times_ms:
        while place + 1 < len(changes) and (changes[place + 1].ts_ms, changes[place + 1].by_order) <= (
            ts_ms,
            False,
        ):
            place += 1
        change = changes[place]
        yield change.cash + sum(
            (
                quantity * (market.quote_at(symbol, ts_ms).mark - entry)
                for symbol, quantity, entry in change.holdings
            ),
            Decimal(0),
        )


def plain(value: Any) -> str:
    """Return a value as text by which numbers compare, however they are written."""
    if value is None:
        return ""
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except ArithmeticError:
        return str(value)
