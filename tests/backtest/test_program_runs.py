"""Programs in the real sandbox: running ahead changes nothing, and nothing a program does breaks a run."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import msgspec
import pytest

from engine.backtest import failures, program_asker
from engine.backtest.history import LoadedHistory
from engine.backtest.prepared_run import RunOutcome
from engine.backtest.program_asker import ProgramAsker
from engine.backtest.run import run_backtest
from engine.errors import InvalidInput
from engine.model.backtest import BacktestProgress, BacktestStatus, ExitReason, TriggerLine
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from tests.backtest.made_history import Bar, D, at, flat, history, pool, request, series, settlements

pytestmark = pytest.mark.asyncio(loop_scope="session")

FEES = (D("0.0005"), D("0.0002"))

EVERYTHING = '''
import random


class Strategy:
    """Reads of its account whatever chance says, and does whatever chance says."""

    def init(self, params):
        self.salt = params["salt"]

    def should_trade(self, data):
        random.seed(random.random() + self.salt)
        symbol = random.choice(data.symbols)
        price = data.get_price(symbol)
        told = self.told(data, symbol)
        what = random.random()
        away = price * random.choice([0.98, 0.995, 1.0, 1.005, 1.02])
        words = {"leverage": random.choice([1, 1, 3, 10, 20]), "reason": str(told)[:300]}
        if random.random() < 0.3:
            words["time_in_force"] = random.choice(["Gtc", "Gtc", "Alo"])
        portion = random.choice([0.1, 0.3, 1.0])
        if what < 0.35:
            return Decision("hold", reason=str(told)[:300])
        if what < 0.5:
            return Decision("close", symbol, portion, max_price=price * 1.01, min_price=price * 0.99, **words)
        if what < 0.54:
            return Decision("buy", symbol, portion, leverage=51, max_price=price * 2)
        if what < 0.58:
            return Decision("buy", "DOGE", portion, max_price=price * 2)
        if what < 0.62:
            return Decision("buy", symbol, quantity=1000000.0, max_price=price * 2)
        if what < 0.66:
            raise ValueError("enough of " + str(told)[:100])
        side = random.choice(["buy", "sell"])
        way = 1 if side == "buy" else -1
        if random.random() < 0.5:
            words["stop_loss_price"] = price * (1 - way * random.choice([0.004, 0.01, 0.03]))
        if random.random() < 0.5:
            words["take_profit_price"] = price * (1 + way * random.choice([0.004, 0.01, 0.03]))
        if random.random() < 0.3:
            words["quantity"] = random.choice([1.0, 5.0, 20.0])
            portion = 0.0
        words["max_price" if side == "buy" else "min_price"] = away
        return Decision(side, symbol, portion, **words)

    def told(self, data, symbol):
        told = [sorted((name, each.side) for name, each in data.positions.items())]
        if random.random() < 0.3:
            told.append((data.available_balance, data.used_margin))
        if random.random() < 0.3:
            told.append(data.total_equity)
        if random.random() < 0.3:
            told.append([(each.symbol, each.size, each.price, each.pnl) for each in data.recent_trades[:3]])
        if random.random() < 0.3:
            told.append([(each.order_type, each.side, each.size, each.price) for each in data.open_orders])
        if random.random() < 0.3 and symbol in data.positions:
            held = data.positions[symbol]
            told.append((held.size, held.entry_price, held.unrealized_pnl, held.leverage))
            told.append((held.liquidation_price, held.opened_at, held.holding_duration_seconds))
        return told
'''


def walk(seed: int, count: int, start: int = 1000) -> list[Bar]:
    """A wild market, the same for the same seed."""
    chance = random.Random(seed)
    found: list[Bar] = []
    last = start
    for _ in range(count):
        opened = last + (chance.randint(-8, 8) if chance.random() < 0.3 else 0)
        last = opened + chance.randint(-12, 12)
        high, low = max(opened, last) + chance.randint(0, 8), min(opened, last) - chance.randint(0, 8)
        found.append((opened / 10, high / 10, low / 10, last / 10))
    return found


def wild(seed: int, symbols: Sequence[str] = ("BTC", "ETH"), count: int = 90) -> LoadedHistory:
    """A history of several symbols with holes in it, fees and funding now and then."""
    chance = random.Random(seed)
    candles, funding = {}, {}
    for number, symbol in enumerate(symbols):
        gap = chance.randint(10, 60)
        minutes = [minute for minute in range(count) if not gap <= minute < gap + number * 4]
        candles[symbol] = series(walk(seed * 7 + number, len(minutes)), minutes)
        due = [(at(minute), chance.choice([0.01, -0.005])) for minute in chance.sample(range(count), 5)]
        funding[symbol] = settlements(*due)
    return history(candles, funding=funding, fees=FEES)


def lines(outcome: RunOutcome) -> tuple[TriggerLine, ...]:
    return outcome.log.lines(0, len(outcome.log))[1]


async def one_at_a_time(
    monkeypatch: pytest.MonkeyPatch, source: str, past: LoadedHistory, sandbox: SandboxHost, **changes: object
) -> RunOutcome:
    """The run that forecasts nothing: every trigger is a batch of its own, with true books."""
    with monkeypatch.context() as patch:
        patch.setattr(program_asker, "FIRST_BATCH", 1)
        patch.setattr(program_asker, "SMALLEST_BATCH", 1)
        patch.setattr(ProgramAsker, "_send_ahead", lambda self, sent, reply: None)
        return await run_backtest(request(source, past, **changes), past, sandbox)


async def run(source: str, past: LoadedHistory, sandbox: SandboxHost, **changes: object) -> RunOutcome:
    return await run_backtest(request(source, past, **changes), past, sandbox)


def assert_the_same(one: RunOutcome, other: RunOutcome) -> None:
    for mine, theirs in zip(lines(one), lines(other), strict=True):
        assert mine == theirs
    assert one.result.trades == other.result.trades
    assert one.result.final_equity == other.result.final_equity
    assert one.result.failures == other.result.failures
    assert one.result.result_hash == other.result.result_hash


@pytest.mark.parametrize("seed", range(6))
async def test_running_ahead_equals_asking_one_trigger_at_a_time(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost, seed: int
) -> None:
    past = wild(seed)
    changes = {"params": {"salt": seed}, "seed": seed, "slippage": D("0.0005") if seed % 2 else D(0)}
    monkeypatch.setattr(failures, "FAILURE_WINDOW_MS", -1)
    truth = await one_at_a_time(monkeypatch, EVERYTHING, past, sandbox, **changes)
    assert truth.result.program_calls == truth.result.triggers
    assert truth.result.trades
    for sizes in ((16, 8, 8192), (1, 1, 1), (3, 2, 5)):
        for name, size in zip(("FIRST_BATCH", "SMALLEST_BATCH", "LARGEST_BATCH"), sizes, strict=True):
            monkeypatch.setattr(program_asker, name, size)
        assert_the_same(truth, await run(EVERYTHING, past, sandbox, **changes))


REFUSED = """
class Strategy:
    def should_trade(self, data):
        if "BTC" in data.positions:
            return Decision("hold", reason="in")
        return {order}
"""


@pytest.mark.parametrize("size", [1, 2, 7, 16])
@pytest.mark.parametrize(
    "order",
    [
        'Decision("buy", "BTC", quantity=1000000.0, max_price=200.0)',
        'Decision("buy", "BTC", 0.5, leverage=51, max_price=200.0)',
        'Decision("buy", "BTC", 0.5, max_price=50.0)',
        'Decision("buy", "ETH", 0.5, max_price=200.0)',
        'Decision("buy", "BTC", 0.0, max_price=200.0)',
    ],
    ids=[
        "insufficient margin",
        "leverage above the limit",
        "guard not met",
        "symbol not in the run",
        "no size",
    ],
)
async def test_a_program_is_never_told_of_a_position_its_refused_order_did_not_open(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost, order: str, size: int
) -> None:
    past = history({"BTC": series(flat(100, 20))})
    for name in ("FIRST_BATCH", "SMALLEST_BATCH", "LARGEST_BATCH"):
        monkeypatch.setattr(program_asker, name, size)
    monkeypatch.setattr(failures, "FAILURE_WINDOW_MS", -1)
    outcome = await run(REFUSED.format(order=order), past, sandbox)
    assert [line.reason for line in lines(outcome)] == [""] * 20
    assert not outcome.result.trades


BOOKS_READER = """
class Strategy:
    def should_trade(self, data):
        told = f"{data.total_equity:.4f} {data.available_balance:.4f} {len(data.open_orders)}"
        if data.get_price("BTC") == 100 and not data.positions and data.now_ms < START:
            return Decision("buy", "BTC", 0.5, max_price=200.0, reason=told)
        return Decision("hold", reason=told)
"""


async def test_a_program_that_only_reads_sees_funding_in_every_batch(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost
) -> None:
    past = history(
        {"BTC": series(flat(100, 60))}, funding={"BTC": settlements(*((at(m), 0.001) for m in (7, 30, 50)))}
    )
    source = BOOKS_READER.replace("START", str(at(1)))
    truth = await one_at_a_time(monkeypatch, source, past, sandbox)
    assert len({line.reason for line in lines(truth)}) == 5
    for first in (1, 2, 4, 16):
        monkeypatch.setattr(program_asker, "FIRST_BATCH", first)
        assert_the_same(truth, await run(source, past, sandbox))


RESTING = """
class Strategy:
    def should_trade(self, data):
        held = data.positions.get("BTC")
        told = f"{0 if held is None else held.size} {len(data.open_orders)}"
        if data.now_ms == START:
            return Decision("buy", "BTC", quantity=1.0, max_price=200.0, reason=told)
        if data.now_ms == START + 60000:
            return Decision("buy", "BTC", quantity=2.0, max_price=95.0, time_in_force="Gtc", reason=told)
        return Decision("hold", reason=told)
"""


async def test_a_program_sees_a_resting_order_that_adds_to_its_position(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost
) -> None:
    past = history({"BTC": series([*flat(100, 40), (100, 100, 90, 100), *flat(100, 20)])})
    source = RESTING.replace("START", str(at(0)))
    for first in (1, 2, 4, 16):
        monkeypatch.setattr(program_asker, "FIRST_BATCH", first)
        told = [line.reason for line in lines(await run(source, past, sandbox)) if line.kind == "scheduled"]
        assert told == ["0 0", "1.0 0", *["1.0 1"] * 39, *["3.0 0"] * 20]


SIMPLE = """
class Strategy:
    def should_trade(self, data):
        closes = [each.close for each in data.get_klines("BTC", "1m", 3)]
        if len(closes) < 3:
            return Decision("hold", reason="warming up")
        price = data.get_price("BTC")
        if closes[-1] > closes[0] and not data.positions:
            return Decision("buy", "BTC", 0.9, max_price=price * 1.01, reason="up")
        if closes[-1] < closes[0] and data.positions:
            return Decision("close", "BTC", 1.0, min_price=price * 0.99, reason="down")
        return Decision("hold")
"""


async def test_the_same_run_twice_has_the_same_hash_and_another_run_another(sandbox: SandboxHost) -> None:
    past = wild(1)
    first, again = await run(SIMPLE, past, sandbox), await run(SIMPLE, past, sandbox)
    assert first.result.result_hash == again.result.result_hash
    assert_the_same(first, again)
    elsewhere = await run(SIMPLE, past, sandbox, name="other name", program_id=3, program_version=2)
    assert elsewhere.result.result_hash == first.result.result_hash
    for changed in ({"cash": D(9_999)}, {"slippage": D("0.001")}, {"schedule_seconds": 120}):
        other = await run(SIMPLE, past, sandbox, **changed)
        assert other.result.result_hash != first.result.result_hash


async def test_a_result_adds_up(sandbox: SandboxHost) -> None:
    outcome = await run(SIMPLE, wild(2), sandbox)
    result = outcome.result
    assert result.status is BacktestStatus.COMPLETED
    assert result.total_pnl == result.final_equity - D(10_000)
    assert sum((trade.pnl for trade in result.trades), D(0)) == result.total_pnl
    assert sum((trade.fees for trade in result.trades), D(0)) == result.fees
    assert result.bars == 90
    assert result.triggers == result.scheduled_triggers == result.program_calls == 90
    assert result.curve.equity[-1] == pytest.approx(float(result.final_equity))
    asked = [line for line in lines(outcome) if line.operation]
    for trade in result.trades:
        entry = outcome.log.line(trade.trigger_index)
        assert (entry.ts_ms, entry.reason) == (trade.entry_ms, trade.reason)
        if trade.exit_trigger_index is not None:
            assert outcome.log.line(trade.exit_trigger_index).ts_ms == trade.exit_ms
    assert len(asked) == 90


STOPPED = """
class Strategy:
    def should_trade(self, data):
        price = data.get_price("BTC")
        if data.positions:
            return Decision("hold", reason="in")
        return Decision("buy", "BTC", 0.5, max_price=price * 1.1, stop_loss_price=price * 0.97,
                        take_profit_price=price * 1.03, reason="entry")
"""


async def test_trades_point_to_their_lines_however_many_exits_come_between(sandbox: SandboxHost) -> None:
    bars: list[Bar] = []
    for _ in range(6):
        bars += [(100, 100.5, 99.5, 100), (100, 101, 95, 100), (90, 90, 90, 90), (100, 104, 99, 100)]
    outcome = await run(STOPPED, history({"BTC": series(bars)}), sandbox)
    kinds = [line.kind for line in lines(outcome)]
    assert {"sl", "tp", "scheduled"} == set(kinds)
    for trade in outcome.result.trades:
        entry = outcome.log.line(trade.trigger_index)
        assert (entry.operation, entry.ts_ms, entry.fill_price) == (
            "buy",
            trade.entry_ms,
            float(trade.entry_price),
        )
    times = [line.ts_ms for line in lines(outcome)]
    assert times == sorted(times)
    # The exit at a bar's open comes before what is decided there.
    for before, after in itertools.pairwise(lines(outcome)):
        assert not (before.ts_ms == after.ts_ms and before.operation and not after.operation)


async def test_a_line_shows_the_price_an_exit_happened_at(sandbox: SandboxHost) -> None:
    past = history({"BTC": series([(100, 100, 100, 100), (100, 100, 90, 91), *flat(91, 2)])})
    outcome = await run(STOPPED, past, sandbox, schedule_seconds=86_400)
    (exit_line,) = [line for line in lines(outcome) if line.kind == "sl"]
    assert (exit_line.price, exit_line.fill_price) == (97, 97)
    assert exit_line.equity_after == pytest.approx(10_000 - 150)


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
    limits = SandboxLimits(seconds=seconds, memory_mb=256)
    init = ProgramAsker.__init__

    def with_limits(self: ProgramAsker, **words: object) -> None:
        init(self, **(words | {"limits": limits}))  # type: ignore[arg-type]

    monkeypatch.setattr(ProgramAsker, "__init__", with_limits)


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


async def test_progress_tells_how_far_it_is_and_the_equity_there(sandbox: SandboxHost) -> None:
    told: list[BacktestProgress] = []
    past = history({"BTC": series([*flat(100, 5), *flat(150, 60)])})
    source = NOW_AND_THEN.replace("START", str(at(0))).replace("minute % 15 == 14", "False")
    await run_backtest(request(source, past), past, sandbox, on_progress=told.append)
    assert told[0].stage == "calculating"
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert (told[-1].done, told[-1].total) == (65, 65)
    assert told[-1].equity == pytest.approx(12_500)


async def test_one_candle_is_not_enough(sandbox: SandboxHost) -> None:
    with pytest.raises(InvalidInput, match="at least 2"):
        await run(SIMPLE, history({"BTC": series(flat(100, 1))}), sandbox)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"start_ms": at(10), "end_ms": at(5)}, "end_ms"),
        ({"start_ms": at(-5)}, "start_ms"),
        ({"end_ms": at(500)}, "end_ms"),
        ({"start_ms": at(5), "end_ms": at(5) + 30_000}, "end_ms"),
        ({"cash": D(-5)}, "cash"),
        ({"cash": D("NaN")}, "cash"),
        ({"venue": "mtgox"}, "venue"),
        ({"slippage": D("0.5")}, "slippage"),
        ({"taker_fee": D(2)}, "taker_fee"),
        ({"schedule_seconds": 0}, "pools"),
        ({"pools": (pool("price > 1 on 1m", symbols=("DOGE",)),)}, "pools"),
        ({"pools": (pool("nonsense > 1 on 1m"),)}, "nonsense"),
    ],
)
async def test_a_request_that_cannot_be_run_is_refused_by_the_name_of_its_field(
    sandbox: SandboxHost, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        await run(SIMPLE, history({"BTC": series(flat(100, 60))}), sandbox, **changes)


async def test_a_run_ends_with_the_last_candle_that_closes_by_its_end(sandbox: SandboxHost) -> None:
    past = wild(6, ("BTC",))
    result = (await run(SIMPLE, past, sandbox, start_ms=at(3), end_ms=at(40) + 30_000)).result
    assert (result.start_ms, result.end_ms) == (at(3), at(40))
    assert result.bars == result.triggers == 37
    assert result.curve.equity[-1] == pytest.approx(float(result.final_equity))


async def test_a_pool_that_never_fires_is_a_run_that_says_so(sandbox: SandboxHost) -> None:
    changes = {"pools": (pool("price > 1000 on 1m"),), "schedule_seconds": 0}
    result = (await run(SIMPLE, history({"BTC": series(flat(100, 60))}), sandbox, **changes)).result
    assert result.status is BacktestStatus.COMPLETED
    assert (result.triggers, result.program_calls, result.bars) == (0, 0, 60)
    assert any("Nothing woke the program" in warning for warning in result.warnings)
    assert result.final_equity == D(10_000)


async def test_a_signal_wakes_the_program_with_what_fired(sandbox: SandboxHost) -> None:
    source = """
class Strategy:
    def should_trade(self, data):
        fired = ",".join(each["name"] for each in data.triggered_signals)
        woke = f"{data.trigger_type} {data.trigger_symbol!r} {data.signal_pool_name} {fired}"
        return Decision("hold", reason=woke)
"""
    bars = [*flat(100, 3), *flat(110, 3), *flat(100, 3)]
    changes = {
        "pools": (pool("price > 105 on 1m", "price > 1000 on 1m", name="high"),),
        "schedule_seconds": 240,
    }
    outcome = await run(source, history({"BTC": series(bars), "ETH": series(flat(1, 9))}), sandbox, **changes)
    assert [(line.ts_ms, line.reason.strip()) for line in lines(outcome)] == [
        (at(0), "scheduled ''"),
        (at(4), "signal 'BTC' high price > 105 on 1m"),
        (at(8), "scheduled ''"),
    ]


SHORT_FORM = """
def run(ctx):
    if ctx.positions:
        return
    ctx.buy("BTC", 2)
"""
BRACES = """
fn run(ctx) {
    if len(ctx.positions) == 0 {
        ctx.buy("BTC", 2)
    }
}
"""
DOCUMENTED = """
class Strategy:
    def should_trade(self, data):
        if data.get_positions():
            return Decision(operation="hold")
        return Decision(
            operation="long", symbol="BTC", leverage=2, size_pct=50, take_profit_pct=5, stop_loss_pct=5
        )
"""


@pytest.mark.parametrize("source", [SHORT_FORM, BRACES], ids=["short form", "braces"])
async def test_the_short_forms_order_an_absolute_quantity(sandbox: SandboxHost, source: str) -> None:
    (trade,) = (await run(source, history({"BTC": series(flat(100, 30))}), sandbox)).result.trades
    assert (trade.quantity, trade.side) == (D(2), "long")


async def test_the_documented_form_trades_with_its_targets(sandbox: SandboxHost) -> None:
    past = history({"BTC": series([*flat(100, 3), (100, 106, 100, 104), *flat(104, 1)])})
    trades = (await run(DOCUMENTED, past, sandbox)).result.trades
    assert [trade.exit_reason for trade in trades] == [ExitReason.TAKE_PROFIT, ExitReason.OPEN]
    assert trades[0].exit_price == D(105)
    assert trades[0].leverage == 2


async def test_the_reads_of_one_line_are_those_of_its_trigger(sandbox: SandboxHost) -> None:
    from engine.backtest.run import inspect_trigger

    past = wild(5, ("BTC",))
    outcome = await run(SIMPLE, past, sandbox)
    index = next(line.index for line in lines(outcome) if line.operation == "close")
    detail = await inspect_trigger(request(SIMPLE, past), past, index, sandbox)
    assert detail.line == outcome.log.line(index)
    assert any(call.startswith("get_klines") for call, _ in detail.reads)
    given = msgspec.json.decode(detail.input_data)
    assert given["now_ms"] == detail.line.ts_ms
    assert [each["symbol"] for each in given["positions"]] == ["BTC"]
    assert '"close"' in detail.decision
