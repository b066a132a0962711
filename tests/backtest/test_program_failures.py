"""Nothing a program does breaks a run, and a run that ends early says why."""

from __future__ import annotations

import pytest

from engine.backtest import program_asker
from engine.backtest.run import run_backtest
from engine.model.backtest import BacktestProgress, BacktestStatus, ExitReason
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from tests.backtest.made_history import D, at, flat, history, request, series
from tests.backtest.program_runs import SIMPLE, assert_the_same, lines, one_at_a_time, run, wild

pytestmark = pytest.mark.asyncio(loop_scope="session")

BAD: dict[str, tuple[str, str]] = {
    "syntax": ("class Strategy:\n    def should_trade(self, data)\n        return 1", "line 2"),
    "no class": ("x = 1", "no class"),
    "two classes": (
        "class A:\n    def should_trade(self, data): pass\nclass B:\n    def should_trade(self, data): pass",
        "exactly one class",
    ),
    "returns none": (
        "class S:\n    def should_trade(self, data):\n        return None",
        "Decision must be returned",
    ),
    "nan": (
        "class S:\n    def should_trade(self, data):\n"
        "        return Decision('buy', 'BTC', float('nan'), max_price=200.0)",
        "finite number",
    ),
    "symbol not in the run": (
        "class S:\n    def should_trade(self, data):\n"
        "        return Decision('buy', 'DOGE', 0.5, max_price=2.0)",
        "DOGE",
    ),
    "raises": ("class S:\n    def should_trade(self, data):\n        return 1 / 0", "ZeroDivisionError"),
    "exits": ("class S:\n    def should_trade(self, data):\n        raise SystemExit(3)", "SystemExit"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_program_that_never_works_is_an_error_that_says_why(sandbox: SandboxHost, kind: str) -> None:
    source, sentence = BAD[kind]
    result = (await run(source, history({"BTC": series(flat(100, 30))}), sandbox)).result
    assert result.status is BacktestStatus.ERROR
    assert result.error is not None
    assert sentence in result.error.sentence()
    assert sentence in result.ended_early
    assert (result.failures, result.program_calls) == (3, 3)
    assert result.final_equity == D(10_000)


SWALLOWS = """
class Strategy:
    def should_trade(self, data):
        try:
            told = [data.total_equity, data.get_klines("BTC", "1m", 5)]
            told.append(data.get_indicator("BTC", "RSI14", "1m"))
        except BaseException as error:
            return Decision("sell", "BTC", 1.0, min_price=1.0, reason="swallowed " + type(error).__name__)
        if not data.positions:
            return Decision("buy", "BTC", 0.5, max_price=1000.0)
        return Decision("hold", reason=str(told[0]))
"""


async def test_a_program_that_swallows_everything_is_told_the_truth_all_the_same(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost
) -> None:
    past = wild(3, ("BTC",))
    truth = await one_at_a_time(monkeypatch, SWALLOWS, past, sandbox)
    assert not any("swallowed" in line.reason for line in lines(truth))
    assert_the_same(truth, await run(SWALLOWS, past, sandbox))


REMEMBERS = """
SEEN = []
COUNT = {"n": 0}


class Strategy:
    kept = []

    def should_trade(self, data):
        SEEN.append(1)
        self.kept.append(1)
        COUNT["n"] += 1
        return Decision("hold", reason=f"{len(SEEN)} {len(self.kept)} {COUNT['n']}")
"""


async def test_nothing_a_program_keeps_reaches_its_next_trigger(sandbox: SandboxHost) -> None:
    outcome = await run(REMEMBERS, history({"BTC": series(flat(100, 40))}), sandbox)
    assert {line.reason for line in lines(outcome)} == {"1 1 1"}


CHANCE = """
import random


class Strategy:
    def should_trade(self, data):
        return Decision("hold", reason=f"{random.random()} {time.time()}")
"""


async def test_chance_and_time_are_the_triggers_own(sandbox: SandboxHost) -> None:
    past = history({"BTC": series(flat(100, 30))})
    first, again = await run(CHANCE, past, sandbox, seed=5), await run(CHANCE, past, sandbox, seed=5)
    told = [line.reason.split() for line in lines(first)]
    assert_the_same(first, again)
    assert len({number for number, _ in told}) == 30
    assert [float(moment) * 1000 for _, moment in told] == [line.ts_ms for line in lines(first)]
    other = await run(CHANCE, past, sandbox, seed=6)
    assert lines(other)[0].reason.split()[0] != told[0][0]


PRINTS = """
class Strategy:
    def should_trade(self, data):
        print("x" * 100_000)
        return Decision("hold", reason="printed")
"""


async def test_a_program_that_prints_megabytes_runs_to_its_end(sandbox: SandboxHost) -> None:
    outcome = await run(PRINTS, history({"BTC": series(flat(100, 60))}), sandbox)
    assert outcome.result.status is BacktestStatus.COMPLETED
    assert outcome.result.failures == 0


NOW_AND_THEN = """
class Strategy:
    def should_trade(self, data):
        minute = (data.now_ms - START) // 60000
        if minute % 15 == 14:
            raise ValueError(f"minute {minute}")
        if not data.positions:
            return Decision("buy", "BTC", 0.5, max_price=200.0)
        return Decision("hold")
"""


async def test_a_failure_now_and_then_is_logged_and_the_run_goes_on(sandbox: SandboxHost) -> None:
    source = NOW_AND_THEN.replace("START", str(at(0)))
    outcome = await run(source, history({"BTC": series(flat(100, 60))}), sandbox)
    assert outcome.result.status is BacktestStatus.COMPLETED
    assert outcome.result.failures == 4
    failed = [line for line in lines(outcome) if line.operation == "error"]
    assert all(
        f"minute {minute}" in line.error for minute, line in zip((14, 29, 44, 59), failed, strict=True)
    )
    assert len(outcome.result.trades) == 1


async def test_three_failures_in_ten_minutes_end_a_run_with_what_it_had(sandbox: SandboxHost) -> None:
    source = NOW_AND_THEN.replace("START", str(at(0))).replace("minute % 15 == 14", "minute >= 20")
    result = (
        await run(
            source,
            history(
                {
                    "BTC": series(
                        flat(100, 60),
                    )
                }
            ),
            sandbox,
        )
    ).result
    assert result.status is BacktestStatus.PARTIAL
    assert "3 failures within ten minutes" in result.ended_early
    assert result.program_calls == 23
    assert result.bars == 23
    assert [trade.exit_reason for trade in result.trades] == [ExitReason.OPEN]
    assert sum((trade.pnl for trade in result.trades), D(0)) == result.total_pnl


async def test_progress_tells_how_far_it_is_and_the_equity_there(sandbox: SandboxHost) -> None:
    told: list[BacktestProgress] = []
    past = history({"BTC": series([*flat(100, 5), *flat(150, 60)])})
    source = NOW_AND_THEN.replace("START", str(at(0))).replace("minute % 15 == 14", "False")
    await run_backtest(request(source, past), past, sandbox, on_progress=told.append)
    assert told[0].stage == "calculating"
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert (told[-1].done, told[-1].total) == (65, 65)
    assert told[-1].equity == pytest.approx(12_500)


LOOPS = """
class Strategy:
    def should_trade(self, data):
        minute = (data.now_ms - START) // 60000
        while BAD:
            pass
        if minute == 0:
            return Decision("buy", "BTC", 0.5, max_price=200.0)
        return Decision("hold", reason=f"minute {minute}")
"""


def limited(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(program_asker, "LIMITS", SandboxLimits(seconds=seconds, memory_mb=256))


async def test_an_endless_loop_at_one_trigger_costs_that_trigger_only(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost
) -> None:
    limited(monkeypatch, 0.25)
    source = LOOPS.replace("START", str(at(0))).replace("BAD", "minute == 150")
    outcome = await run(source, history({"BTC": series(flat(100, 200))}), sandbox)
    assert outcome.result.status is BacktestStatus.COMPLETED
    assert outcome.result.failures == 1
    told = lines(outcome)
    assert "longer than its limit" in told[150].error
    assert [line.reason for line in told[151:]] == [f"minute {minute}" for minute in range(151, 200)]
    assert len(outcome.result.trades) == 1


async def test_a_program_that_loops_endlessly_from_some_trigger_on_ends_partial(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost
) -> None:
    limited(monkeypatch, 0.25)
    source = LOOPS.replace("START", str(at(0))).replace("BAD", "minute >= 40")
    result = (await run(source, history({"BTC": series(flat(100, 60))}), sandbox)).result
    assert result.status is BacktestStatus.PARTIAL
    assert "longer than its limit" in result.ended_early
    assert result.program_calls == 43


async def test_a_cancelled_run_is_marked_and_keeps_what_it_had(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost
) -> None:
    monkeypatch.setattr(program_asker, "LARGEST_BATCH", 16)
    progress: list[BacktestProgress] = []
    past = wild(4, ("BTC",))
    outcome = await run_backtest(
        request(SIMPLE, past),
        past,
        sandbox,
        on_progress=progress.append,
        is_cancelled=lambda: bool(progress) and progress[-1].done >= 30,
    )
    result = outcome.result
    assert result.status is BacktestStatus.CANCELLED
    assert result.ended_early == "cancelled"
    assert 30 <= result.program_calls < 90
    assert result.bars == result.program_calls
    assert sum((trade.pnl for trade in result.trades), D(0)) == result.total_pnl
    assert {line.operation for line in lines(outcome)[result.program_calls + 10 :]} == {""}
    # What was decided is what a whole run decides.
    whole = await run(SIMPLE, past, sandbox)
    assert [line.operation for line in lines(outcome)[: result.program_calls]] == [
        line.operation for line in lines(whole)[: result.program_calls]
    ]
