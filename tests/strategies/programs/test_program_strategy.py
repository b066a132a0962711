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
from engine.settings import SandboxSettings
from engine.strategies.base import StrategyReply
from engine.strategies.context import StrategyContext
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.payload import payload_of, seed_of
from engine.strategies.programs.stock import stock_programs
from engine.strategies.programs.strategy import ProgramStrategy
from tests.strategies.programs.conftest import RunBody, program
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


async def seen(host: SandboxHost, context: StrategyContext, expression: str) -> object:
    """Return what `expression` is inside the program."""
    source = program(f"import json\nprint(json.dumps({expression}))\n{HOLD}")
    reply = await host.run(source, source, payload_of(context, {}), SandboxLimits())
    assert reply.error is None, reply.error
    return json.loads(reply.output)


async def decide(host: SandboxHost, context: StrategyContext, source: str) -> StrategyReply:
    strategy = ProgramStrategy(host, f"bound {hash(source)}", source, {}, SandboxSettings())
    return await strategy.decide(context, lambda text: None)


async def test_the_account_and_the_trigger(host: SandboxHost, recording: Recording) -> None:
    context = recording.context(trigger_symbol="ETH")
    expression = (
        "[data.trigger_symbol, data.trigger_type, data.signal_pool_name, data.available_balance,"
        " data.total_equity, data.used_margin, data.margin_usage_percent, data.max_leverage,"
        " data.default_leverage, data.environment, data.maintenance_margin, data.symbols, data.period]"
    )
    assert await seen(host, context, expression) == [
        *("ETH", "signal", "rsi14 crosses below 30", 7537.5, 10050.0, 2512.5, 25.0, 5, 2, "testnet", None),
        *(["BTC", "ETH", "SOL"], "5m"),
    ]


async def test_candles_and_indicators_are_the_recorded_ones(host: SandboxHost, recording: Recording) -> None:
    context = recording.context(500)
    symbol = context.symbols[1]
    candle = symbol.candles[-1]
    expression = "[vars(data.get_klines('ETH', '5m', 3)[-1]), len(data.get_klines('ETH', '5m'))]"
    kline, count = msgspec.convert(await seen(host, context, expression), tuple[dict[str, float], int])
    assert kline == {
        "timestamp": candle.open_ms // 1000,
        "open": candle.open,
        "high": candle.high,
        "low": candle.low,
        "close": candle.close,
        "volume": candle.volume,
    }
    assert count == 50
    value, previous = symbol.indicators["RSI14"]
    rsi = await seen(host, context, "data.get_indicator('ETH', 'RSI14', '5m')")
    assert rsi == {"value": value, "previous": previous, "series": [previous, value]}


async def test_price_changes_come_from_the_candles_and_the_ticker(
    host: SandboxHost, recording: Recording
) -> None:
    context = recording.context(500)
    eth = context.symbols[1]
    hour = await seen(host, context, "data.get_price_change('ETH', '1h')")
    before = eth.candles[-12].open
    assert hour == pytest.approx(
        {
            "change_percent": (float(eth.mark) / before - 1) * 100,
            "change_usd": float(eth.mark) - before,
        }
    )
    day = await seen(host, context, "data.get_price_change('ETH', '1d')")
    assert msgspec.convert(day, dict[str, float])["change_percent"] == pytest.approx(2)


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ("data.get_price('DOGE')", None),
        ("data.get_klines('BTC', '1h')", []),
        ("data.get_klines('DOGE', '5m')", []),
        ("data.get_indicator('BTC', 'RSI14', '1h')", {}),
        ("data.get_indicator('BTC', 'RSI99', '5m')", {}),
        ("data.get_indicator('DOGE', 'RSI14', '5m')", {}),
        ("data.get_market_data('DOGE')", {}),
        ("data.get_market_data('BTC')['funding_rate']", None),
        ("data.get_price_change('BTC', '7m')", {}),
        ("data.get_price_change('BTC', '4d')", {}),
        ("data.trigger_market_regime", None),
    ],
)
async def test_what_is_unknown_is_missing_and_never_zero(
    host: SandboxHost, recording: Recording, expression: str, missing: object
) -> None:
    assert await seen(host, recording.context(), expression) == missing


async def test_indicators_that_have_not_warmed_up_are_missing(
    host: SandboxHost, recording: Recording
) -> None:
    assert await seen(host, recording.context(5), "data.get_indicator('BTC', 'RSI14', '5m')") == {}


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
    context = recording.context(positions=(long_position(),), open_orders=(stop,), recent_fills=(fill, fill))
    position = msgspec.convert(await seen(host, context, "vars(data.positions['BTC'])"), dict[str, object])
    assert position["side"] == "long"
    assert position["size"] == 0.05
    assert position["unrealized_pnl"] == 50.0
    assert position["liquidation_price"] is None
    assert str(position["opened_at_str"]).startswith("1970-01-01 00:00:00")
    assert await seen(host, context, "[vars(order) for order in data.open_orders]") == [
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
    assert await seen(host, context, "[t.pnl for t in data.recent_trades]") == [12.5, 12.5]


async def test_time_and_chance_come_from_the_trigger(host: SandboxHost, recording: Recording) -> None:
    context = recording.context()
    look = "[__import__('random').random(), time.time(), __import__('datetime').datetime.now().timestamp()]"
    first, second = await seen(host, context, look), await seen(host, context, look)
    assert first == second
    _, now, present = msgspec.convert(first, tuple[float, float, float])
    assert now == present == context.now_ms / 1000
    assert seed_of(context) != seed_of(recording.context(501))


async def test_parameters_reach_init(run: RunBody) -> None:
    source_of_params = "print(data.params['length'], data.params['name'])\n" + HOLD
    assert (await run(source_of_params, params={"length": 9, "name": "fast"})).output == "9 fast\n"


async def test_a_decision_becomes_a_validated_one(host: SandboxHost, recording: Recording) -> None:
    source = program(
        "return Decision('BUY', 'BTC', 0.5, max_price=70000.1, stop_loss_price=60000,"
        " take_profit_price=80000.5, reason='x' * 1000)"
    )
    (decision,) = (await decide(host, recording.context(), source)).decisions
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
        await decide(host, recording.context(), source)


async def test_the_stock_program_trades_the_recording_both_ways(
    host: SandboxHost, recording: Recording
) -> None:
    """A walk over two days of candles: its decisions always pass the validator."""
    strategy = ProgramStrategy(
        host, "stock", stock_programs()["rsi_mean_reversion"], {}, SandboxSettings(seconds=5)
    )
    operations = set()
    for index in range(20, 620, 2):
        (decision,) = (await strategy.decide(recording.context(index), lambda text: None)).decisions
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
    reply = await decide(host, context, stock_programs()["rsi_mean_reversion"])
    (decision,) = reply.decisions
    assert decision.operation is Operation.CLOSE
    assert decision.portion == 1
    assert getattr(decision, guard) is not None
    assert "RSI" in reply.reasoning


async def test_without_a_sandbox_it_fails_as_any_strategy_does(recording: Recording) -> None:
    closed = SandboxHost()
    await closed.close()
    with pytest.raises(StrategyFailed, match="the sandbox is closed"):
        await decide(closed, recording.context(), program(HOLD))
