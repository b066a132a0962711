"""What a prompt decision costs outside the model, and a long fuzz of the validator.

Run: python -m tests.bench.bench_prompts
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec
from hypothesis import HealthCheck, given, settings

from engine.language_models.base import (
    DeltaListener,
    LanguageModel,
    ModelReply,
    ModelRequest,
    ignore_delta,
)
from engine.language_models.call import ChatCall
from engine.language_models.client import ChatClient
from engine.language_models.endpoint import Endpoint
from engine.language_models.limits import CallLimits
from engine.language_models.vendors import RULES
from engine.model.prompt import Prompt
from engine.strategies.decision import validate_decisions
from engine.strategies.prompts.gate import open_gate
from engine.strategies.prompts.market_block import find_market_block, market_block
from engine.strategies.prompts.render import render_prompt
from engine.strategies.prompts.rules import answer
from engine.strategies.prompts.rules_model import MODEL_ID, RulesModelServer
from engine.strategies.prompts.strategy import PromptStrategy
from engine.strategies.prompts.templates import stock_template
from engine.strategies.prompts.view import PromptView
from tests.strategies.prompts.fixed_views import FixedViews
from tests.strategies.prompts.recorded_context import SYMBOLS, context
from tests.strategies.test_decision import REPLIES, check_reply

CALLS = 300
FUZZ_EXAMPLES = 10_000


def percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return f"p50 {p50 * 1000:7.3f} ms   p99 {p99 * 1000:7.3f} ms"


def timed(call: Callable[[], object]) -> str:
    seconds = []
    for _ in range(CALLS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return percentiles(seconds)


class DirectModel(LanguageModel):
    """The rules model without a queue, caps or records before it."""

    def __init__(self, client: ChatClient, server: RulesModelServer) -> None:
        self._client = client
        self._endpoint = Endpoint(server.base_url, server.api_key)

    async def ask(
        self,
        request: ModelRequest,
        *,
        on_reasoning: DeltaListener = ignore_delta,
        on_content: DeltaListener = ignore_delta,
    ) -> ModelReply:
        limits = CallLimits(connect_seconds=2, first_token_seconds=2, total_seconds=10)
        return await self._client.complete(
            ChatCall(self._endpoint, RULES, request, limits, on_reasoning=on_reasoning, on_content=on_content)
        )


async def whole_cycles() -> tuple[str, str]:
    """Time whole decisions against the rules model without pacing, and the loop's lag meanwhile."""
    server = RulesModelServer(tokens_per_second=1_000_000)
    await server.start()
    client = ChatClient()
    model = DirectModel(client, server)
    prompt = Prompt(prompt_id=1, name="default", text=stock_template("default").text)
    strategy = PromptStrategy(
        model=lambda *_: model, template=lambda: prompt, views=FixedViews(), gate=open_gate
    )
    plain = context()
    moment = msgspec.structs.replace(
        plain, trader=msgspec.structs.replace(plain.trader, strategy="default", model=MODEL_ID)
    )
    lags: list[float] = []

    async def heartbeat() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.005)
            lags.append(time.perf_counter() - start - 0.005)

    await strategy.decide(moment, lambda _: None)
    beating = asyncio.create_task(heartbeat())
    seconds = []
    for _ in range(50):
        start = time.perf_counter()
        await strategy.decide(moment, lambda _: None)
        seconds.append(time.perf_counter() - start)
    beating.cancel()
    await client.close()
    await server.close()
    return percentiles(seconds), percentiles(lags)


def main() -> None:
    now = context()
    template = stock_template("default").text
    view = PromptView(context=now)
    prompt = render_prompt(template, view).text
    reply = answer(market_block(now)).content()
    print("render the stock template ", timed(lambda: render_prompt(template, view)))
    print("rules on a prompt         ", timed(lambda: answer(find_market_block(prompt))))
    print(
        "validate three decisions  ",
        timed(lambda: validate_decisions(reply, symbols=SYMBOLS, max_leverage=5)),
    )
    cycle, lag = asyncio.run(whole_cycles())
    print("whole cycle, both ends    ", cycle)
    print("event-loop lag meanwhile  ", lag)
    fuzz = settings(
        max_examples=FUZZ_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )(given(REPLIES)(check_reply))
    start = time.perf_counter()
    fuzz()
    print(f"fuzz: {FUZZ_EXAMPLES} replies in {time.perf_counter() - start:.1f} s, none got through wrongly")


if __name__ == "__main__":
    main()
