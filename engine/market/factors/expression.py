"""The factor language: text becomes a tree of values, or an error that points at the word.

The grammar, weakest binding first::

    expression = sum [("<" | "<=" | ">" | ">=") sum]
    sum        = product {("+" | "-") product}
    product    = signed {("*" | "/") signed}
    signed     = ["-"] signed | value
    value      = number | name | name "(" [expression {"," expression}] ")" | "(" expression ")"

Nothing here is ever run: what a name or a function means is looked up in tables by
`engine.market.factors.plan`. Length, depth, size and numbers are bounded, so that no text can make
the desk work without end.
"""

from __future__ import annotations

import re

import msgspec

from engine.errors import InvalidInput
from engine.text import safe_line

MOST_CHARACTERS = 500
MOST_DEPTH = 24
MOST_NODES = 150
MOST_DIGITS = 12

COMPARISONS = ("<", "<=", ">", ">=")
_WORD = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|[-+*/(),<>]))", re.ASCII
)
_END = "the end"


class Number(msgspec.Struct, frozen=True):
    """A number as written; never negative, as a minus sign is an operator."""

    value: float
    position: int


class Name(msgspec.Struct, frozen=True):
    """The name of a column, of a derived column or of another factor."""

    name: str
    position: int


class Call(msgspec.Struct, frozen=True):
    """A function, or an operator under its sign, with what it is applied to."""

    function: str
    arguments: tuple[Expression, ...]
    position: int


type Expression = Number | Name | Call


class _Word(msgspec.Struct, frozen=True):
    kind: str
    text: str
    position: int


def not_allowed(word: str, position: int, allowed: str) -> InvalidInput:
    """Return the error that points at the character `position` of an expression, counted from 0."""
    shown = safe_line(word, 40) or ascii(word)
    return InvalidInput(
        f"expression: {shown} at character {position} is not allowed; {allowed}",
        field="expression",
        value=shown,
        allowed=allowed,
        position=str(position),
    )


def parse_expression(text: str) -> Expression:
    """Return `text` as a tree.

    Raises `InvalidInput` with the `position` of the first word that does not fit.
    """
    if len(text) > MOST_CHARACTERS:
        raise not_allowed(
            f"a text of {len(text)} characters", MOST_CHARACTERS, f"at most {MOST_CHARACTERS} are taken"
        )
    return _Parser(_words(text)).whole()


def names_in(expression: Expression) -> list[Name]:
    """Return every name an expression refers to, functions excepted, in the order they stand in."""
    match expression:
        case Name():
            return [expression]
        case Call(_, arguments):
            return [name for argument in arguments for name in names_in(argument)]
        case _:
            return []


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    end = len(text.rstrip())
    position = 0
    while position < end:
        found = _WORD.match(text, position)
        if found is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise not_allowed(
                text[start], start, "an expression is made of numbers, names, + - * / < <= > >= , and ( )"
            )
        kind = found.lastgroup or ""
        words.append(_Word(kind, found[kind], found.start(kind)))
        position = found.end()
    words.append(_Word("end", _END, end))
    return words


class _Parser:
    def __init__(self, words: list[_Word]) -> None:
        self._words = words
        self._next = 0
        self._depth = 0
        self._nodes = 0

    def whole(self) -> Expression:
        expression = self._comparison()
        if self._word.kind != "end":
            raise self._unexpected("an operator or the end is wanted here")
        return expression

    @property
    def _word(self) -> _Word:
        return self._words[self._next]

    def _take(self) -> _Word:
        word = self._word
        self._next += 1
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise not_allowed(word.text, word.position, f"an expression has at most {MOST_NODES} words")
        return word

    def _unexpected(self, wanted: str) -> InvalidInput:
        return not_allowed(self._word.text, self._word.position, wanted)

    def _comparison(self) -> Expression:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self._unexpected(f"an expression is nested at most {MOST_DEPTH} deep")
        left = self._sum()
        if self._word.text in COMPARISONS:
            sign = self._take()
            left = Call(sign.text, (left, self._sum()), sign.position)
            if self._word.text in COMPARISONS:
                raise self._unexpected("comparisons are not chained; write (a < b) * (b < c)")
        self._depth -= 1
        return left

    def _sum(self) -> Expression:
        left = self._product()
        while self._word.text in ("+", "-"):
            sign = self._take()
            left = Call(sign.text, (left, self._product()), sign.position)
        return left

    def _product(self) -> Expression:
        left = self._signed()
        while self._word.text in ("*", "/"):
            sign = self._take()
            left = Call(sign.text, (left, self._signed()), sign.position)
        return left

    def _signed(self) -> Expression:
        signs: list[_Word] = []
        while self._word.text == "-":
            signs.append(self._take())
        value = self._value()
        for sign in reversed(signs):
            value = Call("-", (Number(0.0, sign.position), value), sign.position)
        return value

    def _value(self) -> Expression:
        word = self._word
        if word.kind == "number":
            return _number(self._take())
        if word.kind == "name":
            self._take()
            return self._call(word) if self._word.text == "(" else Name(word.text, word.position)
        if word.text == "(":
            self._take()
            inside = self._comparison()
            self._close()
            return inside
        raise self._unexpected("a number, a name or ( is wanted here")

    def _call(self, function: _Word) -> Call:
        self._take()
        arguments: list[Expression] = []
        while self._word.text != ")":
            arguments.append(self._comparison())
            if self._word.text != ",":
                break
            self._take()
            if self._word.text == ")":
                raise self._unexpected("another argument is wanted after the comma")
        self._close()
        return Call(function.text, tuple(arguments), function.position)

    def _close(self) -> None:
        if self._word.text != ")":
            raise self._unexpected("an operator, a comma or ) is wanted here")
        self._take()


def _number(word: _Word) -> Number:
    if len(word.text.replace(".", "")) > MOST_DIGITS:
        raise not_allowed(word.text, word.position, f"a number has at most {MOST_DIGITS} digits")
    return Number(float(word.text), word.position)
