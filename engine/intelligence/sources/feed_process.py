"""The process that reads one RSS or Atom document, and ends.

Started as `python -I feed_process.py` with an empty environment: a `FeedDocument` in msgpack comes on
stdin, a `FeedReading` goes to stdout. It is a process because a feed is written by strangers and the
library that understands every dialect of it can be kept busy for minutes by a few kilobytes of the
wrong kind (an author of `a.a.a.a…` is enough), with the interpreter's lock held: in the engine's own
process that would stop trading. It imports nothing of the engine; the engine imports the messages
from here.
"""

from __future__ import annotations

import calendar
import io
import os
import sys
from typing import Any

import msgspec

MAX_ENTRIES = 200
MAX_FIELD = 20_000
CPU_SECONDS = 5
MEMORY_BYTES = 1024 * 1024 * 1024
NICENESS = 10

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class FeedDocument(msgspec.Struct, frozen=True):
    """A document as it was fetched; `charset` is what the server said, empty if nothing."""

    body: bytes
    url: str
    charset: str


class RawArticle(msgspec.Struct, frozen=True, kw_only=True):
    """An article as its source wrote it: nothing in it is safe to show.

    `published` is UTC milliseconds, or a text or number still to be understood, None if unknown.
    """

    title: str = ""
    url: str = ""
    summary: str = ""
    published: int | float | str | None = None


class FeedReading(msgspec.Struct, frozen=True):
    """The articles of a document; `error` says why there are none."""

    articles: list[RawArticle]
    error: str = ""


def read_document(document: FeedDocument) -> FeedReading:
    """Return the articles of a document, as many as can be made out."""
    import feedparser

    # Given bytes, the library would first try them as the name of a file.
    parsed = feedparser.parse(
        io.BytesIO(document.body),
        response_headers={"content-type": _content_type(document), "content-location": document.url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.entries and (parsed.bozo or not parsed.get("version")):
        reason = parsed.get("bozo_exception") or "no feed in it"
        return FeedReading([], f"not RSS or Atom: {reason}"[:300])
    return FeedReading([_article(entry) for entry in parsed.entries[:MAX_ENTRIES]])


def _content_type(document: FeedDocument) -> str:
    """Return a type that lets the document say its own encoding where the server says none (RFC 7303)."""
    if not document.charset or document.body.startswith(_BYTE_ORDER_MARKS):
        return "application/xml"
    return f"application/xml; charset={document.charset}"


def _article(entry: Any) -> RawArticle:
    summary = _text(entry, "summary") or next((_text(part, "value") for part in entry.get("content", ())), "")
    return RawArticle(
        title=_text(entry, "title"), url=_text(entry, "link"), summary=summary, published=_published(entry)
    )


def _text(entry: Any, name: str) -> str:
    value = entry.get(name)
    return value[:MAX_FIELD].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _published(entry: Any) -> int | None:
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        if entry.get(name):
            try:
                return calendar.timegm(entry[name]) * 1000
            except (ValueError, OverflowError):
                return None
    return None


def _limit_itself() -> None:
    """Give up what reading a text does not need; where the system knows no such limits, nothing."""
    try:
        import resource
    except ImportError:
        return
    for limit, value in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            continue
    os.nice(NICENESS)


def main() -> None:
    """Answer the one document on stdin."""
    _limit_itself()
    document = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=FeedDocument)
    try:
        reading = read_document(document)
    except Exception as error:
        # Whatever the library stumbles over is the document's fault: the answer says so.
        reading = FeedReading([], f"not RSS or Atom: {type(error).__name__}: {error}"[:300])
    sys.stdout.buffer.write(msgspec.msgpack.encode(reading))


if __name__ == "__main__":
    main()
