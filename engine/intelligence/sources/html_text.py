"""HTML as a source writes it, reduced to one line of safe text.

Every step looks at a character a bounded number of times, whatever the text is.
"""

from __future__ import annotations

import html
import re

from engine.text import safe_line

MAX_HTML = 20_000

_TAG = re.compile(r"(</?[a-zA-Z!?][^<>]*>)")
_TAG_NAME = re.compile(r"</?([a-zA-Z]+)")
_HIDDEN = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg"})
_INLINE = frozenset(
    {"a", "abbr", "b", "code", "em", "font", "i", "mark", "s", "small", "span", "strong", "u"}
)


def html_to_line(text: str, limit: int) -> str:
    """Return what a reader would see of `text`, as one line of at most `limit` safe characters.

    Some sources escape twice: what still looks like tags after one turn is taken off in a second.
    """
    seen = text[:MAX_HTML]
    for _ in range(2):
        seen = html.unescape(_without_tags(_without_comments(seen)))
    return safe_line(" ".join(safe_line(seen, MAX_HTML).split()), limit)


def _without_comments(text: str) -> str:
    kept: list[str] = []
    rest = text
    while True:
        before, opening, rest = rest.partition("<!--")
        kept.append(before)
        if not opening:
            return "".join(kept)
        _, closing, rest = rest.partition("-->")
        if not closing:
            return "".join(kept)


def _without_tags(text: str) -> str:
    kept: list[str] = []
    hidden_in = ""
    for piece in _TAG.split(text):
        if not _TAG.fullmatch(piece):
            if not hidden_in:
                kept.append(piece)
            continue
        matched = _TAG_NAME.match(piece)
        name = matched[1].lower() if matched else ""
        if hidden_in:
            if piece.startswith("</") and name == hidden_in:
                hidden_in = ""
        elif name in _HIDDEN and not piece.startswith("</") and not piece.endswith("/>"):
            hidden_in = name
        elif name not in _INLINE:
            kept.append(" ")
    return "".join(kept)
