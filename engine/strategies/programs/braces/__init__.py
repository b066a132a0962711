"""The brace form of a program, `fn run(ctx) { ctx.buy("BTC", 0.01) }`, translated to Python.

It reads what a person used to Rust or JavaScript writes; `grammar.lark` says exactly what. Division
and remainder are Python's, 0, "", [] and {} count as false, and `...` does nothing.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from engine.model.program import SourceProblem
from engine.strategies.programs.braces.translation import Translation

if TYPE_CHECKING:
    from lark import Lark

_BEFORE_CODE = re.compile(r"(?:\s|//[^\n]*|#[^\n]*|/\*.*?\*/|;)*", re.DOTALL)
_BRACE_START = re.compile(r"(?:(?:pub\s+)?(?:fn|function|func)\s+\w+\s*\(|(?:let|const|var)\s+\w)")


def is_brace_form(source: str) -> bool:
    """Return whether a source begins as a brace program does, which no Python program can."""
    before = _BEFORE_CODE.match(source)
    return _BRACE_START.match(source, before.end() if before else 0) is not None


@lru_cache(maxsize=64)
def translate_braces(source: str) -> Translation | SourceProblem:
    """Return a brace program as Python, or the line at which it cannot be and what to write instead."""
    from lark.exceptions import UnexpectedInput

    from engine.strategies.programs.braces.complaints import Untranslatable, complaint
    from engine.strategies.programs.braces.writer import PythonWriter

    try:
        return PythonWriter().translation(_parser().parse(source))
    except UnexpectedInput as error:
        return complaint(_parser(), source, error)
    except Untranslatable as error:
        return error.problem
    except RecursionError:
        return SourceProblem(1, "the source is nested too deeply", "take parts of it into functions")


@cache
def _parser() -> Lark:
    from lark import Lark

    from engine.strategies.programs.braces.statement_ends import StatementEnds

    grammar = files(__package__).joinpath("grammar.lark").read_text("utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        postlex=StatementEnds(),
        propagate_positions=True,
        maybe_placeholders=True,
    )
