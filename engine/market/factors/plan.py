"""A factor as a list of steps, in an order in which each needs only earlier ones.

Equal parts of an expression, and of the factors and formulas it names, are one step: they are
computed once. The work a plan can ask for is bounded by the number of its steps.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.errors import InvalidInput
from engine.market.factors.expression import (
    Call,
    Expression,
    Name,
    Number,
    names_in,
    not_allowed,
    parse_expression,
)
from engine.market.factors.forms import Form, Windowed
from engine.market.factors.formulas import COLUMNS, FORMULAS, Formula, signature
from engine.market.factors.functions import FUNCTIONS, OPERATORS, Function, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.candles.series import CandleSeries

MOST_STEPS = 300
MOST_REFERENCES = 16
MOST_LOOKED_AT = 10_000
"""How many values the functions that go through a whole window may look at for each candle."""


class ColumnStep(msgspec.Struct, frozen=True):
    """A column of the candle."""

    column: str


class ConstantStep(msgspec.Struct, frozen=True):
    """The same number at every candle."""

    value: float


class FunctionStep(msgspec.Struct, frozen=True):
    """A function or an operator of earlier steps, given by their places in the plan."""

    function: str
    arguments: tuple[int, ...]
    windows: tuple[int, ...]

    @property
    def form(self) -> Form:
        """How it is computed."""
        operator = OPERATORS.get(self.function)
        return FUNCTIONS[self.function].form if operator is None else operator


type Step = ColumnStep | ConstantStep | FunctionStep


class Plan(msgspec.Struct, frozen=True):
    """Steps, and which of them are the results."""

    steps: tuple[Step, ...]
    results: tuple[int, ...]

    def arrays(self, series: CandleSeries) -> tuple[NDArray[np.float64], ...]:
        """Return the results at every candle of `series`, NaN where missing."""
        return self.visit(series, lambda place, arguments: None)

    def visit(
        self, series: CandleSeries, take: Callable[[int, list[NDArray[np.float64]]], None]
    ) -> tuple[NDArray[np.float64], ...]:
        """Return the results, and hand the arguments of each function to `take` with its place.

        What no later step needs is let go of at once: all steps of a long history are more than memory
        can hold.
        """
        values: list[NDArray[np.float64]] = []
        released = np.empty(0)
        releases = self._last_uses()
        with np.errstate(all="ignore"):
            for place, step in enumerate(self.steps):
                value = _array(step, values, series)
                values.append(np.where(np.isfinite(value), value, math.nan))
                if isinstance(step, FunctionStep):
                    take(place, [values[argument] for argument in step.arguments])
                for argument in releases.get(place, ()):
                    values[argument] = released
        return tuple(values[result] for result in self.results)

    def _last_uses(self) -> dict[int, tuple[int, ...]]:
        """Return which steps are not needed any more after each step, so that memory stays small."""
        last_use: dict[int, int] = {}
        for place, step in enumerate(self.steps):
            if isinstance(step, FunctionStep):
                last_use.update(dict.fromkeys(step.arguments, place))
        releases: dict[int, tuple[int, ...]] = {}
        for argument, place in last_use.items():
            if argument not in self.results:
                releases[place] = (*releases.get(place, ()), argument)
        return releases


def _array(step: Step, values: list[NDArray[np.float64]], series: CandleSeries) -> NDArray[np.float64]:
    match step:
        case ColumnStep(column):
            return np.asarray(getattr(series, column), dtype=np.float64)
        case ConstantStep(value):
            return np.full(len(series), value)
        case FunctionStep(_, arguments, windows):
            return step.form.array([values[argument] for argument in arguments], windows)


class _Scope(msgspec.Struct, frozen=True):
    """What a formula's own arguments stand for: steps, and whole numbers."""

    series: Mapping[str, int] = {}
    windows: Mapping[str, int] = {}


class PlanBuilder:
    """Turns expressions into one plan; `factor` gives the expression of each of `names`."""

    def __init__(self, factor: Callable[[str], Expression], names: Collection[str]) -> None:
        self._factor = factor
        self._factor_names = names
        self._steps: dict[Step, int] = {}
        self._factor_steps: dict[str, int] = {}
        self._path: list[str] = []
        self._looked_at = 0
        self._outermost = _Scope()
        self._position = 0
        """Where in the outermost expression the part stands that is being added."""

    def factor(self, name: str) -> int:
        """Add the factor called `name`, which exists, and return its place.

        Raises `InvalidInput`; its `position` is one in the expression of `details["factor"]`.
        """
        return self._named(name, self._outermost)

    def expression(self, expression: Expression) -> int:
        """Add an expression that has no name and return its place; raises `InvalidInput`."""
        return self._whole(expression, self._outermost)

    def plan(self, *results: int) -> Plan:
        """Return everything added so far as a plan with these results."""
        return Plan(tuple(self._steps), results)

    def _add(self, expression: Expression, scope: _Scope) -> int:
        if scope is self._outermost:
            self._position = expression.position
        match expression:
            case Number(value):
                return self._step(ConstantStep(value))
            case Name():
                return self._add_name(expression, scope)
            case Call(function) if function in OPERATORS:
                arguments = [self._add(each, scope) for each in expression.arguments]
                return self._step(FunctionStep(function, tuple(arguments), ()))
            case Call():
                return self._add_call(expression, scope)

    def _step(self, step: Step) -> int:
        if isinstance(step, FunctionStep) and isinstance(step.form, Windowed) and step not in self._steps:
            self._looked_at += sum(step.windows) * len(step.arguments)
            if self._looked_at > MOST_LOOKED_AT:
                raise self._too_far(
                    "so long a computation",
                    f"with what it refers to, a factor looks at {MOST_LOOKED_AT} values a candle at most",
                )
        place = self._steps.setdefault(step, len(self._steps))
        if place >= MOST_STEPS:
            raise self._too_far(
                "so long a computation", f"with what it refers to, a factor has at most {MOST_STEPS} steps"
            )
        return place

    def _too_far(self, word: str, allowed: str) -> InvalidInput:
        """Return an error that is about all of the outermost expression, with its part that leads there."""
        error = not_allowed(word, self._position, allowed)
        if self._path:
            error.details["factor"] = self._path[0]
        return error

    def _add_name(self, word: Name, scope: _Scope) -> int:
        name = word.name
        if name in scope.series:
            return scope.series[name]
        if name in scope.windows:
            return self._step(ConstantStep(float(scope.windows[name])))
        if name in COLUMNS:
            return self._step(ColumnStep(name))
        if name in FORMULAS and FORMULAS[name].is_column:
            return self._add(parsed(FORMULAS[name].expression), _Scope())
        if name in FUNCTIONS or name in FORMULAS:
            raise not_allowed(name, word.position, f"a function is written {signature(name)}")
        return self._add_factor(word)

    def _add_factor(self, word: Name) -> int:
        name = word.name
        if name in self._factor_steps:
            return self._factor_steps[name]
        if name in self._path:
            circle = " → ".join((*self._path[self._path.index(name) :], name))
            raise self._too_far(circle, "a factor cannot refer to itself in a circle")
        if name not in self._factor_names:
            columns = (each.name for each in FORMULAS.values() if each.is_column)
            known = (*COLUMNS, *columns, *self._factor_names)
            raise _unknown("column or factor", name, word.position, known)
        if len(self._path) >= MOST_REFERENCES:
            raise self._too_far(name, f"factors refer to each other over at most {MOST_REFERENCES} steps")
        return self._named(name, _Scope())

    def _named(self, name: str, scope: _Scope) -> int:
        self._path.append(name)
        try:
            place = self._whole(self._factor(name), scope)
        except InvalidInput as error:
            error.details.setdefault("factor", name)
            raise
        self._path.pop()
        self._factor_steps[name] = place
        return place

    def _whole(self, expression: Expression, scope: _Scope) -> int:
        # Factors it names go first, so that calls are nested no deeper than one expression is.
        for reference in names_in(expression):
            if scope is self._outermost:
                self._position = reference.position
            if reference.name in self._factor_names:
                self._add_factor(reference)
        return self._add(expression, scope)

    def _add_call(self, call: Call, scope: _Scope) -> int:
        known = FORMULAS.get(call.function) or FUNCTIONS.get(call.function)
        if known is None or (isinstance(known, Formula) and known.is_column):
            functions = (each for each in (*FORMULAS, *FUNCTIONS) if "(" in signature(each))
            raise _unknown("function", call.function, call.position, tuple(functions))
        wanted = len(known.series) + len(known.windows)
        if len(call.arguments) != wanted:
            raise not_allowed(
                f"{call.function} with {len(call.arguments)} arguments",
                call.position,
                f"it is written {signature(call.function)}",
            )
        series = [self._add(each, scope) for each in call.arguments[: len(known.series)]]
        windows = [
            _window(each, window, call.function, scope)
            for each, window in zip(call.arguments[len(known.series) :], known.windows, strict=True)
        ]
        return self._apply(known, series, windows)

    def _apply(self, known: Function | Formula, series: list[int], windows: list[int]) -> int:
        if isinstance(known, Formula):
            names = (window.name for window in known.windows)
            inner = _Scope(
                dict(zip(known.series, series, strict=True)), dict(zip(names, windows, strict=True))
            )
            return self._add(parsed(known.expression), inner)
        columns = (self._step(ColumnStep(column)) for column in known.columns)
        return self._step(FunctionStep(known.name, (*series, *columns), tuple(windows)))


@lru_cache(maxsize=1024)
def parsed(expression: str) -> Expression:
    """Return an expression as a tree, parsing an equal text once; see `parse_expression`."""
    return parse_expression(expression)


def _window(argument: Expression, window: Window, function: str, scope: _Scope) -> int:
    allowed = f"{window.name} of {signature(function)} is a whole number from {window.least} to {window.most}"
    match argument:
        case Name(name) if name in scope.windows:
            return scope.windows[name]
        case Number(value):
            if value != int(value) or not window.least <= value <= window.most:
                raise not_allowed(f"{value:g}", argument.position, allowed)
            return int(value)
        case _:
            word = argument.name if isinstance(argument, Name) else "an expression"
            raise not_allowed(word, argument.position, allowed)


def _unknown(kind: str, word: str, position: int, known: tuple[str, ...]) -> InvalidInput:
    near = difflib.get_close_matches(word.lower(), known, n=4, cutoff=0.5)
    hint = f"the nearest are {', '.join(near)}" if near else f"there are {', '.join(known[:12])} …"
    return not_allowed(word, position, f"there is no such {kind}; {hint}")
