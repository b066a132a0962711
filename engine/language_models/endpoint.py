"""Where a model answers: a checked base URL and its key, which never shows."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from engine.errors import InvalidSetting
from engine.secrecy.secret import Secret
from engine.text import safe_line

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d*)?")


class RulesEndpoint(msgspec.Struct, frozen=True):
    """Where this process's own rules model listens, and the key it drew for itself."""

    base_url: str
    key: Secret


class Endpoint:
    """One server: `base_url` is what comes before `/chat/completions`; an empty key is not sent.

    Raises `InvalidSetting` for a URL or a key that cannot be used, and for a key that would cross the
    internet unencrypted.
    """

    def __init__(self, base_url: str, api_key: Secret) -> None:
        self.base_url = checked_url(base_url)
        self.api_key = _checked_key(api_key)
        if api_key and not self._may_carry_a_key():
            raise InvalidSetting(
                f"base_url: {safe_line(self.base_url, 100)} would send the key unencrypted; use https://",
                field="base_url",
            )

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        return is_this_machine(urlsplit(self.base_url).hostname or "")

    @property
    def may_use_proxies(self) -> bool:
        """Whether the proxies named in the environment may be used: they would read what is not encrypted."""
        return self.base_url.startswith("https:") and not self.is_loopback

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r})"

    def _may_carry_a_key(self) -> bool:
        """Return whether the way is encrypted, or ends on this machine or in its own network."""
        parts = urlsplit(self.base_url)
        host = parts.hostname or ""
        if parts.scheme == "https" or self.is_loopback:
            return True
        try:
            return ip_address(host).is_private
        except ValueError:
            # A bare number is an address too, written in another way.
            is_own_network = "." not in host and not host[:1].isdigit()
            return is_own_network or host.endswith((".local", ".lan", ".internal"))


def is_this_machine(host: str) -> bool:
    """Return whether a host name or address is this machine's own."""
    return host in _LOOPBACK


def checked_url(base_url: str) -> str:
    """Return a base URL without slashes at its end; raises `InvalidSetting` for one that cannot be used."""
    allowed = "allowed is http:// or https:// and a host, without a user name, query or fragment"
    try:
        parts = urlsplit(base_url)
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        raise InvalidSetting.of("base_url", safe_line(base_url, 100), allowed) from error
    if "@" in parts.netloc:
        raise InvalidSetting.of("base_url", "a URL with a user name", allowed)
    is_plain = base_url.isascii() and base_url.isprintable() and " " not in base_url
    is_host = _HOST.fullmatch(parts.netloc) and has_port
    if not (is_plain and is_host and parts.scheme in ("http", "https")):
        raise InvalidSetting.of("base_url", safe_line(base_url, 100), allowed)
    if "?" in base_url or "#" in base_url:
        raise InvalidSetting.of("base_url", f"{parts.scheme}://{parts.netloc}…", allowed)
    return parts.geturl().rstrip("/")


def _checked_key(api_key: Secret) -> Secret:
    # The HTTP library quotes a header it cannot send: a key like that must not get so far.
    value = api_key.reveal()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise InvalidSetting(
            "api_key: the key given is not allowed; allowed are printable ASCII characters without spaces",
            field="api_key",
        )
    return api_key
