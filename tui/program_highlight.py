"""The colour roles of a source's pieces: Python, or the brace form that looks like Rust.

Pygments does the reading; it comes with the first source that is shown, never before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_DEFINITION = re.compile(r"\s*(?:def|class|fn|async def)\b|\s*@")
_LONG_QUOTE = re.compile(r"\"\"\"|'''")
_BRACE_FORM = re.compile(r"^\s*fn\s+\w+\s*\(", re.MULTILINE)


class Piece(NamedTuple):
    """The characters of a line from `start` up to `end`, and their role."""

    start: int
    end: int
    role: str


def is_brace_form(source: str) -> bool:
    """Tell whether a source is written with braces."""
    return _BRACE_FORM.search(source) is not None


def highlight(source: str) -> list[tuple[Piece, ...]]:
    """Return the coloured pieces of every line; plain text has none.

    A source is read in parts that each begin with a definition, so that typing costs one part.
    """
    language = "rust" if is_brace_form(source) else "python"
    return [pieces for part in _parts(source) for pieces in _highlighted(language, part)]


def _parts(source: str) -> Iterator[str]:
    """Take a source apart in front of its definitions, but never inside a long string."""
    part: list[str] = []
    is_in_string = False
    for line in source.split("\n"):
        if part and not is_in_string and _DEFINITION.match(line):
            yield "\n".join(part)
            part = []
        part.append(line)
        is_in_string ^= len(_LONG_QUOTE.findall(line)) % 2 == 1
    yield "\n".join(part)


@lru_cache(512)
def _highlighted(language: str, part: str) -> tuple[tuple[Piece, ...], ...]:
    lines: list[list[Piece]] = [[]]
    column = 0
    roles = _roles()
    for _, kind, text in _lexer(language).get_tokens_unprocessed(part):
        role = _role(kind, roles)
        for place, piece in enumerate(text.split("\n")):
            if place:
                lines.append([])
                column = 0
            if role and piece:
                lines[-1].append(Piece(column, column + len(piece), role))
            column += len(piece)
    # A lexer may end the last line for us: there are as many lines as the part has.
    count = part.count("\n") + 1
    return tuple(tuple(line) for line in (lines + [[]] * count)[:count])


def _role(kind: Any, roles: dict[Any, str]) -> str:
    """Return the role of a kind of token: its own, or that of the nearest kind it is one of."""
    found = kind
    while found not in roles:
        found = found.parent
    role = roles[found]
    roles[kind] = role
    return role


@cache
def _lexer(language: str) -> Lexer:
    if language == "rust":
        from pygments.lexers.rust import RustLexer

        return RustLexer()
    from pygments.lexers.python import PythonLexer

    return PythonLexer()


@cache
def _roles() -> dict[Any, str]:
    """Return the role of each kind of token that has one, and of the root of all kinds."""
    from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token

    return {
        Token: "",
        Comment: "muted",
        Keyword: "series-4",
        Keyword.Constant: "series-1",
        Operator.Word: "series-4",
        String: "series-3",
        String.Escape: "series-6",
        String.Interpol: "series-6",
        Number: "series-1",
        Name.Builtin: "series-6",
        Name.Builtin.Pseudo: "series-5",
        Name.Class: "series-2",
        Name.Function: "series-2",
        Name.Function.Magic: "series-2",
        Name.Decorator: "series-1",
        Name.Exception: "series-5",
    }
