"""A program inside the sandbox: compiled once, made ready for each trigger, and what it may keep.

Shipped as text and executed in the guest after `guest_clock.py`; the engine never imports it. Nothing
a program keeps survives to its next trigger: it gets a new instance each time, and unless its module
provably holds nothing that could change, the module is executed afresh as well.
"""

from __future__ import annotations

import ast
import builtins
import math
import time
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_api import MarketData
    from engine.strategies.programs.guest_clock import chance_from_the_trigger
    from engine.strategies.programs.guest_decision import ActionType, Decision, ProgramError
    from engine.strategies.programs.guest_errors import PROGRAM_FILE
    from engine.strategies.programs.guest_records import Kline, Order, Position, RegimeInfo, Trade

_FORBIDDEN_NAMES = frozenset(
    {"setattr", "delattr", "vars", "globals", "locals", "exec", "eval", "compile", "type", "__import__"}
)
_IMMUTABLE_CALLS = frozenset({"frozenset", "tuple", "int", "float", "str", "bool", "range"})


class Program:
    """The program of this session: its compiled source, or why it does not compile."""

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines()
        self.uses_random = "random" in source
        self.random: Any = chance_from_the_trigger() if self.uses_random else None
        self.ready: Any = None
        """What decides, once it is known that executing the source again would change nothing."""
        self.is_class = False
        self.has_init = False
        self._code: CodeType | None = None
        self._keeps_nothing = False
        self._error: BaseException | None = None
        try:
            tree = ast.parse(source, PROGRAM_FILE)
            self._keeps_nothing = module_keeps_nothing(tree)
            self._code = compile(tree, PROGRAM_FILE, "exec")
        except BaseException as error:
            self._error = error

    def entry(self) -> Any:
        """Return what makes a decision of `data`: a strategy class (`is_class`) or a function.

        Raises whatever the source raises when it is compiled or executed.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)
        assert self._code is not None
        namespace: dict[str, Any] = {
            "__name__": "program",
            "__builtins__": builtins,
            "math": math,
            "time": time,
            "Decision": Decision,
            "ActionType": ActionType,
            "MarketData": MarketData,
            "Kline": Kline,
            "Position": Position,
            "Trade": Trade,
            "Order": Order,
            "RegimeInfo": RegimeInfo,
            "log": print,
        }
        exec(self._code, namespace)
        entry = _find_entry(namespace)
        self.is_class = isinstance(entry, type)
        self.has_init = callable(getattr(entry, "init", None))
        if self._keeps_nothing:
            self.ready = entry
        return entry


def _find_entry(namespace: dict[str, Any]) -> Any:
    found = [
        value
        for value in namespace.values()
        if isinstance(value, type)
        and value.__module__ == "program"
        and callable(getattr(value, "should_trade", None))
    ]
    function = namespace.get("run")
    if len(found) > 1:
        names = ", ".join(value.__name__ for value in found)
        raise ProgramError(f"exactly one class may have should_trade, found {names}")
    if found:
        return found[0]
    if callable(function) and not isinstance(function, type):
        return function
    raise ProgramError("no class with a should_trade(self, data) method was found, and no run(ctx)")


def module_keeps_nothing(tree: ast.Module) -> bool:
    """Tell whether executing a module once is the same as executing it for every trigger.

    It is when the module and its classes hold constants, functions and classes only, and nothing in
    them stores to anything but local names and `self`. In doubt it is not.
    """
    if not all(_is_constant_statement(node) for node in tree.body):
        return False
    return all(_stores_locally(node) for node in ast.walk(tree))


def _is_constant_statement(node: ast.stmt) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Pass():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=targets, value=value):
            return all(_is_name(target) for target in targets) and _is_immutable(value)
        case ast.AnnAssign(target=ast.Name(), value=value):
            return value is None or _is_immutable(value)
        case ast.FunctionDef(decorator_list=[], args=arguments):
            defaults = [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
            return all(_is_immutable(default) for default in defaults)
        case ast.ClassDef(decorator_list=[], keywords=[], bases=bases, body=body):
            return all(isinstance(base, ast.Name) for base in bases) and all(
                _is_constant_statement(each) for each in body
            )
        case _:
            return False


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (
        isinstance(node, ast.Tuple) and all(isinstance(each, ast.Name) for each in node.elts)
    )


def _is_immutable(node: ast.expr) -> bool:
    match node:
        case ast.Constant() | ast.Name():
            return True
        case ast.Tuple(elts=elements):
            return all(_is_immutable(each) for each in elements)
        case ast.UnaryOp(operand=operand):
            return _is_immutable(operand)
        case ast.BinOp(left=left, right=right):
            return _is_immutable(left) and _is_immutable(right)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return name in _IMMUTABLE_CALLS and all(_is_immutable(each) for each in arguments)
        case _:
            return False


def _stores_locally(node: ast.AST) -> bool:
    match node:
        case ast.Global() | ast.Nonlocal():
            return False
        case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Store() | ast.Del()):
            return True
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return False
        case ast.Attribute(attr=name):
            return name == "__init__" or not name.startswith("__")
        case ast.Name(id=name):
            return name not in _FORBIDDEN_NAMES
        case ast.FunctionDef(decorator_list=decorators):
            return not decorators
        case _:
            return True
