"""News sources: what a source must look like, and the well-known ones the desk brings along.

The shipped sources are off until a person turns one on: a desk sends no request unasked.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from engine.errors import InvalidInput
from engine.intelligence.sources.addresses import Reach, reach_of
from engine.model.news import NewsFormat, NewsSource
from engine.text import safe_line

MIN_INTERVAL_SECONDS = 30
MAX_INTERVAL_SECONDS = 86_400
MAX_NAME = 60
MAX_URL = 2000
FIRST_OWN_SOURCE_ID = 100
"""A person's own sources count from here, so that more can be shipped one day."""

_ITEMS_PATH = re.compile(r"[\w-]{1,60}(?:\.[\w-]{1,60}){0,9}")


def _shipped(source_id: int, name: str, url: str) -> NewsSource:
    return NewsSource(source_id=source_id, name=name, url=url, enabled=False)


DEFAULT_SOURCES = (
    _shipped(1, "CoinDesk", "https://www.coindesk.com/arc/outboundfeeds/rss/"),
    _shipped(2, "Cointelegraph", "https://cointelegraph.com/rss"),
    _shipped(3, "Decrypt", "https://decrypt.co/feed"),
    _shipped(4, "The Block", "https://www.theblock.co/rss.xml"),
    _shipped(5, "Bitcoin Magazine", "https://bitcoinmagazine.com/feed"),
    _shipped(6, "Federal Reserve", "https://www.federalreserve.gov/feeds/press_all.xml"),
)


def check_source(source: NewsSource) -> NewsSource:
    """Return the source with its texts tidied.

    Raises `InvalidInput` naming the field, the value and what is allowed.
    """
    name = safe_line(source.name, MAX_NAME + 1).strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInput.of("name", name or "an empty name", f"allowed are 1 to {MAX_NAME} characters")
    if not MIN_INTERVAL_SECONDS <= source.interval_seconds <= MAX_INTERVAL_SECONDS:
        allowed = f"allowed are {MIN_INTERVAL_SECONDS} to {MAX_INTERVAL_SECONDS} seconds"
        raise InvalidInput.of("interval_seconds", source.interval_seconds, allowed)
    path = source.items_path.strip()
    if path and source.format is not NewsFormat.JSON:
        raise InvalidInput.of("items_path", safe_line(path, 60), "it is for sources of format json")
    if path and not _ITEMS_PATH.fullmatch(path):
        raise InvalidInput.of("items_path", safe_line(path, 60), "allowed are names joined by dots")
    return msgspec.structs.replace(source, name=name, url=_checked_url(source.url.strip()), items_path=path)


def _checked_url(url: str) -> str:
    allowed = "allowed is http:// or https:// and a host, without a user name"
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
        host = parts.hostname or ""
    except ValueError as error:
        raise InvalidInput.of("url", safe_line(url, 100), allowed) from error
    if "@" in parts.netloc:
        raise InvalidInput.of("url", "an address with a user name", allowed)
    is_plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if not (is_plain and has_port and parts.scheme in ("http", "https") and host):
        raise InvalidInput.of("url", safe_line(url, 100) or "an empty address", allowed)
    if len(url) > MAX_URL:
        raise InvalidInput.of("url", f"{len(url)} characters", f"allowed are up to {MAX_URL}")
    if _is_forbidden(host):
        allowed = "a link-local, multicast or reserved address is never read"
        raise InvalidInput.of("url", safe_line(url, 100), allowed)
    return url


def _is_forbidden(host: str) -> bool:
    try:
        return reach_of(ip_address(host)) is Reach.FORBIDDEN
    except ValueError:
        return False
