"""Comparisons say the same of single numbers and of arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.conditions.operators import (
    Direction,
    Operator,
    Relation,
    comparator,
    find_relation,
    is_crossed,
)

numbers = st.floats(allow_nan=False) | st.sampled_from([0.0, 1.0, 1 + 1e-10, 1 + 1e-8, math.inf])


@given(st.sampled_from(list(Operator)), numbers, numbers)
def test_numbers_and_arrays_compare_alike(operator: Operator, value: float, target: float) -> None:
    with np.errstate(all="ignore"):
        compared = comparator(operator)(np.array([value]), np.array([target]))
    assert bool(compared[0]) == bool(comparator(operator)(value, target))


@pytest.mark.parametrize(
    ("value", "target", "equal"),
    [
        (1.0, 1.0, True),
        (1e-10, 0.0, True),
        (1e-8, 0.0, False),
        (70000.00001, 70000.0, True),
        (70000.001, 70000.0, False),
        (math.inf, math.inf, True),
        (1.0, math.inf, False),
        (-math.inf, math.inf, False),
    ],
)
def test_equal_is_within_the_tolerance(value: float, target: float, equal: bool) -> None:
    assert bool(comparator(Operator.EQUAL)(value, target)) is equal
    assert bool(comparator(Operator.NOT_EQUAL)(value, target)) is not equal


@pytest.mark.parametrize(
    ("before", "now", "below", "above"),
    [
        (31.0, 29.0, True, False),
        (30.0, 29.9, True, False),
        (31.0, 30.0, False, False),
        (29.0, 28.0, False, False),
        (29.0, 31.0, False, True),
        (30.0, 30.1, False, True),
        (29.0, 30.0, False, False),
    ],
)
def test_crossing_is_leaving_the_target_on_the_far_side(
    before: float, now: float, below: bool, above: bool
) -> None:
    assert bool(is_crossed(Direction.BELOW, before, 30.0, now, 30.0)) is below
    assert bool(is_crossed(Direction.ABOVE, before, 30.0, now, 30.0)) is above


def test_operators_have_signs_and_words() -> None:
    assert find_relation(">=") == find_relation("GTE") == Relation(Operator.GREATER_OR_EQUAL)
    assert find_relation("abs_less_than") == Relation(Operator.LESS, absolute=True)
    assert find_relation("crosses below") == Relation(Direction.BELOW)
    assert find_relation("near") is None
