"""The chat-completions client: one streamed answer from any compatible server, or one clear error.

Four waits have a limit of their own: connecting, the first token, the time between two tokens and
the whole call, retries included. A call is repeated only while nothing has been answered: on a
failed connection, on 429 and on 5xx, twice at most, after what `Retry-After` asks or a doubling
pause. An answer counts only when it is whole: `finish_reason` is `stop` and `[DONE]` came.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from engine.clock import Clock, WallClock
from engine.errors import StrategyFailed
from engine.language_models.answer import DeltaListener, StreamedAnswer
from engine.language_models.endpoint import Endpoint
from engine.language_models.sse import EventStreamParser, EventTooLong
from engine.language_models.wire import ChatMessage, ChatRequest, StreamOptions
from engine.settings import PromptSettings
from engine.text import safe_line

if TYPE_CHECKING:
    import httpx

MAX_RETRIES = 2
MAX_RETRY_SECONDS = 10.0
MAX_STREAM_BYTES = 16 * 1024 * 1024
_ERROR_BODY_BYTES = 4096
_EXCERPT = 200


class ChatReply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer, exactly as the server wrote it, and what it cost."""

    content: str
    reasoning: str
    tokens: int
    latency_ms: int


class _Retry(Exception):
    """Nothing was answered and asking again may help; `cause` is the error if it does not."""

    def __init__(self, cause: StrategyFailed, retry_after: float | None = None) -> None:
        super().__init__(cause.message)
        self.cause = cause
        self.retry_after = retry_after


class ChatClient:
    """Talks to one chat-completions server with one key; the key shows in no text and no error.

    `retry_seconds` is the pause before the first retry where the server names none. Raises
    `InvalidSetting` for a URL or key that cannot be used.
    """

    def __init__(
        self, base_url: str, api_key: str, *, clock: Clock | None = None, retry_seconds: float = 0.5
    ) -> None:
        self._endpoint = Endpoint(base_url, api_key)
        self._clock = clock or WallClock()
        self._retry_seconds = retry_seconds
        self._http: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    def __repr__(self) -> str:
        return f"ChatClient({self._endpoint.base_url!r})"

    async def complete(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        limits: PromptSettings,
        on_reasoning: DeltaListener,
    ) -> ChatReply:
        """Return the model's whole answer, handing its reasoning to `on_reasoning` as it streams.

        Raises `ReplyUnusable` when the model did not bring its answer to its own end, and
        `StrategyFailed` for everything else that goes wrong. Cancelling the call closes the
        connection.
        """
        started = self._clock.monotonic()
        request = ChatRequest(
            model=model, messages=tuple(messages), stream=True, stream_options=StreamOptions()
        )
        try:
            async with asyncio.timeout(limits.total_seconds) as total:
                http = await self._open()
                answer = await self._ask_with_retries(
                    http, msgspec.json.encode(request), limits, on_reasoning
                )
        except TimeoutError as error:
            if not total.expired():
                raise
            raise self._failed(f"no whole answer within {limits.total_seconds:g} s") from error
        return ChatReply(
            content=answer.content,
            reasoning=answer.reasoning,
            tokens=answer.tokens,
            latency_ms=round((self._clock.monotonic() - started) * 1000),
        )

    async def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def _open(self) -> httpx.AsyncClient:
        async with self._opening:
            if self._http is None:
                # Importing httpx and reading certificates takes longer than the event loop may stand.
                self._http = await asyncio.to_thread(_new_http_client, self._endpoint)
            return self._http

    async def _ask_with_retries(
        self, http: httpx.AsyncClient, body: bytes, limits: PromptSettings, on_reasoning: DeltaListener
    ) -> StreamedAnswer:
        retries = 0
        while True:
            try:
                return await self._ask(http, body, limits, on_reasoning)
            except _Retry as retry:
                pause = retry.retry_after
                if pause is None:
                    pause = self._retry_seconds * 2**retries
                if retries == MAX_RETRIES or pause > MAX_RETRY_SECONDS:
                    raise retry.cause from retry
            retries += 1
            await asyncio.sleep(pause)

    async def _ask(
        self, http: httpx.AsyncClient, body: bytes, limits: PromptSettings, on_reasoning: DeltaListener
    ) -> StreamedAnswer:
        from httpx import ConnectError, ConnectTimeout, HTTPError, InvalidURL

        answer = StreamedAnswer(on_reasoning, self._excerpt)
        try:
            async with (
                asyncio.timeout(limits.first_token_seconds) as silence,
                self._post(http, body, limits.connect_seconds) as response,
            ):
                await self._check_response(response)
                await self._read(response, answer, silence, limits.first_token_seconds)
        except TimeoutError as error:
            if not silence.expired():
                raise
            since = "since the last token" if answer.characters else "and no first token"
            raise self._failed(f"silent for {limits.first_token_seconds:g} s {since}") from error
        except ConnectTimeout as error:
            raise _Retry(self._failed(f"no connection within {limits.connect_seconds:g} s")) from error
        except ConnectError as error:
            raise _Retry(self._failed(f"cannot connect: {safe_line(str(error), _EXCERPT)}")) from error
        except (HTTPError, InvalidURL) as error:
            excerpt = self._excerpt(str(error).encode())
            raise self._failed(f"the connection broke before the reply was whole: {excerpt}") from error
        return answer

    def _post(
        self, http: httpx.AsyncClient, body: bytes, connect_seconds: float
    ) -> contextlib.AbstractAsyncContextManager[httpx.Response]:
        from httpx import Timeout

        return http.stream(
            "POST",
            f"{self._endpoint.base_url}/chat/completions",
            content=body,
            headers={
                "Authorization": f"Bearer {self._endpoint.api_key.reveal()}",
                "Content-Type": "application/json",
                "Accept": "text/event-stream",
                # A compressed reply could unfold to any size.
                "Accept-Encoding": "identity",
            },
            timeout=Timeout(None, connect=connect_seconds),
        )

    async def _check_response(self, response: httpx.Response) -> None:
        """Raise unless the server answered with an event stream."""
        content_type = response.headers.get("Content-Type", "")
        if response.status_code == 200 and content_type.startswith("text/event-stream"):
            return
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) >= _ERROR_BODY_BYTES:
                break
        excerpt = self._excerpt(bytes(body)) or "an empty body"
        if response.status_code == 200:
            named = self._excerpt(content_type.encode()) or "no content type"
            raise self._failed(f"answered {named} instead of an event stream: {excerpt}")
        failed = self._failed(f"answered {response.status_code}: {excerpt}")
        if response.status_code == 429 or response.status_code >= 500:
            raise _Retry(failed, _retry_after(response.headers.get("Retry-After", "")))
        raise failed

    async def _read(
        self, response: httpx.Response, answer: StreamedAnswer, silence: asyncio.Timeout, seconds: float
    ) -> None:
        """Read events into `answer` until `[DONE]`; every token restarts the silence clock."""
        loop = asyncio.get_running_loop()
        parser = EventStreamParser()
        size = 0
        try:
            async for piece in response.aiter_raw():
                size += len(piece)
                if size > MAX_STREAM_BYTES:
                    raise self._failed(f"a reply of more than {MAX_STREAM_BYTES} bytes")
                before = answer.characters
                if any(answer.take(event) for event in parser.feed(piece)):
                    return
                if answer.characters > before:
                    silence.reschedule(loop.time() + seconds)
            if any(answer.take(event) for event in parser.finish()):
                return
        except EventTooLong as error:
            raise self._failed("one event of the reply is longer than 1 MB") from error
        raise self._failed("the stream ended before [DONE]: the reply is not whole")

    def _excerpt(self, raw: bytes) -> str:
        """Return a short, safe piece of what a server sent, without the key."""
        text = raw[:_ERROR_BODY_BYTES].decode(errors="replace")
        return safe_line(self._endpoint.api_key.redact(text), _EXCERPT)

    def _failed(self, what: str) -> StrategyFailed:
        base_url = self._endpoint.base_url
        return StrategyFailed(f"model server {base_url}: {what}", base_url=base_url)


def _new_http_client(endpoint: Endpoint) -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(
        # A kept connection may be closed by the server just as it is used again.
        limits=httpx.Limits(max_keepalive_connections=0),
        # Proxies named in the environment are for other machines.
        trust_env=not endpoint.is_loopback,
        follow_redirects=False,
    )


def _retry_after(header: str) -> float | None:
    """Return the seconds a server asks to wait; None where it says nothing or gives a date."""
    return float(header) if header.isascii() and header.isdigit() and len(header) < 10 else None
