"""Imports and calls that a program cannot use, with what to write instead."""

from __future__ import annotations

import ast

from engine.strategies.programs.api_table.language import (
    ALLOWED_MODULES,
    NOT_A_MODULE,
    REFUSED_CALLS,
    REFUSED_IMPORTS,
)
from engine.strategies.programs.validation.findings import Findings, did_you_mean, error, warning
from engine.strategies.programs.validation.source import ProgramSource


def check_imports(nodes: tuple[ast.AST, ...]) -> Findings:
    """Report modules that the sandbox does not have or that lead nowhere in it."""
    for_editors = _imports_for_editors(nodes)
    for node in nodes:
        if node in for_editors:
            continue
        if isinstance(node, ast.ImportFrom) and node.level:
            yield error(node, "a program is one file; it cannot import from beside it", "paste the code in")
            continue
        for root in dict.fromkeys(_roots(node)):
            if root in REFUSED_IMPORTS:
                yield error(node, f"import {root} is not allowed", REFUSED_IMPORTS[root])
            elif root not in ALLOWED_MODULES:
                yield error(
                    node,
                    f"import {root} is not allowed: the sandbox does not offer it",
                    did_you_mean(root, ALLOWED_MODULES, NOT_A_MODULE),
                )


def check_refused_calls(program: ProgramSource) -> Findings:
    """Report calls of builtins that a program may not use, unless it defines them itself."""
    for call in program.calls():
        match call.func:
            case ast.Name(id=name) if name in REFUSED_CALLS and name not in program.bound:
                yield error(call, f"{name}() is not allowed", REFUSED_CALLS[name])
            case ast.Attribute(value=ast.Name(id="time"), attr="sleep"):
                yield warning(call, "time.sleep() only uses up the time limit", REFUSED_IMPORTS["sched"])


def _roots(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name.partition(".")[0] for alias in names]
        case ast.ImportFrom(module=module):
            return [(module or "").partition(".")[0]]
    return []


def _imports_for_editors(nodes: tuple[ast.AST, ...]) -> set[ast.AST]:
    """Return the imports that never run: those under `if TYPE_CHECKING:`."""
    return {
        inner
        for node in nodes
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
