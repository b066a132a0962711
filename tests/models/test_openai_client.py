"""The simulator is a real chat-completions server: the protocol author's own client talks to it."""

from __future__ import annotations

import openai
import pytest

from tests.models.simulated_errors import Fault
from tests.models.vendor_simulator import KEY, MODELS, ModelSimulator, Spoken

VENDORS = ("openai", "anthropic", "gemini", "deepseek", "gateway", "ollama", "compatible")


def client_of(simulator: ModelSimulator, key: str = KEY) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=simulator.base_url, api_key=key, max_retries=1, timeout=5)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_stream_is_read_to_its_end(vendor: str) -> None:
    async with ModelSimulator(vendor) as simulator, client_of(simulator) as client:
        stream = await client.chat.completions.create(
            model="sim-small",
            messages=[{"role": "user", "content": "What now?"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        content, finished, counted = "", "", 0
        async for chunk in stream:
            if chunk.usage is not None:
                counted = chunk.usage.total_tokens
            for choice in chunk.choices:
                is_text = isinstance(choice.delta.content, str)
                thought = (choice.delta.model_extra or {}).get("extra_content")
                content += choice.delta.content or "" if is_text and not thought else ""
                finished = choice.finish_reason or finished
    assert (content, finished, counted) == ('{"operation": "hold"}', "stop", 109)


@pytest.mark.parametrize("vendor", ["openai", "gemini"])
async def test_tool_calls_stream(vendor: str) -> None:
    said = Spoken(content=(), tool_calls=(("look", '{"symbol": "BTC"}'),))
    async with ModelSimulator(vendor, answer=lambda _: said) as simulator, client_of(simulator) as client:
        stream = await client.chat.completions.create(model="m", messages=[], stream=True)
        pieces = [
            call.function
            async for chunk in stream
            for choice in chunk.choices
            for call in choice.delta.tool_calls or ()
        ]
    assert [piece.name for piece in pieces if piece and piece.name] == ["look"]
    assert "".join(piece.arguments or "" for piece in pieces if piece) == '{"symbol": "BTC"}'


async def test_whole_answers_and_the_list_of_models() -> None:
    async with ModelSimulator() as simulator, client_of(simulator) as client:
        whole = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
        assert whole.choices[0].message.content == '{"operation": "hold"}'
        assert tuple([model.id async for model in client.models.list()]) == MODELS


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.FORBIDDEN, openai.PermissionDeniedError),
        (Fault.UNKNOWN_MODEL, openai.NotFoundError),
        (Fault.CONTEXT_TOO_LONG, openai.BadRequestError),
    ],
)
async def test_errors_are_those_it_knows(fault: Fault, error: type[openai.APIStatusError]) -> None:
    async with ModelSimulator(faults=[fault]) as simulator, client_of(simulator) as client:
        with pytest.raises(error):
            await client.chat.completions.create(model="m", messages=[])


async def test_it_comes_back_after_a_rate_limit_and_a_wrong_key_is_refused() -> None:
    async with ModelSimulator(faults=[Fault.RATE_LIMITED]) as simulator, client_of(simulator) as client:
        await client.chat.completions.create(model="m", messages=[])
        assert len(simulator.requests) == 2
        with pytest.raises(openai.AuthenticationError):
            await client_of(simulator, "sk-other").chat.completions.create(model="m", messages=[])
