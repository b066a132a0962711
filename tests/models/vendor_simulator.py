"""A model server as the vendors run theirs, on loopback: paths, keys, streams, counts and errors.

`ModelSimulator("deepseek", rate=50)` answers `GET /v1/models` and `POST /v1/chat/completions`, streaming
or whole, in the vendor's own shape, at `rate` tokens a second (None: at once). What it says is told by
`answer`; each next request takes the next of `faults`, and `Fault.NONE` (or none left) answers well. The
official client library of the protocol's author talks to it without noticing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence

import msgspec

from tests.loopback_server import LoopbackServer
from tests.models.simulated_errors import ERRORS, Fault

KEY = "sk-simulated-0123456789abcdef"
MODELS = ("sim-small", "sim-large")
END = b"data: [DONE]\n\n"


class Spoken(msgspec.Struct, frozen=True):
    """What the model says: its reasoning and its content token by token, then its tool calls."""

    content: tuple[str, ...] = ("{", '"operation"', ": ", '"hold"', "}")
    reasoning: tuple[str, ...] = ("Let ", "me ", "think", ".")
    tool_calls: tuple[tuple[str, str], ...] = ()
    prompt_tokens: int = 100
    finish_reason: str = "stop"

    @property
    def tokens(self) -> int:
        return len(self.content) + len(self.reasoning)


class Request(msgspec.Struct, frozen=True):
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, object]


class ModelSimulator(LoopbackServer):
    """Listens while it is entered; `requests` are those so far, `running` how many it answers now."""

    _longest_line = 2**20

    def __init__(
        self,
        vendor: str = "openai",
        *,
        rate: float | None = None,
        faults: Sequence[Fault] = (),
        answer: Callable[[Request], Spoken] = lambda request: Spoken(),
        key: str = KEY,
    ) -> None:
        super().__init__()
        self._vendor = vendor
        self._rate = rate
        self._faults = list(faults)
        self._answer = answer
        self._key = key
        self.requests: list[Request] = []
        self.running = 0
        self.most_running = 0

    @property
    def base_url(self) -> str:
        """The base URL for a client."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read_request(reader)
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return _send_error(writer, Fault.WRONG_KEY, self._vendor)
        if request.path == "/v1/models":
            listed = [{"id": model, "object": "model", "created": 0, "owned_by": "sim"} for model in MODELS]
            return _send_json(writer, "200 OK", {"object": "list", "data": listed})
        if request.path != "/v1/chat/completions":
            return _send_error(writer, Fault.WRONG_PATH, self._vendor)
        self.requests.append(request)
        fault = self._faults.pop(0) if self._faults else Fault.NONE
        if fault in ERRORS:
            return _send_error(writer, fault, self._vendor)
        if fault is Fault.SILENT:
            await reader.read()
            return None
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            await self._speak(request, fault, writer)
        finally:
            self.running -= 1

    async def _speak(self, request: Request, fault: Fault, writer: asyncio.StreamWriter) -> None:
        spoken = self._answer(request)
        if fault in (Fault.LENGTH, Fault.FILTERED):
            reason = "length" if fault is Fault.LENGTH else "content_filter"
            spoken = msgspec.structs.replace(spoken, finish_reason=reason)
        if not request.body.get("stream"):
            return _send_json(writer, "200 OK", _whole(self._vendor, request, spoken))
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        started, number = loop.time(), 0
        if fault is Fault.CUT_AFTER_HEAD:
            return None
        for stage, chunk in stream_chunks(self._vendor, request, spoken):
            if self._rate is not None and stage in ("reasoning", "content"):
                await asyncio.sleep(max(0.0, started + number / self._rate - loop.time()))
                number += 1
            _write_chunk(writer, b"data: %b\n\n" % msgspec.json.encode(chunk))
            await writer.drain()
            if stage == "reasoning" and fault is Fault.ERROR_IN_STREAM:
                error = {"error": {"message": "Overloaded", "type": "overloaded_error", "code": 529}}
                _write_chunk(writer, b"data: %b\n\n" % msgspec.json.encode(error))
                return None
            if fault.value == f"cut after {stage}":
                return None
        _write_chunk(writer, END)
        writer.write(b"0\r\n\r\n")
        return None


def stream_chunks(vendor: str, request: Request, spoken: Spoken) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield a vendor's chunks, each with the stage it belongs to."""
    head: dict[str, object] = {
        "id": "chatcmpl-sim",
        "object": "chat.completion.chunk",
        "created": 1_750_000_000,
        "model": request.body.get("model", ""),
    }

    def chunk(delta: dict[str, object], finish_reason: str | None = None) -> dict[str, object]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return head | {"choices": [choice]}

    if vendor in ("openai", "gateway", "deepseek"):
        yield "role", chunk({"role": "assistant", "content": ""})
    for token in spoken.reasoning:
        for delta in reasoning_deltas(vendor, token):
            yield "reasoning", chunk(delta)
    for token in spoken.content:
        yield (
            "content",
            chunk({"role": "assistant", "content": token} if vendor == "ollama" else {"content": token}),
        )
    for delta in _tool_call_deltas(vendor, spoken.tool_calls):
        yield "tools", chunk(delta)
    finish_reason = "tool_calls" if spoken.tool_calls and vendor != "gemini" else spoken.finish_reason
    counted = usage(vendor, spoken)
    if vendor in ("deepseek", "gemini"):
        # Both count in the chunk that ends the answer.
        yield "finish", chunk({"content": ""}, finish_reason) | {"usage": counted}
    else:
        yield "finish", chunk({}, finish_reason)
        yield "usage", head | {"choices": [], "usage": counted}


def reasoning_deltas(vendor: str, token: str) -> Iterator[dict[str, object]]:
    """Yield a token of reasoning as a vendor sends it."""
    match vendor:
        case "gemini":
            yield {"content": token, "extra_content": {"google": {"thought": True}}}
        case "gateway":
            details = [{"type": "reasoning.text", "text": token, "format": "unknown", "index": 0}]
            yield {"content": "", "reasoning": token, "reasoning_details": details}
        case "ollama":
            yield {"role": "assistant", "content": "", "reasoning": token}
        case "compatible":
            yield {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": token}]}]}
        case _:
            yield {"content": None, "reasoning_content": token}


def usage(vendor: str, spoken: Spoken) -> dict[str, object]:
    """Return the counts as a vendor gives them."""
    answered = spoken.tokens
    counted: dict[str, object] = {
        "prompt_tokens": spoken.prompt_tokens,
        "completion_tokens": answered,
        "total_tokens": spoken.prompt_tokens + answered,
    }
    match vendor:
        case "openai":
            counted["prompt_tokens_details"] = {"cached_tokens": 40, "audio_tokens": 0}
            counted["completion_tokens_details"] = {"reasoning_tokens": len(spoken.reasoning)}
        case "deepseek":
            counted |= {"prompt_cache_hit_tokens": 40, "prompt_cache_miss_tokens": spoken.prompt_tokens - 40}
        case "gemini":
            # What it thought is in the total only.
            counted["completion_tokens"] = len(spoken.content)
        case "gateway":
            counted |= {"cost": 0.00125, "is_byok": False}
    return counted


def _tool_call_deltas(vendor: str, calls: Sequence[tuple[str, str]]) -> Iterator[dict[str, object]]:
    for number, (name, arguments) in enumerate(calls):
        call_id = f"call_{number}"
        if vendor == "gemini":
            # Whole calls, all of them with the index 0.
            function = {"name": name, "arguments": arguments}
            yield {"tool_calls": [{"index": 0, "id": call_id, "type": "function", "function": function}]}
            continue
        opening = {"name": name, "arguments": ""}
        yield {"tool_calls": [{"index": number, "id": call_id, "type": "function", "function": opening}]}
        for start in range(0, len(arguments), 5):
            piece = {"arguments": arguments[start : start + 5]}
            yield {"tool_calls": [{"index": number, "function": piece}]}


def _whole(vendor: str, request: Request, spoken: Spoken) -> dict[str, object]:
    message = {"role": "assistant", "content": "".join(spoken.content), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": spoken.finish_reason}
    return {
        "id": "chatcmpl-sim",
        "object": "chat.completion",
        "created": 1_750_000_000,
        "model": request.body.get("model", ""),
        "choices": [choice],
        "usage": usage(vendor, spoken),
    }


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
        if name
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(first.split(" ")[1], headers, json.loads(body) if body else {})


def _send_error(writer: asyncio.StreamWriter, fault: Fault, vendor: str) -> None:
    shape = ERRORS[fault]
    body, content_type = shape.body(vendor)
    _send(writer, shape.status, body, content_type, *shape.headers)


def _send_json(writer: asyncio.StreamWriter, status: str, value: object) -> None:
    _send(writer, status, msgspec.json.encode(value), "application/json")


def _send(writer: asyncio.StreamWriter, status: str, body: bytes, content_type: str, *headers: str) -> None:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)


def _write_chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))
