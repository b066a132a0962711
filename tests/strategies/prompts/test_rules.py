"""The rules, over six weeks of recorded market."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import msgspec
import pytest

from engine.model.account import RiskLimits
from engine.model.decision import Operation
from engine.strategies.decision import validate_decisions
from engine.strategies.prompts.market_block import MarketBlock, market_block
from engine.strategies.prompts.rules import INTRODUCTION, answer
from tests.strategies.prompts.recorded_context import SYMBOLS, candle_count, context, position


def block_at(index: int) -> MarketBlock:
    return market_block(context(index))


def first_entry() -> tuple[int, MarketBlock]:
    for index in range(100, candle_count()):
        block = block_at(index)
        if any(decision.operation == "buy" for decision in answer(block).decisions):
            return index, block
    raise AssertionError("the recording has an up trend")


def test_every_answer_over_the_recording_passes_the_validator() -> None:
    operations: Counter[Operation] = Counter()
    for index in range(0, candle_count(), 10):
        content = answer(block_at(index)).content()
        decisions = validate_decisions(content, symbols=SYMBOLS, max_leverage=5)
        assert [decision.symbol for decision in decisions] == list(SYMBOLS)
        operations.update(decision.operation for decision in decisions)
    assert operations[Operation.BUY] > 20
    assert operations[Operation.SELL] > 20
    assert operations[Operation.HOLD] > 100


def test_the_same_block_gets_the_same_answer() -> None:
    assert answer(block_at(500)) == answer(block_at(500))


def test_the_reasoning_says_what_it_is_and_cites_the_numbers() -> None:
    block = block_at(500)
    reasoning = answer(block).reasoning
    assert reasoning.startswith(INTRODUCTION)
    assert "not a language model" in INTRODUCTION
    for item in block.symbols:
        assert f"{item.symbol} trades at {item.mark}" in reasoning
        assert f"RSI14 is {item.indicators['RSI14'][0]:.1f}" in reasoning


def test_an_entry_is_protected_and_on_the_tick() -> None:
    _, block = first_entry()
    decision = next(item for item in answer(block).decisions if item.operation == "buy")
    market = next(item for item in block.symbols if item.symbol == decision.symbol)
    assert decision.leverage == block.default_leverage
    assert decision.max_price is not None
    assert decision.stop_loss_price is not None
    assert decision.take_profit_price is not None
    assert decision.stop_loss_price < market.ask < min(decision.max_price, decision.take_profit_price)
    assert decision.max_price <= market.ask * Decimal("1.002") + market.tick_size
    for price in (decision.max_price, decision.stop_loss_price, decision.take_profit_price):
        assert price % market.tick_size == 0


def test_limits_of_the_trader_hold_back_entries() -> None:
    index, block = first_entry()
    for changes in (
        {"max_positions": 0},
        {"available": Decimal(0)},
        {"open_entries": SYMBOLS},
    ):
        held = answer(msgspec.structs.replace(block, **changes))
        assert {decision.operation for decision in held.decisions} == {"hold"}
    one = market_block(context(index, limits=RiskLimits(max_positions=1)))
    assert sum(decision.operation != "hold" for decision in answer(one).decisions) == 1


@pytest.mark.parametrize("quantity", [Decimal("0.1"), Decimal("-0.1")])
def test_a_position_is_closed_on_the_wrong_side_of_the_slow_average(quantity: Decimal) -> None:
    seen = set()
    for index in range(100, 600, 7):
        plain = context(index)
        btc = plain.symbols[0]
        block = market_block(context(index, positions=(position("BTC", quantity, btc.mark),)))
        decision = answer(block).decisions[0]
        slow, momentum = btc.indicators["EMA50"][0], btc.indicators["RSI14"][0]
        wrong = float(btc.mark) < slow if quantity > 0 else float(btc.mark) > slow
        stretched = momentum >= 75 if quantity > 0 else momentum <= 25
        assert decision.operation == ("close" if wrong or stretched else "hold")
        if decision.operation == "close":
            assert decision.target_portion_of_balance == 1
            assert (decision.min_price if quantity > 0 else decision.max_price) is not None
        seen.add(decision.operation)
    assert seen == {"close", "hold"}


def test_only_the_symbol_that_triggered_is_decided() -> None:
    decisions = answer(market_block(context(trigger_symbol="ETH"))).decisions
    assert [decision.symbol for decision in decisions] == ["ETH"]


def test_while_indicators_warm_up_it_holds() -> None:
    result = answer(block_at(10))
    assert {decision.operation for decision in result.decisions} == {"hold"}
    assert "too few candles" in result.reasoning
