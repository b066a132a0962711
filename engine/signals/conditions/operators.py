"""Comparisons: how a value stands to what it is compared with, and how it comes to stand so.

Every test here is written with operators that numbers and arrays of numbers share, so that one
implementation serves a single value as it comes and a whole history at once. Missing values are
the caller's business: what a test says of a NaN means nothing.
"""

from __future__ import annotations

import enum
import math
import operator
from collections.abc import Callable
from typing import Any

import msgspec

EQUALITY_TOLERANCE = 1e-9
"""How far apart equal values may be, both absolutely and as a share of the target."""


class Operator(enum.StrEnum):
    """How a level condition compares."""

    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    EQUAL = "=="
    NOT_EQUAL = "!="

    @property
    def is_upward(self) -> bool:
        """Whether larger values meet it."""
        return self in (Operator.GREATER, Operator.GREATER_OR_EQUAL)

    @property
    def is_downward(self) -> bool:
        """Whether smaller values meet it."""
        return self in (Operator.LESS, Operator.LESS_OR_EQUAL)


class Direction(enum.StrEnum):
    """Which way a value crosses."""

    ABOVE = "above"
    BELOW = "below"


def _equal(value: Any, target: Any) -> Any:
    allowed = EQUALITY_TOLERANCE + EQUALITY_TOLERANCE * abs(target)
    return (value == target) | ((abs(value - target) <= allowed) & (abs(target) < math.inf))


def _not_equal(value: Any, target: Any) -> Any:
    return _equal(value, target) ^ True


_TESTS: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.EQUAL: _equal,
    Operator.NOT_EQUAL: _not_equal,
}


def comparator(comparison: Operator) -> Callable[[Any, Any], Any]:
    """Return the test of a value against its target: of two numbers, or element by element."""
    return _TESTS[comparison]


def is_crossed(direction: Direction, value_before: Any, target_before: Any, value: Any, target: Any) -> Any:
    """Tell whether a value went from one side of its target to the other.

    Reaching the target is not crossing it; leaving it on the far side is.
    """
    if direction is Direction.ABOVE:
        return (value_before <= target_before) & (value > target)
    return (value_before >= target_before) & (value < target)


class Relation(msgspec.Struct, frozen=True):
    """An operator as it is written: a comparison or a crossing, of the value or its absolute value."""

    relation: Operator | Direction
    absolute: bool = False


_WORDS: dict[Operator, tuple[str, ...]] = {
    Operator.GREATER: ("gt", "greater", "greater_than"),
    Operator.GREATER_OR_EQUAL: ("ge", "gte", "at_least", "greater_or_equal", "greater_than_or_equal"),
    Operator.LESS: ("lt", "less", "less_than"),
    Operator.LESS_OR_EQUAL: ("le", "lte", "at_most", "less_or_equal", "less_than_or_equal"),
    Operator.EQUAL: ("=", "eq", "equal_to", "equals", "equal"),
    Operator.NOT_EQUAL: ("<>", "ne", "neq", "not_equals", "not_equal"),
}
_RELATIONS: dict[str, Relation] = (
    {word: Relation(each) for each, words in _WORDS.items() for word in (each.value, *words)}
    | {f"abs_{word}": Relation(each, True) for each, words in _WORDS.items() for word in words}
    | {f"{cross}_{way}": Relation(way) for way in Direction for cross in ("cross", "crosses", "crossed")}
    | {f"abs_crosses_{way}": Relation(way, True) for way in Direction}
)


def relation_word(relation: Relation) -> str:
    """Return how a relation is written in one word: a sign where there is one, else `crosses_above`."""
    if isinstance(relation.relation, Direction):
        return f"{'abs_' if relation.absolute else ''}crosses_{relation.relation}"
    if relation.absolute:
        return f"abs_{_WORDS[relation.relation][-1]}"
    return relation.relation.value


def find_relation(word: str) -> Relation | None:
    """Return what an operator means, written as a sign or as a word in any case, or None."""
    return _RELATIONS.get(word.strip().lower().replace(" ", "_"))
