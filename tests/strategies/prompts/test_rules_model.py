"""The built-in rules model over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from engine.errors import InvalidInput, StrategyFailed, Unavailable
from engine.language_models.base import DeltaListener, Message, ModelRequest
from engine.language_models.call import ChatCall
from engine.language_models.client import ChatClient
from engine.language_models.endpoint import Endpoint
from engine.language_models.limits import CallLimits
from engine.language_models.vendors import RULES
from engine.strategies.prompts.market_block import find_market_block
from engine.strategies.prompts.render import render_prompt
from engine.strategies.prompts.rules import INTRODUCTION, answer
from engine.strategies.prompts.rules_model import HOST, MODEL_ID, RulesModelServer
from engine.strategies.prompts.templates import stock_template
from engine.strategies.prompts.view import PromptView
from tests.strategies.prompts.recorded_context import context

LIMITS = CallLimits(connect_seconds=2, first_token_seconds=2, total_seconds=10)


@pytest.fixture
async def server() -> AsyncIterator[RulesModelServer]:
    server = RulesModelServer(tokens_per_second=100_000)
    await server.start()
    yield server
    await server.close()


@pytest.fixture(scope="module")
def prompt() -> str:
    return render_prompt(stock_template("default").text, PromptView(context=context())).text


async def post(server: RulesModelServer, body: bytes, **headers: str) -> httpx.Response:
    given = {
        "authorization": f"Bearer {server.api_key.reveal()}",
        "content-type": "application/json",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient() as http:
        return await http.post(f"{server.base_url}/chat/completions", content=body, headers=given)


def call_of(server: RulesModelServer, prompt: str, on_reasoning: DeltaListener) -> ChatCall:
    request = ModelRequest(model=MODEL_ID, messages=(Message(role="user", content=prompt),))
    return ChatCall(
        Endpoint(server.base_url, server.api_key), RULES, request, LIMITS, on_reasoning=on_reasoning
    )


def chat(prompt: str, **fields: object) -> bytes:
    message = {"role": "user", "content": prompt}
    return json.dumps({"model": MODEL_ID, "messages": [message]} | fields).encode()


async def test_the_client_hears_the_reasoning_token_by_token(server: RulesModelServer, prompt: str) -> None:
    client = ChatClient()
    heard: list[str] = []
    reply = await client.complete(call_of(server, prompt, heard.append))
    again = await client.complete(call_of(server, prompt, heard.append))
    await client.close()
    expected = answer(find_market_block(prompt))
    assert reply.reasoning == expected.reasoning
    assert reply.reasoning.startswith(INTRODUCTION)
    assert reply.content == expected.content()
    assert len(heard) > 2 * 60
    assert max(map(len, heard)) <= 13
    assert reply.usage.output > len(heard) / 2
    assert (again.content, again.reasoning, again.usage) == (reply.content, reply.reasoning, reply.usage)


async def test_the_rate_is_kept(prompt: str) -> None:
    server = RulesModelServer(tokens_per_second=500)
    await server.start()
    client = ChatClient()
    loop = asyncio.get_running_loop()
    times: list[float] = []
    await client.complete(call_of(server, prompt, lambda _: times.append(loop.time())))
    await client.close()
    await server.close()
    assert times[-1] - times[0] >= 0.9 * (len(times) - 1) / 500


async def test_without_streaming_the_same_answer_comes_whole(server: RulesModelServer, prompt: str) -> None:
    response = await post(server, chat(prompt))
    assert response.status_code == 200
    body = response.json()
    expected = answer(find_market_block(prompt))
    assert body["object"] == "chat.completion"
    assert body["model"] == MODEL_ID
    choice = body["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert choice["message"] == {
        "role": "assistant",
        "content": expected.content(),
        "reasoning_content": expected.reasoning,
    }
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0


async def test_the_stream_is_what_the_protocol_says(server: RulesModelServer, prompt: str) -> None:
    response = await post(server, chat(prompt, stream=True))
    assert response.headers["content-type"] == "text/event-stream"
    events = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    chunks = [json.loads(data) for data in events[:-1]]
    assert {item["object"] for item in chunks} == {"chat.completion.chunk"}
    assert len({item["id"] for item in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant"}
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] > 0


async def test_it_is_listed_as_what_it_is(server: RulesModelServer) -> None:
    async with httpx.AsyncClient() as http:
        response = await http.get(
            f"{server.base_url}/models", headers={"authorization": f"Bearer {server.api_key.reveal()}"}
        )
    (model,) = response.json()["data"]
    assert (model["id"], model["owned_by"]) == ("nightdesk-rules", "nightdesk")


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"{", {}, 400, "not a chat request"),
        (b"[" * 100_000, {}, 400, "not a chat request"),
        (b"\xff", {}, 400, "not a chat request"),
        (b'{"model": "nightdesk-rules", "messages": []}', {}, 400, "no user message"),
        (chat("no numbers here"), {}, 400, "0 market blocks"),
        (chat('{"nightdesk_market":1,"now_ms":"x"}'), {}, 400, "market_json"),
        (chat("", model="gpt-4o"), {}, 404, "only nightdesk-rules"),
        (chat("", messages=[{"role": "user", "content": 5}]), {}, 400, "not a chat request"),
        (b"x", {"content_type": "text/plain"}, 400, "application/json"),
        (b"{}", {"authorization": "Bearer guess"}, 401, "key is missing or wrong"),
        (b"{}", {"authorization": ""}, 401, "key is missing or wrong"),
    ],
)
async def test_a_bad_request_is_answered_in_json(
    server: RulesModelServer, body: bytes, headers: dict[str, str], status: int, words: str
) -> None:
    response = await post(server, body, **headers)
    assert response.status_code == status
    assert words in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon here\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: 1\r\na: 2\r\n\r\n", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, 431),
        (b"GET /v1/models HTTP/1.1\r\n\r\n", 401),
        (b"\x16\x03\x01\x02\x00 HTTP/1.1\r\n\r\n", 400),
    ],
)
async def test_malformed_http_is_answered_and_the_server_goes_on(
    server: RulesModelServer, raw: bytes, status: int, prompt: str
) -> None:
    reader, writer = await asyncio.open_connection(HOST, urlsplit(server.base_url).port)
    writer.write(raw)
    assert (await reader.readline()).startswith(f"HTTP/1.1 {status} ".encode())
    writer.close()
    assert (await post(server, chat(prompt))).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("GET", "/v1/chat/completions", 405)]
)
async def test_other_paths_and_methods(server: RulesModelServer, method: str, path: str, status: int) -> None:
    async with httpx.AsyncClient() as http:
        response = await http.request(
            method,
            server.base_url.removesuffix("/v1") + path,
            headers={"authorization": f"Bearer {server.api_key.reveal()}"},
        )
    assert response.status_code == status


async def test_a_client_that_leaves_early_disturbs_nobody(server: RulesModelServer, prompt: str) -> None:
    _, writer = await asyncio.open_connection(HOST, urlsplit(server.base_url).port)
    body = chat(prompt, stream=True)
    writer.write(
        f"POST /v1/chat/completions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        f"\r\nAuthorization: Bearer {server.api_key.reveal()}\r\n\r\n".encode()
        + body
    )
    writer.transport.abort()
    assert (await post(server, chat(prompt))).status_code == 200


async def test_a_taken_port_is_one_clear_sentence(server: RulesModelServer) -> None:
    port = urlsplit(server.base_url).port
    assert port is not None
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}: the port is taken"):
        await RulesModelServer(tokens_per_second=60, port=port).start()


@pytest.mark.parametrize("port", [-1, 70_000])
async def test_a_port_that_does_not_exist(port: int) -> None:
    with pytest.raises(Unavailable, match="cannot listen"):
        await RulesModelServer(tokens_per_second=60, port=port).start()


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_makes_no_sense(rate: float) -> None:
    with pytest.raises(InvalidInput, match="tokens_per_second"):
        RulesModelServer(tokens_per_second=rate)


async def test_every_server_has_its_own_key_and_hides_it() -> None:
    first, second = (RulesModelServer(tokens_per_second=60) for _ in range(2))
    assert first.api_key.reveal() != second.api_key.reveal()
    assert first.api_key.reveal() not in f"{first!r} {first.api_key!r} {vars(first)!r}"


async def test_closing_ends_answers_under_way(prompt: str) -> None:
    server = RulesModelServer(tokens_per_second=20)
    await server.start()
    client = ChatClient()
    heard = asyncio.Event()
    call = asyncio.create_task(client.complete(call_of(server, prompt, lambda _: heard.set())))
    await heard.wait()
    async with asyncio.timeout(1):
        await server.close()
    with pytest.raises(StrategyFailed, match="connection broke"):
        await call
    await client.close()
    with pytest.raises(Unavailable, match="not running"):
        _ = server.base_url
