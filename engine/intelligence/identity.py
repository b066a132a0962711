"""When two articles are the same one: by their address, or by their title.

Both are keys, not measures of likeness: equal or not, so that the order in which articles come can
never matter.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b
from urllib.parse import parse_qsl, urlencode, urlsplit

from engine.model.news import NewsItem

MIN_TITLE_WORDS = 4
"""A title of fewer words, such as “Morning brief”, comes back day after day: it identifies nothing."""

_TRACKING = frozenset(
    [
        "fbclid",
        "gclid",
        "dclid",
        "msclkid",
        "yclid",
        "twclid",
        "igshid",
        "mc_cid",
        "mc_eid",
        "cmpid",
        "cmp",
        "icid",
        "ncid",
        "ref",
        "ref_src",
        "rss",
        "_hsenc",
        "_hsmi",
        "_ga",
        "s_cid",
        "spm",
        "wt_mc",
        "mkt_tok",
        "guccounter",
    ]
)
_TRACKING_PREFIXES = ("utm_", "at_", "pk_", "mtm_", "hsa_")
_FILLERS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "for",
        "as",
        "at",
        "by",
        "and",
        "or",
        "is",
        "are",
        "its",
        "with",
        "from",
        "that",
        "this",
        "after",
        "amid",
        "over",
    ]
)
_WORD = re.compile(r"[^\W_]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_PUBLISHERS = (
    "coindesk|cointelegraph|decrypt|the block|bitcoin magazine|reuters|bloomberg|bloomberg\\.com|cnbc|forbes"
    "|yahoo finance|blockworks|the defiant|beincrypto|u\\.today|cryptoslate|fxstreet|investing\\.com"
)
_SIGNED_BY = re.compile(rf"\s+(?:\|\s+[^\s|]+(?:\s+[^\s|]+){{0,2}}|[–—-]\s+(?:{_PUBLISHERS}))\s*$")


def canonical_url(url: str) -> str:
    """Return an address without what does not change the page: tracking, fragment, `www.`, order.

    Not for fetching. Raises nothing; what is no address comes back as it is.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        query = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return url
    host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    if port not in (None, 80, 443):
        host = f"{host}:{port}"
    kept = sorted(
        (name, value)
        for name, value in query
        if name.lower() not in _TRACKING and not name.lower().startswith(_TRACKING_PREFIXES)
    )
    return f"https://{host}{parts.path.rstrip('/')}" + (f"?{urlencode(kept)}" if kept else "")


def title_key(title: str) -> str:
    """Return what near-identical titles share: their words in order, bare; empty if there are too few.

    Case, punctuation, small words, plural and third-person endings, `100,000` against `100K` and the
    name a publisher signs with do not count.
    """
    text = unicodedata.normalize("NFKC", title).casefold()
    signed = _SIGNED_BY.search(text[-60:])
    words = _words(text[: len(text) - len(signed[0])] if signed else text)
    if signed and len(words) < MIN_TITLE_WORDS:
        words = _words(text)
    return " ".join(words) if len(words) >= MIN_TITLE_WORDS else ""


def news_id(source: str, url: str, title: str) -> str:
    """Return an article's id, the same whenever and however it is read."""
    identity = canonical_url(url) if url else f"{source}\n{title_key(title) or title}"
    return blake2b(identity.encode("utf-8", "replace"), digest_size=10).hexdigest()


def precedence(item: NewsItem) -> tuple[int, int, str, str, str, str, str]:
    """Return what articles are ordered by: the earliest first, and nothing left to chance."""
    return (
        item.published_ms,
        item.received_ms,
        item.news_id,
        item.source,
        item.title,
        item.summary,
        item.url,
    )


def _words(text: str) -> list[str]:
    found = _WORD.findall(_THOUSANDS.sub("", text))
    return [_bare(word) for word in found if word not in _FILLERS]


def _bare(word: str) -> str:
    if word[:-1].isdigit() and word[-1] in "km":
        return word[:-1] + {"k": "000", "m": "000000"}[word[-1]]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word
