"""A program inside the sandbox: compiled once, made ready for each trigger, and what it may keep.

Shipped as text and executed in the guest after `guest_api.py`; the engine never imports it. Nothing a
program keeps survives to its next trigger: it gets a new instance each time, and unless its module
provably holds nothing that could change, the module is executed afresh as well.
"""

from __future__ import annotations

import ast
import builtins
import datetime as _datetime
import math
import time
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_api import (
        ActionType,
        Decision,
        Kline,
        MarketData,
        Order,
        Position,
        RegimeInfo,
        Trade,
    )

MAX_MESSAGE = 300
MAX_FRAMES = 20
PROGRAM_FILE = "<program>"
_IMMUTABLE_CALLS = frozenset({"frozenset", "tuple", "int", "float", "str", "bool", "range"})


class ProgramError(Exception):
    """Something about the program that no line of it raised."""


class _ContextDatetime(_datetime.datetime):
    """`datetime` whose present is the trigger's time."""

    @classmethod
    def now(cls, tz: _datetime.tzinfo | None = None) -> _ContextDatetime:
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> _ContextDatetime:
        return cls.fromtimestamp(time.time(), _datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> _ContextDatetime:
        return cls.fromtimestamp(time.time())


class _ContextDate(_datetime.date):
    """`date` whose today is the trigger's."""

    @classmethod
    def today(cls) -> _ContextDate:
        return cls.fromtimestamp(time.time())


class _Present:
    """The time that every clock shows: that of the trigger."""

    ms = 0

    def seconds(self) -> float:
        return self.ms / 1000

    def nanoseconds(self) -> int:
        return self.ms * 1_000_000


_present = _Present()


def stop_clocks() -> None:
    """Let every clock a program can reach show the trigger's time."""
    vars(_datetime).update(datetime=_ContextDatetime, date=_ContextDate)
    time.time = time.monotonic = time.perf_counter = time.process_time = _present.seconds
    time.time_ns = time.monotonic_ns = time.perf_counter_ns = _present.nanoseconds


class Program:
    """The program of this session: its compiled source, or why it does not compile."""

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines()
        self.uses_random = "random" in source
        self.error: dict[str, Any] | None = None
        self._code: CodeType | None = None
        self._keeps_nothing = False
        self._entry: Any = None
        try:
            tree = ast.parse(source, PROGRAM_FILE)
            self._keeps_nothing = module_keeps_nothing(tree)
            self._code = compile(tree, PROGRAM_FILE, "exec")
        except BaseException as error:
            self.error = described(error, self.lines)

    def entry(self) -> Any:
        """Return what makes a decision of `data`: a strategy class, or a function."""
        if self._entry is not None:
            return self._entry
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
        if self._keeps_nothing:
            self._entry = entry
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
            return all(isinstance(target, ast.Name) for target in targets) and _is_immutable(value)
        case ast.AnnAssign(target=ast.Name(), value=value):
            return value is None or _is_immutable(value)
        case ast.FunctionDef(decorator_list=[], args=arguments):
            defaults = [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
            return all(_is_immutable(default) for default in defaults)
        case ast.ClassDef(decorator_list=[], keywords=[], bases=[], body=body):
            return all(_is_constant_statement(each) for each in body)
        case _:
            return False


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
            return not (name.startswith("__") and name.endswith("__"))
        case ast.Name(id="setattr" | "delattr" | "vars" | "globals" | "exec" | "eval" | "type"):
            return False
        case ast.FunctionDef(decorator_list=decorators):
            return not decorators
        case _:
            return True


def described(error: BaseException, lines: list[str]) -> dict[str, Any]:
    """Return everything about an error that is the program's own, and nothing of the prelude."""
    try:
        message = str(error)[:MAX_MESSAGE]
    except BaseException:
        message = ""
    line: int | None = None
    column: int | None = None
    function, traceback = "", ""
    if isinstance(error, SyntaxError) and error.filename == PROGRAM_FILE:
        line, column, message = error.lineno, error.offset, str(error.msg)
    else:
        frames = _program_frames(error.__traceback__)
        if frames:
            line, column, function = frames[-1]
            traceback = "".join(
                f"  line {number}, in {name}\n    {_code(lines, number)}\n"
                for number, _, name in frames[-MAX_FRAMES:]
            )
    kind = "" if isinstance(error, ProgramError) else type(error).__name__[:80]
    if traceback:
        traceback += f"{kind}: {message}" if kind else message
    return {
        "kind": kind,
        "message": message,
        "line": line,
        "column": column,
        "code": _code(lines, line) if line else "",
        "function": function[:80],
        "traceback": traceback,
    }


def _code(lines: list[str], line: int) -> str:
    return lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""


def _program_frames(traceback: TracebackType | None) -> list[tuple[int, int | None, str]]:
    frames = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename == PROGRAM_FILE:
            positions = list(code.co_positions())[traceback.tb_lasti // 2 : traceback.tb_lasti // 2 + 1]
            column = positions[0][2] if positions and positions[0][2] is not None else None
            frames.append((traceback.tb_lineno, None if column is None else column + 1, code.co_name))
        traceback = traceback.tb_next
    return frames
