"""What the desk offers the authors of programs: the guide, the types, and the way to Python."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from engine.errors import InvalidInput
from engine.model.program import SourceProblem
from engine.strategies.programs.braces import is_brace_form, translate_braces
from engine.strategies.programs.braces.translation import Translation

_MARK = re.compile(r"<!-- (?:table: \w+|end) -->\n")


@cache
def guide() -> str:
    """Return the guide for program authors, as Markdown."""
    return _MARK.sub("", _shipped("guide.md"))


@cache
def type_stub() -> str:
    """Return the types of everything a program is given, for editors (a `.pyi`)."""
    return _shipped("guest_stub.pyi")


def translate(source: str) -> Translation:
    """Return a program as the Python that runs, with the way back to the lines its author wrote.

    Python comes back as it is. Raises `InvalidInput` naming the line of a brace program that cannot
    be translated, and what to write instead.
    """
    if not is_brace_form(source):
        return Translation(source)
    translated = translate_braces(source)
    if isinstance(translated, SourceProblem):
        advice = translated.advice or "see the guide"
        raise InvalidInput(
            f"source: line {translated.line}: {translated.message}; {advice}",
            field="source",
            line=str(translated.line),
            value=translated.message,
            allowed=advice,
        )
    return translated


def _shipped(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
