"""A parsed program: its tree, its names, and where its decision is made."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections import Counter

import msgspec

from engine.model.program import SourceProblem
from engine.strategies.programs.api_table.decision import ACTION_TYPES
from engine.text import safe_line

FILE = "<program>"
ENTRY = "should_trade"
RUN = "run"

type Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class _Unknown:
    """The value of an expression that only a run can tell."""


UNKNOWN = _Unknown()
type Literal = str | int | float | bool | _Unknown | None


class ParsedSource(msgspec.Struct, frozen=True):
    """A source as Python's own parser and compiler read it; `spoken` is what they warned of."""

    tree: ast.Module
    nodes: tuple[ast.AST, ...]
    names: symtable.SymbolTable
    spoken: tuple[SourceProblem, ...]


class ProgramSource(msgspec.Struct, frozen=True, kw_only=True):
    """A program whose form is known: `entry` decides, `data_name` is what it calls its data."""

    parsed: ParsedSource
    form: str
    entry: Function
    data_name: str
    bound: Counter[str]
    """How often each name is bound anywhere: assigned, defined, imported or a parameter."""

    constants: dict[str, Literal]

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return self.parsed.nodes

    def literal(self, node: ast.expr | None) -> Literal:
        """Return the value written for an expression, `UNKNOWN` where it is not simply written."""
        match node:
            case ast.Constant(value=str() | int() | float() | None as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
            case ast.Attribute(value=ast.Name(id="ActionType"), attr=name) if name in ACTION_TYPES:
                return ACTION_TYPES[name]
            case ast.Name(id=name):
                return self.constants.get(name, UNKNOWN)
        return UNKNOWN

    def calls(self) -> list[ast.Call]:
        """Return every call, in no order."""
        return [node for node in self.nodes if isinstance(node, ast.Call)]


def parse(source: str) -> ParsedSource | SourceProblem:
    """Return a source as Python reads it, or the problem that keeps it from being read.

    What Python warns of is caught for the whole process meanwhile, so call it in one thread at a time.
    """
    try:
        with warnings.catch_warnings(record=True) as spoken:
            warnings.simplefilter("always")
            tree = ast.parse(source, FILE)
            compile(tree, FILE, "exec", dont_inherit=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = symtable.symtable(source, FILE, "exec")
    except SyntaxError as error:
        return SourceProblem(max(error.lineno or 1, 1), safe_line(f"syntax error: {error.msg}"))
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return SourceProblem(1, safe_line(f"the source cannot be parsed: {error}"))
    said = {SourceProblem(each.lineno, safe_line(str(each.message))): None for each in spoken}
    return ParsedSource(tree, tuple(ast.walk(tree)), names, tuple(said))


def program_source(parsed: ParsedSource, form: str, entry: Function) -> ProgramSource:
    """Return what the checks look at; `entry` must take its data as its last positional parameter."""
    bound = _bound_names(parsed.nodes)
    parameters = [*entry.args.posonlyargs, *entry.args.args]
    place = 0 if form == RUN else 1
    return ProgramSource(
        parsed=parsed,
        form=form,
        entry=entry,
        data_name=parameters[place].arg if len(parameters) > place else "",
        bound=bound,
        constants=_constants(parsed.tree, bound),
    )


def _bound_names(nodes: tuple[ast.AST, ...]) -> Counter[str]:
    bound: Counter[str] = Counter()
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                bound[name] += 1
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound[name] += 1
            case ast.arg(arg=name):
                bound[name] += 1
            case ast.alias(name=name, asname=asname):
                bound[asname or name.partition(".")[0]] += 1
    return bound


def _constants(tree: ast.Module, bound: Counter[str]) -> dict[str, Literal]:
    """Return the values of names that are given one plain value, once, in the whole source."""
    found: dict[str, Literal] = {}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                if bound[name] == 1 and (value is None or isinstance(value, str | int | float)):
                    found[name] = value
    return found
