"""Which of the forms a source has, and whether its entry can be called."""

from __future__ import annotations

import ast

from engine.strategies.programs.validation.findings import Finding, Findings, error, warning
from engine.strategies.programs.validation.source import ENTRY, FUNCTIONS, RUN, Function, ParsedSource

CLASS_EXAMPLE = f"write `class Strategy:` with `def {ENTRY}(self, data):`, or `def {RUN}(ctx):`"


def find_entry(parsed: ParsedSource) -> tuple[str, Function | None, list[Finding]]:
    """Return the form (`class`, `run` or empty), the function that decides, and what is wrong with it."""
    tree = parsed.tree
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    strategies = _strategy_classes(classes)
    runs = [node for node in tree.body if isinstance(node, FUNCTIONS) and node.name == RUN]
    if runs and strategies:
        both = f"a program is either a class or a {RUN} function; this has {strategies[0].name} and {RUN}"
        return "", None, [error(max(runs[0].lineno, strategies[0].lineno), both, "remove one of the two")]
    if runs:
        return RUN, runs[-1], list(_check_run(runs))
    if not classes:
        return "", None, [error(1, "no class definition", CLASS_EXAMPLE)]
    if not strategies:
        message = f"the strategy class must have {ENTRY}"
        return "", None, [error(classes[0], message, f"add `def {ENTRY}(self, data):` to {classes[0].name}")]
    if len(strategies) > 1:
        names = ", ".join(node.name for node in strategies)
        message = f"only one class may have {ENTRY}; found {names}"
        return "", None, [error(strategies[1], message, f"rename {ENTRY} in all but one of them")]
    methods = _methods_with_inherited(strategies[0], classes)
    return "class", methods[ENTRY], list(_check_class(strategies[0], methods))


def _strategy_classes(classes: list[ast.ClassDef]) -> list[ast.ClassDef]:
    return [node for node in classes if ENTRY in _methods_with_inherited(node, classes)]


def _methods_with_inherited(node: ast.ClassDef, classes: list[ast.ClassDef]) -> dict[str, Function]:
    """Return the methods of a class and of those above it in the same source."""
    found: dict[str, Function] = {}
    waiting, seen = [node.name], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for each in classes:
            if each.name == name:
                found = _methods(each) | found
                waiting += [base.id for base in each.bases if isinstance(base, ast.Name)]
    return found


def _methods(node: ast.ClassDef) -> dict[str, Function]:
    return {item.name: item for item in node.body if isinstance(item, FUNCTIONS)}


def _check_run(runs: list[Function]) -> Findings:
    entry = runs[-1]
    if len(runs) > 1:
        yield error(entry, f"{RUN} is defined twice, in line {runs[0].lineno} as well", "keep one of them")
    yield from _check_plain(entry)
    if not _takes(entry, 1):
        yield error(entry, f"{RUN} must accept ctx and nothing else", f"write `def {RUN}(ctx):`")


def _check_class(strategy: ast.ClassDef, methods: dict[str, Function]) -> Findings:
    entry = methods[ENTRY]
    yield from _check_plain(entry)
    if not _takes(entry, 2):
        yield error(entry, f"{ENTRY} must accept data", f"write `def {ENTRY}(self, data):`")
    yield from _check_construction(methods)
    init = methods.get("init")
    if init is None:
        message = f"{strategy.name} has no init(self, params); parameters reach it only as `data.params`"
        yield warning(strategy, message, "add `def init(self, params):` to read them once")
    elif not _takes(init, 2):
        yield error(init, "init must accept params", "write `def init(self, params):`")


def _check_construction(methods: dict[str, Function]) -> Findings:
    constructor = methods.get("__init__")
    if constructor is not None and not _takes(constructor, 1):
        message = "the class is made without arguments, so __init__ may take none"
        yield error(constructor, message, "read parameters in `def init(self, params):`")


def _check_plain(entry: Function) -> Findings:
    if isinstance(entry, ast.AsyncFunctionDef):
        yield error(entry, f"{entry.name} must be a plain `def`, not `async def`", "remove `async`")


def _takes(function: Function, count: int) -> bool:
    """Return whether a function can be called with so many positional arguments."""
    arguments = function.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    required = positional - len(arguments.defaults)
    by_keyword = sum(default is None for default in arguments.kw_defaults)
    enough = positional >= count or arguments.vararg is not None
    return enough and required <= count and not by_keyword
