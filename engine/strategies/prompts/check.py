"""What an editor says about a template, place by place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from engine.model.prompt import TemplateProblem, TemplateReport, VariableFamily
from engine.strategies.prompts.render import MAX_TEMPLATE_CHARACTERS
from engine.strategies.prompts.scan import Place, places
from engine.strategies.prompts.variables.row import Names
from engine.strategies.prompts.variables.table import VARIABLES, names_with
from engine.text import safe_line

_MOST_WARNINGS = 50
_SPACED = re.compile(r"\{[ \t]{1,8}([A-Za-z_]\w{0,79})[ \t]{0,8}\}|\{([A-Za-z_]\w{0,79})[ \t]{1,8}\}")
_UNCLOSED = re.compile(r"\{([A-Za-z_]\w{0,79})(?![\w}])")
_SHOWN_NAME = 60


def check_template(text: str, known_symbols: Iterable[str]) -> TemplateReport:
    """Return what is wrong with a template, and which variables it uses.

    Stray braces are literal text and no fault; what looks like a variable with a slip is a warning.
    """
    if error := _error(text):
        return TemplateReport(errors=(error,))
    symbols = tuple(dict.fromkeys(known_symbols))
    names = names_with(symbols)
    found = places(text, names)
    known = dict.fromkeys(place.name for place in found if place.variable is not None)
    unknown = {place.name: place for place in reversed(found) if place.variable is None}
    shown = list(reversed(unknown.values()))[:_MOST_WARNINGS]
    warnings = [
        *(_unknown(text, place, symbols) for place in shown),
        *_slips(text, names),
    ]
    warnings.sort(key=lambda problem: (problem.line, problem.column))
    for required in (row.pattern for row in VARIABLES if row.family is VariableFamily.REQUIRED):
        if required not in known:
            advice = f"write {{{required}}} near the end"
            message = f"{{{required}}} is missing, so the model is not told how to answer"
            warnings.append(_problem(text, len(text), message, advice))
    return TemplateReport(
        warnings=tuple(warnings[:_MOST_WARNINGS]),
        variables=tuple(known),
        unknown=tuple(reversed(unknown)),
    )


def _error(text: str) -> TemplateProblem | None:
    if not text.strip():
        return TemplateProblem(1, 1, "the template is empty", "write what the model is to do")
    if len(text) > MAX_TEMPLATE_CHARACTERS:
        message = f"the template has {len(text)} characters"
        return TemplateProblem(1, 1, message, f"allowed are up to {MAX_TEMPLATE_CHARACTERS}")
    return None


def _unknown(text: str, place: Place, symbols: tuple[str, ...]) -> TemplateProblem:
    examples = [row.example(symbol) for row in VARIABLES for symbol in symbols[:1] or ("",)]
    near = difflib.get_close_matches(place.name, examples, 1)
    advice = f"did you mean {{{near[0]}}}?" if near else "see the variables reference"
    message = f"{{{safe_line(place.name, _SHOWN_NAME)}}} is no variable and becomes N/A"
    return _problem(text, place.start, message, advice)


def _slips(text: str, names: Names) -> Iterable[TemplateProblem]:
    for found in _SPACED.finditer(text):
        name = found[1] or found[2]
        if names.find(name) is not None:
            message = f"{{ {name} }} stays as it is, because of the spaces"
            yield _problem(text, found.start(), message, f"write {{{name}}}")
    for found in _UNCLOSED.finditer(text):
        followed = text[found.end() : found.end() + 9].lstrip(" \t")
        if names.find(found[1]) is not None and not followed.startswith("}"):
            message = f"{{{found[1]} stays as it is, because nothing closes the brace"
            yield _problem(text, found.start(), message, f"write {{{found[1]}}}")


def _problem(text: str, offset: int, message: str, advice: str) -> TemplateProblem:
    line_start = text.rfind("\n", 0, offset) + 1
    return TemplateProblem(text.count("\n", 0, offset) + 1, offset - line_start + 1, message, advice)
