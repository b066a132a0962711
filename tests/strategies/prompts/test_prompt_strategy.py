"""A whole prompt decision, from a recorded market to validated decisions."""

from __future__ import annotations

import json

import pytest

from engine.errors import ReplyUnusable, StrategyFailed
from engine.language_models.client import ChatClient
from engine.model.decision import Operation
from engine.settings import PromptSettings
from engine.strategies.base import Strategy, StrategyReply
from engine.strategies.prompts.render import render_prompt
from engine.strategies.prompts.rules_model import MODEL_ID, RulesModelServer
from engine.strategies.prompts.strategy import PromptStrategy
from engine.strategies.prompts.templates import PromptTemplate, stock_template
from engine.text import safe_text
from tests.models import chat_server as wire
from tests.models.chat_server import ChatServer, Script
from tests.strategies.prompts.recorded_context import context

LIMITS = PromptSettings(connect_seconds=2, first_token_seconds=0.2, total_seconds=10)
TEMPLATE = PromptTemplate(name="short", text="Prices: {market_prices}")
BUY = {
    "operation": "buy",
    "symbol": "BTC",
    "target_portion_of_balance": 0.1,
    "leverage": 2,
    "max_price": 100000,
}


async def decide(script: Script, shown: list[str]) -> StrategyReply:
    async with ChatServer(script) as server:
        client = ChatClient(server.base_url, "key", retry_seconds=0.001)
        strategy: Strategy = PromptStrategy(client, "some-model", TEMPLATE, LIMITS)
        try:
            return await strategy.decide(context(), shown.append)
        finally:
            await client.close()


async def test_the_built_in_model_decides_on_the_stock_template() -> None:
    server = RulesModelServer(tokens_per_second=100_000)
    await server.start()
    client = ChatClient(server.base_url, server.api_key.reveal())
    strategy = PromptStrategy(client, MODEL_ID, stock_template("default"), LIMITS)
    shown: list[str] = []
    reply = await strategy.decide(context(), shown.append)
    await client.close()
    await server.close()
    assert [decision.symbol for decision in reply.decisions] == ["BTC", "ETH", "SOL"]
    assert reply.prompt == render_prompt(stock_template("default").text, context()).text
    assert json.loads(reply.reply)["decisions"][0]["symbol"] == "BTC"
    assert "".join(shown) == reply.reasoning
    assert reply.tokens > 100


async def test_everything_of_the_answer_is_kept() -> None:
    shown: list[str] = []
    script = wire.streams([json.dumps(BUY)], reasoning=["Up ", "trend."], tokens=7)
    reply = await decide(script, shown)
    assert reply.decisions[0].operation is Operation.BUY
    assert reply.prompt.startswith("Prices: BTC: bid ")
    assert reply.reply == json.dumps(BUY)
    assert (reply.reasoning, shown, reply.tokens) == ("Up trend.", ["Up ", "trend."], 7)


async def test_an_escape_sequence_cut_in_two_does_not_get_through() -> None:
    shown: list[str] = []
    reasoning = ["safe \x1b", "[3", "1mred\x1b[2", "J \x1b]0;own", "ed\x07 end\x1b"]
    reply = await decide(wire.streams([json.dumps(BUY)], reasoning=reasoning), shown)
    assert reply.reasoning == "".join(shown)
    assert reply.reasoning == safe_text("".join(reasoning))
    assert reply.reasoning.startswith("safe red ")


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        (wire.streams(["I would ", "buy BTC."]), ReplyUnusable, "“I would buy BTC.”"),
        (wire.streams([json.dumps(BUY)[:40]]), ReplyUnusable, "one JSON document"),
        (wire.streams([]), ReplyUnusable, "an empty text"),
        (wire.streams([json.dumps(BUY | {"leverage": 50})]), ReplyUnusable, "integer from 1 to 5"),
        (wire.streams([json.dumps(BUY | {"symbol": "DOGE"})]), ReplyUnusable, "BTC, ETH, SOL"),
        (wire.streams(["\x1b[2J\x1b]0;x\x07"]), ReplyUnusable, "one JSON document"),
        (wire.streams([json.dumps([BUY] * 1000)]), ReplyUnusable, "up to 32768 bytes"),
        (wire.streams([json.dumps(BUY)], finish_reason="length"), ReplyUnusable, "cut off"),
        (wire.answers("500 Oops", b"broken", "Retry-After: 0"), StrategyFailed, "answered 500: broken"),
        (wire.says_nothing, StrategyFailed, "no first token"),
        (wire.floods, ReplyUnusable, "longer than 500000 characters"),
        (wire.breaks_off, StrategyFailed, "connection broke"),
    ],
)
async def test_a_bad_answer_fails_with_its_reason_and_its_texts(
    script: Script, kind: type[StrategyFailed], words: str
) -> None:
    with pytest.raises(kind) as caught:
        await decide(script, [])
    assert words in caught.value.message
    assert caught.value.details["prompt"].startswith("Prices: ")
    texts = caught.value.details["reply"] + caught.value.details["reasoning"]
    assert "\x1b" not in texts
