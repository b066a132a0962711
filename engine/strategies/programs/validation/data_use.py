"""What a program asks of its data: attributes, methods, and the words it passes to them."""

from __future__ import annotations

import ast
from functools import cache, lru_cache

from engine.strategies.programs.api_table.data import (
    ATTRIBUTES,
    FORM_A_METHODS,
    METHODS,
    REMOVED_ATTRIBUTES,
)
from engine.strategies.programs.api_table.decision import SHORT_FORM_METHODS, SHORT_FORM_NAMES, SIZE_FIELDS
from engine.strategies.programs.api_table.shapes import Method
from engine.strategies.programs.api_table.words import (
    FLOW_NAMES,
    INDICATOR_NAMES,
    PERIODS,
)
from engine.strategies.programs.validation.decisions import WrittenDecision, check_fields
from engine.strategies.programs.validation.findings import Finding, Findings, did_you_mean, error, warning
from engine.strategies.programs.validation.source import RUN, UNKNOWN, Literal, ProgramSource

_ATTRIBUTE_NAMES = frozenset(field.name for field in ATTRIBUTES)
_OVERLOADS: dict[str, list[Method]] = {}
for _method in (*METHODS, *FORM_A_METHODS, *SHORT_FORM_METHODS):
    _OVERLOADS.setdefault(_method.name, []).append(_method)


def check_data_use(program: ProgramSource) -> Findings:
    """Report attributes and methods that `data` does not have, and calls it cannot answer."""
    name = program.data_name
    if not name or _is_rebound(program, name):
        return
    called = {call.func: call for call in program.calls()}
    for node in program.nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute, ctx=ast.Load()) if owner == name:
                call = called.get(node)
                if call is None:
                    yield from _check_attribute(program, node, attribute)
                else:
                    yield from _check_call(program, call, attribute)


def _is_rebound(program: ProgramSource, name: str) -> bool:
    """Return whether the name of the data means something else somewhere."""
    return any(
        isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
        for node in program.nodes
    )


def _check_attribute(program: ProgramSource, node: ast.AST, attribute: str) -> Findings:
    name = program.data_name
    if attribute in _ATTRIBUTE_NAMES or (attribute.startswith("__") and attribute.endswith("__")):
        return
    if attribute in _OVERLOADS:
        if attribute in SHORT_FORM_NAMES and program.form != RUN:
            yield _short_form_in_class(program, node, attribute)
        return
    if attribute in REMOVED_ATTRIBUTES:
        yield error(node, f"{name}.{attribute} does not exist", REMOVED_ATTRIBUTES[attribute])
        return
    known = [*_ATTRIBUTE_NAMES, *_OVERLOADS]
    advice = did_you_mean(attribute, known, "the guide lists all it has")
    yield error(node, f"{name}.{attribute} does not exist", advice)


def _short_form_in_class(program: ProgramSource, node: ast.AST, attribute: str) -> Finding:
    message = f"{program.data_name}.{attribute}() belongs to the short form, `def run(ctx)`"
    return error(node, message, f'in a class write `return Decision("{attribute}", …)`')


def _check_call(program: ProgramSource, call: ast.Call, attribute: str) -> Findings:
    name = program.data_name
    if attribute in _ATTRIBUTE_NAMES:
        yield error(call, f"{name}.{attribute} is not a method", f"write `{name}.{attribute}`")
        return
    if attribute not in _OVERLOADS:
        yield from _check_attribute(program, call, attribute)
        return
    if attribute in SHORT_FORM_NAMES:
        yield from _check_short_form(program, call, attribute)
        return
    overloads = [arguments for each in _OVERLOADS[attribute] if (arguments := _bound(call, each)) is not None]
    if not overloads:
        signature = _OVERLOADS[attribute][0].signature
        yield error(call, f"{name}.{attribute}() is not called with what it takes", f"it is `{signature}`")
        return
    values = {key: program.literal(node) for key, node in overloads[0].items()}
    yield from _check_words(program, call, attribute, values)


def _bound(call: ast.Call, method: Method) -> dict[str, ast.expr] | None:
    """Return the arguments by parameter, None where the call does not fit the method."""
    names = [parameter.name for parameter in method.parameters]
    positional = [parameter.name for parameter in method.parameters if not parameter.keyword_only]
    if any(isinstance(each, ast.Starred) for each in call.args) or any(
        keyword.arg is None for keyword in call.keywords
    ):
        return {}
    if len(call.args) > len(positional):
        return None
    given = dict(zip(positional, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg not in names or keyword.arg in given:
            return None
        given[keyword.arg] = keyword.value
    missing = [each.name for each in method.parameters if not each.default and each.name not in given]
    return None if missing else given


def _check_words(
    program: ProgramSource, call: ast.Call, attribute: str, values: dict[str, Literal]
) -> Findings:
    """Report periods, indicators, metrics and factors that do not exist, where they are written out."""
    method = attribute.removeprefix("get_")
    period = values.get("period", values.get("interval", UNKNOWN))
    word = values.get("metric", values.get("name", UNKNOWN))
    length = period if attribute == "get_indicator" and isinstance(period, int | None) else None
    if period is not UNKNOWN and period is not None and length is None:
        yield from _check_period(call, method, period)
    if isinstance(word, str):
        yield from _check_word(call, method, word if length is None else _with_length(word, length))


def _with_length(name: str, length: int) -> str:
    """Return what an indicator of a length is called: `rsi` and 14 is `rsi(14)`."""
    if name.upper() in _OF_FIXED_LENGTH:
        return name
    return f"{'bbands' if name.upper() == 'BOLL' else name.lower()}({length})"


def _check_period(call: ast.Call, method: str, period: Literal) -> Findings:
    allowed = "periods are " + ", ".join(PERIODS)
    if isinstance(period, str):
        allowed = _query_problem(method, _USUAL_NAMES.get(method, ""), period)
    if allowed:
        yield error(call, f"period {period!r} is not known", did_you_mean(str(period), PERIODS, allowed))


def _check_word(call: ast.Call, method: str, word: str) -> Findings:
    if method == "factor":
        if word.lower() not in _built_in_factors():
            advice = did_you_mean(word, _built_in_factors(), "the factors screen lists them all")
            yield warning(call, f"{word!r} is not a built-in factor", f"{advice} (your own factors work too)")
    elif allowed := _query_problem(method, word, "1h"):
        kind, known = ("flow metric", FLOW_NAMES) if method == "flow" else ("indicator", INDICATOR_NAMES)
        yield error(call, f"{kind} {word!r} is not known", did_you_mean(word, known, allowed))


_OF_FIXED_LENGTH = ("MACD", "VWAP", "OBV", "STOCH")
_USUAL_NAMES = {"indicator": "RSI14", "flow": "CVD"}
"""A name that goes with every period, by the method that takes one."""


@lru_cache(maxsize=256)
def _query_problem(method: str, name: str, period: str) -> str:
    """Return what is allowed instead where the desk could not answer, empty where it could."""
    from engine.errors import InvalidInput
    from engine.strategies.programs.batch import DataQuery
    from engine.strategies.programs.data.queries import question_of

    try:
        question_of(DataQuery(method, "", name=name, period=period))
    except InvalidInput as problem:
        return problem.details.get("allowed", problem.message)
    return ""


@cache
def _built_in_factors() -> frozenset[str]:
    from engine.market.factors.builtin import BUILT_IN

    return frozenset(factor.name for factor in BUILT_IN)


def _check_short_form(program: ProgramSource, call: ast.Call, attribute: str) -> Findings:
    """Report what is wrong with `ctx.buy(...)` and its like."""
    if program.form != RUN:
        yield _short_form_in_class(program, call, attribute)
        return
    (method,) = _OVERLOADS[attribute]
    positional = tuple(each.name for each in method.parameters if not each.keyword_only)
    label = f"{program.data_name}.{attribute}()"
    if len(call.args) > len(positional):
        yield error(
            call, f"{label} takes {' and '.join(positional)}; the rest by name", f"write `{method.example}`"
        )
        return
    written = WrittenDecision(call, program, positional)
    for parameter in method.parameters:
        if written.is_complete and not parameter.default and not written.has(parameter.name):
            yield error(call, f"{label} needs {parameter.name}", f"write `{method.example}`")
    if attribute in ("buy", "sell") and written.is_complete and not written.has(*SIZE_FIELDS):
        yield error(call, f"{label} needs a quantity", f"write `{method.example}`")
    yield from check_fields(written, label, [each.name for each in method.parameters])
