"""An outline: lines that can be folded, as runs, executions and JSON are shown. Pure functions.

A `Node` is a line with what lies below it; `outline_lines` breaks the open ones into lines of a
width. JSON becomes nodes through `json_nodes`: short things stay on their line, the rest is folded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from rich.cells import cell_len

from engine.text import safe_line, safe_text
from tui import format as fmt
from tui.panes.span_line import Span
from tui.widgets.wrapping import wrap

OPEN, CLOSED, LEAF = "▾ ", "▸ ", "  "
INDENT = 2
MIN_TEXT_WIDTH = 12
SHORT_JSON = 48
"""What is at most this long is shown as it is instead of folded."""
PREVIEW_LENGTH = 200

Path = tuple[int, ...]
"""Where a node stands: its place among its siblings, after those of the nodes it lies below."""


class Node(msgspec.Struct, frozen=True):
    """A line and what lies below it; `preview` stands at its end while it is closed.

    The last span is broken into several lines when it is too long, unless `is_code`, which is cut.
    """

    spans: tuple[Span, ...]
    children: tuple[Node, ...] = ()
    is_open: bool = True
    preview: str = ""
    is_code: bool = False


class Line(NamedTuple):
    """One line of an outline: the node it belongs to, and whether it is the node's first one."""

    path: Path
    spans: tuple[Span, ...]
    is_foldable: bool
    is_first: bool


def outline_lines(nodes: Sequence[Node], toggled: frozenset[Path], width: int) -> list[Line]:
    """Return the lines of the nodes in view; a toggled node is closed instead of open, or open instead."""
    lines: list[Line] = []
    marks = any(node.children for node in nodes)
    for place, node in enumerate(nodes):
        _add(lines, node, (place,), toggled, width, "" if marks else None)
    return lines


def is_open(node: Node, path: Path, toggled: frozenset[Path]) -> bool:
    """Tell whether what lies below a node is in view."""
    return node.is_open != (path in toggled)


def node_at(nodes: Sequence[Node], path: Path) -> Node:
    """Return the node at a path."""
    node = nodes[path[0]]
    for place in path[1:]:
        node = node.children[place]
    return node


def _add(
    lines: list[Line], node: Node, path: Path, toggled: frozenset[Path], width: int, margin: str | None
) -> None:
    """Add a node and what is open below it; a margin of None leaves no room for the mark of a fold."""
    shows_children = bool(node.children) and is_open(node, path, toggled)
    mark = (
        "" if margin is None else margin + (LEAF if not node.children else OPEN if shows_children else CLOSED)
    )
    for row, spans in enumerate(_rows(node, width - len(mark), with_preview=not shows_children)):
        lead = Span(mark if row == 0 else " " * len(mark), "muted")
        lines.append(Line(path, (lead, *spans) if mark else spans, bool(node.children), row == 0))
    if shows_children:
        below = (margin or "") + " " * INDENT
        for place, child in enumerate(node.children):
            _add(lines, child, (*path, place), toggled, width, below)


def _rows(node: Node, width: int, *, with_preview: bool) -> list[tuple[Span, ...]]:
    """Return a node's spans in as many rows as they need."""
    spans = node.spans
    if not spans:
        return [spans]
    if node.is_code:
        left = width - sum(cell_len(span.text) for span in spans[:-1])
        last = spans[-1]
        return [
            (
                *spans[:-1],
                last if cell_len(last.text) <= left else last._replace(text=fmt.fit(last.text, left)),
            )
        ]
    if with_preview and node.preview:
        left = width - sum(cell_len(span.text) for span in spans)
        return [(*spans, Span(fmt.fit(node.preview, left).rstrip(), "muted"))] if left > 3 else [spans]
    *heads, last = spans
    taken = sum(cell_len(span.text) for span in heads)
    hang = taken if width - taken >= MIN_TEXT_WIDTH else 0
    first, *more = _broken(last.text, width - taken, width - hang)
    return [
        (*heads, last._replace(text=first)),
        *((Span(" " * hang), last._replace(text=text)) for text in more),
    ]


def _broken(text: str, first_width: int, width: int) -> list[str]:
    """Break a text by words, with another width for its first line where less room is left there."""
    if first_width == width or (cell_len(text) <= first_width and "\n" not in text):
        return wrap(text, max(1, width))
    return ["", *wrap(text, max(1, width))]


def text_nodes(text: str, role: str = "text", *, is_code: bool = False) -> tuple[Node, ...]:
    """Return a node for each line of a text."""
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    return tuple(Node((Span(line, role),), is_code=is_code) for line in lines)


def section(
    title: str, nodes: Iterable[Node], *, preview: str = "", is_open: bool = True
) -> tuple[Node, ...]:
    """Return a titled node over others; nothing where there are none."""
    children = tuple(nodes)
    return (Node((Span(f"{title} ", "header"),), children, is_open, preview),) if children else ()


def json_nodes(text: str) -> tuple[Node, ...]:
    """Return the members of a JSON text as nodes; what is no JSON is shown as the text it is.

    A text that was safe to show can hold escaped characters that are not: they are made safe here.
    """
    try:
        value = json.loads(text)
        if isinstance(value, dict | list):
            return _members(value)
    except (ValueError, RecursionError):
        return text_nodes(text)
    return (Node((_scalar(value),)),)


def _members(value: dict[str, Any] | list[Any]) -> tuple[Node, ...]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return tuple(_member(str(key), item) for key, item in pairs)


def _member(key: str, value: Any) -> Node:
    name = Span(f"{safe_line(key)}  ", "accent")
    if not isinstance(value, dict | list):
        return Node((name, _scalar(value)))
    short = safe_line(json.dumps(value, ensure_ascii=False), PREVIEW_LENGTH)
    if len(short) <= SHORT_JSON:
        return Node((name, Span(short, "muted" if not value else "text")))
    count = Span(f"{{{len(value)}}}  " if isinstance(value, dict) else f"[{len(value)}]  ", "muted")
    return Node((name, count), _members(value), is_open=False, preview=short)


def _scalar(value: Any) -> Span:
    if isinstance(value, str):
        return Span(safe_text(value), "series-3")
    if value is None or isinstance(value, bool):
        return Span(json.dumps(value), "series-4")
    return Span(f"{value}", "text")
