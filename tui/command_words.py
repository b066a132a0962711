"""The command line's words: a text taken apart, with the place of each word and of each field.

Every complaint points at the word it is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from engine.errors import InvalidInput
from tui.numbers import advice_on, read_number

MAX_TEXT_LENGTH = 400

_WORD = re.compile(r"\S+")

Place = tuple[int, int]
"""Where a piece of the text starts and ends."""


class Vocabulary(msgspec.Struct, frozen=True):
    """What commands can name, each spelled as the desk spells it; `factors` are a person's own."""

    symbols: tuple[str, ...] = ()
    traders: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


class Word(NamedTuple):
    """One word of the text and where it stands."""

    text: str
    start: int
    end: int


class CommandError(InvalidInput):
    """A command that cannot be understood; `start` and `end` enclose the word to blame."""

    code = "invalid_input"

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message, field="command", value="", allowed="")
        self.start = start
        self.end = end


class Reader:
    """Takes a text apart word by word; every complaint points at the word it is about."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.places: dict[str, Place] = {}
        self._text = text
        self._words = list(split_words(text))
        self._length = len(text)
        self._next = 0

    @property
    def following(self) -> Word | None:
        """The word to be read next, if there is one."""
        return self._words[self._next] if self._next < len(self._words) else None

    def take(self, what: str, allowed: str) -> Word:
        """Return the next word, or complain that it is missing."""
        word = self.following
        if word is None:
            raise CommandError(f"{what} is missing here; {allowed}", self._length, self._length)
        self._next += 1
        return word

    def note(self, field: str, word: Word) -> None:
        """Remember where a field of the command was said."""
        start, _ = self.places.get(field, (word.start, word.end))
        self.places[field] = (start, word.end)

    def takes_keyword(self, keyword: str) -> bool:
        """Take the next word if it is this one, and tell whether it was."""
        following = self.following
        if following is None or following.text.casefold() != keyword:
            return False
        self._next += 1
        return True

    def take_rest(self, what: str, allowed: str) -> Word:
        """Return all words that are left as one, or complain that there is none."""
        first = self.take(what, allowed)
        rest = self._words[self._next :]
        self._next = len(self._words)
        if not rest:
            return first
        joined = " ".join(word.text for word in (first, *rest))
        return Word(joined, first.start, rest[-1].end)

    def take_text(self, what: str, allowed: str) -> Word:
        """Return all that is left, blanks inside it kept, or complain that there is nothing."""
        first = self.take(what, allowed)
        last = self._words[-1]
        self._next = len(self._words)
        return Word(self._text[first.start : last.end], first.start, last.end)

    def part_at(self, signs: str) -> None:
        """Take the words that are left apart at these signs, so that they need no blanks around them."""
        parts = re.compile(f"[{re.escape(signs)}]|[^{re.escape(signs)}]+")
        self._words[self._next :] = [
            Word(part.group(), word.start + part.start(), word.start + part.end())
            for word in self._words[self._next :]
            for part in parts.finditer(word.text)
        ]

    def expect_end(self, usage: str) -> None:
        """Complain if words are left over."""
        if (word := self.following) is not None:
            raise refusal(word, "expected here", f"the command is {usage}")

    def symbol(self) -> str:
        """Take a symbol."""
        symbols = self.vocabulary.symbols
        word = self.take("a symbol", one_of(symbols))
        self.note("symbol", word)
        return named(word, symbols, "a symbol")

    def trader(self) -> str:
        """Take everything that is left as a trader's name."""
        traders = self.vocabulary.traders
        return named(self.take_rest("a trader's name", one_of(traders)), traders, "a trader")

    def price(self, what: str, field: str) -> Decimal:
        """Take a price."""
        allowed = "give a number above 0 such as 67000 or 0.25"
        word = self.take(f"the {what}", allowed)
        self.note(field, word)
        return parse_number(word, "a price", allowed)


def split_words(text: str) -> tuple[Word, ...]:
    """Return the words of a text with their places; `@67000` is two words."""
    words: list[Word] = []
    for match in _WORD.finditer(text):
        word, start, end = match.group(), match.start(), match.end()
        if word.startswith("@") and len(word) > 1:
            words.append(Word("@", start, start + 1))
            word, start = word[1:], start + 1
        words.append(Word(word, start, end))
    return tuple(words)


def parse_number(word: Word, what: str, allowed: str) -> Decimal:
    """Return a plain positive decimal number, exactly, or raise `CommandError`."""
    number = read_number(word.text)
    if number is None or number <= 0:
        raise refusal(word, what, advice_on(word.text) or allowed)
    return number


def refusal(word: Word, what: str, allowed: str) -> CommandError:
    """Build the error with the one sentence shape of the command line."""
    shown = word.text if len(word.text) <= 24 else word.text[:23] + "…"
    return CommandError(f"{shown} is not {what}; {allowed}", word.start, word.end)


def find_name(text: str, names: Sequence[str]) -> str | None:
    """Return the name a text means, whatever its letter case and spacing."""
    wanted = " ".join(text.split()).casefold()
    return next((name for name in names if " ".join(name.split()).casefold() == wanted), None)


def named(word: Word, names: Sequence[str], what: str) -> str:
    """Return the name a word means, or raise `CommandError` that lists them."""
    found = find_name(word.text, names)
    if found is None:
        raise refusal(word, what, one_of(names))
    return found


def one_of(names: Sequence[str]) -> str:
    """Return the half sentence that says what is allowed."""
    if not names:
        return "the desk is still starting"
    listed = ", ".join(names[:8])
    return f"it is one of {listed}" + (" …" if len(names) > 8 else "")
