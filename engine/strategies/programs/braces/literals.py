"""Strings and numbers of the brace form, as Python writes them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_NAMED_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b"}
_SUFFIX = re.compile(r"(?:f32|f64|i32|i64|u32|u64|usize)$")
_PYTHON_ESCAPE = re.compile(r"\\[nt\"'\\]")


def python_number(text: str) -> str:
    """Return a number without the type it may end with."""
    return _SUFFIX.sub("", text)


def python_string(text: str) -> str:
    """Return a quoted string as Python quotes it; an unknown escape is the character itself."""
    return repr(_ESCAPE.sub(_unescaped, text[1:-1]))


def python_formatted(text: str, read: Callable[[str], str]) -> str | None:
    """Return `f"…"` with the names in it as Python calls them, None where Python cannot read it."""
    if "\\" in _PYTHON_ESCAPE.sub("", text):
        return None
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = read(node.id)
    return ast.unparse(tree)


def _unescaped(escape: re.Match[str]) -> str:
    braced, four, two, other = escape.groups()
    digits = braced or four or two
    if digits is None:
        return _NAMED_ESCAPES.get(other, other)
    number = int(digits, 16)
    return chr(number) if number <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"
