"""The chat-completions client against a real server on loopback that does everything wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import pickle
import socket
from collections.abc import AsyncIterator

import pytest

from engine.errors import InvalidSetting, ModelFailed, ReplyUnusable
from engine.language_models.base import Message
from engine.language_models.client import ChatClient
from engine.language_models.endpoint import Endpoint
from engine.language_models.limits import CallLimits
from engine.secrecy.secret import Secret
from tests.language_models.asking import HASTY, KEY, PATIENT, Asked, chat_call, failure_of, limits, reply_of
from tests.language_models.noted_sleeps import NotedSleeps
from tests.models import chat_server as wire
from tests.models.chat_server import ChatServer, Exchange, Script


async def test_a_whole_answer_with_reasoning_and_usage() -> None:
    script = wire.streams(['{"operation":', ' "hold"}'], reasoning=["First ", "second."], tokens=(30, 12))
    reply, heard, server = await reply_of(script)
    assert reply.content == '{"operation": "hold"}'
    assert reply.reasoning == "First second."
    assert "".join(heard) == "First second."
    assert (reply.usage.input, reply.usage.output, reply.usage.is_estimate) == (30, 12, False)
    assert (reply.finish_reason, reply.attempts) == ("stop", 1)
    assert reply.first_token_ms is not None
    assert json.loads(reply.body) == server.exchanges[0].json
    assert reply.latency_ms >= 0
    request = server.exchanges[0]
    assert request.head.startswith("POST /v1/chat/completions HTTP/1.1")
    assert f"authorization: bearer {KEY}".lower() in request.head.lower()
    assert request.json == {
        "model": "some-model",
        "messages": [{"role": "user", "content": "What now?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
async def test_reasoning_is_heard_under_every_name_in_use(field: str) -> None:
    _, heard, _ = await reply_of(wire.streams(["{}"], reasoning=["hm"], reasoning_field=field))
    assert "".join(heard) == "hm"


async def test_one_text_under_two_names_is_heard_once() -> None:
    chunk = wire.event(wire.delta("stop", reasoning="hm", reasoning_content="hm"))
    _, heard, _ = await reply_of(wire.sends(chunk, wire.DONE))
    assert "".join(heard) == "hm"


async def test_tokens_are_heard_as_they_come() -> None:
    go_on = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.send(wire.EVENT_STREAM + wire.event(wire.delta(reasoning="first")))
        await go_on.wait()
        await exchange.send(wire.event(wire.delta("stop", content="{}")) + wire.DONE)

    async with ChatServer(script) as server:
        client = ChatClient()
        reply = await client.complete(chat_call(server.base_url, on_reasoning=lambda _: go_on.set()))
        await client.close()
    assert reply.content == "{}"


async def test_pieces_may_break_anywhere() -> None:
    stream = wire.event(wire.delta(content="größer 📈")) + wire.event(wire.delta("stop")) + wire.DONE
    reply, _, _ = await reply_of(wire.sends(*(stream[i : i + 1] for i in range(len(stream)))))
    assert reply.content == "größer 📈"


@pytest.mark.parametrize(
    ("finish_reason", "words"),
    [
        ("length", "finish_reason is length"),
        ("max_tokens", "cut off"),
        ("content_filter", "content_filter"),
        (None, "missing"),
    ],
)
async def test_an_answer_that_did_not_end_by_itself_is_unusable(
    finish_reason: str | None, words: str
) -> None:
    error = await failure_of(wire.streams(['{"operation": "hold"}'], finish_reason=finish_reason))
    assert isinstance(error, ReplyUnusable)
    assert words in error.message


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (wire.sends(), "ended before [DONE]"),
        (wire.sends(wire.event(wire.delta("stop", content="{}"))), "ended before [DONE]"),
        (wire.sends(b'data: {"choices": [{"del'), "not a valid JSON chunk"),
        (wire.sends(b"data: <html>sorry</html>\n\n"), "“<html>sorry</html>”"),
        (wire.sends(b"data: \xff\xfe\n\n"), "not a valid JSON chunk"),
        (wire.sends(b'data: {"choices": 5}\n\n'), "not a valid JSON chunk"),
        (wire.sends(b"data: " + b"[" * 100_000 + b"\n\n"), "not a valid JSON chunk"),
        (wire.sends(b"I would buy BTC.\n\n" * 100), "ended before [DONE]"),
        (
            wire.sends(wire.event({"error": {"message": "overloaded \x1b[31m"}})),
            'broke off with an error: {"message":"overloaded',
        ),
        (wire.breaks_off, "the connection broke"),
        (wire.floods, "longer than 500000 characters"),
        (wire.floods_one_line, "longer than 1 MB"),
        (wire.floods_comments, "more than 16777216 bytes"),
        (wire.answers("200 OK", b"<html>Log in</html>", content_type="text/html"), "text/html"),
        (wire.answers("200 OK", b'{"error": "no"}'), "application/json instead of an event stream"),
        (wire.answers("401 Unauthorized", b'{"error": {"message": "wrong key"}}'), "answered 401: wrong key"),
        (wire.answers("404 Not Found", b""), "answered 404: an empty body"),
        (wire.answers("302 Found", b"", "Location: http://127.0.0.1:1/"), "answered 302"),
        (wire.answers("400 Bad Request", b"\x1b[2J\x1b]0;x\x07" + b"y" * 10_000_000), "answered 400: "),
    ],
)
async def test_every_fault_is_one_clear_sentence(script: Script, words: str) -> None:
    error = await failure_of(script)
    assert words in error.message
    assert len(error.message) < 500
    assert error.message.isprintable()


@pytest.mark.parametrize(
    ("script", "waits", "words"),
    [
        (wire.says_nothing, HASTY, "silent for 0.05 s and no first token"),
        (wire.keeps_alive_without_a_token, HASTY, "silent for 0.05 s and no first token"),
        (wire.stops_after_a_token, HASTY, "silent for 0.05 s since the last token"),
        (
            wire.drips_for_ever,
            limits(total=0.1),
            "no whole answer within 0.1 s",
        ),
    ],
)
async def test_each_wait_has_its_own_limit(script: Script, waits: CallLimits, words: str) -> None:
    assert words in (await failure_of(script, waits)).message


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1_000_000, "completion_tokens": -5, "cost": -1000},
        {"prompt_tokens": 10**30, "completion_tokens": 10**30, "cost": 1e300},
    ],
)
async def test_a_count_that_cannot_be_true_is_not_believed(usage: dict[str, object]) -> None:
    chunks = (wire.event(wire.delta("stop", content="{}")), wire.event({"usage": usage}), wire.DONE)
    reply, _, _ = await reply_of(wire.sends(*chunks))
    assert reply.usage.is_estimate
    assert 0 < reply.usage.total < 100
    assert reply.cost_usd is None


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 12.0, "completion_tokens": 3.0}, (12, 3)),
        ({"prompt_tokens": "12", "completion_tokens": 3, "cost": "0.5"}, (12, 3)),
        (5, (7, 1)),
        ({"prompt_tokens": {}}, (7, 1)),
    ],
)
async def test_an_odd_count_does_not_spoil_an_answer(usage: object, tokens: tuple[int, int]) -> None:
    chunks = (wire.event(wire.delta("stop", content="{}")), wire.event({"usage": usage}), wire.DONE)
    reply, _, _ = await reply_of(wire.sends(*chunks))
    assert reply.content == "{}"
    assert (reply.usage.input, reply.usage.output) == tokens


async def test_an_empty_piece_may_be_null() -> None:
    first = {"content": "{}", "extra_content": {"google": None}}
    pieces = (
        wire.event({"choices": [{"delta": first}]}),
        wire.event({"choices": [{"delta": {"tool_calls": [{"index": 0, "function": None}]}}]}),
        wire.event({"choices": [{"delta": None, "finish_reason": "stop"}]}),
    )
    assert (await reply_of(wire.sends(*pieces, wire.DONE)))[0].content == "{}"


async def test_a_refusal_whose_body_never_ends_is_still_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 500\r\n\r\nIncorrect API key")
        await exchange.hang()

    monkeypatch.setattr("engine.language_models.call._ERROR_BODY_SECONDS", 0.05)
    assert "answered 401: Incorrect API key" in (await failure_of(script)).message


async def test_a_tool_name_has_an_end() -> None:
    call = {"tool_calls": [{"index": 0, "function": {"name": "x" * 100}}]}
    script = wire.sends(*[wire.event({"choices": [{"delta": call}]})] * 3)
    assert "a tool's name of more than 256" in (await failure_of(script)).message


async def test_a_content_type_may_be_in_capitals() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.send(wire.EVENT_STREAM.replace(b"text/event-stream", b"Text/Event-Stream"))
        await exchange.send(wire.event(wire.delta("stop", content="{}")) + wire.DONE)

    assert (await reply_of(script))[0].content == "{}"


async def test_a_list_of_models_that_is_no_list_is_none() -> None:
    body = b'{"data":[],"x":' + b"[" * 200_000
    async with ChatServer(wire.answers("200 OK", body)) as server:
        asked = Asked(server.base_url)
        endpoint = Endpoint(server.base_url, Secret(KEY))
        assert await asked.client.models(endpoint, PATIENT) == ()
        await asked.client.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [("ALL_PROXY", "socks5://127.0.0.1:1"), ("HTTPS_PROXY", "foo://x"), ("SSL_CERT_FILE", "/nowhere.pem")],
)
async def test_an_environment_that_cannot_be_used_is_one_clear_sentence(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    error = await Asked("https://llm.example.org/v1").failure()
    assert "a proxy or certificate named in the environment" in error.message


async def test_a_proxy_never_reads_a_key_that_is_not_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ChatServer(wire.streams(["{}"])) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url.removesuffix("/v1"))
        asked = Asked("http://192.168.255.254:9/v1")
        await asked.failure(limits(connect=0.05, first=0.1, total=0.3))
        await asked.client.close()
        assert proxy.exchanges == []


async def test_slow_tokens_are_no_fault() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.send(wire.EVENT_STREAM)
        for _ in range(6):
            await asyncio.sleep(0.02)
            await exchange.send_event(wire.delta(reasoning="tick "))
        await exchange.send(wire.event(wire.delta("stop", content="{}")) + wire.DONE)

    async with ChatServer(script) as server:
        asked = Asked(server.base_url)
        assert (await asked.ask(limits(first=0.1, total=5))).reasoning == "tick " * 6
        await asked.client.close()


async def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        asked = Asked(f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        error = await asked.failure()
    assert "cannot connect" in error.message
    await asked.client.close()


@contextlib.asynccontextmanager
async def tls_port(says: bytes) -> AsyncIterator[str]:
    """Yield the https URL of a server that knows no TLS and answers `says` to everything, or nothing."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(says)
        if not says:
            await reader.read()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def test_a_server_that_knows_no_tls() -> None:
    async with tls_port(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        asked = Asked(url)
        error = await asked.failure()
        await asked.client.close()
    assert error.details["fault"] == "tls"
    assert "the encrypted connection could not be made" in error.message


async def test_a_connection_that_is_never_made() -> None:
    async with tls_port(b"") as url:
        asked = Asked(url)
        error = await asked.failure(limits(connect=0.1, first=5))
        await asked.client.close()
    assert error.details["fault"] == "connect_timeout"
    assert "no connection within 0.1 s" in error.message


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 Oops", "503 Busy"])
async def test_a_busy_server_is_asked_again(status: str) -> None:
    busy = wire.answers(status, b"busy", "Retry-After: 0")
    reply, _, server = await reply_of(busy, busy, wire.streams(["{}"]))
    assert reply.content == "{}"
    assert len(server.exchanges) == 3


async def test_the_pause_is_what_the_server_asks_or_doubles_with_jitter() -> None:
    clock = NotedSleeps(1_750_000_000_000)
    date = wire.answers("503 Busy", b"", "Retry-After: Sun, 15 Jun 2025 15:06:47 GMT")
    for scripts in ([wire.answers("500 Oops", b"")], [date, wire.answers("429 Slow", b"", "Retry-After: 3")]):
        async with ChatServer(*scripts, wire.streams(["{}"])) as server:
            client = ChatClient(clock=clock, retry_seconds=1.0, jitter=lambda: 0.75)
            await client.complete(chat_call(server.base_url))
            await client.close()
    assert clock.slept == [1.25, 7.0, 3.0]


async def test_retries_end() -> None:
    async with ChatServer(wire.answers("500 Oops", b"broken")) as server:
        asked = Asked(server.base_url)
        error = await asked.failure()
        assert "answered 500: broken" in error.message
        assert len(server.exchanges) == 3
        await asked.client.close()


@pytest.mark.parametrize(
    "script",
    [
        wire.answers("400 Bad Request", b"no"),
        wire.answers("429 Too Many Requests", b"wait an hour", "Retry-After: 3600"),
        wire.answers("429 Too Many Requests", b'{"error": {"code": "insufficient_quota"}}', "Retry-After: 0"),
        wire.answers("401 Unauthorized", b"{}"),
        wire.stops_after_a_token_and_breaks,
        wire.breaks_off,
        wire.streams(["{}"], finish_reason="length"),
    ],
)
async def test_what_asking_again_cannot_help_is_not_asked_again(script: Script) -> None:
    async with ChatServer(script) as server:
        asked = Asked(server.base_url)
        await asked.failure()
        assert len(server.exchanges) == 1
        await asked.client.close()


async def test_a_failure_holds_what_there_was_of_the_answer() -> None:
    pieces = wire.event(wire.delta(reasoning="Up.")), wire.event(wire.delta(content="{"))
    async with ChatServer(wire.sends(*pieces)) as server:
        call = chat_call(server.base_url)
        with pytest.raises(ModelFailed) as caught:
            await ChatClient().complete(call)
    assert caught.value.details["fault"] == "broken_stream"
    assert (caught.value.details["reply"], caught.value.details["reasoning"]) == ("{", "Up.")
    so_far = call.so_far()
    assert so_far.usage.is_estimate
    assert so_far.usage.total > 0


async def test_a_key_is_not_sent_unencrypted_into_the_internet() -> None:
    with pytest.raises(InvalidSetting, match="unencrypted"):
        Endpoint("http://llm.example.org/v1", Secret(KEY))
    for url in ("http://llm.example.org/v1", "http://192.168.1.4:8000/v1", "http://box.local/v1"):
        Endpoint(url, Secret("" if "example" in url else KEY))


async def test_cancelling_closes_the_connection() -> None:
    heard = asyncio.Event()
    async with ChatServer(wire.stops_after_a_token) as server:
        client = ChatClient()
        asked = chat_call(server.base_url, on_reasoning=lambda _: heard.set())
        call = asyncio.create_task(client.complete(asked))
        await heard.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(1):
            await server.exchanges[0].client_left.wait()
        await client.close()


async def test_a_closed_client_can_be_used_again() -> None:
    async with ChatServer(wire.streams(["{}"])) as server:
        asked = Asked(server.base_url)
        for _ in range(2):
            assert (await asked.ask()).content == "{}"
            await asked.client.close()


@pytest.mark.parametrize(
    "script",
    [
        wire.answers("401 Unauthorized", f"Incorrect API key: {KEY}".encode()),
        wire.answers("200 OK", KEY.encode(), content_type=KEY),
        wire.sends(f"data: {KEY}\n\n".encode()),
        wire.sends(wire.event({"error": KEY})),
    ],
)
async def test_the_key_never_shows(script: Script) -> None:
    error = await failure_of(script)
    assert KEY not in f"{error!r} {error.details} {error.__cause__!r}"
    assert KEY not in f"{Endpoint('http://h/v1', Secret(KEY))!r}"
    assert KEY not in f"{Secret(KEY)!r} {Secret(KEY)} {Secret(KEY)!s:>40}"
    with pytest.raises(TypeError):
        pickle.dumps(Secret(KEY))


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY} x", f"{KEY}\x00", "ключ"])
async def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Endpoint("http://127.0.0.1:1/v1", Secret(key))
    assert key.strip() not in f"{caught.value!r} {caught.value.details}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:80/v1",
        "ftp://host/v1",
        "http://",
        "http://user:secret@host/v1",
        "http://host:99999/v1",
        "http://host/v1?key=secret",
        "http://ho st/v1",
        "http://host/\x1b[2J",
        "http://[::1/v1",
        "http://134744072/v1",
        "http://0x08080808/v1",
        "https://api.openai.com\\.example.org/v1",
        "https://api.openai.com%2eexample.org/v1",
        "https://api.openai.com;example.org/v1",
        "http://[::1].example.org/v1",
        "https://host/v1#",
    ],
)
async def test_a_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting, match="base_url") as caught:
        Endpoint(url, Secret(KEY))
    assert "secret" not in caught.value.message
    assert caught.value.message.isprintable()


async def test_two_answers_at_once_do_not_mix() -> None:
    async def echo(exchange: Exchange) -> None:
        messages = exchange.json["messages"]
        word = json.loads(json.dumps(messages))[0]["content"]
        await wire.streams(["{}"], reasoning=[word] * 50)(exchange)

    async with ChatServer(echo) as server:
        client = ChatClient()
        words = [f"<{n}>" for n in range(10)]
        replies = await asyncio.gather(
            *(
                client.complete(chat_call(server.base_url, messages=(Message(role="user", content=word),)))
                for word in words
            )
        )
        await client.close()
    assert [reply.reasoning for reply in replies] == [word * 50 for word in words]
