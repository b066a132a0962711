"""Backtests of a running desk: started, watched, cut off, resumed, read again."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.backtest.runs import worker
from engine.backtest.runs.archive import RunArchive
from engine.backtest.sweep.trials import TrialOutcome
from engine.clock import VirtualClock
from engine.errors import Conflict, InvalidInput, NotFound, StoreFailed
from engine.local_desk.backtests import BindingSources, LocalBacktests, Outlets
from engine.model.account import RiskLimits, TraderConfig, TraderKind
from engine.model.backtest import (
    BacktestPool,
    BacktestRequest,
    BacktestRun,
    BacktestStatus,
    ParameterRange,
    PoolSignal,
    Recording,
    SweepLine,
    SweepRequest,
)
from engine.model.program import Binding, Program
from engine.model.signal import PoolLogic, SignalDefinition, SignalPool
from tests.backtest.runs import scripted_worker
from tests.backtest.runs.made_runs import candle_file, made_log, made_request, made_result

PROGRAM = Program(program_id=4, name="Dips", code="class A: ...", params={"a": 1, "b": 2}, version=7)
TRADER = TraderConfig(
    trader_id=2,
    name="Diver",
    kind=TraderKind.PROGRAM,
    initial_capital=Decimal(5000),
    symbols=("BTC", "ETH"),
    period="5m",
    limits=RiskLimits(max_leverage=3),
)
SIGNALS = (
    SignalDefinition(signal_id=1, name="low", condition="rsi14 < 30 on 5m"),
    SignalDefinition(signal_id=2, name="off", condition="rsi14 > 70 on 5m", enabled=False),
)
POOLS = (
    SignalPool(
        pool_id=1, name="p", signal_ids=(1, 2), logic=PoolLogic.OR, symbols=("ETH", "SOL"), cooldown_seconds=9
    ),
    SignalPool(pool_id=2, name="nothing on", signal_ids=(2,)),
    SignalPool(pool_id=3, name="switched off", signal_ids=(1,), enabled=False),
    SignalPool(pool_id=4, name="of another symbol", signal_ids=(1,), symbols=("SOL",)),
)
BINDINGS = (
    Binding(
        binding_id=9,
        trader_id=2,
        program_id=4,
        pool_ids=(1, 2, 3, 4),
        schedule_seconds=60,
        params={"b": 3},
    ),
    Binding(binding_id=8, trader_id=2, program_id=4, deleted=True),
)
SOURCES = BindingSources(
    bindings=lambda: BINDINGS,
    programs=lambda: (PROGRAM,),
    traders=lambda: (TRADER,),
    pools=lambda: POOLS,
    signals=lambda: SIGNALS,
)


class Kept:
    """What a store and those who watch were told."""

    def __init__(self) -> None:
        self.written: list[BacktestRun] = []
        self.published: list[BacktestRun] = []

    @property
    def stored(self) -> tuple[BacktestRun, ...]:
        return tuple({run.run_id: run for run in self.written}.values())

    def statuses(self, run_id: str) -> list[str]:
        return [str(run.status) for run in self.written if run.run_id == run_id]


@asynccontextmanager
async def opened(
    home: Path,
    kept: Kept | None = None,
    stored: Iterable[BacktestRun] = (),
    script: str = scripted_worker.__file__,
) -> AsyncIterator[LocalBacktests]:
    kept = kept or Kept()
    outlets = Outlets(write=kept.written.append, publish=kept.published.append)
    backtests = LocalBacktests(
        home, tuple(stored), SOURCES, outlets, clock=VirtualClock(1_800_000_000_000), script=script
    )
    await backtests.recover()
    try:
        yield backtests
    finally:
        await backtests.close()


async def until(happened: Callable[[], bool]) -> None:
    for _ in itertools.count():
        if happened():
            return
        await asyncio.sleep(0.01)


async def over(backtests: LocalBacktests, run_id: str) -> BacktestRun:
    await until(lambda: run_of(backtests, run_id).status.is_over)
    return run_of(backtests, run_id)


def run_of(backtests: LocalBacktests, run_id: str) -> BacktestRun:
    return next(run for run in backtests.runs() if run.run_id == run_id)


def request(home: Path, source: str = "run") -> BacktestRequest:
    return made_request(source, candle_file(home))


def sweep_request(home: Path) -> SweepRequest:
    return SweepRequest(request=request(home), ranges=(ParameterRange("length", (7, 14, 21)),))


async def test_a_run_is_queued_watched_kept_and_read(tmp_path: Path) -> None:
    kept = Kept()
    async with opened(tmp_path, kept) as backtests:
        asked = request(tmp_path)
        queued = await backtests.start(asked)
        assert (queued.run_id, queued.status, queued.name) == ("bt-001", BacktestStatus.QUEUED, "made")
        run = await over(backtests, "bt-001")
        assert (run.status, run.total_pnl, run.result_hash) == (BacktestStatus.COMPLETED, 10.0, "abc")
        assert run.summary["sharpe"] == 1.5
        assert run.finished_ms == 1_800_000_000_000
        assert kept.statuses("bt-001") == ["queued", "running", "completed"]
        stages = dict.fromkeys(each.progress.stage for each in kept.published)
        assert list(stages) == ["queued", "loading", "running", "writing"]
        assert await backtests.result("bt-001") == made_result(asked)
        assert await backtests.triggers("bt-001") == made_log().lines()
        count, lines = await backtests.triggers("bt-001", operation="buy")
        assert (count, [line.index for line in lines]) == (1, [0])
        assert (await backtests.trigger_detail("bt-001", 2)).line.index == 2
        assert [path.name for path in RunArchive(tmp_path).folder("bt-001").path.glob("scratch")] == []


async def test_one_at_a_time_in_order_and_the_newest_first(tmp_path: Path) -> None:
    kept = Kept()
    async with opened(tmp_path, kept) as backtests:
        for _ in range(3):
            await backtests.start(request(tmp_path))
        await over(backtests, "bt-003")
        assert [run.run_id for run in backtests.runs()] == ["bt-003", "bt-002", "bt-001"]
        order = [(run.run_id, str(run.status)) for run in kept.written if run.status != BacktestStatus.QUEUED]
        assert order == [
            (f"bt-00{number}", status) for number in (1, 2, 3) for status in ("running", "completed")
        ]


async def test_a_run_that_fails_says_why_and_the_next_one_runs(tmp_path: Path) -> None:
    async with opened(tmp_path) as backtests:
        for source in ("refuse", "die", "run"):
            await backtests.start(request(tmp_path, source))
        await over(backtests, "bt-003")
        refused, died = run_of(backtests, "bt-001"), run_of(backtests, "bt-002")
        assert (refused.status, died.status) == (BacktestStatus.ERROR, BacktestStatus.ERROR)
        assert refused.error == "cash: 1000.10 is not allowed; more of it"
        assert "ended before its time" in died.error
        with pytest.raises(Conflict, match="bt-001 has no result: cash: 1000"):
            await backtests.result("bt-001")
        with pytest.raises(
            Conflict, match="bt-002 is error; only an interrupted or cancelled run is resumed"
        ):
            await backtests.resume("bt-002")


async def test_a_cancelled_run_says_so_and_can_be_resumed(tmp_path: Path) -> None:
    kept = Kept()
    async with opened(tmp_path, kept) as backtests:
        pids = tmp_path / "pids"
        await backtests.start(request(tmp_path, f"hang {pids}"))
        await backtests.start(request(tmp_path))
        await until(pids.exists)
        with pytest.raises(Conflict, match="bt-001 is running; cancel it first"):
            await backtests.delete("bt-001")
        with pytest.raises(Conflict, match="bt-001 is running; it has no result yet"):
            await backtests.result("bt-001")
        waiting = await backtests.cancel("bt-002")
        running = await backtests.cancel("bt-001")
        assert (waiting.status, running.status) == (BacktestStatus.CANCELLED, BacktestStatus.CANCELLED)
        assert kept.statuses("bt-002") == ["queued", "cancelled"]
        with pytest.raises(Conflict, match="bt-001 is over: cancelled"):
            await backtests.cancel("bt-001")
        with pytest.raises(Conflict, match="bt-002 has no result: cancelled"):
            await backtests.result("bt-002")
        assert (await backtests.resume("bt-002")).status is BacktestStatus.QUEUED
        assert (await over(backtests, "bt-002")).status is BacktestStatus.COMPLETED


async def test_what_a_desk_left_is_interrupted_and_goes_on_when_it_is_told(tmp_path: Path) -> None:
    kept = Kept()
    async with opened(tmp_path, kept) as backtests:
        pids = tmp_path / "pids"
        await backtests.start(request(tmp_path, f"hang {pids}"))
        await backtests.start(request(tmp_path))
        await until(pids.exists)
        as_killed = kept.stored
    assert kept.statuses("bt-001")[-1] == kept.statuses("bt-002")[-1] == "interrupted"
    assert [str(run.status) for run in as_killed] == ["running", "queued"]
    async with opened(tmp_path, stored=as_killed) as backtests:
        assert {str(run.status) for run in backtests.runs()} == {"interrupted"}
        assert run_of(backtests, "bt-001").error == "the desk ended while it ran"
        await backtests.resume("bt-002")
        assert (await over(backtests, "bt-002")).status is BacktestStatus.COMPLETED
        assert (await backtests.start(request(tmp_path))).run_id == "bt-003"


async def test_a_result_that_the_killed_desk_never_heard_of_counts(tmp_path: Path) -> None:
    folder = RunArchive(tmp_path).create("bt", 0)
    folder.write_request(request(tmp_path))
    folder.write_outcome(made_result(request(tmp_path)), made_log())
    cut_off = BacktestRun(
        run_id="bt-001", name="made", symbols=("BTC",), status=BacktestStatus.RUNNING, created_ms=1
    )
    async with opened(tmp_path, stored=[cut_off]) as backtests:
        assert run_of(backtests, "bt-001").status is BacktestStatus.COMPLETED
        assert (await backtests.result("bt-001")).result_hash == "abc"


async def test_a_deleted_run_is_gone_and_its_number_is_not_given_again(tmp_path: Path) -> None:
    kept = Kept()
    async with opened(tmp_path, kept) as backtests:
        await backtests.start(request(tmp_path))
        await over(backtests, "bt-001")
        await backtests.triggers("bt-001")
        await backtests.delete("bt-001")
        assert backtests.runs() == ()
        assert not RunArchive(tmp_path).folder("bt-001").path.exists()
        with pytest.raises(NotFound, match="there is no run bt-001"):
            await backtests.triggers("bt-001")
    assert [run.deleted for run in kept.stored] == [True]
    async with opened(tmp_path, stored=kept.stored) as backtests:
        assert backtests.runs() == ()
        assert (await backtests.start(request(tmp_path))).run_id == "bt-002"


async def test_what_no_run_could_use_is_refused_before_it_has_a_number(tmp_path: Path) -> None:
    replaced = msgspec.structs.replace
    bad_pool = BacktestPool(name="p", signals=(PoolSignal("x", "rsi14 <> 3"),))
    good = request(tmp_path)
    async with opened(tmp_path) as backtests:
        for bad, message in (
            (replaced(good, cash=Decimal(-1)), "cash: -1"),
            (replaced(good, source=" \n"), "source: empty"),
            (replaced(good, period="7m"), "7m"),
            (replaced(good, pools=(bad_pool,)), "rsi14|<>"),
            (replaced(good, start_ms=2, end_ms=1), "the dates are reversed"),
        ):
            with pytest.raises(InvalidInput, match=message):
                await backtests.start(bad)
        swept = SweepRequest(request=good, ranges=(ParameterRange("length", (1,)),))
        for bad_sweep, message in (
            (replaced(swept, ranges=()), "ranges: none"),
            (replaced(swept, objective="luck"), "objective: luck"),
            (replaced(swept, cluster="tcp://x"), "cluster: tcp://x"),
        ):
            with pytest.raises(InvalidInput, match=message):
                await backtests.start_sweep(bad_sweep)
        assert backtests.runs() == ()
        assert not (tmp_path / "backtests").exists()


async def test_pages_of_the_trigger_log_are_checked(tmp_path: Path) -> None:
    async with opened(tmp_path) as backtests:
        await backtests.start(request(tmp_path))
        await over(backtests, "bt-001")
        with pytest.raises(InvalidInput, match="limit: 501"):
            await backtests.triggers("bt-001", limit=501)
        with pytest.raises(InvalidInput, match="offset: -1"):
            await backtests.triggers("bt-001", offset=-1)
        with pytest.raises(NotFound, match="bt-001 has no trigger 3; it has 3"):
            await backtests.trigger_detail("bt-001", 3)
        (RunArchive(tmp_path).folder("bt-001").path / "triggers.bin").unlink()
        with pytest.raises(NotFound, match="there is no run bt-009"):
            await backtests.triggers("bt-009")
    async with opened(tmp_path, stored=backtests.runs()) as backtests:
        with pytest.raises(StoreFailed, match=r"triggers\.bin: cannot be read"):
            await backtests.triggers("bt-001")


async def test_a_sweep_that_was_cut_off_shows_the_runs_it_made(tmp_path: Path) -> None:
    folder = RunArchive(tmp_path).create("sw", 0)
    folder.write_request(sweep_request(tmp_path))
    line = SweepLine(
        params={"length": 14}, metrics={"sharpe": 1.0}, total_trades=3, final_equity=1001.0, result_hash="h"
    )
    with folder.finished_trials() as (_, keep):
        keep(TrialOutcome(part=0, combination=1, line=line))
    cut_off = BacktestRun(
        run_id="sw-001",
        name="made",
        symbols=("BTC",),
        status=BacktestStatus.RUNNING,
        created_ms=1,
        combinations=3,
    )
    async with opened(tmp_path, stored=[cut_off]) as backtests:
        made = await backtests.sweep_result("sw-001")
        assert (made.lines[1], made.best) == (line, 1)
        assert made.warnings[0] == "Ended early: 2 of 3 runs not made."
        with pytest.raises(Conflict, match="sw-001 is a sweep"):
            await backtests.result("sw-001")


async def test_a_binding_becomes_a_backtest_of_what_wakes_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as backtests:
        assert await backtests.request_of(9) == BacktestRequest(
            source="class A: ...",
            name="Dips",
            program_id=4,
            program_version=7,
            binding_id=9,
            params={"a": 1, "b": 3},
            symbols=("BTC", "ETH"),
            period="5m",
            pools=(
                BacktestPool(
                    name="p",
                    signals=(PoolSignal("low", "rsi14 < 30 on 5m"),),
                    logic=PoolLogic.OR,
                    symbols=("ETH",),
                    cooldown_seconds=9,
                ),
            ),
            schedule_seconds=60,
            history=Recording(),
            cash=Decimal(5000),
            limits=RiskLimits(max_leverage=3),
        )
        for unknown in (7, 8):
            with pytest.raises(NotFound, match=f"binding: there is no binding {unknown}"):
                await backtests.request_of(unknown)


BUYER = """
class Buyer:
    def init(self, params):
        self.portion = params["portion"]

    def should_trade(self, data):
        price = data.get_price("BTC")
        if "BTC" in data.positions:
            return Decision("close", "BTC", target_portion_of_balance=1, min_price=price * 0.99)
        return Decision("buy", "BTC", target_portion_of_balance=self.portion, max_price=price * 1.01)
"""
"""Buys and closes in turn, so that every wake-up is an order."""


async def test_the_product_itself_runs_inspects_and_sweeps(tmp_path: Path) -> None:
    asked = BacktestRequest(
        source=BUYER,
        params={"portion": 0.5},
        schedule_seconds=86_400,
        history=Recording(),
    )
    async with opened(tmp_path, script=worker.__file__) as backtests:
        await backtests.start(asked)
        await backtests.start_sweep(
            SweepRequest(request=asked, ranges=(ParameterRange("portion", (0.25, 0.5)),), workers=2)
        )
        run = await over(backtests, "bt-001")
        assert (run.status, run.error) == (BacktestStatus.COMPLETED, "")
        result = await backtests.result("bt-001")
        assert run.total_trades == len(result.trades) > 20
        count, lines = await backtests.triggers("bt-001", operation="buy")
        assert count > 20
        detail = await backtests.trigger_detail("bt-001", lines[1].index)
        assert detail.line == lines[1]
        assert '"buy"' in detail.decision
        swept = await over(backtests, "sw-001")
        assert (swept.status, swept.error) == (BacktestStatus.COMPLETED, "")
        lines_of_sweep = (await backtests.sweep_result("sw-001")).lines
        assert lines_of_sweep[1].result_hash == result.result_hash, (
            "a sweep's run is the same as a single one"
        )
        assert lines_of_sweep[0].result_hash != result.result_hash


async def test_a_sweep_goes_on_with_the_runs_that_are_missing(tmp_path: Path) -> None:
    asked = BacktestRequest(source=BUYER, schedule_seconds=86_400, history=Recording())
    portions = ParameterRange("portion", (0.25, 0.5, 0.75))
    kept = Kept()
    async with opened(tmp_path, kept, script=worker.__file__) as backtests:
        await backtests.start_sweep(SweepRequest(request=asked, ranges=(portions,), workers=1))
        whole = await over(backtests, "sw-001")
    folder = RunArchive(tmp_path).folder("sw-001")
    folder.forget_result()
    first = folder.trials()[0]
    (folder.path / "trials.bin").unlink()
    with folder.finished_trials() as (_, keep):
        keep(first)
    cut_off = msgspec.structs.replace(whole, status=BacktestStatus.RUNNING, result_hash="")
    async with opened(tmp_path, kept, stored=[cut_off], script=worker.__file__) as backtests:
        before = len(kept.published)
        await backtests.resume("sw-001")
        resumed = await over(backtests, "sw-001")
        assert (resumed.status, resumed.result_hash) == (BacktestStatus.COMPLETED, whole.result_hash)
        done = [run.progress.done for run in kept.published[before:] if run.progress.total == 3]
        assert (min(done), max(done)) == (1, 3), "the first run was not repeated"
