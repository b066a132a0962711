"""Prompts of a running desk: kept, bound, looked at, and there after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from engine.errors import Conflict, InvalidInput, NotFound
from engine.local_desk import LocalDesk
from engine.model.event import Topic
from engine.model.prompt import Prompt, PromptBinding
from engine.strategies.prompts.templates import STOCK_TEMPLATES, stock_template
from tests.test_local_desk import open_desk

PROMPT_TRADER = 2
TEXT = "Prices:\n{market_prices}\n{BTC_klines_5m}\n{BTC_market_regime}\n{moon}\n{BTC_factor_1h_none}\n"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[LocalDesk]:
    async with open_desk(tmp_path) as running:
        yield running


def new(name: str, text: str = TEXT) -> Prompt:
    return Prompt(prompt_id=0, name=name, text=text)


async def test_a_new_home_has_the_stock_prompts_and_its_trader_decides_by_one(desk: LocalDesk) -> None:
    assert tuple(prompt.name for prompt in desk.prompts.prompts()) == STOCK_TEMPLATES
    assert desk.prompts.stock_names() == STOCK_TEMPLATES
    assert desk.prompts.bindings() == (PromptBinding(trader_id=PROMPT_TRADER, prompt_id=1),)
    (version,) = await desk.prompts.versions(1)
    assert (version.version, version.text) == (1, stock_template("default").text)


async def test_prompts_versions_and_bindings_survive_a_restart(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        saved = await desk.prompts.save_prompt(new("mine"))
        changed = await desk.prompts.save_prompt(msgspec.structs.replace(saved, text="{output_format}"))
        await desk.prompts.bind(PROMPT_TRADER, saved.prompt_id)
        await desk.prompts.delete_prompt(1)
    async with open_desk(tmp_path) as desk:
        assert 1 not in {prompt.prompt_id for prompt in desk.prompts.prompts()}
        assert desk.prompts.prompts()[-1] == changed
        versions = await desk.prompts.versions(saved.prompt_id)
        assert [(each.version, each.text) for each in versions] == [(1, TEXT), (2, "{output_format}")]
        assert desk.prompts.bindings()[0].prompt_id == saved.prompt_id


async def test_a_renamed_prompt_takes_its_traders_along(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        news = desk.stream([Topic.PROMPTS])
        first = desk.prompts.prompts()[0]
        await desk.prompts.save_prompt(msgspec.structs.replace(first, name="careful"))
        batch = await anext(news)
        assert [prompt.name for prompt in batch.levels.values() if isinstance(prompt, Prompt)] == ["careful"]
        news.close()
        assert desk.traders()[1].strategy == "careful"
        with pytest.raises(Conflict, match="careful is used by"):
            await desk.prompts.delete_prompt(first.prompt_id)
    async with open_desk(tmp_path) as desk:
        assert desk.traders()[1].strategy == "careful"
        assert desk.prompts.bindings()[0].prompt_id == first.prompt_id


async def test_copies_are_ones_own_and_stock_texts_come_back(desk: LocalDesk) -> None:
    copy = await desk.prompts.copy_prompt(2)
    assert (copy.name, copy.stock) == ("pro (copy)", "")
    await desk.prompts.save_prompt(msgspec.structs.replace(desk.prompts.prompts()[1], text="changed"))
    restored = await desk.prompts.restore_stock("pro")
    assert (restored.text, restored.version) == (stock_template("pro").text, 3)
    with pytest.raises(NotFound):
        await desk.prompts.restore_stock("none")


async def test_only_prompt_traders_are_bound(desk: LocalDesk) -> None:
    with pytest.raises(Conflict, match="without a prompt"):
        await desk.prompts.bind(1, 1)
    with pytest.raises(NotFound, match="no trader 9"):
        await desk.prompts.bind(9, 1)
    with pytest.raises(NotFound, match="no prompt 9"):
        await desk.prompts.bind(PROMPT_TRADER, 9)


async def test_a_preview_has_live_data_and_counts_tokens(desk: LocalDesk) -> None:
    (preview,) = await desk.prompts.preview(TEXT, symbol="BTC")
    quote = next(ticker.quote for ticker in desk.tickers() if ticker.quote.symbol == "BTC")
    assert preview.trader_id == PROMPT_TRADER
    assert f"BTC: bid {quote.bid}, ask {quote.ask}" in preview.text
    assert "BTC 5m candles" in preview.text
    assert preview.unknown == ("moon",)
    assert preview.missing == ("BTC_factor_1h_none",)
    assert len(preview.text) / 10 < preview.tokens < len(preview.text)
    assert preview.counted_by == "estimate"
    assert preview.cost_usd == 0
    values = {row.name: row.value for row in desk.prompts.variables()}
    assert (
        values["market_prices"]
        == preview.text.split("\n\n")[0].removeprefix("Prices:\n").split("\nBTC 5m")[0]
    )


async def test_what_cannot_be_rendered_says_why(desk: LocalDesk) -> None:
    (far,) = await desk.prompts.preview("{symbol}", symbol="DOGE")
    assert "DOGE" in far.error
    (long,) = await desk.prompts.preview("{kline_data}" * 200)
    assert "renders to more than" in long.error
    with pytest.raises(NotFound):
        await desk.prompts.preview("{symbol}", [9])


async def test_a_text_is_checked_where_it_is_written_and_where_it_is_saved(desk: LocalDesk) -> None:
    report = await desk.prompts.check(TEXT)
    assert report.unknown == ("moon",)
    assert not (await desk.prompts.check("x" * 1_000_000)).ok
    with pytest.raises(InvalidInput):
        await desk.prompts.save_prompt(new("big", "x" * 1_000_000))
    assert len(desk.prompts.prompts()) == len(STOCK_TEMPLATES)


async def test_the_reference_is_at_hand(desk: LocalDesk) -> None:
    assert desk.prompts.variables_reference().startswith("# Variables of prompts")
    assert {row.documented for row in desk.prompts.variables()} == {True, False}
