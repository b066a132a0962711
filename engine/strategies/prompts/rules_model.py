"""The built-in rules model: fixed rules that answer as a chat-completions server on this machine.

It is no language model and says so: model id `nightdesk-rules`, owned by `nightdesk`, and its
reasoning opens with that sentence. It listens on 127.0.0.1 only and wants the key that this process
drew for it, so that nobody else on the machine uses it.

- `GET /v1/models`
- `POST /v1/chat/completions`, streaming (`"stream": true`) or not. The last user message must hold
  one `{market_json}` line; the answer is the reasoning, then the decisions as JSON.
"""

from __future__ import annotations

import asyncio
import errno
import re
import secrets
from collections.abc import AsyncIterator
from hashlib import blake2b
from http import HTTPStatus

import msgspec

from engine.errors import InvalidInput, Unavailable
from engine.language_models.wire import DONE, ChatRequest, Usage
from engine.secrecy.secret import Secret
from engine.strategies.prompts.loopback_http import (
    MAX_HEAD_BYTES,
    BadRequest,
    HttpRequest,
    chunk,
    json_response,
    read_request,
    response_head,
)
from engine.strategies.prompts.market_block import find_market_block
from engine.strategies.prompts.rules import answer

MODEL_ID = "nightdesk-rules"
HOST = "127.0.0.1"
MAX_CONNECTIONS = 64

_TOKEN = re.compile(r"\s?\S{1,12}|\s")
_MODELS_BODY = msgspec.json.encode(
    {"object": "list", "data": [{"id": MODEL_ID, "object": "model", "created": 0, "owned_by": "nightdesk"}]}
)


class _Completion(msgspec.Struct, frozen=True):
    """An answer ready to be sent, whole or token by token."""

    completion_id: str
    created: int
    reasoning: tuple[str, ...]
    content: tuple[str, ...]
    usage: Usage

    def whole(self) -> bytes:
        message = {
            "role": "assistant",
            "content": "".join(self.content),
            "reasoning_content": "".join(self.reasoning),
        }
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return msgspec.json.encode(
            self._envelope("chat.completion") | {"choices": [choice], "usage": self.usage}
        )

    def events(self) -> list[bytes]:
        """Return one event per token, then the finish, the usage and the end."""
        pieces: list[tuple[dict[str, str], str | None]] = [({"role": "assistant"}, None)]
        pieces += [({"reasoning_content": token}, None) for token in self.reasoning]
        pieces += [({"content": token}, None) for token in self.content]
        pieces.append(({}, "stop"))
        envelope = self._envelope("chat.completion.chunk")
        chunks: list[dict[str, object]] = [
            envelope | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}
            for delta, finish_reason in pieces
        ]
        chunks.append(envelope | {"choices": [], "usage": self.usage})
        return [b"data: %b\n\n" % data for data in [*map(msgspec.json.encode, chunks), DONE]]

    def _envelope(self, kind: str) -> dict[str, object]:
        return {"id": self.completion_id, "object": kind, "created": self.created, "model": MODEL_ID}


class RulesModelServer:
    """Serves the rules on loopback; `tokens_per_second` is how fast it streams."""

    def __init__(self, *, tokens_per_second: float, port: int = 0) -> None:
        if not 0 < tokens_per_second <= 1_000_000:
            raise InvalidInput.of("tokens_per_second", tokens_per_second, "allowed is above 0 up to 1000000")
        self._tokens_per_second = tokens_per_second
        self._port = port
        self._api_key = Secret(secrets.token_urlsafe(32))
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """The base URL for a chat-completions client; raises `Unavailable` before `start`."""
        if self._server is None:
            raise Unavailable("the rules model is not running")
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}/v1"

    @property
    def api_key(self) -> Secret:
        """The key a client must send; it lives as long as this object."""
        return self._api_key

    async def start(self) -> None:
        """Begin to listen, on a free port unless one was given.

        Raises `Unavailable` when the port cannot be used.
        """
        try:
            self._server = await asyncio.start_server(self._connected, HOST, self._port, limit=MAX_HEAD_BYTES)
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            why = "the port is taken; choose another" if taken else str(error)
            raise Unavailable(f"the rules model cannot listen on {HOST}:{self._port}: {why}") from error

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if len(self._connections) > MAX_CONNECTIONS:
                busy = BadRequest(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections")
                writer.write(_error_response(busy))
            else:
                await self._serve(reader, writer)
            await writer.drain()
        except (EOFError, ConnectionError):
            return  # The client went away: there is nobody to answer.
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await read_request(reader)
            self._check_key(request)
            match request.method, request.path:
                case "GET", "/v1/models":
                    writer.write(json_response(HTTPStatus.OK, _MODELS_BODY))
                case "POST", "/v1/chat/completions":
                    await self._answer(request, writer)
                case _, "/v1/models" | "/v1/chat/completions":
                    raise BadRequest(
                        HTTPStatus.METHOD_NOT_ALLOWED, f"{request.path} does not take this method"
                    )
                case _:
                    raise BadRequest(HTTPStatus.NOT_FOUND, "there are /v1/models and /v1/chat/completions")
        except BadRequest as error:
            writer.write(_error_response(error))

    def _check_key(self, request: HttpRequest) -> None:
        expected = f"Bearer {self._api_key.reveal()}".encode()
        given = request.headers.get("authorization", "").encode("latin-1")
        if not secrets.compare_digest(given, expected):
            raise BadRequest(HTTPStatus.UNAUTHORIZED, "the key is missing or wrong")

    async def _answer(self, request: HttpRequest, writer: asyncio.StreamWriter) -> None:
        chat = _decode_chat(request)
        completion = _complete(chat)
        if not chat.stream:
            writer.write(json_response(HTTPStatus.OK, completion.whole()))
            return
        headers = {
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "Transfer-Encoding": "chunked",
        }
        writer.write(response_head(HTTPStatus.OK, headers))
        async for event in self._paced(completion.events()):
            writer.write(chunk(event))
            await writer.drain()
        writer.write(chunk(b""))

    async def _paced(self, events: list[bytes]) -> AsyncIterator[bytes]:
        """Yield events at the rate set; each has a due time, so that delays do not add up."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        for index, event in enumerate(events):
            await asyncio.sleep(max(0.0, started + index / self._tokens_per_second - loop.time()))
            yield event


def _decode_chat(request: HttpRequest) -> ChatRequest:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise BadRequest(HTTPStatus.BAD_REQUEST, "the body must have Content-Type application/json")
    try:
        chat = msgspec.json.decode(request.body, type=ChatRequest)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadRequest(HTTPStatus.BAD_REQUEST, f"the body is not a chat request: {error}") from error
    if chat.model != MODEL_ID:
        raise BadRequest(HTTPStatus.NOT_FOUND, f"model: there is only {MODEL_ID}")
    return chat


def _complete(chat: ChatRequest) -> _Completion:
    prompts = [message.content for message in chat.messages if message.role == "user"]
    if not prompts:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "messages: there is no user message")
    try:
        block = find_market_block(prompts[-1])
        rules = answer(block)
    except (InvalidInput, ArithmeticError) as error:
        raise BadRequest(HTTPStatus.BAD_REQUEST, str(error)) from error
    reasoning, content = _tokens(rules.reasoning), _tokens(rules.content())
    asked, answered = len(_tokens(prompts[-1])), len(reasoning) + len(content)
    return _Completion(
        completion_id="chatcmpl-" + blake2b(prompts[-1].encode(), digest_size=12).hexdigest(),
        created=block.now_ms // 1000,
        reasoning=reasoning,
        content=content,
        usage=Usage(prompt_tokens=asked, completion_tokens=answered, total_tokens=asked + answered),
    )


def _tokens(text: str) -> tuple[str, ...]:
    """Split a text into short words with the space before them: about what a model calls tokens."""
    return tuple(_TOKEN.findall(text))


def _error_response(error: BadRequest) -> bytes:
    body = {"error": {"message": error.message, "type": error.status.phrase, "code": error.status.value}}
    return json_response(error.status, msgspec.json.encode(body))
