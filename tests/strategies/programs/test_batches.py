"""A batch of triggers: what runs ahead, what stops it, and that every number is the desk's own."""

from __future__ import annotations

import array
import asyncio
import itertools
import json
import os
import struct
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import StrategyFailed
from engine.exchanges.instruments import INSTRUMENTS
from engine.exchanges.wallet import account_of, open_wallet
from engine.model.position import Position
from engine.strategies.programs.batch import (
    Answer,
    BatchReply,
    BatchRequest,
    ConfirmedBooks,
    DataQuery,
    MarketColumns,
    MemberColumns,
    PoolColumns,
    TriggerColumns,
)
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.payload import confirmed_books
from tests.strategies.programs.conftest import program

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIMITS = SandboxLimits(seconds=2)
HOLD = 'return Decision("hold")'
START_MS = 1_750_000_000_000
MINUTE_MS = 60_000
CASH = ConfirmedBooks(cash="10000", used_margin="0")
RSI = DataQuery("indicator", "BTC", "RSI14", "1m")
BUY = 'Decision("buy", "BTC", 0.5, leverage=1, max_price=110)'

_numbers = itertools.count()


def doubles(values: Sequence[float]) -> bytes:
    return array.array("d", values).tobytes()


def longs(values: Sequence[int]) -> bytes:
    return array.array("q", values).tobytes()


def series(values: Sequence[float], visible: Sequence[int]) -> Answer:
    return Answer(numbers={"value": doubles(values)}, visible=longs(visible))


def batch(body: str, count: int = 4, **changes: Any) -> BatchRequest:
    """Return a batch of minutes at which BTC costs 100, 101, …, in a session of its own."""
    marks = [100.0 + index for index in range(count)]
    source = changes.pop("source", None) or program(body)
    defaults: dict[str, Any] = {
        "session": f"batch {next(_numbers)}",
        "params": {},
        "trader_id": 1,
        "environment": "testnet",
        "trading_mode": "backtest",
        "max_leverage": 5,
        "default_leverage": 2,
        "period": "1m",
        "symbols": ("BTC", "ETH"),
        "triggers": TriggerColumns(ts_ms=longs([START_MS + index * MINUTE_MS for index in range(count)])),
        "markets": {
            "BTC": MarketColumns(
                mark=doubles(marks),
                bid=doubles([mark - 0.5 for mark in marks]),
                ask=doubles([mark + 0.5 for mark in marks]),
                tick_size=0.5,
            )
        },
        "answers": {},
        "books": CASH,
    }
    return BatchRequest(source=source, **(defaults | changes))


def said(reply: BatchReply) -> list[tuple[int, dict[str, Any]]]:
    return [(each.index, json.loads(each.decision)) for each in reply.decisions]


def printed(reply: BatchReply) -> list[str]:
    return [text.rstrip("\n") for _, text in reply.output]


def reasons(reply: BatchReply) -> list[str]:
    places = struct.unpack(f"<{reply.decided}i", reply.hold_reason_of)
    return ["" if place < 0 else reply.hold_reasons[place] for place in places]


async def test_every_trigger_sees_its_own_price_time_and_answer(host: SandboxHost) -> None:
    body = (
        "rsi = data.get_indicator('BTC', 'RSI14', '1m')\n"
        "print(data.now_ms, data.get_price('BTC'), rsi.get('value'), rsi.get('series'))\n" + HOLD
    )
    values = series([float("nan"), 20.0, 30.0, 40.0], [1, 2, 2, 4])
    reply = await host.run_batch(batch(body, answers={RSI: values}), LIMITS)
    assert reply.decided == 4
    assert printed(reply) == [
        f"{START_MS} 100.0 None None",
        f"{START_MS + MINUTE_MS} 101.0 20.0 [20.0]",
        f"{START_MS + 2 * MINUTE_MS} 102.0 20.0 [20.0]",
        f"{START_MS + 3 * MINUTE_MS} 103.0 40.0 [20.0, 30.0, 40.0]",
    ]


async def test_values_of_each_trigger_and_rows_of_five(host: SandboxHost) -> None:
    query = DataQuery("flow", "BTC", "CVD", "5m")
    answer = Answer(
        numbers={"current": doubles([1, float("nan")]), "last_5": doubles([*range(5), *range(10, 15)])},
        texts={"period": ("5m", "\0")},
    )
    body = "print(data.get_flow('BTC', 'cvd', '5m'))\n" + HOLD
    reply = await host.run_batch(batch(body, 2, answers={query: answer}), LIMITS)
    assert printed(reply) == [
        "{'current': 1.0, 'last_5': [0.0, 1.0, 2.0, 3.0, 4.0], 'period': '5m'}",
        "{'current': None, 'last_5': [10.0, 11.0, 12.0, 13.0, 14.0], 'period': None}",
    ]


async def test_what_is_not_there_ends_the_batch_before_its_trigger(host: SandboxHost) -> None:
    body = (
        "print('looked')\n"
        "if data.get_price('BTC') >= 102:\n"
        "    data.get_indicator('BTC', 'RSI14', '1m')\n"
        "return Decision('hold', reason='seen')"
    )
    request = batch(body)
    reply = await host.run_batch(request, LIMITS)
    assert (reply.decided, reply.needs) == (2, (RSI,))
    assert len(reply.output) == 2
    rest = msgspec.structs.replace(request, answers={RSI: series([1.0], [1] * 4)})
    assert (await host.run_batch(rest, LIMITS)).decided == 4


async def test_swallowing_the_interruption_changes_nothing(host: SandboxHost) -> None:
    body = (
        "try:\n    data.get_klines('BTC', '1m')\nexcept BaseException:\n    pass\n"
        "return Decision('buy', 'BTC', 1, max_price=200)"
    )
    reply = await host.run_batch(batch(body), LIMITS)
    assert (reply.decided, reply.decisions) == (0, ())
    assert reply.needs == (DataQuery("klines", "BTC", "", "1m", 100),)
    body = f"try:\n    data.total_equity\nexcept BaseException:\n    pass\nreturn {BUY}"
    reply = await host.run_batch(batch(body), LIMITS)
    assert (reply.decided, reply.wants_books, len(reply.decisions)) == (1, True, 1)


async def test_sides_are_forecast_and_amounts_are_not(host: SandboxHost) -> None:
    """Buy, look at the side for as long as it is enough, then look at the size."""
    body = (
        "held = data.positions.get('BTC')\n"
        "print(held and (held.symbol, held.side), len(data.positions), 'BTC' in data.positions)\n"
        "if held is None:\n    return " + BUY + "\n"
        "if data.get_price('BTC') >= 103:\n    print(held.size)\n" + HOLD
    )
    reply = await host.run_batch(batch(body, 5), LIMITS)
    assert [index for index, _ in said(reply)] == [0]
    assert (reply.decided, reply.wants_books, reply.waits) == (3, True, False)
    assert printed(reply) == ["None 0 False", *["('BTC', 'long') 1 True"] * 2]


@pytest.mark.parametrize(
    ("order", "sides"),
    [
        ('Decision("buy", "BTC", 0.5, max_price=110)', {"BTC": "long", "ETH": "short"}),
        ('Decision("sell", "BTC", 0.5, min_price=90)', {"BTC": "short", "ETH": "short"}),
        ('Decision("close", "ETH", 1.0, max_price=90)', {}),
        ('Decision("close", "ETH", 1, max_price=90)', {}),
        ('Decision("close", "ETH", 0.5, max_price=90)', {"ETH": "short"}),
        ('Decision("close", "ETH", quantity=3, max_price=90)', {"ETH": "short"}),
    ],
)
async def test_what_an_order_makes_of_the_sides(host: SandboxHost, order: str, sides: dict[str, str]) -> None:
    books = msgspec.structs.replace(CASH, positions=(("ETH", "short", "3", "50", 2, "75", None, 0),))
    body = f"print({{s: p.side for s, p in data.positions.items()}})\nreturn {order}"
    reply = await host.run_batch(batch(body, 2, books=books), LIMITS)
    assert printed(reply) == ["{'ETH': 'short'}", str({s: sides[s] for s in sorted(sides, reverse=True)})]


@pytest.mark.parametrize(
    "words", ["stop_loss_price=90", "take_profit_price=130", 'time_in_force="Gtc"', 'time_in_force="ALO"']
)
async def test_an_order_whose_end_only_the_desk_knows_waits(host: SandboxHost, words: str) -> None:
    body = f'return Decision("buy", "BTC", 0.5, max_price=110, {words})'
    reply = await host.run_batch(batch(body), LIMITS)
    assert (reply.decided, reply.waits, len(reply.decisions)) == (1, True, 1)


async def test_books_are_true_until_the_desk_says(host: SandboxHost) -> None:
    books = msgspec.structs.replace(CASH, until_ms=START_MS + 2 * MINUTE_MS)
    body = f"print(data.total_equity, data.available_balance)\n{HOLD}"
    reply = await host.run_batch(batch(body, books=books), LIMITS)
    assert (reply.decided, reply.wants_books) == (2, True)
    assert printed(reply) == ["10000.0 10000.0"] * 2


async def test_the_next_batch_goes_on_with_the_forecast(host: SandboxHost) -> None:
    body = f"print(list(data.positions))\nreturn {BUY}"
    first = batch(body, 2)
    await host.run_batch(first, LIMITS)
    reply = await host.run_batch(msgspec.structs.replace(first, books=None, first=2), LIMITS)
    assert (reply.decided, printed(reply)) == (2, ["['BTC']"] * 2)


async def test_a_guest_that_was_never_told_its_books_asks_for_them(host: SandboxHost) -> None:
    reply = await host.run_batch(batch(HOLD, books=None), LIMITS)
    assert (reply.decided, reply.wants_books, reply.needs) == (0, True, ())


_amounts = st.decimals(min_value="0.001", max_value="99999", places=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    quantity=_amounts,
    is_long=st.booleans(),
    entry=_amounts,
    mark=_amounts,
    cash=st.decimals(min_value=0, max_value=10_000_000, places=8),
    margin=_amounts,
)
async def test_money_is_what_the_desks_own_arithmetic_gives(
    host: SandboxHost,
    quantity: Decimal,
    is_long: bool,
    entry: Decimal,
    mark: Decimal,
    cash: Decimal,
    margin: Decimal,
) -> None:
    position = Position(
        trader_id=1,
        symbol="BTC",
        quantity=quantity if is_long else -quantity,
        entry_price=entry,
        leverage=3,
        isolated_margin=margin,
        mark_price=mark,
        liquidation_price=entry / 2,
        opened_ms=START_MS - 5_400_000,
    )
    wallet = open_wallet(
        trader_id=1, instruments={"BTC": INSTRUMENTS["BTC"]}, cash=cash, positions=[position]
    )
    account = account_of(wallet, {"BTC": mark})
    books = confirmed_books(
        cash=cash, used_margin=account.used_margin, positions=[position], recent_fills=[], open_orders=[]
    )
    price = doubles([float(mark)])
    body = (
        "p = data.positions['BTC']\n"
        "print([data.total_equity, data.available_balance, data.used_margin, p.unrealized_pnl, p.size,"
        " p.entry_price, p.liquidation_price, p.holding_duration_str])\n" + HOLD
    )
    request = batch(
        body,
        1,
        session="money",
        books=books,
        markets={"BTC": MarketColumns(mark=price, bid=price, ask=price, tick_size=0.1)},
    )
    reply = await host.run_batch(request, LIMITS)
    assert printed(reply) == [
        str(
            [
                *map(
                    float, (account.equity, account.available, account.used_margin, position.unrealized_pnl)
                ),
                *map(float, (quantity, entry, entry / 2)),
                "1h 30m",
            ]
        )
    ]


async def test_a_failed_trigger_is_told_and_the_next_one_is_decided(host: SandboxHost) -> None:
    body = "if data.get_price('BTC') in (101, 103):\n    return 1 / 0\nreturn Decision('hold', reason='fine')"
    reply = await host.run_batch(batch(body, 5), LIMITS)
    assert reply.decided == 5
    assert [(each.index, each.kind, each.line) for each in reply.failures] == [
        (1, "ZeroDivisionError", 4),
        (3, "ZeroDivisionError", 4),
    ]
    assert reasons(reply) == ["fine", "", "fine", "", "fine"]


async def test_so_many_failures_as_fill_a_reply_end_the_batch(host: SandboxHost) -> None:
    reply = await host.run_batch(batch("raise ValueError('x' * 1000)", 5000), LIMITS)
    assert 50 < reply.decided == len(reply.failures) < 1000


async def test_a_source_that_does_not_compile_fails_at_every_trigger(host: SandboxHost) -> None:
    reply = await host.run_batch(batch("", source="x = ("), LIMITS)
    assert [(each.index, each.kind, each.line) for each in reply.failures] == [
        (index, "SyntaxError", 1) for index in range(4)
    ]


async def test_triggers_of_pools_and_of_a_schedule_say_what_they_are(host: SandboxHost) -> None:
    pool = PoolColumns(
        pool_id=7,
        name="dips",
        logic="and",
        symbol="BTC",
        rows=longs([1, 3]),
        members=(
            MemberColumns(
                signal_id=1, name="low", condition="c", met=bytes([1, 0]), value=doubles([25.5, 1.0])
            ),
        ),
    )
    triggers = TriggerColumns(ts_ms=batch(HOLD).triggers.ts_ms, pools=(pool,))
    body = (
        "print(data.trigger_type, data.trigger_symbol or '-', data.signal_pool_name or '-', data.pool_logic,"
        " [s['value'] for s in data.triggered_signals])\n" + HOLD
    )
    reply = await host.run_batch(batch(body, triggers=triggers), LIMITS)
    assert printed(reply) == [
        "scheduled - - OR []",
        "signal BTC dips AND [25.5]",
        "scheduled - - OR []",
        "signal BTC dips AND []",
    ]


async def test_chance_is_the_same_however_a_run_is_cut(host: SandboxHost) -> None:
    """Also for what a program draws from a generator of its own."""
    body = (
        "import random\nprint(random.random(), random.Random().random(), random.Random(3).random())\n" + HOLD
    )
    whole = printed(await host.run_batch(batch(body), LIMITS))
    times = [START_MS + index * MINUTE_MS for index in range(4)]
    alone = [
        printed(await host.run_batch(batch(body, 1, triggers=TriggerColumns(ts_ms=longs([ts]))), LIMITS))[0]
        for ts in times
    ]
    assert whole == alone
    assert len(set(whole)) == 4
    assert printed(await host.run_batch(batch(body, seed=1), LIMITS)) != whole


async def test_output_is_cut_over_the_whole_batch(host: SandboxHost) -> None:
    reply = await host.run_batch(batch(f"print('x' * 1000)\n{HOLD}", 200), LIMITS)
    assert reply.decided == 200
    assert 64_000 < sum(len(text) for _, text in reply.output) < 67_000


async def test_a_loop_at_a_late_trigger_ends_the_batch_in_time(host: SandboxHost) -> None:
    body = f"while data.get_price('BTC') >= 150: pass\n{HOLD}"
    with pytest.raises(StrategyFailed, match="ran longer") as failure:
        await host.run_batch(batch(body, 100), SandboxLimits(seconds=0.1))
    assert failure.value.details["timed_out"] == "true"


async def test_columns_through_a_folder_are_the_same_and_gone_before_the_program_runs(
    host: SandboxHost,
) -> None:
    body = (
        "import os\n"
        "rsi = data.get_indicator('BTC', 'RSI14', '1m')['value']\n"
        "print(rsi, os.listdir('/history'))\n"
        "return Decision('buy', 'BTC', 0.5, max_price=200) if rsi < 30 else Decision('hold', reason=str(rsi))"
    )
    values = [10.0 * (index % 7) for index in range(3000)]
    answers = {RSI: series(values, range(1, 3001))}
    with tempfile.TemporaryDirectory() as folder:
        request = batch(body, 3000, answers=answers, volume=folder)
        shared, again = await asyncio.gather(host.run_batch(request, LIMITS), host.run_batch(request, LIMITS))
        assert os.listdir(folder) == []
    inline = await host.run_batch(
        batch(body.replace("os.listdir('/history')", "[]"), 3000, answers=answers), LIMITS
    )
    for reply in (shared, again):
        told = msgspec.structs.replace(reply, guest_us=0)
        assert told == msgspec.structs.replace(inline, guest_us=0)
        assert reply.decided == 3000


async def test_a_folder_of_the_desk_cannot_be_written_to(host: SandboxHost) -> None:
    with tempfile.TemporaryDirectory() as folder:
        body = f"open('/history/x', 'w').write('x')\n{HOLD}"
        reply = await host.run_batch(batch(body, 1, volume=folder), LIMITS)
        assert "Error" in reply.failures[0].kind
        assert os.listdir(folder) == []


async def test_what_one_program_does_to_pythons_decimals_does_not_change_its_account(
    host: SandboxHost,
) -> None:
    body = f"import decimal\ndecimal.getcontext().prec = 2\nprint(data.total_equity)\n{HOLD}"
    books = msgspec.structs.replace(CASH, cash="12345.678")
    assert printed(await host.run_batch(batch(body, 2, books=books), LIMITS)) == ["12345.678"] * 2
