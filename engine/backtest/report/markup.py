"""Elements of a page, with every text escaped by construction.

A string that is not `Markup` is text from anywhere and is escaped wherever it is put; only
`element` and `joined` make `Markup`, and `raw` for what is ours: style, script, paths and data.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from engine.text import safe_text

_LONGEST_TEXT = 4_000
_VOID = frozenset({"meta", "col", "br"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | float) -> Markup:
    """Return an element; an attribute named `class_` is written `class`, `data_from` `data-from`."""
    written = ""
    for key, value in attributes.items():
        text = joined([value if isinstance(value, str) else str(value)])
        written += f' {key.removesuffix("_").replace("_", "-")}="{text}"'
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[str]) -> Markup:
    """Return children one after the other, texts among them escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escaped(child) for child in children))


def escaped(text: str) -> str:
    """Return text that shows as it is and can neither begin an element nor end an attribute."""
    return html.escape(safe_text(text, _LONGEST_TEXT), quote=True)


def raw(text: str) -> Markup:
    """Return a style, a script, a path or data of ours as it is."""
    return Markup(text)
