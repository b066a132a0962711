"""Where a model answers: a checked base URL and its key, which never shows."""

from __future__ import annotations

from urllib.parse import urlsplit

from engine.errors import InvalidSetting
from engine.secrecy.secret import Secret
from engine.text import safe_line

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Endpoint:
    """One server: `base_url` is what comes before `/chat/completions`.

    Raises `InvalidSetting` for a URL or a key that cannot be used.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        self.base_url = _checked_url(base_url)
        self.api_key = _checked_key(api_key)

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        return urlsplit(self.base_url).hostname in _LOOPBACK

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r})"


def _checked_url(base_url: str) -> str:
    allowed = "allowed is http:// or https:// and a host, without a user name, query or fragment"
    try:
        parts = urlsplit(base_url)
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        raise InvalidSetting.of("base_url", safe_line(base_url, 100), allowed) from error
    if "@" in parts.netloc:
        raise InvalidSetting.of("base_url", "a URL with a user name", allowed)
    is_plain = base_url.isascii() and base_url.isprintable() and " " not in base_url
    if not (is_plain and has_port and parts.scheme in ("http", "https") and parts.hostname):
        raise InvalidSetting.of("base_url", safe_line(base_url, 100), allowed)
    if parts.query or parts.fragment:
        raise InvalidSetting.of("base_url", f"{parts.scheme}://{parts.netloc}…", allowed)
    return base_url.rstrip("/")


def _checked_key(api_key: str) -> Secret:
    # The HTTP library quotes a header it cannot send: a key like that must not get so far.
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise InvalidSetting(
            "api_key: the key given is not allowed; allowed are printable ASCII characters without spaces",
            field="api_key",
        )
    return Secret(api_key)
