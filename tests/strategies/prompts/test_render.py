"""Templates rendered with the recorded market."""

from __future__ import annotations

import time
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput, NotFound
from engine.strategies.context import StrategyContext
from engine.strategies.prompts.market_block import find_market_block, market_block, render_market_block
from engine.strategies.prompts.render import (
    MAX_QUESTIONS,
    MAX_TEMPLATE_CHARACTERS,
    RenderedPrompt,
    questions_of,
    render_prompt,
)
from engine.strategies.prompts.templates import STOCK_TEMPLATES, stock_template
from engine.strategies.prompts.variables.table import names_with
from engine.strategies.prompts.view import PromptView
from tests.strategies.prompts.recorded_context import SYMBOLS, context, fill, position


@pytest.fixture(scope="module")
def market() -> StrategyContext:
    plain = context()
    mark = plain.symbols[0].mark
    return context(positions=(position("BTC", Decimal("-0.05"), mark),), fills=(fill("BTC", mark),))


def rendered(template: str, moment: StrategyContext | None = None) -> RenderedPrompt:
    return render_prompt(template, PromptView(context=moment or context()))


def test_prices_positions_and_fills_say_what_the_context_says(market: StrategyContext) -> None:
    btc = market.symbols[0]
    prices = rendered("{market_prices}", market).text.splitlines()
    assert prices[0].startswith(f"BTC: bid {btc.bid}, ask {btc.ask}, mark {btc.mark}, 24h ")
    assert [line[:4] for line in prices] == ["BTC:", "ETH:", "SOL:"]
    assert rendered("{open_positions}", market).text == (
        f"BTC: short 0.05 at {btc.mark - 10}, mark {btc.mark}, unrealised P&L -0.50, leverage 2x,"
        " liquidation none"
    )
    assert f"BTC buy 0.01 at {btc.mark}" in rendered("{recent_trades}", market).text
    assert rendered("{available_cash} {total_account_value}", market).text == "9000.50 10000.00"


def test_a_computed_price_has_no_digits_that_mean_nothing(market: StrategyContext) -> None:
    held = msgspec.structs.replace(
        position("BTC", Decimal("0.05"), market.symbols[0].mark),
        entry_price=Decimal("95588.81538462"),
        liquidation_price=Decimal("47996.07186979"),
    )
    text = rendered("{open_positions}", context(positions=(held,))).text
    assert " at 95588.815, " in text
    assert text.endswith(" liquidation 47996.072")


def test_candles_and_indicators_end_at_the_last_closed_one(market: StrategyContext) -> None:
    btc = market.symbols[0]
    table = rendered("{kline_data}", market).text.split("\nETH")[0].splitlines()
    assert len(table) == 31
    assert table[-1].endswith(f" {btc.candles[-1].close:.10g} {btc.candles[-1].volume:.10g}")
    last, before = btc.indicators["RSI14"]
    assert f"RSI14 {last:.6g} (before {before:.6g})" in rendered("{technical_indicators}", market).text
    samples = rendered("{sampling_data}", market).text.splitlines()[0]
    assert samples.endswith(f"{btc.candles[-1].close:.10g}")


def test_both_kinds_of_braces_and_literal_json() -> None:
    template = '{"a": {max_leverage}, "b": {}} {{max_leverage}} {{ x }} { y } {1} {a:b} {x, y} } {'
    assert rendered(template).text == '{"a": 5, "b": {}} 5 {{ x }} { y } {1} {a:b} {x, y} } {'


def test_unknown_and_missing_become_not_available_and_are_reported_once() -> None:
    found = rendered("{BTC_klines_15m} {{moon_phase}} {BTC_klines_15m} {market_regime} {moon_phase} {symbol}")
    assert found.text == "N/A N/A N/A N/A N/A all"
    assert found.unknown == ("moon_phase",)
    assert found.missing == ("BTC_klines_15m", "market_regime")
    assert found.used == ("symbol",)


def test_a_value_is_not_rendered_again() -> None:
    plain = context()
    sly = msgspec.structs.replace(
        plain, trigger=msgspec.structs.replace(plain.trigger, detail="{available_cash}")
    )
    assert "detail: {available_cash}" in rendered("{trigger_context}", sly).text


@given(st.text(st.sampled_from('{}ab_1 \n"'), max_size=60))
def test_stray_braces_never_fail(template: str) -> None:
    found = rendered(template)
    if not found.unknown:
        assert found.text == template


def test_a_template_has_a_bound() -> None:
    with pytest.raises(InvalidInput, match="template"):
        rendered("x" * (MAX_TEMPLATE_CHARACTERS + 1))


def test_a_prompt_has_a_bound() -> None:
    with pytest.raises(InvalidInput, match="prompt: it renders to more than 262144 characters"):
        rendered("{kline_data}" * 200)


def test_what_a_template_may_ask_has_a_bound() -> None:
    names = names_with(SYMBOLS)
    few = "{BTC_RSI14_15m} {BTC_RSI14_15m} {BTC_MA_1h}"
    assert len(questions_of(few, names, context())) == 4
    many = "".join(f"{{BTC_RSI{length}_15m}}" for length in range(2, MAX_QUESTIONS + 3))
    with pytest.raises(InvalidInput, match="kinds of data"):
        questions_of(many, names, context())


@pytest.mark.parametrize("piece", ["{", "{{", "{a", "{BTC_", "{BTC_factor_1h_", "{ ", "{{}}", "}"])
def test_a_hostile_template_takes_no_long_time(piece: str) -> None:
    template = (piece * MAX_TEMPLATE_CHARACTERS)[:MAX_TEMPLATE_CHARACTERS]
    started = time.perf_counter()
    assert rendered(template).text == template
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("form", ["{{a{}}}", "{{BTC_q{}_15m}}", "{{BTC_q({})_15m}}", "{{BTC_factor_1h_f{}}}"])
def test_thousands_of_names_take_no_long_time(form: str) -> None:
    template = "".join(form.format(number) for number in range(3000))
    started = time.perf_counter()
    rendered(template)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("name", STOCK_TEMPLATES)
@pytest.mark.parametrize("index", [0, 3, 200, 1000])
def test_stock_templates_render_at_any_time(name: str, index: int) -> None:
    found = rendered(stock_template(name).text, context(index))
    assert found.unknown == ()
    assert "output_format" in found.used
    assert "{available_cash}" not in found.text
    assert find_market_block(found.text).symbols[0].symbol == "BTC"


def test_there_is_no_other_template() -> None:
    with pytest.raises(NotFound, match="default"):
        stock_template("../secrets")


def test_the_market_block_survives_the_prompt_exactly(market: StrategyContext) -> None:
    block = market_block(market)
    assert find_market_block("before\n" + render_market_block(block) + "\nafter") == block


@pytest.mark.parametrize("copies", [0, 2])
def test_there_must_be_exactly_one_market_block(copies: int) -> None:
    line = render_market_block(market_block(context()))
    with pytest.raises(InvalidInput, match=f"{copies} market blocks"):
        find_market_block("\n".join(["text", *[line] * copies]))
