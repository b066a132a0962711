"""Writes the statements of a parsed brace program as Python, remembering which line each came from."""

from __future__ import annotations

from typing import cast

from lark import Token, Tree

from engine.strategies.programs.braces.complaints import Untranslatable
from engine.strategies.programs.braces.expressions import ExpressionWriter, children
from engine.strategies.programs.braces.scopes import FunctionScope
from engine.strategies.programs.braces.translation import Translation

type Node = Tree[Token] | Token | None

ENTRY = "run"
_INDENT = "    "
_PAIRS = "(lambda each: each.items() if isinstance(each, dict) else each)"
"""What two names of a `for` run over: the pairs of a map, or a list of pairs."""


class PythonWriter:
    """Writes one program; use `translation` once.

    A function's last expression is its value unless a semicolon follows it. In `run` that holds for
    calls only, so that a program may end on any statement.
    """

    def __init__(self) -> None:
        self._scope = FunctionScope(None, set())
        self._lines: list[tuple[str, int]] = []
        self._depth = 0
        self._line = 1
        self._function = ""

    def translation(self, tree: Tree[Token]) -> Translation:
        """Return the program as Python; raises `Untranslatable`."""
        names = tree.scan_values(lambda token: isinstance(token, Token) and token.type == "NAME")
        self._scope = FunctionScope(None, {str(name) for name in names})
        self._statements(tree, is_tail=False)
        python = "".join(f"{text}\n" for text, _ in self._lines)
        return Translation(python, tuple(line for _, line in self._lines))

    def _write(self, text: str) -> None:
        self._lines.append((_INDENT * self._depth + text, self._line))

    def _expression(self, node: Node) -> str:
        return ExpressionWriter(self._scope).text(node)

    def _statements(self, block: Tree[Token], *, is_tail: bool) -> None:
        """Write the statements of a block, `pass` for none; the last may be the function's value."""
        before = len(self._lines)
        found = [(each, ends) for each in children(block) for each, ends in _statement_of(each)]
        for number, (statement, has_semicolon) in enumerate(found):
            last = is_tail and number == len(found) - 1 and not has_semicolon
            self._statement(statement, is_tail=last)
        if len(self._lines) == before and self._depth:
            self._write("pass")

    def _statement(self, tree: Tree[Token], *, is_tail: bool) -> None:
        self._line = tree.meta.line
        match tree.data:
            case "function":
                self._write_function(tree)
            case "if_statement" | "elif_statement":
                self._write_if(tree, "if", is_tail=is_tail)
            case "while_statement":
                condition, body = children(tree)
                self._write(f"while {self._expression(condition)}:")
                self._block(body)
            case "loop_statement":
                self._write("while True:")
                self._block(children(tree)[0])
            case "for_statement":
                self._write_for(tree)
            case "expression_statement":
                self._write_expression(tree, is_tail=is_tail)
            case "nothing":
                self._write("pass")
            case "break_statement" | "continue_statement":
                self._write(str(tree.data).partition("_")[0])
            case "return_statement":
                (value,) = tree.children
                self._write("return" if value is None else f"return {self._expression(value)}")
            case "let":
                self._write_let(tree)
            case _:
                self._write_assignment(tree)

    def _write_expression(self, tree: Tree[Token], *, is_tail: bool) -> None:
        (value,) = tree.children
        text = self._expression(value)
        is_call = isinstance(value, Tree) and value.data == "call"
        returned = is_tail and (is_call or self._function != ENTRY)
        self._write(f"return {text}" if returned else text)

    def _write_let(self, tree: Tree[Token]) -> None:
        pattern, *_, value = tree.children
        text = "None" if value is None else self._expression(value)
        names = [self._scope.declare(str(name)) for name in children(pattern)]
        self._write(f"{', '.join(names)} = {text}")

    def _write_assignment(self, tree: Tree[Token]) -> None:
        target, *operator, value = tree.children
        text = self._expression(value)
        sign = str(operator[0]) if operator else "="
        match cast("Tree[Token]", target).data:
            case "name":
                name = self._scope.assign(str(children(target)[0]))
                self._write(f"{name} {sign} {text}")
            case "attribute" | "index" | "slice":
                self._write(f"{self._expression(target)} {sign} {text}")
            case _:
                raise Untranslatable(
                    self._line, "syntax error: a value cannot be given to this", "write a name before the ="
                )

    def _write_for(self, tree: Tree[Token]) -> None:
        pattern, iterable, body = children(tree)
        match cast("Tree[Token]", iterable).data:
            case "half_open_range":
                first, end = (self._expression(each) for each in children(iterable))
                over = f"range({first}, {end})"
            case "closed_range":
                first, end = (self._expression(each) for each in children(iterable))
                over = f"range({first}, {end} + 1)"
            case _:
                over = self._expression(iterable)
        self._scope.open_block()
        names = [self._scope.declare(str(name)) for name in children(pattern)]
        if len(names) == 2:
            over = f"{_PAIRS}({over})"
        self._write(f"for {', '.join(names)} in {over}:")
        self._block(body)
        self._scope.close_block()

    def _write_if(self, tree: Tree[Token], word: str, *, is_tail: bool) -> None:
        condition, body, *rest = tree.children
        self._line = tree.meta.line
        self._write(f"{word} {self._expression(condition)}:")
        self._block(body, is_tail=is_tail)
        otherwise = rest[0] if rest else None
        if isinstance(otherwise, Tree) and otherwise.data in ("if_statement", "elif_statement"):
            self._write_if(otherwise, "elif", is_tail=is_tail)
        elif otherwise is not None:
            self._line = cast("Tree[Token]", otherwise).meta.line
            self._write("else:")
            self._block(otherwise, is_tail=is_tail)

    def _block(self, body: Node, *, is_tail: bool = False) -> None:
        self._scope.open_block()
        self._depth += 1
        self._statements(cast("Tree[Token]", body), is_tail=is_tail)
        self._depth -= 1
        self._scope.close_block()

    def _write_function(self, tree: Tree[Token]) -> None:
        name, parameters, *_, body = tree.children
        declared = self._scope.declare(str(name))
        outer, self._scope = self._scope, FunctionScope(self._scope, self._scope.taken)
        outer_function, self._function = self._function, str(name) if outer.parent is None else ""
        self._write(f"def {declared}({ExpressionWriter(self._scope).parameters(parameters, outer)}):")
        place = len(self._lines)
        self._block(body, is_tail=True)
        self._declare_outer_names(place)
        self._scope, self._function = outer, outer_function

    def _declare_outer_names(self, place: int) -> None:
        """Put the `nonlocal` and `global` lines of a function below its head."""
        line = self._lines[place - 1][1]
        indent = _INDENT * (self._depth + 1)
        self._lines[place:place] = [
            (f"{indent}{word} {name}", line) for name, word in self._scope.outer_names.items()
        ]


def _statement_of(node: Node) -> list[tuple[Tree[Token], bool]]:
    """Return a statement and whether a semicolon ends it; nothing for a bare separator."""
    if not isinstance(node, Tree):
        return []
    if node.data != "ended":
        return [(node, False)]
    statement, separator, *_ = node.children
    return [(cast("Tree[Token]", statement), str(separator) == ";")]
