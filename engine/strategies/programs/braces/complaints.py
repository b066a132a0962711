"""What is said of a brace program that cannot be translated: the line, and what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.program import SourceProblem
from engine.text import safe_line

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

_OF_WORDS = {
    **dict.fromkeys(("match", "switch"), "write if / else if / else"),
    **dict.fromkeys(
        ("struct", "impl", "class", "enum", "trait", "interface"), "use functions, lists and maps"
    ),
    **dict.fromkeys(("try", "catch", "throw"), "check for null with if; an error ends the run and is shown"),
    **dict.fromkeys(("use", "import", "require"), "nothing is imported: math, time and log are there"),
    **dict.fromkeys(("async", "await"), "calls answer at once; leave it out"),
    "new": "call it without new",
    "do": "write loop { … if done { break } }",
    "def": "Python takes `def run(ctx):` with indented lines and no braces",
    "unless": "write if !(…)",
}
_OF_SYMBOLS = {
    "=>": "write a closure as |x| x * 2",
    "++": "write += 1",
    "--": "write -= 1",
    "->": "write a dot",
    "!(": "leave out the !; to print, write log(…)",
    "`": 'put text in double quotes; f"RSI {rsi}" puts values into it',
    "::": "write a dot",
    ":=": "write let x = …",
    "<<": "use * and /",
    ">>": "use * and /",
    "~": "use + - * / %",
    "^": "write a ** b for a power",
    "@": "leave it out",
    "$": "leave it out",
    "\\": "a line goes on where it must; leave it out",
}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_ANYTHING = "the brace form has let, if, while, for, loop, fn, return, calls, lists and maps"


class Untranslatable(Exception):
    """Something in the tree that has no counterpart; raised and caught inside this package."""

    def __init__(self, line: int, message: str, advice: str) -> None:
        super().__init__(message)
        self.problem = SourceProblem(line, message, advice)


def complaint(parser: Lark, source: str, error: UnexpectedInput) -> SourceProblem:
    """Return what a person is told where the grammar did not go on."""
    if "$END" in str(error).partition("\n")[0]:
        return _unclosed(_tokens_before(parser, source, len(source)), source)
    position = error.pos_in_stream or 0
    before = _tokens_before(parser, source, position)
    line = max(error.line, 1)
    rest = source[position:]
    opened = _open_brackets(before)
    if opened and rest[:1] in _CLOSING.values() and rest[0] != _CLOSING[str(opened[-1])]:
        return _never_closed(opened[-1])
    word = next(iter(rest.split()), "")
    shown = safe_line(f"syntax error: unexpected `{_shown(rest)}`", 80)
    for symbol, advice in _OF_SYMBOLS.items():
        if rest.startswith(symbol) or source[max(position - 1, 0) :].startswith(symbol):
            return SourceProblem(line, f"syntax error: unexpected `{symbol}`", advice)
    last = str(before[-1]) if before else ""
    if last == "(" and len(before) > 1 and str(before[-2]) == "for":
        return SourceProblem(line, shown, "write for i in 0..10 { … } or for x in list { … }")
    for named in (last, word):
        if named in _OF_WORDS:
            return SourceProblem(line, f"syntax error: there is no `{named}` here", _OF_WORDS[named])
    return SourceProblem(line, shown, _ANYTHING)


def _shown(rest: str) -> str:
    return rest.split(maxsplit=1)[0][:20] if rest[:1].isalnum() else rest[:1]


def _unclosed(before: list[Token], source: str) -> SourceProblem:
    """Return which bracket was found open at the end, or where the source ends too early."""
    opened = _open_brackets(before)
    if opened:
        return _never_closed(opened[-1])
    return SourceProblem(source.count("\n") + 1, "syntax error: the program ends too early", _ANYTHING)


def _never_closed(bracket: Token) -> SourceProblem:
    message = f"syntax error: `{bracket}` was never closed"
    return SourceProblem(bracket.line or 1, message, f"add `{_CLOSING[str(bracket)]}`")


def _open_brackets(tokens: list[Token]) -> list[Token]:
    opened: list[Token] = []
    for token in tokens:
        if str(token) in _CLOSING:
            opened.append(token)
        elif opened and str(token) == _CLOSING[str(opened[-1])]:
            opened.pop()
    return opened


def _tokens_before(parser: Lark, source: str, position: int) -> list[Token]:
    from lark.exceptions import UnexpectedInput

    found: list[Token] = []
    try:
        for token in parser.lex(source):
            if (token.start_pos or 0) >= position:
                break
            found.append(token)
    except UnexpectedInput:
        pass
    return found
