"""Where statements end: at a semicolon, or at a line's end where one can end and another begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.strategies.programs.braces.complaints import Untranslatable

if TYPE_CHECKING:
    from lark import Token

MOST_NESTED = 80
"""How deep brackets may be nested; Python itself takes a hundred blocks."""

SEPARATOR = "SEP"
_NEWLINE = "NEWLINE"
_ENDING_TYPES = frozenset(("NAME", "NUMBER", "STRING", "FORMATTED"))
_ENDING_WORDS = frozenset(
    (
        *(")", "]", "}", "break", "continue", "return", "..."),
        *("true", "True", "false", "False", "null", "None", "nil", "undefined"),
    )
)
_CONTINUING_WORDS = frozenset(
    (
        *("else", "elif", "and", "or", "in", "is", "as", ".", ",", "?", ":", "=", "..", "..=", "->"),
        *(")", "]", "}", "{", "&&", "||", "+", "-", "*", "**", "/", "%", "<", ">", "==", "!=", "===", "!=="),
        *("<=", ">=", "+=", "-=", "*=", "/=", "%=", ";"),
    )
)
_CLOSING = {")": "(", "]": "[", "}": "{"}


class StatementEnds:
    """Turns the ends of lines into separators where a statement ends; drops the others.

    Inside parentheses and square brackets a line's end means nothing. A line that begins with an
    operator or a dot goes on with the one before it. Raises `Untranslatable` for brackets nested too
    deeply.
    """

    always_accept = (_NEWLINE,)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Yield the tokens with separators in place of newlines."""
        last: Token | None = None
        newline: Token | None = None
        brackets: list[str] = []
        for token in stream:
            if token.type == _NEWLINE:
                newline = newline or token
                continue
            at_statement_level = not brackets or brackets[-1] == "{"
            if newline is not None and last is not None and at_statement_level and _ends(last, token):
                yield newline.update(type=SEPARATOR)
            newline = None
            _follow_brackets(brackets, token)
            if len(brackets) > MOST_NESTED:
                raise Untranslatable(
                    token.line or 1,
                    f"brackets are nested more than {MOST_NESTED} deep",
                    "take parts of it into functions",
                )
            last = token
            yield token


def _ends(last: Token, following: Token) -> bool:
    can_end = last.type in _ENDING_TYPES or str(last) in _ENDING_WORDS
    return can_end and str(following) not in _CONTINUING_WORDS


def _follow_brackets(brackets: list[str], token: Token) -> None:
    word = str(token)
    if word in _CLOSING.values():
        brackets.append(word)
    elif word in _CLOSING and brackets and brackets[-1] == _CLOSING[word]:
        brackets.pop()
