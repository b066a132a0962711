"""Writes the expressions of a parsed brace program as Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from lark import Token, Tree

from engine.strategies.programs.braces.complaints import Untranslatable
from engine.strategies.programs.braces.literals import python_formatted, python_number, python_string
from engine.strategies.programs.braces.scopes import FunctionScope, python_name

type Node = Tree[Token] | Token | None

_COMPARISONS = {"===": "==", "!==": "!="}
_CASTS = {"f32": "float", "f64": "float", "float": "float", "str": "str", "String": "str", "bool": "bool"}
_METHODS: dict[str, Callable[[str, str], str]] = {
    "push": lambda owner, argument: f"{owner}.append({argument})",
    "len": lambda owner, _: f"len({owner})",
    "is_empty": lambda owner, _: f"(not {owner})",
    "to_string": lambda owner, _: f"str({owner})",
    "contains": lambda owner, argument: f"({argument} in {owner})",
    "includes": lambda owner, argument: f"({argument} in {owner})",
}
"""Methods that lists and texts have by another name in Python."""

_INFIX = {
    "either": "or",
    "both": "and",
    "contained": "in",
    "not_contained": "not in",
    "same": "is",
    "not_same": "is not",
    "power": "**",
}


class ExpressionWriter:
    """Writes expressions as they read in one scope; whatever binds looser than a call is in brackets."""

    def __init__(self, scope: FunctionScope) -> None:
        self._scope = scope

    def text(self, node: Node) -> str:
        """Return an expression as Python."""
        tree = cast("Tree[Token]", node)
        parts = tree.children
        match tree.data:
            case "name":
                return self._scope.read(str(parts[0]))
            case "number":
                return python_number(str(parts[0]))
            case "string":
                return python_string(str(parts[0]))
            case "formatted":
                return self._formatted(tree)
            case "true" | "false" | "null":
                return {"true": "True", "false": "False", "null": "None"}[str(tree.data)]
            case "list":
                return f"[{self._joined(parts)}]"
            case "tuple":
                return f"({self._joined(parts)})"
            case "map":
                return "{" + ", ".join(self._pair(each) for each in parts) + "}"
            case "grouped" | "reference":
                return self.text(parts[0])
            case _:
                return self._operation(tree)

    def parameters(self, node: Node, defaults_scope: FunctionScope) -> str:
        """Return the parameters of a function or closure, declaring them; defaults are read outside."""
        texts = []
        for parameter in children(node):
            name, *_, default = cast("Tree[Token]", parameter).children
            declared = self._scope.declare(str(name))
            given = "" if default is None else f"={ExpressionWriter(defaults_scope).text(default)}"
            texts.append(f"{declared}{given}")
        return ", ".join(texts)

    def _operation(self, tree: Tree[Token]) -> str:
        parts = tree.children
        match tree.data:
            case "arithmetic":
                left, sign, right = parts
                return f"({self.text(left)} {sign} {self.text(right)})"
            case "compared":
                left, sign, right = parts
                word = _COMPARISONS.get(str(sign), str(sign))
                return f"({self.text(left)} {word} {self.text(right)})"
            case "negated":
                return f"(not {self.text(parts[0])})"
            case "negative":
                return f"(-{self.text(parts[0])})"
            case "conditional":
                condition, yes, no = parts
                return f"({self.text(yes)} if {self.text(condition)} else {self.text(no)})"
            case "if_value":
                condition, yes, no = (each for each in parts if not isinstance(each, Token))
                return f"({self.text(yes)} if {self.text(condition)} else {self.text(no)})"
            case "closure":
                return self._closure(tree)
            case "cast":
                value, kind = parts
                return f"{_CASTS.get(str(kind), 'int')}({self.text(value)})"
            case _:
                return self._suffix(tree)

    def _suffix(self, tree: Tree[Token]) -> str:
        parts = tree.children
        match tree.data:
            case "attribute":
                owner, name = parts
                if str(name) == "length":
                    return f"len({self.text(owner)})"
                return f"{self._owner(owner)}.{python_name(str(name))}"
            case "index":
                owner, place = parts
                return f"{self._owner(owner)}[{self.text(place)}]"
            case "slice":
                owner, first, end = parts
                bounds = ("" if each is None else self.text(each) for each in (first, end))
                return f"{self._owner(owner)}[{':'.join(bounds)}]"
            case "call":
                return self._call(tree)
            case operation:
                left, right = parts
                return f"({self.text(left)} {_INFIX[str(operation)]} {self.text(right)})"

    def _call(self, tree: Tree[Token]) -> str:
        callee, arguments = tree.children
        texts = [self._argument(each) for each in children(arguments)]
        if isinstance(callee, Tree) and callee.data == "attribute":
            owner, name = callee.children
            if str(name) in _METHODS and len(texts) <= 1:
                return _METHODS[str(name)](self._owner(owner), ", ".join(texts))
        return f"{self._owner(callee)}({', '.join(texts)})"

    def _argument(self, node: Node) -> str:
        tree = cast("Tree[Token]", node)
        if tree.data != "named":
            return self.text(tree)
        name, value = tree.children
        return f"{python_name(str(name))}={self.text(value)}"

    def _owner(self, node: Node) -> str:
        """Return what stands before a dot, an index or a call; a number needs brackets there."""
        is_number = isinstance(node, Tree) and node.data == "number"
        is_closure = isinstance(node, Tree) and node.data == "grouped"
        text = self.text(node)
        return f"({text})" if is_number or is_closure else text

    def _closure(self, tree: Tree[Token]) -> str:
        *parameters, value = tree.children
        outer, self._scope = self._scope, FunctionScope(self._scope, self._scope.taken)
        try:
            names = self.parameters(parameters[0] if parameters else None, outer)
            return f"(lambda {names}: {self.text(value)})" if names else f"(lambda: {self.text(value)})"
        finally:
            self._scope = outer

    def _formatted(self, tree: Tree[Token]) -> str:
        text = python_formatted(str(tree.children[0]), self._scope.read)
        if text is None:
            raise Untranslatable(
                tree.meta.line, 'syntax error: this f"…" cannot be read', "inside its braces write Python"
            )
        return text

    def _pair(self, node: Node) -> str:
        key, value = cast("Tree[Token]", node).children
        match cast(Token, key).type:
            case "STRING":
                word = python_string(str(key))
            case "NUMBER":
                word = python_number(str(key))
            case _:
                word = repr(str(key))
        return f"{word}: {self.text(value)}"

    def _joined(self, nodes: list[Tree[Token] | Token]) -> str:
        return ", ".join(self.text(each) for each in nodes)


def children(node: Node) -> list[Node]:
    """Return the parts of a node, none for a missing one."""
    return list(node.children) if isinstance(node, Tree) else []
