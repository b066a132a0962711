"""What differs between vendors: the table, the bodies made from it, and the streams read back."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidInput, ModelFailed, ReplyUnusable, StrategyFailed
from engine.language_models.base import AskedTool, Message, ModelReply, ModelRequest, ToolSpec
from engine.language_models.call import ChatCall
from engine.language_models.client import ChatClient
from engine.language_models.endpoint import Endpoint
from engine.language_models.limits import CallLimits
from engine.language_models.request_body import request_body
from engine.language_models.vendors import VENDORS, origin
from engine.secrecy.secret import Secret
from tests.models import chat_server as wire
from tests.models.chat_server import ChatServer
from tests.models.simulated_errors import Fault
from tests.models.vendor_simulator import KEY, ModelSimulator, Spoken

VECTORS = Path(__file__).parent.parent / "models" / "vectors"
WAITS = CallLimits(connect_seconds=2, first_token_seconds=2, total_seconds=5)
ASKED = (Message(role="user", content="What now?"),)
SCHEMA = '{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}'
STRICT = SCHEMA[:-1] + ', "additionalProperties": false}'


def read_vector(path: Path) -> tuple[bytes, dict[str, object]]:
    return path.read_bytes(), json.loads(path.with_suffix(".json").read_text("utf-8"))


def body(vendor: str, model: str, **asked: Any) -> dict[str, object]:
    request = ModelRequest(model=model, messages=ASKED, **asked)
    sent: dict[str, object] = json.loads(request_body(request, VENDORS[vendor]))
    return sent


async def ask(vendor: str, base_url: str, model: str = "sim-small") -> ModelReply:
    client = ChatClient(retry_seconds=0.001)
    request = ModelRequest(model=model, messages=ASKED)
    call = ChatCall(Endpoint(base_url, Secret(KEY)), VENDORS[vendor], request, WAITS)
    try:
        return await client.complete(call)
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("vendor", "model", "field", "temperature", "response_format"),
    [
        ("openai", "gpt-4o", "max_completion_tokens", 1.5, "json_schema"),
        ("openai", "gpt-5-mini", "max_completion_tokens", None, "json_schema"),
        ("openai", "o4-mini", "max_completion_tokens", None, "json_schema"),
        ("anthropic", "claude-sonnet-4-20250514", "max_tokens", 1.0, None),
        ("gemini", "gemini-2.0-flash", "max_tokens", 1.5, "json_schema"),
        ("deepseek", "deepseek-chat", "max_tokens", 1.5, "json_object"),
        ("deepseek", "deepseek-reasoner", "max_tokens", None, None),
        ("gateway", "anthropic/claude-3-5-haiku", "max_tokens", 1.5, "json_object"),
        ("ollama", "llama3.1", "max_tokens", 1.5, "json_schema"),
        ("compatible", "any", "max_tokens", 1.5, None),
    ],
)
def test_the_body_has_what_the_vendor_takes(
    vendor: str, model: str, field: str, temperature: float | None, response_format: str | None
) -> None:
    sent = body(vendor, model, temperature=1.5, max_output_tokens=77, json_schema=SCHEMA)
    assert sent[field] == 77
    assert sent.get("temperature") == temperature
    told = sent.get("response_format")
    assert (told["type"] if isinstance(told, dict) else None) == response_format
    assert len({"max_tokens", "max_completion_tokens"} & sent.keys()) == 1
    assert sent["stream_options"] == {"include_usage": True}


def test_only_what_was_asked_for_is_sent() -> None:
    plain = {"model", "messages", "stream", "stream_options"}
    assert body("openai", "gpt-4o").keys() == plain
    assert body("anthropic", "claude-opus-4").keys() == plain | {"max_tokens"}


@pytest.mark.parametrize(("schema", "strict"), [(SCHEMA, False), (STRICT, True)])
def test_strict_mode_is_asked_for_where_the_schema_allows_it(schema: str, strict: bool) -> None:
    told = body("openai", "gpt-4o", json_schema=schema)["response_format"]
    assert isinstance(told, dict)
    assert told["json_schema"]["strict"] is strict
    assert told["json_schema"]["schema"] == json.loads(schema)


def test_tools_and_their_answers_travel() -> None:
    called = AskedTool(call_id="c1", name="look", arguments="{}")
    request = ModelRequest(
        model="gpt-4o",
        messages=(
            Message(role="assistant", content="", tool_calls=(called,)),
            Message(role="tool", content="42", tool_call_id="c1"),
        ),
        tools=(ToolSpec(name="look", description="Look.", parameters='{"type": "object"}'),),
    )
    sent = json.loads(request_body(request, VENDORS["openai"]))
    function = {"name": "look", "arguments": "{}"}
    assert sent["messages"] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": function}],
        },
        {"role": "tool", "content": "42", "tool_call_id": "c1"},
    ]
    assert sent["tools"][0]["function"]["parameters"] == {"type": "object"}


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="json_schema"):
        body("openai", "gpt-4o", json_schema="[1")


def test_addresses() -> None:
    gemini = VENDORS["gemini"]
    for given in (gemini.base_url, gemini.base_url + "/", gemini.base_url + "/openai"):
        assert gemini.address(given) == "https://generativelanguage.googleapis.com/v1beta/openai"
    assert VENDORS["openai"].address("https://api.openai.com/v1/") == "https://api.openai.com/v1"
    assert origin("https://Host.example/v1") == origin("https://host.example:443/other")
    assert origin("http://host.example") != origin("https://host.example")
    assert origin("http://[::1]:8000/v1") == "http://[::1]:8000"


@pytest.mark.parametrize("vendor", VENDORS)
async def test_every_vendors_stream_is_read(vendor: str) -> None:
    async with ModelSimulator(vendor) as simulator:
        reply = await ask(vendor, simulator.base_url)
    assert (reply.content, reply.reasoning) == ('{"operation": "hold"}', "Let me think.")
    assert (reply.usage.input, reply.usage.output, reply.usage.is_estimate) == (100, 9, False)
    assert reply.usage.cached == (40 if vendor in ("openai", "deepseek") else 0)
    assert reply.cost_usd == (Decimal("0.00125") if vendor == "gateway" else None)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_every_vendors_tool_calls_are_read(vendor: str) -> None:
    said = Spoken(content=(), tool_calls=(("look", '{"symbol": "BTC"}'), ("think", "{}")))
    async with ModelSimulator(vendor, answer=lambda _: said) as simulator:
        reply = await ask(vendor, simulator.base_url)
    assert [(call.name, call.arguments) for call in reply.tool_calls] == list(said.tool_calls)
    assert [call.call_id for call in reply.tool_calls] == ["call_0", "call_1"]
    assert reply.finish_reason == "tool_calls"


_FAULTS = {
    Fault.FORBIDDEN: "forbidden",
    Fault.UNKNOWN_MODEL: "unknown_model",
    Fault.RATE_LIMITED: "rate_limited",
    Fault.QUOTA_GONE: "quota_gone",
    Fault.CONTEXT_TOO_LONG: "context_too_long",
    Fault.BAD_REQUEST: "bad_request",
    Fault.SERVER_ERROR: "server",
    Fault.OVERLOADED: "server",
    Fault.PROXY_PAGE: "not_an_api",
    Fault.LOGIN_PAGE: "not_an_api",
    Fault.REDIRECT: "wrong_address",
    Fault.ERROR_IN_STREAM: "server",
    Fault.LENGTH: "cut_off",
    Fault.FILTERED: "filtered",
    Fault.CUT_AFTER_HEAD: "broken_stream",
    Fault.CUT_AFTER_REASONING: "broken_stream",
    Fault.CUT_AFTER_CONTENT: "broken_stream",
    Fault.CUT_AFTER_FINISH: "broken_stream",
}


@pytest.mark.parametrize(("fault", "found"), _FAULTS.items())
@pytest.mark.parametrize("vendor", ["openai", "anthropic", "gemini", "deepseek", "gateway", "compatible"])
async def test_every_fault_is_told_from_the_others(vendor: str, fault: Fault, found: str) -> None:
    async with ModelSimulator(vendor, faults=[fault] * 3) as simulator:
        with pytest.raises(StrategyFailed) as caught:
            await ask(vendor, simulator.base_url)
        asked = len(simulator.requests)
    assert caught.value.details["fault"] == found
    assert isinstance(caught.value, ReplyUnusable if found in ("cut_off", "filtered") else ModelFailed)
    assert asked == (3 if found in ("rate_limited", "server") and fault is not Fault.ERROR_IN_STREAM else 1)


async def test_a_wrong_key_and_a_wrong_path() -> None:
    async with ModelSimulator(key="sk-other-0123456789") as simulator:
        with pytest.raises(ModelFailed, match="does not accept the key"):
            await ask("openai", simulator.base_url)
    async with ModelSimulator() as simulator:
        with pytest.raises(ModelFailed, match="base URL: it is what comes before /chat/completions"):
            await ask("openai", simulator.base_url.removesuffix("/v1"))


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.sse")), ids=lambda path: path.stem)
async def test_the_vendors_stream_formats(path: Path) -> None:
    """Each vector is a stream as the vendor documents it; beside it stands what it says."""
    stream, expected = read_vector(path)
    middle = len(stream) // 2
    async with ChatServer(wire.sends(stream[:middle], stream[middle:])) as server:
        reply = await ask("compatible", server.base_url)
    found = {
        "content": reply.content,
        "reasoning": reply.reasoning,
        "finish_reason": reply.finish_reason,
        "tool_calls": [[call.call_id, call.name, call.arguments] for call in reply.tool_calls],
        "usage": [reply.usage.input, reply.usage.output, reply.usage.cached, reply.usage.reasoning],
    }
    assert found == expected
