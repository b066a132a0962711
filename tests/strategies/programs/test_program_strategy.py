"""What a program is given, and what its answers become."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from engine.errors import StrategyFailed
from engine.model.decision import Operation
from engine.model.fill import Fill, Liquidity
from engine.model.order import Order, OrderStatus, OrderType, Side, TimeInForce
from engine.model.position import Position
from engine.model.signal import FiredSignal, PoolLogic
from engine.settings import SandboxSettings
from engine.strategies.base import StrategyReply
from engine.strategies.context import StrategyContext
from engine.strategies.programs.batch import Answer, DataQuery
from engine.strategies.programs.host import SandboxHost
from engine.strategies.programs.stock import stock_programs
from engine.strategies.programs.strategy import ProgramStrategy
from tests.strategies.programs.conftest import RunBody, one, program, run_source
from tests.strategies.programs.recorded import Recording

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOLD = 'return Decision("hold")'


def long_position(entry: str = "100000", symbol: str = "BTC", quantity: str = "0.05") -> Position:
    return Position(
        trader_id=7,
        symbol=symbol,
        quantity=Decimal(quantity),
        entry_price=Decimal(entry),
        leverage=2,
        isolated_margin=Decimal(2500),
        mark_price=Decimal(entry) + 1000,
        liquidation_price=None,
        opened_ms=0,
    )


async def seen(host: SandboxHost, recording: Recording, context: StrategyContext, expression: str) -> object:
    """Return what `expression` is inside the program."""
    source = program(f"import json\nprint(json.dumps({expression}, default=vars))\n{HOLD}")
    ran = await run_source(host, recording, context, one(context, source))
    assert ran.error is None, ran.error
    return json.loads(ran.output)


def bound(host: SandboxHost, recording: Recording, context: StrategyContext, source: str) -> ProgramStrategy:
    settings = SandboxSettings(seconds=5)
    return ProgramStrategy(host, f"bound {hash(source)}", source, {}, settings, recording.answerer(context))


async def decide(
    host: SandboxHost, recording: Recording, context: StrategyContext, source: str
) -> StrategyReply:
    return await bound(host, recording, context, source).decide(context, lambda text: None)


async def test_the_account_and_the_trigger(host: SandboxHost, recording: Recording) -> None:
    context = recording.context(trigger_symbol="ETH")
    context = msgspec.structs.replace(
        context,
        trigger=msgspec.structs.replace(
            context.trigger,
            logic=PoolLogic.AND,
            signals=(FiredSignal(3, "oversold", "rsi14(5m) < 30", 28.5), FiredSignal(4, "calm", "x", None)),
        ),
    )
    expression = (
        "[data.trigger_symbol, data.trigger_type, data.signal_pool_name, data.available_balance,"
        " data.total_equity, data.used_margin, data.margin_usage_percent, data.max_leverage,"
        " data.default_leverage, data.environment, data.maintenance_margin, data.symbols, data.period,"
        " data.pool_logic, data.trigger_market_regime is not None, data.trading_mode, data.now_ms,"
        " data.signal_source_type, data.wallet_event, data.triggered_signals]"
    )
    assert await seen(host, recording, context, expression) == [
        *(
            "ETH",
            "signal",
            "rsi14 crosses below 30",
            7487.5,
            10000.0,
            2512.5,
            2512.5 / 10000 * 100,
            5,
            2,
            "testnet",
            None,
        ),
        *(["BTC", "ETH", "SOL"], "5m", "AND", True, "replay", context.now_ms, None, None),
        [
            {"signal_id": 3, "name": "oversold", "condition": "rsi14(5m) < 30", "value": 28.5},
            {"signal_id": 4, "name": "calm", "condition": "x", "value": None},
        ],
    ]


async def test_candles_and_indicators_are_the_recorded_ones(host: SandboxHost, recording: Recording) -> None:
    context = recording.context(500)
    symbol = context.symbols[1]
    candle = symbol.candles[-1]
    expression = "[data.get_klines('ETH', '5m', 3)[-1], len(data.get_klines('ETH', '5m'))]"
    kline, count = msgspec.convert(
        await seen(host, recording, context, expression), tuple[dict[str, float], int]
    )
    assert kline == {
        "timestamp": candle.open_ms // 1000,
        "open": candle.open,
        "high": candle.high,
        "low": candle.low,
        "close": candle.close,
        "volume": candle.volume,
    }
    assert count == 50
    series = recording.values["ETH"]["RSI14"][481:501]
    rsi = await seen(host, recording, context, "data.get_indicator('ETH', 'RSI14', '5m')")
    assert rsi == {"value": series[-1], "previous": series[-2], "series": series}


async def test_an_indicator_of_several_lines_has_each_under_its_name(
    host: SandboxHost, recording: Recording
) -> None:
    context = recording.context(500)
    found = await seen(host, recording, context, "data.get_indicator('ETH', 'MACD', '5m')")
    macd = msgspec.convert(found, dict[str, object])
    lines = {"macd": "MACD", "signal": "MACD_SIGNAL", "histogram": "MACD_HIST"}
    for key, name in lines.items():
        values = recording.values["ETH"][name]
        assert macd[key] == values[500]
        assert msgspec.convert(macd["previous"], dict[str, float])[key] == values[499]
        assert msgspec.convert(macd["series"], dict[str, list[float]])[key] == values[481:501]


async def test_every_kind_of_data_is_there(host: SandboxHost, recording: Recording) -> None:
    context = recording.context(2000)
    expression = (
        "[data.get_indicator('ETH', 'adx(14)', '1h')['value'], data.get_klines('BTC', '4h', 2)[-1].close,"
        " data.get_flow('SOL', 'price_change', '15m')['last_5'], data.get_regime('ETH', '1h'),"
        " data.get_market_data('SOL'), data.get_factor('BTC', 'zscore20', '5m'),"
        " data.get_factor_ranking('BTC', 3)]"
    )
    adx, close, changes, regime, market, factor, ranking = msgspec.convert(
        await seen(host, recording, context, expression),
        tuple[float, float, list[float], dict[str, object], dict[str, object], dict[str, object], list[str]],
    )
    assert 0 < adx < 100
    assert close > 0
    assert len(changes) == 5
    assert set(regime) == {"regime", "conf", "direction", "reason", "indicators"}
    assert market["price"] == float(context.symbols[2].mark)
    assert factor["factor_name"] == "zscore20"
    assert ranking == []


async def test_price_changes_come_from_the_candles_and_the_ticker(
    host: SandboxHost, recording: Recording
) -> None:
    context = recording.context(500)
    eth = context.symbols[1]
    hour = await seen(host, recording, context, "data.get_price_change('ETH', '1h')")
    before = eth.candles[-13].close
    assert hour == pytest.approx(
        {
            "change_percent": (float(eth.mark) / before - 1) * 100,
            "change_usd": float(eth.mark) - before,
        }
    )
    day = await seen(host, recording, context, "data.get_price_change('ETH', '1d')")
    before = recording.series["ETH"].candle(500 - 288).close
    assert msgspec.convert(day, dict[str, float])["change_usd"] == pytest.approx(float(eth.mark) - before)


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ("data.get_price('DOGE')", None),
        ("data.get_klines('BTC', '7m')", []),
        ("data.get_klines('BTC', '5m', 0)", []),
        ("data.get_klines('DOGE', '5m')", []),
        ("data.get_indicator('BTC', 'RSI14', '7m')", {}),
        ("data.get_flow('BTC', 'CVD', '7m')", {}),
        ("data.get_flow('BTC', 'OI', '5m')", {}),
        ("data.get_regime('BTC', '7m')", None),
        ("data.get_factor('BTC', 'nonsense')", {}),
        ("data.get_price(None)", None),
        ("data.get_indicator(None, 14, '5m')", {}),
        ("data.get_indicator('BTC', 'NONSENSE', '5m')", {}),
        ("data.get_indicator('DOGE', 'RSI14', '5m')", {}),
        ("data.get_market_data('DOGE')", {}),
        ("data.get_market_data('BTC')['funding_rate']", None),
        ("data.get_price_change('BTC', 'soon')", {}),
        ("data.get_price_change('BTC', '4d')", {}),
        ("data.trigger_market_regime", None),
    ],
)
async def test_what_is_unknown_is_missing_and_never_zero(
    host: SandboxHost, recording: Recording, expression: str, missing: object
) -> None:
    assert await seen(host, recording, recording.context(), expression) == missing


async def test_indicators_that_have_not_warmed_up_are_missing(
    host: SandboxHost, recording: Recording
) -> None:
    assert await seen(host, recording, recording.context(5), "data.get_indicator('BTC', 'RSI14', '5m')") == {}


async def test_positions_orders_and_trades(host: SandboxHost, recording: Recording) -> None:
    fill = Fill(
        trade_id="t1",
        client_order_id="c0",
        trader_id=7,
        symbol="BTC",
        side=Side.SELL,
        price=Decimal("101000.5"),
        quantity=Decimal("0.05"),
        fee=Decimal(1),
        liquidity=Liquidity.TAKER,
        realized_pnl=Decimal("12.5"),
        ts_ms=1_750_000_000_000,
    )
    stop = Order(
        client_order_id="c1",
        trader_id=7,
        symbol="BTC",
        side=Side.SELL,
        type=OrderType.STOP_MARKET,
        quantity=Decimal("0.05"),
        created_ms=1,
        updated_ms=1,
        trigger_price=Decimal(98000),
        time_in_force=TimeInForce.GTC,
        reduce_only=True,
        status=OrderStatus.ACCEPTED,
    )
    later = msgspec.structs.replace(fill, trade_id="t2", ts_ms=fill.ts_ms + 1000, realized_pnl=Decimal("-3"))
    context = recording.context(positions=(long_position(),), open_orders=(stop,), recent_fills=(fill, later))
    fields = ("side", "size", "entry_price", "leverage", "liquidation_price", "opened_at", "opened_at_str")
    listed = ", ".join(f"data.positions['BTC'].{name}" for name in fields)
    opened = "1970-01-01 00:00:00 UTC"
    assert await seen(host, recording, context, f"[{listed}]") == [
        *("long", 0.05, 100000.0, 2, None, 0, opened)
    ]
    held = "data.positions['BTC']"
    held_for = await seen(
        host, recording, context, f"[{held}.holding_duration_seconds, {held}.holding_duration_str]"
    )
    seconds = context.now_ms // 1000
    assert held_for == [seconds, f"{seconds // 3600}h {seconds // 60 % 60}m"]
    assert await seen(host, recording, context, "data.open_orders") == [
        {
            "order_id": "c1",
            "symbol": "BTC",
            "side": "Sell",
            "direction": "Close Long",
            "order_type": "Stop Market",
            "size": 0.05,
            "price": None,
            "trigger_price": 98000.0,
            "reduce_only": True,
            "timestamp": 1,
        }
    ]
    assert await seen(host, recording, context, "[[t.pnl, t.close_time] for t in data.recent_trades]") == [
        [-3.0, "2025-06-15 15:06:41 UTC"],
        [12.5, "2025-06-15 15:06:40 UTC"],
    ]


async def test_time_and_chance_come_from_the_trigger(host: SandboxHost, recording: Recording) -> None:
    chances = "[__import__('random').random(), __import__('random').Random().random()]"
    clocks = (
        "[time.time(), time.monotonic(), time.time_ns() / 1e9, __import__('calendar').timegm(time.gmtime()),"
        " __import__('datetime').datetime.now().timestamp(), time.clock_gettime(0)]"
    )
    context = recording.context()
    first = await seen(host, recording, context, f"[{chances}, {clocks}]")
    second = await seen(host, recording, context, f"[{chances}, {clocks}]")
    other = await seen(host, recording, recording.context(501), f"[{chances}, {clocks}]")
    assert first == second
    chance, times = msgspec.convert(first, tuple[list[float], list[float]])
    assert set(times) == {context.now_ms / 1000}
    assert chance != msgspec.convert(other, tuple[list[float], list[float]])[0]


async def test_parameters_reach_init(run: RunBody) -> None:
    source_of_params = "print(data.params['length'], data.params['name'])\n" + HOLD
    assert (await run(source_of_params, params={"length": 9, "name": "fast"})).output == "9 fast\n"


async def test_a_decision_becomes_a_validated_one(host: SandboxHost, recording: Recording) -> None:
    source = program(
        "return Decision('BUY', 'BTC', 0.5, max_price=70000.1, stop_loss_price=60000,"
        " take_profit_price=80000.5, reason='x' * 1000)"
    )
    (decision,) = (await decide(host, recording, recording.context(), source)).decisions
    assert decision.operation is Operation.BUY
    assert decision.portion == Decimal("0.5")
    assert decision.leverage == 2  # the account's default, as the program named none
    assert decision.max_price == Decimal("70000.1")
    assert len(decision.reason) == 400


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("x = (", r"line 1: SyntaxError: '\(' was never closed"),
        ("x = 1", "no class with a should_trade"),
        ("class A:\n    should_trade = 1", "no class with a should_trade"),
        (program(HOLD) + program(HOLD).replace("Strategy", "Other"), "exactly one class"),
        ("import nonsense\n" + program(HOLD), "line 1: ModuleNotFoundError"),
        ("raise ValueError('at import')\n" + program(HOLD), "line 1: ValueError: at import"),
    ],
)
async def test_a_source_that_is_no_program_fails_with_its_line(
    host: SandboxHost, recording: Recording, source: str, sentence: str
) -> None:
    with pytest.raises(StrategyFailed, match=sentence):
        await decide(host, recording, recording.context(), source)


async def test_the_stock_program_trades_the_recording_both_ways(
    host: SandboxHost, recording: Recording
) -> None:
    """A walk over two days of candles: its decisions always pass the validator."""
    source = stock_programs()["rsi_mean_reversion"]
    operations = set()
    for index in range(20, 620, 3):
        (decision,) = (await decide(host, recording, recording.context(index), source)).decisions
        operations.add(decision.operation)
        assert decision.reason
        if decision.operation is Operation.BUY:
            assert decision.stop_loss is not None
            assert decision.take_profit is not None
            assert decision.stop_loss < recording.symbol(decision.symbol, index).mark < decision.take_profit
    assert operations == {Operation.BUY, Operation.SELL, Operation.HOLD}


@pytest.mark.parametrize(("quantity", "guard"), [("0.05", "min_price"), ("-0.05", "max_price")])
async def test_the_stock_program_closes_when_rsi_is_back_in_the_middle(
    host: SandboxHost, recording: Recording, quantity: str, guard: str
) -> None:
    rsi = recording.values["BTC"]["RSI14"]
    is_long = quantity == "0.05"
    index = next(index for index in range(100, 600) if (rsi[index] > 55 if is_long else rsi[index] < 45))
    context = recording.context(index, positions=(long_position(quantity=quantity),))
    reply = await decide(host, recording, context, stock_programs()["rsi_mean_reversion"])
    (decision,) = reply.decisions
    assert decision.operation is Operation.CLOSE
    assert decision.portion == 1
    assert getattr(decision, guard) is not None
    assert "RSI" in reply.reasoning


async def test_without_a_sandbox_it_fails_as_any_strategy_does(recording: Recording) -> None:
    closed = SandboxHost()
    await closed.close()
    with pytest.raises(StrategyFailed, match="the sandbox is closed"):
        await decide(closed, recording, recording.context(), program(HOLD))


async def test_a_second_run_is_sent_at_once_what_the_first_asked_for(
    host: SandboxHost, recording: Recording
) -> None:
    context = recording.context()
    asked: list[DataQuery] = []
    answer = recording.answerer(context)

    def noting(query: DataQuery, now_ms: int) -> Answer:
        asked.append(query)
        return answer(query, now_ms)

    source = program(
        f"data.get_klines('BTC', '1h', 150)\ndata.get_indicator('BTC', 'RSI14', '5m')\nprint('once')\n{HOLD}"
    )
    strategy = ProgramStrategy(host, "remembers", source, {}, SandboxSettings(), noting)
    first = await strategy.run_once(context)
    assert first.output == "once\n"
    assert [read.call for read in first.reads] == [
        "get_klines('BTC', '1h', 150)",
        "get_indicator('BTC', 'RSI14', '5m')",
    ]
    asked.clear()
    assert (await strategy.run_once(context)).output == "once\n"
    assert asked == [
        DataQuery("klines", "BTC", "", "1h", 200),
        DataQuery("indicator", "BTC", "RSI14", "5m"),
    ]


async def test_a_run_shows_what_it_was_given_and_what_went_wrong(
    host: SandboxHost, recording: Recording
) -> None:
    context = recording.context(positions=(long_position(),))
    source = program("rsi = data.get_indicator('BTC', 'NONSENSE', '5m')\nreturn helper(rsi)") + (
        "\ndef helper(rsi):\n    return rsi['value'] / 2\n"
    )
    run = await bound(host, recording, context, source).run_once(context)
    given = json.loads(run.input_data)
    assert given["available_balance"] == 7487.5
    assert given["positions"][0]["size"] == 0.05
    assert given["prices"]["BTC"] == float(context.symbols[0].mark)
    assert run.error is not None
    assert (run.error.line, run.error.column, run.error.function) == (7, 12, "helper")
    assert run.error.traceback.splitlines() == [
        "line 4, in should_trade",
        "    return helper(rsi)",
        "line 7, in helper",
        "    return rsi['value'] / 2",
        "KeyError: 'value'",
    ]
    assert run.error.advice


async def test_more_kinds_of_data_than_are_fetched_for_one_program_are_refused(
    host: SandboxHost, recording: Recording
) -> None:
    source = program(f"for n in range(100): data.get_indicator('BTC', f'sma({{n + 2}})', '5m')\n{HOLD}")
    with pytest.raises(StrategyFailed, match="more than 64 kinds of data"):
        await decide(host, recording, recording.context(), source)
