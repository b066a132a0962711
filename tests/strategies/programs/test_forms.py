"""The forms a program may have, and the words they may use: each becomes the one canonical decision."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from engine.strategies.decision import validate_decisions
from engine.strategies.programs.batch import BatchReply, DataQuery
from engine.strategies.programs.host import SandboxHost
from tests.strategies.programs.conftest import program
from tests.strategies.programs.test_batches import CASH, LIMITS, batch, printed, series

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = msgspec.structs.replace(CASH, positions=(("BTC", "long", "2", "90", 2, "90", None, 0),))
SHORT = msgspec.structs.replace(CASH, positions=(("BTC", "short", "2", "90", 2, "90", None, 0),))


async def decided(host: SandboxHost, source: str, **changes: Any) -> dict[str, Any]:
    """Return the one decision of a program at a bid of 99.5 and an ask of 100.5."""
    reply = await host.run_batch(batch("", 1, source=source, **changes), LIMITS)
    assert not reply.failures, reply.failures
    (decision,) = reply.decisions
    validate_decisions(decision.decision, symbols=("BTC", "ETH"), max_leverage=5)
    fields: dict[str, Any] = json.loads(decision.decision)
    return fields


def short_form(body: str) -> str:
    return "def run(ctx):\n" + "\n".join("    " + line for line in body.splitlines()) + "\n"


async def failed(host: SandboxHost, source: str) -> str:
    reply: BatchReply = await host.run_batch(batch("", 1, source=source), LIMITS)
    (failure,) = reply.failures
    return f"{failure.kind}: {failure.message}"


async def test_the_short_form_orders_a_quantity_near_the_price(host: SandboxHost) -> None:
    assert await decided(host, short_form('ctx.buy("BTC", 0.01)')) == {
        "operation": "buy",
        "symbol": "BTC",
        "quantity": 0.01,
        "leverage": 2,
        "max_price": 101.0025,
    }
    assert await decided(host, short_form('return ctx.sell("BTC", 3, leverage=5.0, reason="high")')) == {
        "operation": "sell",
        "symbol": "BTC",
        "quantity": 3,
        "leverage": 5,
        "min_price": 99.0025,
        "reason": "high",
    }


async def test_a_guard_that_is_given_stays(host: SandboxHost) -> None:
    assert (await decided(host, short_form('ctx.buy("BTC", 1, max_price=100.6)')))["max_price"] == 100.6
    kept = await decided(host, short_form('ctx.buy("BTC", 1, min_price=1)'))
    assert (kept["min_price"], kept["max_price"]) == (1, 101.0025)


async def test_closing_is_guarded_on_the_side_it_trades(host: SandboxHost) -> None:
    long = await decided(host, short_form('ctx.close("BTC")'), books=LONG)
    assert (long["min_price"], long["target_portion_of_balance"]) == (99.0025, 1.0)
    short = await decided(host, short_form('ctx.close("BTC", 0.5)'), books=SHORT)
    assert (short["max_price"], short["target_portion_of_balance"]) == (101.0025, 0.5)
    words = await decided(host, short_form('ctx.close("BTC", target_portion_of_balance=0.25)'), books=LONG)
    assert words["target_portion_of_balance"] == 0.25


@pytest.mark.parametrize(
    ("body", "reason"),
    [("pass", ""), ('ctx.hold("not yet")', "not yet"), ('return ctx.hold("no")', "no"), ("return None", "")],
)
async def test_the_short_form_holds(host: SandboxHost, body: str, reason: str) -> None:
    reply = await host.run_batch(batch("", 1, source=short_form(body)), LIMITS)
    assert (reply.decided, reply.decisions, reply.failures) == (1, (), ())
    assert reply.hold_reasons == ((reason,) if reason else ())


async def test_the_short_form_may_return_a_decision(host: SandboxHost) -> None:
    body = 'return Decision("buy", "BTC", 0.5, max_price=101)'
    assert (await decided(host, short_form(body)))["target_portion_of_balance"] == 0.5


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('ctx.buy("BTC", 1)\nctx.sell("ETH", 1)', "second order"),
        ('ctx.buy("BTC", 1)\nctx.hold()', "second order"),
        ('ctx.buy("BTC", 1)\nreturn Decision("hold")', "ordered one thing and returned another"),
        ('ctx.buy("BTC")', "buy needs a quantity"),
        ('return "buy"', "a Decision must be returned; the program returned str"),
    ],
)
async def test_the_short_form_says_what_is_wrong(host: SandboxHost, body: str, message: str) -> None:
    assert message in await failed(host, short_form(body))


async def test_an_order_of_one_trigger_is_not_one_of_the_next(host: SandboxHost) -> None:
    source = short_form('if ctx.get_price("BTC") == 100: ctx.buy("BTC", 1)')
    reply = await host.run_batch(batch("", 3, source=source), LIMITS)
    assert (reply.decided, [each.index for each in reply.decisions]) == (3, [0])


async def test_the_short_form_has_the_same_data(host: SandboxHost) -> None:
    source = short_form("print(ctx.params['n'], ctx.symbols, ctx.total_equity)")
    reply = await host.run_batch(batch("", 1, source=source, params={"n": 3}), LIMITS)
    assert printed(reply) == ["3 ['BTC', 'ETH'] 10000.0"]


async def test_the_documented_class(host: SandboxHost) -> None:
    body = (
        'return Decision("long", "BTC", size_pct=25, leverage=3.0, take_profit_pct=4, stop_loss_pct=2,'
        ' reasoning="up")'
    )
    assert await decided(host, program(body)) == {
        "operation": "buy",
        "symbol": "BTC",
        "target_portion_of_balance": 0.25,
        "leverage": 3,
        "max_price": 101.0025,
        "take_profit_price": 104.52,
        "stop_loss_price": 98.49,
        "reason": "up",
    }
    body = 'return Decision(operation="short", symbol="BTC", size_pct=10, leverage=1, stop_loss_pct=2)'
    short = await decided(host, program(body))
    assert (short["operation"], short["min_price"], short["stop_loss_price"]) == ("sell", 99.0025, 101.49)


async def test_the_documented_data_calls(host: SandboxHost) -> None:
    answers = {
        DataQuery("indicator", "BTC", "RSI14", "1m"): series([20.0, 30.0], [2]),
        DataQuery("indicator", "BTC", "sma(9)", "1m"): series([], [0]),
    }
    body = (
        "print(data.get_indicator('BTC', 'rsi', 14), data.get_indicator('BTC', 'sma', 9),"
        " data.get_balance(), [p.symbol for p in data.get_positions()])\n"
        "return Decision('hold')"
    )
    reply = await host.run_batch(batch(body, 1, answers=answers, books=LONG), LIMITS)
    assert printed(reply) == ["30.0 None 10000.0 ['BTC']"]


@pytest.mark.parametrize(
    ("call", "query"),
    [
        ("get_indicator('BTC', 'macd', 26)", DataQuery("indicator", "BTC", "MACD", "1m")),
        ("get_indicator('BTC', 'bbands', 20)", DataQuery("indicator", "BTC", "BOLL", "1m")),
        ("get_indicator('BTC', 'bbands', 10)", DataQuery("indicator", "BTC", "bbands(10)", "1m")),
        ("get_indicator('BTC', 'EMA', 50)", DataQuery("indicator", "BTC", "EMA50", "1m")),
        ("get_indicator('BTC', 'adx(14)', '4h')", DataQuery("indicator", "BTC", "adx(14)", "4h")),
        ("get_regime('BTC')", DataQuery("regime", "BTC", "", "1m")),
        ("get_regime('BTC', '1h')", DataQuery("regime", "BTC", "", "1h")),
        ("get_klines('BTC', interval='1h', limit=24)", DataQuery("klines", "BTC", "", "1h", 100)),
        ("get_klines('BTC', '1h', 700)", DataQuery("klines", "BTC", "", "1h", 1000)),
        ("get_klines('BTC', '1h', 10**9)", DataQuery("klines", "BTC", "", "1h", 5000)),
        ("get_flow('BTC', 'cvd', '5m')", DataQuery("flow", "BTC", "CVD", "5m")),
        ("get_factor('BTC', 'zscore20')", DataQuery("factor", "BTC", "zscore20", "5m")),
        ("get_factor_ranking('BTC', 3)", DataQuery("factor_ranking", "BTC", "", "", 3)),
        ("get_price_change('BTC', '24h')", DataQuery("price_change", "BTC", "", "24h")),
        ("get_market_data('BTC')", DataQuery("market_data", "BTC")),
        ("trigger_market_regime", None),
    ],
)
async def test_what_a_call_asks_the_desk(host: SandboxHost, call: str, query: DataQuery | None) -> None:
    reply = await host.run_batch(batch(f"data.{call}\nreturn Decision('hold')", 1), LIMITS)
    assert reply.needs == (() if query is None else (query,))
    assert reply.failures == ()


@pytest.mark.parametrize(
    "words",
    [
        "'BUY', 'BTC', 0.5, max_price=101",
        "action='buy', symbol='BTC', portion=0.5, max_price=101",
        "'buy', 'BTC', size_pct=50, max_price=101",
        "ActionType.BUY, 'BTC', target_portion_of_balance=0.5, max_price=101",
        "' Buy ', 'BTC', 0.5, 2, 101, reasoning=''",
    ],
)
async def test_every_word_for_the_same_order(host: SandboxHost, words: str) -> None:
    assert await decided(host, program(f"return Decision({words})")) == {
        "operation": "buy",
        "symbol": "BTC",
        "target_portion_of_balance": 0.5,
        "leverage": 2,
        "max_price": 101,
    }


async def test_reasons_are_cut_and_texts_survive_as_they_are(host: SandboxHost) -> None:
    body = 'return Decision("buy", "BTC", 0.5, max_price=1e-7, reason="é\\"\\\\\\n" + "x" * 500)'
    fields = await decided(host, program(body))
    assert fields["reason"] == 'é"\\\n' + "x" * 396
    assert fields["max_price"] == 1e-7
