"""Names that a program reads and nothing gives it."""

from __future__ import annotations

import ast
import builtins
import symtable

from engine.strategies.programs.api_table.language import BUILTINS, INJECTED_NAMES
from engine.strategies.programs.validation.findings import Findings, did_you_mean, warning
from engine.strategies.programs.validation.source import ParsedSource, ProgramSource

_MODULE_NAMES = frozenset(("__name__", "__builtins__", "__debug__", "__annotations__"))
_KNOWN = frozenset(dir(builtins)) | INJECTED_NAMES | _MODULE_NAMES


def check_undefined_names(program: ProgramSource) -> Findings:
    """Warn of each name that is neither defined in the source nor given, at the first line it is read."""
    undefined = _undefined(program.parsed)
    offered = {*program.bound, *INJECTED_NAMES, *BUILTINS}
    for node in program.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in undefined:
            undefined.discard(node.id)
            advice = did_you_mean(node.id, offered, "give it a value before it is used")
            yield warning(_first_line(program, node.id), f"{node.id} is not defined", advice)


def _undefined(parsed: ParsedSource) -> set[str]:
    module = parsed.names
    defined = {symbol.get_name() for symbol in module.get_symbols() if _is_defined(symbol)}
    read: set[str] = set()
    tables = [module]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            is_of_module = table is module or symbol.is_global()
            if is_of_module and symbol.is_referenced():
                read.add(symbol.get_name())
            if symbol.is_declared_global() and symbol.is_assigned():
                defined.add(symbol.get_name())
    return read - defined - _KNOWN


def _is_defined(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _first_line(program: ProgramSource, name: str) -> int:
    return min(
        node.lineno
        for node in program.nodes
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    )
