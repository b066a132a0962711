"""Whether every way through `should_trade` ends with a Decision."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from engine.strategies.programs.validation.findings import Findings, error, warning
from engine.strategies.programs.validation.source import RUN, ProgramSource

_HOLD = 'write `return Decision("hold", reason="…")`'


def check_returns(program: ProgramSource) -> Findings:
    """Report returns of what is no Decision, and ways to the end without one.

    The short form may end without a word: it then holds, or does what `ctx.buy` and its like said.
    """
    name = program.entry.name
    for node in _own_nodes(program.entry):
        match node:
            case ast.Yield() | ast.YieldFrom():
                yield error(node, f"{name} yields; it must return one Decision", "use `return`")
                return
            case ast.Return(value=None | ast.Constant(value=None)) if program.form != RUN:
                yield warning(node, f"{name} returns no Decision here, which fails", _HOLD)
            case ast.Return(value=ast.Constant(value=value)) if value is not None:
                yield error(node, f"{name} returns {value!r}; it must return a Decision", _HOLD)
            case ast.Return(
                value=ast.Dict() | ast.List() | ast.Tuple() | ast.Set() | ast.JoinedStr() as value
            ):
                what = type(value).__name__.lower()
                yield error(node, f"{name} returns a {what}; it must return a Decision", _HOLD)
    if program.form != RUN and _may_end(program.entry.body):
        message = f"{name} can end without returning a Decision, which fails"
        yield warning(program.entry, message, f"end it with `{_HOLD.split('`')[1]}`")


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield what belongs to a function itself, not to functions inside it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def _may_end(body: Iterable[ast.stmt]) -> bool:
    """Return whether running these statements can reach the one after them."""
    return all(_may_pass(statement) for statement in body)


def _may_pass(statement: ast.stmt) -> bool:
    match statement:
        case ast.Return() | ast.Raise():
            return False
        case ast.If(body=body, orelse=orelse):
            return _may_end(body) or _may_end(orelse)
        case ast.While(test=ast.Constant(value=value), body=body) if value:
            return any(isinstance(node, ast.Break) for each in body for node in ast.walk(each))
        case ast.With(body=body):
            return _may_end(body)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
            if not _may_end(finalbody):
                return False
            return _may_end([*body, *orelse]) or any(_may_end(handler.body) for handler in handlers)
        case ast.Match(cases=cases):
            catches_all = any(_is_irrefutable(case) for case in cases)
            return not catches_all or any(_may_end(case.body) for case in cases)
    return True


def _is_irrefutable(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
