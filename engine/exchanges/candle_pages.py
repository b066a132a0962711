"""Public candle pages over HTTP, and what the venues that serve them have in common.

A request is made once. What may be asked again (429, 5xx, no answer in time) is raised as
`Unavailable` with `retry_after` in its details, everything else without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import UnionType
from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidInput, NotFound, Unavailable
from engine.model.candle import Candle
from engine.text import safe_line

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 15.0
MAX_REPLY_BYTES = 4_000_000
SHARE_OF_LIMIT = 0.8
"""How much of a venue's rate limit may be used: others may share the address."""

_NUMBERS = ("open", "high", "low", "close", "volume")


class CandlePage(msgspec.Struct, frozen=True):
    """A venue's reply: its candles, its time when it answered, and how long to wait before the next."""

    candles: tuple[Candle, ...]
    server_ms: int | None
    pause_seconds: float


class FirstCandle(msgspec.Struct, frozen=True):
    """When the first candle that can be fetched opens, and why there is nothing earlier.

    `is_exact` is False where the venue may have even less.
    """

    open_ms: int
    is_exact: bool
    why: str


class Reply(msgspec.Struct, frozen=True):
    """A successful answer: body, lower-case headers and the venue's time."""

    body: bytes
    headers: Mapping[str, str]
    server_ms: int | None


class VenueHttp:
    """One keep-alive connection to a venue's public REST interface."""

    def __init__(self, venue: str, base_url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise InvalidInput.of("base URL", safe_line(base_url, 80), "an address with http:// or https://")
        self._venue = venue
        self._base_url = base_url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._client: httpx.AsyncClient | None = None

    async def get(self, path: str, parameters: Mapping[str, str | int]) -> Reply:
        """Return the answer to a GET."""
        client = await self._open()
        return await self._send(
            client, client.build_request("GET", self._base_url + path, params=dict(parameters))
        )

    async def post(self, path: str, body: object) -> Reply:
        """Return the answer to a POST of `body` as JSON."""
        client = await self._open()
        request = client.build_request(
            "POST",
            self._base_url + path,
            content=msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
        )
        return await self._send(client, request)

    async def close(self) -> None:
        """Close the connection; a later request opens a new one."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            # Importing httpx and reading certificates takes longer than the event loop may stand.
            self._client = await asyncio.to_thread(_new_client, self._timeout_seconds)
        return self._client

    async def _send(self, client: httpx.AsyncClient, request: httpx.Request) -> Reply:
        import httpx

        try:
            async with asyncio.timeout(self._timeout_seconds):
                response = await client.send(request, stream=True)
                try:
                    body = await self._read(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Unavailable(
                f"{self._venue}: no answer within {self._timeout_seconds:g} s", retry_after="0"
            ) from error
        except httpx.HTTPError as error:
            reason = safe_line(str(error) or type(error).__name__, 120)
            raise Unavailable(f"{self._venue}: {self._base_url} cannot be reached ({reason})") from error
        self._check_status(response, body)
        return Reply(body, response.headers, _server_ms(response.headers))

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_REPLY_BYTES:
                raise InvalidInput.of(
                    f"{self._venue}: reply", "a longer one", f"at most {MAX_REPLY_BYTES} bytes"
                )
        return bytes(body)

    def _check_status(self, response: httpx.Response, body: bytes) -> None:
        status = response.status_code
        if status == 200:
            return
        text = safe_line(body[:400].decode("utf-8", "replace"), 160)
        message = f"{self._venue}: the request was refused, HTTP {status}{f': {text}' if text else ''}"
        if status == 429 or status >= 500:
            raise Unavailable(message, retry_after=f"{_retry_after(response.headers):g}", status=str(status))
        if status in (400, 404) and b"symbol" in body.lower():
            raise NotFound(message, status=str(status))
        raise Unavailable(message, status=str(status))


def decode[T](reply: Reply, form: type[T] | UnionType, source: str) -> T:
    """Return a reply's JSON as `form`; raise `InvalidInput` naming the place where it differs."""
    try:
        decoded: T = msgspec.json.decode(reply.body, type=form)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{source}: the reply has not the documented form ({error})") from error
    return decoded


def candle_of(
    open_ms: int, close_ms: int, texts: tuple[str, ...], length_ms: int, row: int, source: str
) -> Candle:
    """Return a row (counted from 1) as a candle; `texts` are open, high, low, close and volume.

    Raises `InvalidInput` for a text that is no number, and for a close time that is not of the period
    asked for.
    """
    if close_ms != open_ms + length_ms - 1:
        raise InvalidInput.of(
            f"{source}: row {row}: close time", close_ms, f"{open_ms + length_ms - 1}, by its period"
        )
    open_, high, low, close, volume = (
        _number(text, row, field, source) for text, field in zip(texts, _NUMBERS, strict=True)
    )
    return Candle(open_ms, open_, high, low, close, volume)


def _number(text: str, row: int, field: str, source: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidInput.of(
            f"{source}: row {row}: {field}", repr(safe_line(text, 40)), "a number"
        ) from None


def _new_client(timeout_seconds: float) -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(timeout=timeout_seconds, follow_redirects=False)


def _retry_after(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    server_ms = _server_ms(headers)
    return max(0.0, moment.timestamp() - server_ms / 1000) if server_ms is not None else 0.0


def _server_ms(headers: Mapping[str, str]) -> int | None:
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * 1000


def written(ts_ms: int) -> str:
    """Return a time as messages have it, to the minute."""
    return f"{datetime.fromtimestamp(ts_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
