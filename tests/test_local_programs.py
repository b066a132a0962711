"""Programs and bindings of a running desk, with the real sandbox: written, bound, run, tried, looked up."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path

import msgspec
import pytest

from engine.errors import Conflict, InvalidInput, NotFound
from engine.local_desk import LocalDesk
from engine.model.account import TraderStatus
from engine.model.decision import DecisionRecord, DecisionStatus, Operation
from engine.model.event import DecisionEvent, Topic
from engine.model.program import Binding, BindingState, BindingStatus, Program
from engine.model.trigger import TriggerKind
from engine.streams import Subscription
from tests.test_local_desk import open_desk

HOLD = """
class Quiet:
    def init(self, params):
        self.word = params.get("word", "nothing")

    def should_trade(self, data):
        log(f"rsi is {data.get_indicator('BTC', 'RSI14', '5m').get('value') is not None}")
        return Decision("hold", reason=self.word)
"""
BROKEN = """
class Broken:
    def should_trade(self, data):
        wanted = data.positions["DOGE"]
        return Decision("hold")
"""
BRACES = 'fn run(ctx) {\n    ctx.hold("in braces")\n}\n'
WAITING_SECONDS = 30
"""How long a test waits for a run: the first one may have to unpack the sandbox."""


async def bind(desk: LocalDesk, name: str, code: str) -> BindingState:
    """Save a program and let the program trader run it."""
    program = await desk.programs.save_program(Program(program_id=0, name=name, code=code))
    return await desk.programs.save_binding(Binding(binding_id=0, trader_id=1, program_id=program.program_id))


async def only(desk: LocalDesk, binding_id: int) -> None:
    """Switch off every other binding."""
    for state in desk.programs.bindings():
        if state.binding.binding_id != binding_id:
            await desk.programs.save_binding(msgspec.structs.replace(state.binding, active=False))


async def next_end(news: Subscription) -> DecisionStatus:
    """Wait for the end of the next decision that a person asked the program trader for."""
    async with asyncio.timeout(WAITING_SECONDS):
        while True:
            batch = await anext(news)
            for edge in batch.edges:
                if isinstance(edge, DecisionEvent) and _is_asked_for(edge.record):
                    return edge.record.status


def _is_asked_for(record: DecisionRecord) -> bool:
    is_over = record.status is not DecisionStatus.STARTED
    return is_over and record.trader_id == 1 and record.trigger.kind is TriggerKind.MANUAL


async def test_a_new_desk_has_the_stock_program_bound(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        (state,) = desk.programs.bindings()
        program = next(each for each in desk.programs.programs() if each.name == "rsi_mean_reversion")
        assert (state.binding.trader_id, state.binding.program_id) == (1, program.program_id)
        assert (state.binding.pool_ids, state.binding.schedule_seconds) == ((1,), 900)
        (version,) = await desk.programs.versions(program.program_id)
        assert (version.version, version.code) == (1, program.code)
        assert desk.traders()[0].strategy == program.name


async def test_a_binding_runs_what_was_saved_last_and_its_runs_are_logged(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        bound = (await bind(desk, "quiet", HOLD)).binding
        await only(desk, bound.binding_id)
        news = desk.stream([Topic.DECISIONS])
        await desk.trigger(1)
        assert await next_end(news) is DecisionStatus.HELD
        program = next(each for each in desk.programs.programs() if each.name == "quiet")
        changed = msgspec.structs.replace(program, code=BRACES, params={"word": "changed"})
        assert (await desk.programs.save_program(changed)).version == 2
        await desk.trigger(1, "ETH")
        assert await next_end(news) is DecisionStatus.HELD
        later, earlier = await desk.programs.executions(program_id=program.program_id)
        assert (earlier.program_version, later.program_version) == (1, 2)
        assert (earlier.decisions[0].reason, later.decisions[0].reason) == ("nothing", "in braces")
        assert earlier.output.strip() == "rsi is True"
        assert later.params == {"word": "changed"}
        assert later.trigger.symbol == "ETH"
        await desk.set_replay(paused=True)  # publishes
        assert desk.decisions(1)[-1].decision_id == later.decision_id
        assert await desk.programs.executions(trader_id=2) == ()
        assert len(await desk.programs.versions(program.program_id)) == 2


async def test_a_program_that_breaks_puts_its_binding_into_error_with_the_guests_traceback(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path) as desk:
        bound = (await bind(desk, "broken", BROKEN)).binding
        await only(desk, bound.binding_id)
        news = desk.stream([Topic.DECISIONS])
        await desk.trigger(1)
        assert await next_end(news) is DecisionStatus.FAILED
        state = next(s for s in desk.programs.bindings() if s.binding.binding_id == bound.binding_id)
        assert (state.status, state.runs, state.failures) == (BindingStatus.ERROR, 1, 1)
        assert "line 4" in state.reason
        assert "DOGE" in state.traceback
        assert "engine/" not in state.traceback
        await desk.set_replay(paused=True)  # publishes
        assert desk.traders()[0].status is TraderStatus.ERROR
        (execution,) = await desk.programs.executions()
        assert execution.error is not None
        assert (execution.error.kind, execution.error.line) == ("KeyError", 4)
    async with open_desk(tmp_path) as desk:
        again = next(s for s in desk.programs.bindings() if s.binding.binding_id == bound.binding_id)
        assert again == state
        assert desk.traders()[0].status is TraderStatus.ERROR


async def test_programs_bindings_and_what_they_are_told_of_survive_a_restart(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        told = desk.stream([Topic.PROGRAMS])
        state = await bind(desk, "quiet", HOLD)
        levels = told.drain().levels
        assert levels[Topic.PROGRAMS, ("binding", state.binding.binding_id)] == state
        number = state.binding.program_id
        assert levels[Topic.PROGRAMS, ("program", number)].name == "quiet"
        await desk.programs.save_binding(
            msgspec.structs.replace(state.binding, pool_ids=(1, 2), schedule_seconds=60, params={"a": 1.5})
        )
        assert desk.signals.listeners(2) == (1, 2)
        programs, bindings = desk.programs.programs(), desk.programs.bindings()
    async with open_desk(tmp_path) as desk:
        assert desk.programs.programs() == programs
        kept = {each.binding.binding_id: each.binding for each in desk.programs.bindings()}
        assert kept == {each.binding.binding_id: each.binding for each in bindings}
        with pytest.raises(Conflict, match=r"quiet is run by Reverter \(binding 2\)"):
            await desk.programs.delete_program(number)
        await desk.programs.delete_binding(2)
        await desk.programs.delete_program(number)
        assert desk.signals.listeners(2) == (2,)
    async with open_desk(tmp_path) as desk:
        assert "quiet" not in {each.name for each in desk.programs.programs()}
        assert [each.binding.binding_id for each in desk.programs.bindings()] == [1]


async def test_a_source_with_an_error_is_refused_with_its_line(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        bad = Program(program_id=0, name="bad", code="class A:\n    def should_trade(self data):\n")
        with pytest.raises(InvalidInput, match=r"^code: line 2: ") as refused:
            await desk.programs.save_program(bad)
        assert refused.value.details["line"] == "2"
        assert (await desk.programs.check(bad.code)).errors[0].line == 2
        assert (await desk.programs.check(BRACES)).form == "braces"
        assert "bad" not in {each.name for each in desk.programs.programs()}
        for missing in (desk.programs.versions(99), desk.programs.delete_program(99)):
            with pytest.raises(NotFound, match="there is no program 99"):
                await missing


async def test_a_trader_without_an_active_binding_has_nothing_to_wake(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        (state,) = desk.programs.bindings()
        await desk.programs.save_binding(msgspec.structs.replace(state.binding, active=False))
        with pytest.raises(Conflict, match="Reverter has no active binding"):
            await desk.trigger(1)
        with pytest.raises(Conflict, match="Manual has nothing that a pool could wake"):
            await desk.signals.listen(3, (1,))


async def test_a_test_and_a_preview_show_everything_and_trade_nothing(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        run = await desk.programs.test_run(HOLD, 3, "BTC", {"word": "trying"})
        assert run.error is None
        assert (run.decisions[0].operation, run.decisions[0].reason) == (Operation.HOLD, "trying")
        assert run.output.strip() == "rsi is True"
        assert any("RSI14" in read.call for read in run.reads)
        assert json.loads(run.input_data)
        broken = await desk.programs.test_run(BROKEN, 3)
        assert broken.error is not None
        assert broken.error.line == 4
        unreadable = await desk.programs.test_run("fn run(ctx) { ctx. }", 3)
        assert unreadable.error is not None
        preview = await desk.programs.preview_run(1)
        assert preview.error is None
        assert preview.reads
        assert await desk.programs.executions(trader_id=3) == ()
        assert desk.orders(3, open_only=False) == ()
        with pytest.raises(NotFound, match="there is no trader 9"):
            await desk.programs.test_run(HOLD, 9)
        with pytest.raises(NotFound, match="there is no binding 9"):
            await desk.programs.preview_run(9)


async def test_what_a_program_would_see_of_a_symbol(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        picture = await desk.programs.query_market_data("BTC", "1h", ("RSI14", "MACD", "NOPE"), ("CVD", "X"))
        assert picture.price == float(desk.tickers()[0].quote.mark)
        rsi, macd = json.loads(picture.indicators["RSI14"]), json.loads(picture.indicators["MACD"])
        assert 0 < rsi["value"] < 100
        assert rsi["series"][-1] == rsi["value"]
        assert set(macd) == {"macd", "signal", "histogram", "series"}
        assert "NOPE" in json.loads(picture.indicators["NOPE"])["error"]
        assert "current" in json.loads(picture.flow["CVD"])
        assert "error" in json.loads(picture.flow["X"])
        assert json.loads(picture.regime)["regime"]
        klines = json.loads(picture.klines)
        assert len(klines) == 5
        assert [later["timestamp"] - sooner["timestamp"] for sooner, later in itertools.pairwise(klines)] == [
            3600
        ] * 4
        with pytest.raises(NotFound, match="DOGE"):
            await desk.programs.query_market_data("DOGE")
        with pytest.raises(InvalidInput, match="period"):
            await desk.programs.query_market_data("BTC", "7m")
        assert desk.programs.available_symbols() == ("BTC", "ETH", "SOL")
        assert "should_trade" in desk.programs.guide()
        assert "class Decision" in desk.programs.type_stub()
