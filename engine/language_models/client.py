"""The chat-completions client: one streamed answer from any compatible server, or one clear error.

Four waits have a limit of their own: connecting, the first token, the time between two tokens and
the whole call, retries included. A call is repeated only while nothing has been answered: on a
failed connection, on 429 and on 5xx, twice at most, after what `Retry-After` asks or a doubling
pause with jitter. An answer counts only when it is whole: it came to its own end and `[DONE]` came.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from engine.clock import Clock, WallClock
from engine.language_models.base import ModelReply
from engine.language_models.call import ChatCall, Retry
from engine.language_models.endpoint import Endpoint
from engine.language_models.faults import ModelFault, model_error
from engine.language_models.limits import CallLimits
from engine.language_models.retry_pause import next_pause
from engine.text import safe_line

if TYPE_CHECKING:
    import httpx

_MODELS_BODY_BYTES = 1024 * 1024

Trace = Callable[[str, Mapping[str, object]], Awaitable[None]]
"""Hears of the steps of a request as the HTTP library names them."""


class _ListedModel(msgspec.Struct, frozen=True):
    id: str


class _ModelList(msgspec.Struct, frozen=True):
    data: tuple[_ListedModel, ...]


class ChatClient:
    """Talks to any chat-completions server; what differs between them is in the vendor's row.

    `jitter` gives numbers from 0 up to 1; `retry_seconds` is the pause before the first retry where the
    server names none. A key lives no longer here than the call that sends it.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
        retry_seconds: float = 0.5,
    ) -> None:
        self._clock = clock or WallClock()
        self._jitter = jitter
        self._retry_seconds = retry_seconds
        self._http: dict[bool, httpx.AsyncClient] = {}
        self._opening = asyncio.Lock()

    async def complete(self, call: ChatCall) -> ModelReply:
        """Return a call's whole answer, handing it to its listeners as it streams.

        `cost_usd` is set only where the server says what it charged. Raises `ReplyUnusable` when the
        model did not bring its answer to its own end, and `ModelFailed` for everything else that goes
        wrong; `call.so_far()` has what there was of it by then, and so have the error's `details`
        (`reply`, `reasoning`). Cancelling closes the connection.
        """
        limits = call.limits
        call.start(self._clock)
        try:
            async with asyncio.timeout(limits.total_seconds) as total:
                http = await self._open(call.endpoint)
                await self._ask_with_retries(http, call)
        except TimeoutError as error:
            if not total.expired():
                raise
            what = f"no whole answer within {limits.total_seconds:g} s"
            raise call.failed(ModelFault.TOO_SLOW, what) from error
        return call.so_far()

    async def models(self, endpoint: Endpoint, limits: CallLimits) -> tuple[str, ...]:
        """Return the models a server lists, empty where it lists none or does not answer that."""
        from httpx import HTTPError, InvalidURL

        http = await self._open(endpoint)
        body = bytearray()
        with contextlib.suppress(
            HTTPError, InvalidURL, TimeoutError, msgspec.DecodeError, UnicodeError, RecursionError
        ):
            async with (
                asyncio.timeout(limits.connect_seconds + limits.first_token_seconds),
                _send(http, endpoint, "GET", "/models", b"", limits, _on_sent(lambda: None)) as response,
            ):
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > _MODELS_BODY_BYTES:
                        return ()
            listed = msgspec.json.decode(bytes(body), type=_ModelList).data
            return tuple(safe_line(model.id.removeprefix("models/"), 100) for model in listed)
        return ()

    async def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        clients, self._http = tuple(self._http.values()), {}
        for http in clients:
            await http.aclose()

    async def _open(self, endpoint: Endpoint) -> httpx.AsyncClient:
        async with self._opening:
            has_proxies = endpoint.may_use_proxies
            if has_proxies not in self._http:
                try:
                    # Importing httpx and reading certificates takes longer than the event loop may stand.
                    opened = await asyncio.to_thread(_new_http_client, has_proxies)
                except (ImportError, OSError, ValueError) as error:
                    what = f"a proxy or certificate named in the environment: {safe_line(str(error), 120)}"
                    raise model_error(ModelFault.NO_CONNECTION, endpoint.base_url, what) from error
                self._http[has_proxies] = opened
            return self._http[has_proxies]

    async def _ask_with_retries(self, http: httpx.AsyncClient, call: ChatCall) -> None:
        while True:
            call.attempts += 1
            try:
                return await self._ask(http, call)
            except Retry as retry:
                pause = next_pause(call.attempts, retry.retry_after, self._retry_seconds, self._jitter)
                if pause is None:
                    raise retry.cause from retry
            await self._clock.sleep(pause)

    async def _ask(self, http: httpx.AsyncClient, call: ChatCall) -> None:
        from httpx import ConnectError, ConnectTimeout, HTTPError, InvalidURL, ProxyError

        limits = call.limits
        try:
            async with (
                # The wait for the connection has a limit of its own; this one begins when all is sent.
                asyncio.timeout(None) as silence,
                _send(
                    http,
                    call.endpoint,
                    "POST",
                    "/chat/completions",
                    call.body,
                    limits,
                    _on_sent(lambda: call.sent(silence)),
                ) as response,
            ):
                await call.check_response(response)
                await call.read(response, silence)
        except TimeoutError as error:
            if not silence.expired():
                raise
            since = "since the last token" if call.answer.characters else "and no first token"
            waited = f"silent for {limits.first_token_seconds:g} s {since}"
            raise call.failed(ModelFault.SILENT, waited) from error
        except ConnectTimeout as error:
            what = f"no connection within {limits.connect_seconds:g} s"
            raise Retry(call.failed(ModelFault.CONNECT_TIMEOUT, what)) from error
        except (ConnectError, ProxyError) as error:
            text = call.excerpt(str(error).encode())
            if _is_tls(error):
                raise call.failed(ModelFault.TLS, text) from error
            raise Retry(call.failed(ModelFault.NO_CONNECTION, text)) from error
        except (HTTPError, InvalidURL, UnicodeError) as error:
            what = f"the connection broke: {call.excerpt(str(error).encode())}"
            raise call.failed(ModelFault.BROKEN_STREAM, what) from error


def _send(
    http: httpx.AsyncClient,
    endpoint: Endpoint,
    method: str,
    path: str,
    body: bytes,
    limits: CallLimits,
    trace: Trace,
) -> contextlib.AbstractAsyncContextManager[httpx.Response]:
    from httpx import Timeout

    headers = {
        "Accept": "text/event-stream" if body else "application/json",
        # A compressed reply could unfold to any size.
        "Accept-Encoding": "identity",
    }
    if body:
        headers["Content-Type"] = "application/json"
    if endpoint.api_key:
        headers["Authorization"] = f"Bearer {endpoint.api_key.reveal()}"
    timeout = Timeout(None, connect=limits.connect_seconds)
    return http.stream(
        method,
        endpoint.base_url + path,
        content=body,
        headers=headers,
        timeout=timeout,
        extensions={"trace": trace},
    )


def _on_sent(listener: Callable[[], None]) -> Trace:
    """Return what tells `listener` when a request has been sent: from then on the server is waited for."""

    async def trace(event: str, info: Mapping[str, object]) -> None:
        if event == "http11.send_request_body.complete":
            listener()

    return trace


def _new_http_client(has_proxies: bool) -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(
        # A kept connection may be closed by the server just as it is used again.
        limits=httpx.Limits(max_keepalive_connections=0, max_connections=None),
        trust_env=has_proxies,
        follow_redirects=False,
    )


def _is_tls(error: BaseException) -> bool:
    """Return whether a failed connection failed at its encryption."""
    import ssl

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
