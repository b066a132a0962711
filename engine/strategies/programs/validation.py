"""What an editor says about a program before it runs: friendly messages with line numbers.

This is advice, not a boundary: the sandbox is, and a program that slips past these checks finds
nothing there. Names that lead nowhere inside the sandbox are refused here with what to write instead.
"""

from __future__ import annotations

import ast
import warnings

import msgspec

from engine.strategies.programs.host import MAX_SOURCE_BYTES
from engine.text import safe_line

ENTRY = "should_trade"
_NO_SYSTEM = "a program has no files, processes or network; its data comes from `data`"
_NO_RUNTIME_CODE = "write the code out instead"
_NO_ATTRIBUTE_STRINGS = "write the attribute's name, as in `data.positions`"

REFUSED_IMPORTS = {
    name: _NO_SYSTEM
    for name in (
        *("os", "sys", "subprocess", "shutil", "pathlib", "socket", "requests", "urllib", "http"),
        *("pickle", "marshal", "shelve", "ctypes", "multiprocessing", "threading", "importlib", "builtins"),
    )
}
REFUSED_CALLS = {
    **dict.fromkeys(("eval", "exec", "compile", "__import__"), _NO_RUNTIME_CODE),
    **dict.fromkeys(("open", "input"), _NO_SYSTEM),
    **dict.fromkeys(("getattr", "setattr", "delattr", "hasattr"), _NO_ATTRIBUTE_STRINGS),
    **dict.fromkeys(("globals", "locals", "vars"), "keep what you need in `self` or in variables"),
    **dict.fromkeys(("breakpoint", "exit", "quit"), 'return a Decision; to do nothing, Decision("hold")'),
}


class SourceProblem(msgspec.Struct, frozen=True):
    """One thing to say about a source; `line` counts from 1."""

    line: int
    message: str


class SourceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: errors keep a program from running well, warnings do not."""

    errors: tuple[SourceProblem, ...] = ()
    warnings: tuple[SourceProblem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors


def check_source(source: str) -> SourceReport:
    """Return what is wrong with a program, in the order of its lines.

    Parsing the longest source takes tens of milliseconds: call it off the event loop, in one thread
    at a time (what Python warns of is caught for the whole process meanwhile).
    """
    size = len(source.encode(errors="replace"))
    if size > MAX_SOURCE_BYTES:
        return _single_error(1, f"the program is {size} bytes long; at most {MAX_SOURCE_BYTES} are allowed")
    try:
        with warnings.catch_warnings(record=True) as spoken:
            warnings.simplefilter("always")
            tree = ast.parse(source)
    except SyntaxError as error:
        return _single_error(error.lineno or 1, safe_line(f"syntax error: {error.msg}"))
    except (ValueError, RecursionError, MemoryError) as error:
        return _single_error(1, f"the source cannot be parsed: {error}")
    errors, cautions = _check_class(tree)
    cautions += [SourceProblem(said.lineno, safe_line(str(said.message))) for said in spoken]
    for node in ast.walk(tree):
        errors += _check_imports(node) + _check_call(node)
    return SourceReport(
        errors=tuple(sorted(errors, key=lambda problem: problem.line)), warnings=tuple(cautions)
    )


def _single_error(line: int, message: str) -> SourceReport:
    return SourceReport(errors=(SourceProblem(line, message),))


def _check_class(tree: ast.Module) -> tuple[list[SourceProblem], list[SourceProblem]]:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    if not classes:
        example = f"class Strategy: with a method {ENTRY}(self, data)"
        return [SourceProblem(1, f"no class definition; write {example}")], []
    strategies = [node for node in classes if ENTRY in _methods(node)]
    if not strategies:
        return [SourceProblem(classes[0].lineno, f"the strategy class must have {ENTRY}(self, data)")], []
    if len(strategies) > 1:
        names = ", ".join(node.name for node in strategies)
        return [SourceProblem(strategies[1].lineno, f"only one class may have {ENTRY}; found {names}")], []
    methods = _methods(strategies[0])
    errors = _check_entry(methods[ENTRY])
    missing_init = f"{strategies[0].name} has no init(self, params); parameters are not used"
    return errors, [] if "init" in methods else [SourceProblem(strategies[0].lineno, missing_init)]


def _methods(node: ast.ClassDef) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    return {item.name: item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}


def _check_entry(entry: ast.FunctionDef | ast.AsyncFunctionDef) -> list[SourceProblem]:
    arguments = entry.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    keywords_required = sum(default is None for default in arguments.kw_defaults)
    takes_data = len(positional) >= 2 or arguments.vararg is not None
    problems = []
    if isinstance(entry, ast.AsyncFunctionDef):
        problems.append(SourceProblem(entry.lineno, f"{ENTRY} must be a plain `def`, not `async def`"))
    if not takes_data or required > 2 or keywords_required:
        problems.append(
            SourceProblem(entry.lineno, f"{ENTRY} must accept data: write `def {ENTRY}(self, data):`")
        )
    return problems


def _check_imports(node: ast.AST) -> list[SourceProblem]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [node.module or "."]
    else:
        return []
    roots = [name.partition(".")[0] for name in names]
    return [
        SourceProblem(node.lineno, f"import {root} is not allowed: {REFUSED_IMPORTS[root]}")
        for root in roots
        if root in REFUSED_IMPORTS
    ]


def _check_call(node: ast.AST) -> list[SourceProblem]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return []
    name = node.func.id
    if name not in REFUSED_CALLS:
        return []
    return [SourceProblem(node.lineno, f"{name}() is not allowed: {REFUSED_CALLS[name]}")]
