"""Templates rendered with the recorded market."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput, NotFound
from engine.strategies.context import StrategyContext
from engine.strategies.prompts.market_block import find_market_block, market_block, render_market_block
from engine.strategies.prompts.render import MAX_TEMPLATE_CHARACTERS, render_prompt
from engine.strategies.prompts.templates import STOCK_TEMPLATES, stock_template
from engine.strategies.prompts.variables import VARIABLES
from tests.strategies.prompts.recorded_context import context, fill, position

DOCUMENTED = {
    "market_prices",
    "sampling_data",
    "trigger_context",
    "open_positions",
    "recent_trades",
    "market_regime",
    "news_context",
    "kline_data",
    "technical_indicators",
}


@pytest.fixture(scope="module")
def market() -> StrategyContext:
    plain = context()
    mark = plain.symbols[0].mark
    return context(positions=(position("BTC", Decimal("-0.05"), mark),), fills=(fill("BTC", mark),))


def test_the_documented_variables_are_all_there() -> None:
    assert set(VARIABLES) >= DOCUMENTED
    assert all(variable.description.endswith(".") for variable in VARIABLES.values())


def test_prices_positions_and_fills_say_what_the_context_says(market: StrategyContext) -> None:
    btc = market.symbols[0]
    prices = render_prompt("{market_prices}", market).text.splitlines()
    assert prices[0].startswith(f"BTC: bid {btc.bid}, ask {btc.ask}, mark {btc.mark}, 24h ")
    assert [line[:4] for line in prices] == ["BTC:", "ETH:", "SOL:"]
    assert render_prompt("{open_positions}", market).text == (
        f"BTC: short 0.05 at {btc.mark - 10}, mark {btc.mark}, unrealised P&L -0.50, leverage 2x,"
        " liquidation none"
    )
    assert f"BTC buy 0.01 at {btc.mark}" in render_prompt("{recent_trades}", market).text
    assert render_prompt("{available_cash} {total_account_value}", market).text == "9000.50 10000.00"


def test_candles_and_indicators_end_at_the_last_closed_one(market: StrategyContext) -> None:
    btc = market.symbols[0]
    table = render_prompt("{kline_data}", market).text.split("\nETH")[0].splitlines()
    assert len(table) == 31
    assert table[-1].endswith(f" {btc.candles[-1].close:.10g} {btc.candles[-1].volume:.10g}")
    last, before = btc.indicators["RSI14"]
    assert f"RSI14 {last:.6g} (before {before:.6g})" in render_prompt("{technical_indicators}", market).text
    samples = render_prompt("{sampling_data}", market).text.splitlines()[0]
    assert samples.endswith(f"{btc.candles[-1].close:.10g}")


def test_both_kinds_of_braces_and_literal_json() -> None:
    template = '{"a": {max_leverage}, "b": {}} {{max_leverage}} {{ x }} { y } {1} } {'
    assert render_prompt(template, context()).text == '{"a": 5, "b": {}} 5 {{ x }} { y } {1} } {'


def test_unknown_names_become_not_available_and_are_reported_once() -> None:
    rendered = render_prompt("{BTC_klines_15m} {{moon_phase}} {BTC_klines_15m} {market_regime}", context())
    assert rendered.text == "N/A N/A N/A N/A"
    assert rendered.unknown == ("BTC_klines_15m", "moon_phase")


def test_a_value_is_not_rendered_again() -> None:
    plain = context()
    sly = msgspec.structs.replace(
        plain, trigger=msgspec.structs.replace(plain.trigger, detail="{available_cash}")
    )
    assert "detail: {available_cash}" in render_prompt("{trigger_context}", sly).text


@given(st.text(st.sampled_from('{}ab_1 \n"'), max_size=60))
def test_stray_braces_never_fail(template: str) -> None:
    rendered = render_prompt(template, context())
    if not rendered.unknown:
        assert rendered.text == template


def test_a_template_has_a_bound() -> None:
    with pytest.raises(InvalidInput, match="template"):
        render_prompt("x" * (MAX_TEMPLATE_CHARACTERS + 1), context())


@pytest.mark.parametrize("name", STOCK_TEMPLATES)
@pytest.mark.parametrize("index", [0, 3, 200, 1000])
def test_stock_templates_render_at_any_time(name: str, index: int) -> None:
    rendered = render_prompt(stock_template(name).text, context(index))
    assert rendered.unknown == ()
    assert "{available_cash}" not in rendered.text
    assert find_market_block(rendered.text).symbols[0].symbol == "BTC"


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
