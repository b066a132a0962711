"""What a run of a program in the real sandbox gives, and which requests cannot be run."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from engine.backtest.run import inspect_trigger
from engine.errors import InvalidInput
from engine.model.backtest import BacktestStatus, ExitReason
from engine.strategies.programs.host import SandboxHost
from tests.backtest.made_history import Bar, D, at, flat, history, pool, request, series
from tests.backtest.program_runs import SIMPLE, assert_the_same, lines, run, wild

pytestmark = pytest.mark.asyncio(loop_scope="session")


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


STASHING = """
import math

class Strategy:
    def should_trade(self, data):
        math.times = getattr(math, "times", 0) + 1
        price = data.get_price("BTC")
        word = "buy" if math.times % 2 else "hold"
        return Decision(word, "BTC", 0.1, max_price=price, reason=str(math.times))
"""


async def test_nothing_a_program_hides_in_a_module_reaches_the_next_run(sandbox: SandboxHost) -> None:
    past = history({"BTC": series(flat(100, 40))})
    first = await run(STASHING, past, sandbox)
    assert_the_same(first, await run(STASHING, past, sandbox))
    detail = await inspect_trigger(request(STASHING, past), past, 0, sandbox)
    assert '"reason": "1"' in detail.decision


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
