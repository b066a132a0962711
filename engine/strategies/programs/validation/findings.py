"""What a check says: one problem of a source, and whether it is an error or a warning."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator

import msgspec

from engine.model.program import SourceProblem
from engine.text import safe_line

MAX_MESSAGE = 300


class Finding(msgspec.Struct, frozen=True):
    """One problem; an error keeps the program from being saved."""

    problem: SourceProblem
    is_error: bool


type Findings = Iterator[Finding]


def error(where: ast.AST | int, message: str, advice: str = "") -> Finding:
    """Return an error at a node or line."""
    return Finding(_problem(where, message, advice), True)


def warning(where: ast.AST | int, message: str, advice: str = "") -> Finding:
    """Return a warning at a node or line."""
    return Finding(_problem(where, message, advice), False)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the nearest known names as advice; `otherwise` where none is near."""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), by_lower, n=3, cutoff=0.6)
    names = [f"`{by_lower[name]}`" for name in near]
    return f"did you mean {' or '.join(names)}?" if names else otherwise


def _problem(where: ast.AST | int, message: str, advice: str) -> SourceProblem:
    line = where if isinstance(where, int) else int(vars(where).get("lineno", 1))
    return SourceProblem(max(line, 1), safe_line(message, MAX_MESSAGE), safe_line(advice, MAX_MESSAGE))
