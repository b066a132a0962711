"""What could come next on the command line: a pure function of the text up to the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tui.command_line import EVERYONE, VERBS
from tui.command_words import Vocabulary, Word, split_words
from tui.commands import (
    ALERT_WORDS,
    ALIASES,
    EXIT_KEYWORDS,
    ORDER_KEYWORDS,
    PRICE_KEYWORDS,
    TIMES_IN_FORCE,
    ProgramTask,
)

_EXPECTS_NUMBER = frozenset({*PRICE_KEYWORDS, *EXIT_KEYWORDS, "lev"})
_SHARES = ("25%", "50%", "75%", "100%")


class Completion(msgspec.Struct, frozen=True):
    """The candidates for the word between `start` and the cursor, best first; maybe none."""

    start: int
    candidates: tuple[str, ...]


def complete(text: str, cursor: int, vocabulary: Vocabulary) -> Completion:
    """Return what the word at the cursor could become."""
    before = text[:cursor]
    words = split_words(before)
    typing = words[-1] if words and words[-1].end == len(before) else Word("", len(before), len(before))
    done = tuple(word.text.casefold() for word in words if word.end <= typing.start and word.text)
    offered = _names_after(words, done, typing, vocabulary) or (
        typing.start,
        _expected(done, vocabulary),
    )
    start, expected = offered
    typed = " ".join(before[start:].split()).casefold()
    matching = tuple(
        name for name in expected if name.casefold().startswith(typed) and name.casefold() != typed
    )
    return Completion(start, matching)


def _names_after(
    words: Sequence[Word], done: Sequence[str], typing: Word, vocabulary: Vocabulary
) -> tuple[int, tuple[str, ...]] | None:
    """Return where a trader's name starts and the names, if the verb takes one; names hold spaces."""
    if done[:2] in (("news", "on"), ("news", "off")):
        return words[2].start if len(words) > 2 else typing.start, vocabulary.sources
    if done[:1] == ("backtest",):
        return words[1].start if len(words) > 1 else typing.start, vocabulary.programs
    if done[:1] == ("program",) and done[1:2] in (("open",), ("bind",), ("run",)):
        return words[2].start if len(words) > 2 else typing.start, vocabulary.programs
    if not done or done[0] not in ("pause", "start", "trigger", "trader"):
        return None
    start = words[1].start if len(words) > 1 else typing.start
    names = vocabulary.traders
    if done[0] == "trader":
        return start, (*names, "all")
    named = " ".join(done[1:])
    if done[0] == "trigger" and named in {name.casefold() for name in names}:
        return typing.start, vocabulary.symbols
    return start, names


def _expected(done: Sequence[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the words that may follow the finished ones."""
    if not done:
        return tuple(VERBS)
    symbols = tuple(symbol.lower() for symbol in vocabulary.symbols)
    verb, rest = done[0], done[1:]
    if verb in ("buy", "sell"):
        return _expected_in_order(rest, symbols)
    if verb == "close":
        return (symbols, _SHARES)[len(rest)] if len(rest) < 2 else ()
    if verb == "cancel":
        return (("all", EVERYONE, *symbols), (EVERYONE,))[len(rest)] if len(rest) < 2 else ()
    if verb == "flatten" and not rest:
        return (EVERYONE,)
    if verb == "alert":
        return (symbols, tuple(ALERT_WORDS))[len(rest)] if len(rest) < 2 else ()
    if verb == "unalert" and not rest:
        return ("all",)
    if verb == "news" and not rest:
        return ("on", "off")
    if verb in ("factor", "unfactor") and not rest:
        return vocabulary.factors
    if verb == "program" and not rest:
        return tuple(ProgramTask)
    if verb == "theme" and not rest:
        return vocabulary.themes
    return ()


def _expected_in_order(words: Sequence[str], symbols: tuple[str, ...]) -> tuple[str, ...]:
    if not words:
        return ()
    named = next((place for place, word in enumerate(words) if word in symbols), None)
    if named is None:
        has_unit = any(word.endswith("usd") for word in words)
        return symbols if has_unit else (*symbols, "usd")
    options = [ALIASES.get(word, word) for word in words[named + 1 :]]
    if options and options[-1] in _EXPECTS_NUMBER:
        return ()
    return tuple(keyword for keyword in ORDER_KEYWORDS if not _is_taken(keyword, options))


def _is_taken(keyword: str, options: Sequence[str]) -> bool:
    for group in (PRICE_KEYWORDS, TIMES_IN_FORCE):
        if keyword in group:
            return any(word in group for word in options)
    return keyword in options
