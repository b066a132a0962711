"""A whole prompt decision, from a recorded market to validated decisions or to what went wrong."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from engine.errors import DecisionRefused, ModelFailed, NotFound, ReplyUnusable, StrategyFailed, VaultLocked
from engine.language_models.base import AskedTool, LanguageModel
from engine.model.account import ModelPolicy
from engine.model.decision import Operation
from engine.model.language_model import CallPurpose
from engine.model.prompt import Prompt
from engine.strategies.base import StrategyReply
from engine.strategies.context import StrategyContext
from engine.strategies.decision import validate_decisions
from engine.strategies.prompts.gate import Gate, GateReason, open_gate, refusal
from engine.strategies.prompts.schema import decision_schema
from engine.strategies.prompts.strategy import PromptStrategy
from engine.text import safe_text
from tests.models.scripted_model import Scripted, ScriptedModel, reply
from tests.strategies.prompts.fixed_views import FixedViews
from tests.strategies.prompts.recorded_context import context

PROMPT = Prompt(prompt_id=7, name="short", text="Prices: {market_prices}", version=3)
BUY = {
    "operation": "buy",
    "symbol": "BTC",
    "target_portion_of_balance": 0.1,
    "leverage": 2,
    "max_price": 100000,
}
WRONG = json.dumps(BUY | {"leverage": 50})


class Asked:
    """A strategy on a scripted model; `purposes` are those it was asked for."""

    def __init__(self, *replies: Scripted, gate: Gate = open_gate, repairs: int = 0) -> None:
        self.model = ScriptedModel(*replies)
        self.purposes: list[CallPurpose] = []
        self.shown: list[str] = []
        trader = msgspec.structs.replace(
            context().trader, model="some-model", policy=ModelPolicy(repairs=repairs, temperature=0.5)
        )
        self.context = msgspec.structs.replace(context(), trader=trader)
        self.strategy = PromptStrategy(
            model=self._model, template=lambda: PROMPT, views=FixedViews(), gate=gate
        )

    async def decide(self) -> StrategyReply:
        return await self.strategy.decide(self.context, self.shown.append)

    def _model(self, _: StrategyContext, purpose: CallPurpose) -> LanguageModel:
        self.purposes.append(purpose)
        return self.model


async def test_everything_of_the_answer_is_kept() -> None:
    said = reply(json.dumps(BUY), reasoning="Up trend.", tokens=(100, 7), cost_usd=Decimal("0.002"))
    asked = Asked(said)
    answer = await asked.decide()
    assert answer.decisions[0].operation is Operation.BUY
    assert answer.prompt.startswith("Prices: BTC: bid ")
    assert (answer.reply, answer.reasoning) == (json.dumps(BUY), "Up trend.")
    assert "".join(asked.shown) == "Up trend."
    assert (answer.tokens, answer.cost_usd) == (107, Decimal("0.002"))
    assert (answer.strategy, answer.strategy_version, answer.model) == ("short", 3, "some-model")
    (request,) = asked.model.requests
    assert (request.model, request.temperature) == ("some-model", 0.5)
    assert [message.content for message in request.messages] == [answer.prompt]
    assert asked.purposes == [CallPurpose.DECISION]


async def test_an_escape_sequence_in_pieces_does_not_get_through() -> None:
    reasoning = "safe \x1b[31mred\x1b[2J \x1b]0;owned\x07 end of it all, for now\x1b"
    asked = Asked(reply(json.dumps(BUY), reasoning=reasoning))
    answer = await asked.decide()
    assert answer.reasoning == "".join(asked.shown) == safe_text(reasoning)


@pytest.mark.parametrize(
    ("said", "stage", "words"),
    [
        ("I would buy BTC.", "parse", "“I would buy BTC.”"),
        (json.dumps(BUY)[:40], "parse", "one JSON document"),
        ("", "parse", "an empty text"),
        (WRONG, "parse", "integer from 1 to 5"),
        (json.dumps(BUY | {"symbol": "DOGE"}), "parse", "BTC, ETH, SOL"),
        ("\x1b[2J\x1b]0;x\x07", "parse", "one JSON document"),
        (json.dumps([BUY] * 1000), "parse", "up to 32768 bytes"),
        (ReplyUnusable("cut off"), "model", "cut off"),
        (ModelFailed("answered 500"), "model", "answered 500"),
        (VaultLocked("the vault is closed"), "model", "the vault is closed"),
    ],
)
async def test_a_bad_answer_fails_with_its_stage_and_its_texts(
    said: Scripted, stage: str, words: str
) -> None:
    with pytest.raises(StrategyFailed) as caught:
        await Asked(said).decide()
    assert words in caught.value.message
    assert caught.value.details["stage"] == stage
    assert caught.value.details["prompt"].startswith("Prices: ")
    assert "\x1b" not in caught.value.details["reply"] + caught.value.details["reasoning"]


async def test_what_there_is_of_a_cut_off_answer_is_kept_and_never_read() -> None:
    cut = ReplyUnusable(
        "finish_reason is length", reply=json.dumps(BUY) + "\x1b[2J", tokens="50", cost_usd="0.01"
    )
    with pytest.raises(ReplyUnusable) as caught:
        await Asked(cut, repairs=1).decide()
    kept = caught.value.details
    assert (kept["reply"], kept["tokens"], kept["cost_usd"]) == (json.dumps(BUY), "50", "0.01")


async def test_a_repair_that_breaks_off_is_counted_with_the_first_reply() -> None:
    broken = ModelFailed("the stream broke", reply="", tokens="9", cost_usd="0.5")
    with pytest.raises(StrategyFailed) as caught:
        await Asked(WRONG, broken, repairs=1).decide()
    kept = caught.value.details
    assert (kept["reply"], kept["tokens"], kept["cost_usd"]) == (WRONG, "129", "0.5")


async def test_the_gate_is_asked_before_anything_is_rendered_or_sent() -> None:
    def shut(_: StrategyContext) -> None:
        raise refusal(GateReason.STALE_DATA, "the newest quote is old")

    asked = Asked(json.dumps(BUY), gate=shut)
    with pytest.raises(DecisionRefused) as caught:
        await asked.decide()
    assert (caught.value.details["stage"], caught.value.details["prompt"]) == ("gate", "")
    assert asked.model.requests == []


async def test_a_prompt_that_is_gone_fails_at_rendering() -> None:
    def gone() -> Prompt:
        raise NotFound("prompt: there is no short")

    asked = Asked(json.dumps(BUY))
    strategy = PromptStrategy(model=asked._model, template=gone, views=FixedViews(), gate=open_gate)
    with pytest.raises(StrategyFailed, match="there is no short") as caught:
        await strategy.decide(asked.context, asked.shown.append)
    assert caught.value.details["stage"] == "render"


async def test_a_refused_reply_is_repaired_once_where_that_is_allowed() -> None:
    asked = Asked(reply(WRONG, reasoning="First."), reply(json.dumps(BUY), reasoning="Second."), repairs=1)
    answer = await asked.decide()
    assert asked.purposes == [CallPurpose.DECISION, CallPurpose.REPAIR]
    assert [message.role for message in asked.model.requests[1].messages] == ["user", "assistant", "user"]
    assert "integer from 1 to 5" in asked.model.requests[1].messages[2].content
    assert (answer.reply, answer.reasoning, answer.tokens) == (json.dumps(BUY), "First.Second.", 240)


async def test_a_second_refusal_and_a_cut_off_reply_are_not_repaired() -> None:
    twice = Asked(WRONG, repairs=1)
    with pytest.raises(ReplyUnusable):
        await twice.decide()
    assert len(twice.model.requests) == 2
    cut_off = Asked(ReplyUnusable("finish_reason: length"), repairs=1)
    with pytest.raises(ReplyUnusable):
        await cut_off.decide()
    assert len(cut_off.model.requests) == 1


async def test_a_cap_reached_before_the_repair_leaves_the_first_refusal() -> None:
    asked = Asked(WRONG, DecisionRefused("the cap is reached"), repairs=1)
    with pytest.raises(ReplyUnusable, match="integer from 1 to 5") as caught:
        await asked.decide()
    assert (caught.value.details["stage"], caught.value.details["tokens"]) == ("parse", "120")


async def test_tool_calls_never_trade() -> None:
    call = AskedTool(call_id="1", name="place_order", arguments="{}")
    said = msgspec.structs.replace(reply(json.dumps(BUY)), tool_calls=(call,), finish_reason="tool_calls")
    with pytest.raises(ReplyUnusable, match="tool calls"):
        await Asked(said).decide()


def test_a_reply_that_keeps_the_schema_with_nulls_is_a_decision() -> None:
    schema = json.loads(decision_schema(("BTC", "ETH"), 5))
    entry = schema["properties"]["decisions"]["items"]
    assert set(entry["required"]) == set(entry["properties"])
    filled = dict.fromkeys(entry["properties"]) | BUY
    (decision,) = validate_decisions(json.dumps({"decisions": [filled]}), symbols=("BTC",), max_leverage=5)
    assert decision.max_price == 100000
