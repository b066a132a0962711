"""Reads conditions as people type them.

A line is one of these, in any case, with `on` and a period at its end::

    [abs] METRIC  > >= < <= == !=  TARGET
    [abs] METRIC  crosses above|below  TARGET
    taker buy|sell|any RATIO [volume USD]
    macd EVENT [or EVENT]...
    pattern NAME [bullish|bearish]

A target is a number, a metric, or a multiple of the metric's average: `2x average`. The canonical
text of what was read is its `str()`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from engine.errors import DeskError, InvalidInput
from engine.market.periods import Period, parse_period
from engine.signals.conditions.condition import (
    Condition,
    Level,
    MacdEvent,
    MacdEvents,
    PatternBias,
    PatternSeen,
    Reference,
    TakerSide,
    TakerVolume,
    Target,
    TimesAverage,
    compared,
)
from engine.signals.conditions.metric_names import find_metric
from engine.signals.conditions.operators import Direction, Operator, Relation, find_relation
from engine.signals.conditions.patterns import PATTERNS, find_pattern

if TYPE_CHECKING:
    from engine.market.factors.library import FactorLibrary

MAX_CHARACTERS = 1_000
EXAMPLES = "write it like: rsi14 crosses below 30 on 15m, or price > 70000 on 1m"

_WORD = re.compile(r"[<>=!]+|[^\s<>=!(]+(?:\([^)]*\)?[^\s<>=!]*)?|\S")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?")
_MULTIPLE = re.compile(r"(\d+(?:\.\d+)?)x(_?(?:avg|average))?")
_AVERAGE = ("average", "avg")
_CROSSES = ("crosses", "cross", "crossed")


class _Word(msgspec.Struct, frozen=True):
    text: str
    position: int


class _Words:
    """The words of a line, taken one by one."""

    def __init__(self, line: str) -> None:
        self._words = [_Word(match.group().lower(), match.start()) for match in _WORD.finditer(line)]
        self._end = _Word("", len(line))
        self._next = 0

    def peek(self, ahead: int = 0) -> _Word:
        index = self._next + ahead
        return self._words[index] if index < len(self._words) else self._end

    def take(self) -> _Word:
        word = self.peek()
        self._next += 1
        return word

    def take_if(self, *texts: str) -> bool:
        found = self.peek().text in texts
        self._next += found
        return found


def parse_condition(text: str, factors: FactorLibrary | None = None) -> Condition:
    """Return the condition written as `text`; its `str()` is the same in one spelling.

    `factors` are those a `factor:` metric is looked up in; without it the built-in ones. Raises
    `InvalidInput` that names the word that is wrong and what is allowed in its place:
    `details["position"]` is where the word begins, `details["suggestions"]` what was perhaps meant.
    """
    _check_text(text)
    words = _Words(text)
    first, second = words.peek().text, words.peek(1).text
    if first == "taker" and not _is_relation(second):
        condition: Condition = _taker_volume(words)
    elif first == "macd" and not _is_relation(second):
        condition = _macd_events(words)
    elif first == "pattern":
        condition = _pattern(words)
    else:
        condition = _compared(words, factors)
    if words.peek().text:
        raise _wrong(words.peek(), "nothing follows the period")
    return condition


def parse_threshold(text: str) -> float | TimesAverage | None:
    """Return the number or the multiple of the average that `text` is, or None if it is neither."""
    text = text.strip().lower()
    if _NUMBER.fullmatch(text):
        return float(text)
    if text in _AVERAGE:
        return TimesAverage(1.0)
    multiple = _MULTIPLE.fullmatch(text.replace(" ", "_"))
    return TimesAverage(float(multiple[1])) if multiple and multiple[2] else None


def _check_text(text: str) -> None:
    """Refuse what is too long to be a condition, or holds characters that no screen may be sent."""
    if len(text) > MAX_CHARACTERS:
        raise _refused(
            f"a text of {len(text)} characters", MAX_CHARACTERS, f"at most {MAX_CHARACTERS} are taken"
        )
    for position, character in enumerate(text):
        if not (character.isprintable() or character.isspace()):
            raise _refused(f"the character U+{ord(character):04X}", position, "write it without")


def _compared(words: _Words, factors: FactorLibrary | None) -> Condition:
    absolute = words.take_if("abs", "absolute")
    metric_word = words.take()
    if not metric_word.text:
        raise _wrong(metric_word, f"a condition begins with a metric; {EXAMPLES}")
    with _Places(metric=metric_word, indicator=metric_word):
        metric = find_metric(metric_word.text, factors)
    relation_word = words.peek()
    relation = _relation(words)
    target_word = words.peek()
    target = _target(words, factors)
    period_word, period = _period(words)
    places = _Places(
        metric=metric_word,
        operator=relation_word,
        threshold=target_word,
        reference=target_word,
        period=period_word,
    )
    with places:
        return compared(metric, msgspec.structs.replace(relation, absolute=absolute), target, period)


def _relation(words: _Words) -> Relation:
    word = words.take()
    if word.text in _CROSSES:
        way = words.take()
        if way.text not in tuple(Direction):
            raise _wrong(way, "allowed is above or below")
        return Relation(Direction(way.text))
    relation = find_relation(word.text)
    if relation is None:
        allowed = f"allowed is {' '.join(Operator)} or crosses above|below"
        raise _wrong(word, f"{allowed}; {EXAMPLES}", _near(word.text, (*Operator, *_CROSSES)))
    return relation


def _target(words: _Words, factors: FactorLibrary | None) -> Target:
    word = words.take()
    if not word.text:
        raise _wrong(word, "write a number, a metric, or 2x average to compare with")
    number = parse_threshold(word.text)
    if isinstance(number, TimesAverage):
        return number
    if number is not None:
        return Level(number)
    multiple = _MULTIPLE.fullmatch(word.text)
    if multiple:
        average = words.take()
        if average.text not in _AVERAGE:
            raise _wrong(average, f"after {word.text} comes average")
        return TimesAverage(float(multiple[1]))
    if word.text[0].isdigit() or word.text[0] in "+-.":
        raise _wrong(word, "that is no number; write it like 70000 or 0.5")
    with _Places(metric=word, indicator=word):
        return Reference(find_metric(word.text, factors))


def _period(words: _Words) -> tuple[_Word, Period]:
    word = words.take()
    if word.text != "on":
        raise _wrong(word, f"here comes on and a period, such as on 15m; {EXAMPLES}")
    period_word = words.take()
    with _Places(period=period_word):
        return period_word, parse_period(period_word.text)


def _taker_volume(words: _Words) -> TakerVolume:
    words.take()
    side_word = words.take()
    if side_word.text not in tuple(TakerSide):
        raise _wrong(side_word, f"allowed is {', '.join(TakerSide)}", _near(side_word.text, TakerSide))
    ratio_word = words.take()
    ratio = _plain_number(ratio_word)
    volume_word, volume = ratio_word, 0.0
    if words.take_if("volume"):
        volume_word = words.take()
        volume = _plain_number(volume_word)
    period_word, period = _period(words)
    with _Places(ratio_threshold=ratio_word, volume_threshold=volume_word, period=period_word):
        return TakerVolume(side=TakerSide(side_word.text), ratio=ratio, volume=volume, period=period)


def _macd_events(words: _Words) -> MacdEvents:
    first = words.take()
    events: list[MacdEvent] = []
    while not events or words.take_if("or", ","):
        word = words.take()
        if word.text not in tuple(MacdEvent):
            raise _wrong(word, f"the MACD's events are {', '.join(MacdEvent)}", _near(word.text, MacdEvent))
        events.append(MacdEvent(word.text))
    _, period = _period(words)
    with _Places(event_types=first):
        return MacdEvents(events=tuple(events), period=period)


def _pattern(words: _Words) -> PatternSeen:
    words.take()
    word = words.take()
    name = find_pattern(word.text)
    if name is None:
        near = _near(word.text, PATTERNS)
        raise _wrong(word, "a pattern is engulfing, doji, morning_star or the like", near)
    bias = None
    if words.peek().text in tuple(PatternBias):
        bias = PatternBias(words.take().text)
    _, period = _period(words)
    return PatternSeen(pattern=name, bias=bias, period=period)


def _plain_number(word: _Word) -> float:
    if not _NUMBER.fullmatch(word.text):
        raise _wrong(word, "here comes a number, such as 1.5")
    return float(word.text)


def _is_relation(word: str) -> bool:
    return word in _CROSSES or find_relation(word) is not None


def _near(word: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(word, list(known), n=3)


def _wrong(word: _Word, allowed: str, near: Iterable[str] = ()) -> InvalidInput:
    suggestions = list(near)
    if suggestions:
        allowed = f"did you mean {' or '.join(suggestions)}? {allowed}"
    error = _refused(f"'{word.text}'", word.position, allowed)
    error.details["suggestions"] = " ".join(suggestions)
    return error


def _refused(what: str, position: int, allowed: str) -> InvalidInput:
    error = InvalidInput.of("condition", what, allowed)
    error.details["position"] = str(position)
    return error


class _Places:
    """Says of an error that leaves the block where the word it complains of begins."""

    def __init__(self, **words: _Word) -> None:
        self._words = words

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, DeskError):
            word = self._words.get(error.details.get("field", ""), next(iter(self._words.values())))
            error.details.setdefault("position", str(word.position))
