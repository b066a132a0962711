"""Arithmetic written once for a float and for a whole array of floats, with the same rounding.

`+ - * /`, comparisons and square roots are rounded alike in Python and in numpy, so a formula made
of nothing else gives bit for bit the same number one candle at a time and over a history. A window
is a list of its members, oldest first: floats, or equally long arrays of which element i belongs to
the i-th window. What is reduced is reduced in that order.

Missing is NaN. A division by zero and the root of a negative number are missing.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

type Values = Any
"""A float, or a float64 array: everything here takes either and gives the same kind back."""
type Window = list[Values]


def choose(condition: Values, yes: Values, no: Values) -> Values:
    """Return `yes` where the condition holds, else `no`."""
    if isinstance(condition, np.ndarray):
        return np.where(condition, yes, no)
    return yes if condition else no


def divide(dividend: Values, divisor: Values) -> Values:
    """Return the quotient, missing where the divisor is 0."""
    if isinstance(divisor, np.ndarray):
        return dividend / np.where(divisor == 0.0, math.nan, divisor)
    return math.nan if divisor == 0.0 else dividend / divisor


def root(value: Values) -> Values:
    """Return the square root, missing for what is negative."""
    if isinstance(value, np.ndarray):
        return np.sqrt(value)
    return math.sqrt(value) if value >= 0.0 else math.nan


def sign(value: Values) -> Values:
    """Return 1, 0 or -1."""
    return (value > 0.0) * 1.0 - (value < 0.0) * 1.0


def clip(value: Values, lowest: Values, highest: Values) -> Values:
    """Return the value, not below `lowest` and, which goes first, not above `highest`."""
    return smaller(larger(value, lowest), highest)


def larger(one: Values, other: Values) -> Values:
    """Return the larger of two."""
    return choose(one > other, one, other)


def smaller(one: Values, other: Values) -> Values:
    """Return the smaller of two."""
    return choose(one < other, one, other)


def where(condition: Values, yes: Values, no: Values) -> Values:
    """Return `yes` where the condition is not 0, `no` where it is, missing where it is missing."""
    return choose(condition == condition, choose(condition != 0.0, yes, no), math.nan)


def power(base: Values, exponent: int) -> Values:
    """Return the base multiplied by itself, `exponent` factors in all."""
    result = base
    for _ in range(exponent - 1):
        result = result * base
    return result


def total(window: Window) -> Values:
    """Return the sum."""
    result = window[0]
    for value in window[1:]:
        result = result + value
    return result


def product(window: Window) -> Values:
    """Return the product."""
    result = window[0]
    for value in window[1:]:
        result = result * value
    return result


def _centre(window: Window) -> Values:
    """Return the mean's distance from the first member.

    Moments are taken of (value - first) - centre: exactly 0 where all are equal, and precise where
    they are large and differ little.
    """
    first = window[0]
    result = 0.0
    for value in window[1:]:
        result = result + (value - first)
    return result / len(window)


def covariance(window: Window, other_window: Window) -> Values:
    """Return the mean product of both distances from the mean (population covariance)."""
    first, centre = window[0], _centre(window)
    other_first, other_centre = other_window[0], _centre(other_window)
    together = 0.0
    for value, other in zip(window, other_window, strict=True):
        together = together + ((value - first) - centre) * ((other - other_first) - other_centre)
    return together / len(window)


def correlation(window: Window, other_window: Window) -> Values:
    """Return Pearson's correlation, -1 to 1, missing where one of them stands still."""
    first, centre = window[0], _centre(window)
    other_first, other_centre = other_window[0], _centre(other_window)
    together = squares = other_squares = 0.0
    for value, other in zip(window, other_window, strict=True):
        away = (value - first) - centre
        other_away = (other - other_first) - other_centre
        together = together + away * other_away
        squares = squares + away * away
        other_squares = other_squares + other_away * other_away
    value = divide(together, root(squares) * root(other_squares))
    # Rounding may carry it a little beyond; a clip would make what is missing a number.
    return choose(value > 1.0, 1.0, choose(value < -1.0, -1.0, value))


def mean_absolute_deviation(window: Window) -> Values:
    """Return the mean distance from the mean, exactly 0 where all are equal."""
    first, centre = window[0], _centre(window)
    result = 0.0
    for value in window:
        result = result + abs((value - first) - centre)
    return result / len(window)


def skewness(window: Window) -> Values:
    """Return the third standardised moment, missing where nothing moves."""
    first, centre = window[0], _centre(window)
    squares = cubes = 0.0
    for value in window:
        away = (value - first) - centre
        square = away * away
        squares = squares + square
        cubes = cubes + square * away
    variance = squares / len(window)
    return divide(cubes / len(window), variance * root(variance))


def excess_kurtosis(window: Window) -> Values:
    """Return the fourth standardised moment less 3, missing where nothing moves."""
    first, centre = window[0], _centre(window)
    squares = fourths = 0.0
    for value in window:
        away = (value - first) - centre
        square = away * away
        squares = squares + square
        fourths = fourths + square * square
    variance = squares / len(window)
    return divide(fourths / len(window), variance * variance) - 3.0


def rank_of_last(window: Window) -> Values:
    """Return the share of the others that lie below the last, 0 to 1; an equal one counts half."""
    last = window[-1]
    below = 0.0
    for value in window[:-1]:
        below = below + (value < last) + 0.5 * (value == last)
    return below / (len(window) - 1)


def since_highest(window: Window) -> Values:
    """Return how many candles ago the highest was, the latest of equal ones."""
    return _since(window, operator.ge)


def since_lowest(window: Window) -> Values:
    """Return how many candles ago the lowest was, the latest of equal ones."""
    return _since(window, operator.le)


def _since(window: Window, replaces: Callable[[Values, Values], Values]) -> Values:
    extreme = window[0]
    ago = float(len(window) - 1)
    for index, value in enumerate(window):
        is_new = replaces(value, extreme)
        ago = choose(is_new, float(len(window) - 1 - index), ago)
        extreme = choose(is_new, value, extreme)
    return ago
