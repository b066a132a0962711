"""The ten errors that the contract's section 7.3 found in another engine: one test for each, from outside."""

from __future__ import annotations

import math
from typing import Any

import pytest

from engine.backtest.history import LoadedHistory
from engine.market.periods import Period
from engine.model.backtest import ExitReason
from engine.strategies.programs.host import SandboxHost
from tests.backtest.made_history import Bar, D, at, flat, history, series, settlements
from tests.backtest.program_runs import lines, run

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR_MS = 3_600_000


def program(body: str) -> str:
    """A class whose should_trade has this body; `price` and `minute` are there."""
    head = f"price = data.get_price(data.symbols[0])\nminute = (data.now_ms - {at(0)}) // 60000\n"
    indented = "\n".join("        " + line for line in (head + body.strip("\n")).splitlines())
    return f"class Strategy:\n    def should_trade(self, data):\n{indented}\n"


def one(past: list[Bar], **words: Any) -> LoadedHistory:
    return history({"BTC": series(past)}, **words)


async def test_error_1_a_forming_candle_shows_neither_its_close_nor_its_volume(
    sandbox: SandboxHost,
) -> None:
    body = """
last = data.get_klines("BTC", "1m", 1)
flow = data.get_flow("BTC", "CVD", "1m")
told = f"{price} {[(each.close, each.volume) for each in last]} {data.get_market_data('BTC')['price']} {flow}"
return Decision("hold", reason=told)
"""
    calm, wild = [*flat(100, 8)], [*flat(100, 7), (100.0, 900.0, 1.0, 500.0)]
    told = [lines(await run(program(body), one(bars), sandbox)) for bars in (calm, wild)]
    assert [line.reason for line in told[0]] == [line.reason for line in told[1]]
    assert "100" in told[0][7].reason


async def test_error_2_stops_see_the_rest_of_the_entry_bar_and_nothing_of_a_bar_that_only_begins(
    sandbox: SandboxHost,
) -> None:
    body = """
if minute == 0:
    return Decision("buy", "BTC", quantity=1.0, max_price=200.0, stop_loss_price=95.0)
return Decision("hold", reason=",".join(data.positions))
"""
    rest_of_entry = await run(program(body), one([(100, 100, 94, 100), *flat(100, 2)]), sandbox)
    assert [line.reason for line in lines(rest_of_entry) if line.kind == "scheduled"] == ["", "", ""]
    begins = await run(program(body), one([*flat(100, 2), (100, 100, 94, 100), *flat(100, 1)]), sandbox)
    told = [line.reason for line in lines(begins) if line.kind == "scheduled"]
    assert told == ["", "BTC", "BTC", ""]


async def test_error_3_the_stops_of_one_symbol_never_see_the_prices_of_another(sandbox: SandboxHost) -> None:
    body = """
if minute == 0:
    words = {"stop_loss_price": 95.0, "take_profit_price": 105.0}
    return Decision("buy", "BTC", quantity=1.0, max_price=200.0, **words)
return Decision("hold")
"""
    past = history({"BTC": series(flat(100, 5)), "ETH": series([(100.0, 500.0, 1.0, 100.0)] * 5)})
    (trade,) = (await run(program(body), past, sandbox)).result.trades
    assert trade.exit_reason is ExitReason.OPEN


async def test_error_4_the_stop_comes_first_and_a_gap_fills_at_the_open(sandbox: SandboxHost) -> None:
    body = """
if minute in (0, 3):
    words = {"take_profit_price": 105.0, "stop_loss_price": 95.0}
    return Decision("buy", "BTC", quantity=1.0, max_price=200.0, **words)
return Decision("hold")
"""
    bars: list[Bar] = [*flat(100, 1), (100, 110, 90, 100), *flat(100, 2), *flat(88, 2)]
    both, gap = (await run(program(body), one(bars), sandbox)).result.trades
    assert (both.exit_reason, both.exit_price) == (ExitReason.STOP_LOSS, D(95))
    assert (gap.exit_reason, gap.exit_price, gap.exit_ms) == (ExitReason.STOP_LOSS, D(88), at(4))


async def test_error_5_positions_are_liquidated_and_equity_never_falls_below_nothing(
    sandbox: SandboxHost,
) -> None:
    order = 'Decision("buy", "BTC", 1.0, leverage=20, max_price=200.0)'
    body = f'return {order} if minute == 0 else Decision("hold")'
    result = (await run(program(body), one([*flat(100, 2), *flat(20, 5)]), sandbox)).result
    assert [trade.exit_reason for trade in result.trades] == [ExitReason.LIQUIDATION]
    assert 0 <= result.final_equity < D(1)
    assert min(result.curve.equity) >= 0


async def test_error_5_funding_is_paid(sandbox: SandboxHost) -> None:
    body = 'return Decision("buy", "BTC", quantity=2.0, max_price=200.0) if minute == 0 else Decision("hold")'
    past = one(flat(100, 6), funding={"BTC": settlements((at(3), 0.01))})
    result = (await run(program(body), past, sandbox)).result
    assert (result.funding, result.total_pnl) == (D(-2), D(-2))


@pytest.mark.parametrize(
    ("order", "outcome"),
    [
        ('"buy", "BTC", 0.5, max_price=99.0', "expired"),
        ('"sell", "BTC", 0.5, min_price=101.0', "expired"),
        ('"buy", "BTC", 0.5, max_price=99.0, time_in_force="Gtc"', "accepted"),
        ('"buy", "BTC", 0.5, max_price=101.0, time_in_force="Alo"', "post-only would take"),
        ('"buy", "BTC", 0.5, leverage=51, max_price=101.0', "leverage"),
        ('"buy", "BTC", 0.0, max_price=101.0', "target_portion_of_balance"),
        ('"buy", "BTC", 1.5, max_price=101.0', "target_portion_of_balance"),
        ('"buy", "BTC", 0.5', "max_price"),
    ],
)
async def test_error_5_what_live_applies_to_an_order_a_backtest_applies(
    sandbox: SandboxHost, order: str, outcome: str
) -> None:
    body = f'return Decision({order}) if minute == 0 else Decision("hold")'
    ran = await run(program(body), one(flat(100, 3)), sandbox)
    assert outcome in lines(ran)[0].outcome + lines(ran)[0].error
    assert not ran.result.trades


async def test_error_6_profits_wins_and_factors_are_after_fees_and_a_reversal_is_two_trades(
    sandbox: SandboxHost,
) -> None:
    body = """
if minute == 0:
    return Decision("buy", "BTC", quantity=1.0, max_price=200.0)
if minute == 2:
    return Decision("sell", "BTC", quantity=2.0, min_price=1.0)
if minute == 4:
    return Decision("close", "BTC", 1.0, max_price=200.0)
return Decision("hold")
"""
    bars = [*flat(100, 2), *flat(100.1, 2), *flat(100, 2)]
    result = (await run(program(body), one(bars, fees=(D("0.001"), D(0))), sandbox)).result
    first, second = result.trades
    # Each made 0.1 before fees of about 0.2: neither is a win.
    assert (first.gross_pnl, second.gross_pnl) == (D("0.1"), D("0.1"))
    assert first.pnl < 0 > second.pnl
    assert result.metrics["win_rate"] == 0
    assert result.metrics["profit_factor"] == 0
    assert first.pnl + second.pnl == result.total_pnl == result.final_equity - D(10_000)


def hourly(closes: list[float]) -> LoadedHistory:
    bars: list[Bar] = []
    last = closes[0]
    for close in closes:
        bars.append((last, max(last, close), min(last, close), close))
        last = close
    return history({"BTC": series(bars, length_ms=HOUR_MS)}, base=Period.H1)


HOLDS = """
class Strategy:
    def should_trade(self, data):
        if data.positions:
            return Decision("hold")
        return Decision("buy", "BTC", 0.9, max_price=1000.0)
"""


async def test_error_7_sharpe_does_not_depend_on_how_often_the_program_is_woken(sandbox: SandboxHost) -> None:
    past = hourly([100 + 5 * math.sin(hour / 9) + hour / 20 for hour in range(240)])
    sharpes = [
        (await run(HOLDS, past, sandbox, schedule_seconds=seconds)).result.metrics["sharpe"]
        for seconds in (3600, 6 * 3600, 100 * 3600)
    ]
    assert sharpes[0] is not None
    assert sharpes == [sharpes[0]] * 3


async def test_error_8_the_deepest_drawdown_is_found_between_triggers_and_in_per_cent(
    sandbox: SandboxHost,
) -> None:
    # Halved first, and later down by a tenth of ten times as much: the most money, not the most per cent.
    past = hourly([100.0, 100, 50, 100, 500, 1000, 900, 1000])
    result = (await run(HOLDS, past, sandbox, schedule_seconds=7 * 24 * 3600)).result
    assert result.triggers == 1
    assert result.metrics["max_drawdown_pct"] == pytest.approx(-45)
    assert result.metrics["max_drawdown"] == pytest.approx(-9_000)


async def test_error_9_the_context_is_the_one_of_live(sandbox: SandboxHost) -> None:
    body = """
if minute == 0:
    return Decision("buy", "BTC", quantity=0.00001, max_price=200.0)
if minute == 1:
    return Decision("buy", "BTC", quantity=0.00001, max_price=90.0, time_in_force="Gtc")
if minute == 2:
    return Decision("close", "BTC", 0.5, min_price=1.0)
trades = [(each.side, each.price, each.timestamp, each.close_time[:19]) for each in data.recent_trades]
limits = (data.max_leverage, data.default_leverage)
told = (data.trigger_symbol, trades, limits, len(data.open_orders), data.positions["BTC"].size)
return Decision("hold", reason=repr(told))
"""
    bars = [*flat(100, 2), *flat(110, 2)]
    ran = await run(program(body), history({"BTC": series(bars), "ETH": series(bars)}), sandbox)
    newest = ("sell", 110.0, at(2), "2025-06-01 00:02:00")
    oldest = ("buy", 100.0, at(0), "2025-06-01 00:00:00")
    assert lines(ran)[3].reason == repr(("", [newest, oldest], (50, 1), 1, 0.000005))


async def test_error_10_a_decision_on_another_symbol_is_logged_with_its_price(
    sandbox: SandboxHost,
) -> None:
    body = 'return Decision("buy", "ETH", quantity=1.0, max_price=9.0) if minute == 0 else Decision("hold")'
    past = history({"BTC": series(flat(100, 3)), "ETH": series(flat(5, 3))})
    line = lines(await run(program(body), past, sandbox))[0]
    assert (line.decision_symbol, line.fill_price) == ("ETH", 5)
    assert (line.symbol, line.price) == ("ETH", 5)
