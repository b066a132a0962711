"""Fetching a source: one conditional GET that no server can turn into anything larger.

A server can name another address three times at most and never lead from `https` to `http`. Every
name is resolved here, judged by `engine.intelligence.sources.addresses`, and the connection goes to the
address that was judged, so that a name cannot point elsewhere a moment later. That is why no proxy
is used: behind one it could not be known what is reached. Certificates are checked against the
name as always.
"""

from __future__ import annotations

import asyncio
import email.utils
from collections.abc import Callable
from ssl import SSLContext
from typing import TYPE_CHECKING

import msgspec

from engine.clock import Clock
from engine.errors import Unavailable
from engine.intelligence.sources.addresses import Address, Reach, Resolver, reach_of, refusal, resolve_host
from engine.intelligence.sources.bounded_body import MAX_BODY_BYTES, BoundedBody
from engine.text import safe_line

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 3
MAX_VALIDATOR = 256
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EXCERPT = 200


class FetchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long a fetch may take; `total_seconds` holds redirects and the body."""

    connect_seconds: float = 5.0
    total_seconds: float = 20.0


class Validators(msgspec.Struct, frozen=True):
    """What a server said to recognise an unchanged page by; empty where it said nothing."""

    etag: str = ""
    last_modified: str = ""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What was fetched from `url`, after redirects; `body` is None when nothing has changed."""

    url: str
    body: bytes | None
    charset: str
    validators: Validators


class FetchFailed(Unavailable):
    """A page could not be fetched; `retry_after` is how many seconds the server asks to wait."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PageFetcher:
    """Fetches pages, each on a connection of its own and without cookies.

    `resolve` and `reach` say where a name points and whose an address is.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        limits: FetchLimits | None = None,
        resolve: Resolver = resolve_host,
        reach: Callable[[Address], Reach] = reach_of,
    ) -> None:
        self._clock = clock
        self._limits = limits or FetchLimits()
        self._resolve = resolve
        self._reach = reach
        self._tls: SSLContext | None = None
        self._opening = asyncio.Lock()

    async def fetch(self, url: str, validators: Validators | None = None) -> Page:
        """Return the page at `url`, an address a person typed and `check_source` has allowed.

        Raises `FetchFailed` saying in one sentence what is wrong.
        """
        try:
            async with asyncio.timeout(self._limits.total_seconds) as total:
                return await self._follow(url, validators or Validators())
        except TimeoutError as error:
            if not total.expired():
                raise
            seconds = self._limits.total_seconds
            raise FetchFailed(f"no whole answer within {seconds:g} s") from error
        except FetchFailed:
            raise
        except Unavailable as error:
            raise FetchFailed(error.message) from error

    async def _follow(self, typed: str, validators: Validators) -> Page:
        tls = await self._certificates()
        import httpx

        try:
            url = httpx.URL(typed)
            typed_host = url.raw_host.decode("ascii").lower()
            async with httpx.AsyncClient(
                verify=tls, trust_env=False, timeout=httpx.Timeout(None, connect=self._limits.connect_seconds)
            ) as http:
                for _ in range(MAX_REDIRECTS + 1):
                    answer = await self._get(http, url, typed_host, validators)
                    if isinstance(answer, Page):
                        return answer
                    url = _redirected(url, answer)
        except httpx.ConnectTimeout as error:
            raise FetchFailed(f"no connection within {self._limits.connect_seconds:g} s") from error
        except httpx.ConnectError as error:
            raise FetchFailed(f"cannot connect: {safe_line(str(error), _EXCERPT)}") from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise FetchFailed(f"the connection broke: {safe_line(str(error), _EXCERPT)}") from error
        raise FetchFailed(f"more than {MAX_REDIRECTS} redirects")

    async def _get(
        self, http: httpx.AsyncClient, url: httpx.URL, typed_host: str, validators: Validators
    ) -> Page | str:
        """Return the page, or the address a redirect names."""
        host = url.raw_host.decode("ascii").lower()
        address = await self._address(host, url.port or (443 if url.scheme == "https" else 80), typed_host)
        headers = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": "nightdesk",
            "Accept": "application/rss+xml, application/atom+xml, application/json, application/xml, */*",
            "Accept-Encoding": "gzip",
        }
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        async with http.stream(
            "GET", url.copy_with(host=str(address)), headers=headers, extensions={"sni_hostname": host}
        ) as response:
            if response.status_code in _REDIRECTS and response.headers.get("Location"):
                return str(response.headers["Location"])
            self._check_status(response)
            if response.status_code == 304:
                return Page(url=str(url), body=None, charset="", validators=validators)
            return Page(
                url=str(url),
                body=await _read(response),
                charset=safe_line(response.charset_encoding or "", 40),
                validators=Validators(
                    _validator(response.headers.get("ETag", "")),
                    _validator(response.headers.get("Last-Modified", "")),
                ),
            )

    async def _address(self, host: str, port: int, typed_host: str) -> Address:
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise FetchFailed(f"{safe_line(host, 100)} has no address") from error
        if not addresses:
            raise FetchFailed(f"{safe_line(host, 100)} has no address")
        refused = refusal(host, addresses, typed_host, self._reach)
        if refused is not None:
            raise FetchFailed(safe_line(refused))
        return addresses[0]

    def _check_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 200 or (status == 304 and "If-None-Match" in response.request.headers):
            return
        if status == 304 and "If-Modified-Since" in response.request.headers:
            return
        retry_after = None
        if status == 429 or status >= 500:
            retry_after = parse_retry_after(response.headers.get("Retry-After", ""), self._clock.now_ms())
        raise FetchFailed(f"answered {status} instead of 200", retry_after)

    async def _certificates(self) -> SSLContext:
        async with self._opening:
            if self._tls is None:
                # Importing httpx and reading certificates takes longer than the event loop may stand.
                self._tls = await asyncio.to_thread(_new_tls_context)
            return self._tls


def parse_retry_after(header: str, now_ms: int) -> float | None:
    """Return the seconds a Retry-After header asks to wait, a number or a date; None for any other.

    RFC 9110, 10.2.3.
    """
    if header.isascii() and header.isdigit() and len(header) < 10:
        return float(header)
    try:
        at = email.utils.parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return max(0.0, at.timestamp() - now_ms / 1000)


def _new_tls_context() -> SSLContext:
    import httpx

    return httpx.create_ssl_context()


def _redirected(url: httpx.URL, location: str) -> httpx.URL:
    target = url.join(location)
    if target.scheme not in ("http", "https") or not target.host:
        raise FetchFailed(f"it redirects to {safe_line(str(target), 100)}; allowed are http and https")
    if target.userinfo:
        raise FetchFailed("it redirects to an address with a user name, which is not followed")
    if url.scheme == "https" and target.scheme == "http":
        raise FetchFailed("it redirects from https to http, which is not followed")
    return target


async def _read(response: httpx.Response) -> bytes:
    length = response.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and (len(length) > 10 or int(length) > MAX_BODY_BYTES):
        raise FetchFailed(f"the answer is longer than {MAX_BODY_BYTES} bytes")
    body = BoundedBody(response.headers.get("Content-Encoding", ""))
    async for piece in response.aiter_raw():
        body.add(piece)
    return body.finish()


def _validator(header: str) -> str:
    """Return a header that can be sent back as it came, or nothing."""
    return header if len(header) <= MAX_VALIDATOR and header.isascii() and header.isprintable() else ""
