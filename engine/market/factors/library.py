"""Every factor there is, the built-in ones and one's own, by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from engine.errors import Conflict, InvalidInput, NotFound
from engine.market.factors.builtin import BUILT_IN
from engine.market.factors.expression import Expression, names_in
from engine.market.factors.formulas import COLUMNS, FORMULAS
from engine.market.factors.functions import FUNCTIONS
from engine.market.factors.plan import Plan, PlanBuilder, parsed
from engine.market.factors.streams import FactorStream
from engine.model.factor import FactorCategory, FactorDefinition
from engine.text import safe_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.market.candles.series import CandleSeries

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NAME_RULE = "a name is 1 to 40 of a-z, 0-9 and _, beginning with a letter"
_LONGEST_MEANING = 400


class FactorLibrary:
    """The built-in factors and custom ones; never changes, so any thread may read it.

    Names are looked up in any case. Raises `InvalidInput` for a custom factor whose name or
    expression cannot be used; `details["factor"]` names it.
    """

    def __init__(self, custom: Iterable[FactorDefinition] = ()) -> None:
        self._factors: dict[str, FactorDefinition] = {each.name: each for each in BUILT_IN}
        self._plans: dict[str, Plan] = {}
        own = [_cleaned(definition) for definition in custom]
        for definition in own:
            if definition.name in self._factors:
                raise _of_factor(
                    definition.name,
                    InvalidInput.of("name", definition.name, "another factor has that name already"),
                )
            self._factors[definition.name] = definition
        for definition in own:
            self._plan(definition.name)

    def definitions(self) -> tuple[FactorDefinition, ...]:
        """Return every factor, the built-in ones first."""
        return tuple(self._factors.values())

    def get(self, name: str) -> FactorDefinition:
        """Return the factor called `name`; raise `NotFound` with the nearest names."""
        known = self._factors.get(_key(name))
        if known is not None:
            return known
        shown = safe_line(name, 40)
        near = ", ".join(difflib.get_close_matches(shown.lower(), self._factors, n=4, cutoff=0.5))
        hint = f"the nearest are {near}" if near else f"there are {', '.join(list(self._factors)[:8])} …"
        raise NotFound(f"factor: {shown} is not known; {hint}", field="factor", value=shown, allowed=hint)

    def array(self, name: str, series: CandleSeries) -> NDArray[np.float64]:
        """Return a factor at every candle of `series`, NaN where missing."""
        return self._plan(self.get(name).name).arrays(series)[0]

    def stream(self, name: str, history: CandleSeries | None = None) -> FactorStream:
        """Return a factor carried forward candle by candle, after the closed candles of `history`."""
        return FactorStream(self._plan(self.get(name).name), history)

    def check_expression(self, expression: str) -> None:
        """Raise `InvalidInput` with the `position` of what is wrong in an expression, if anything."""
        builder = self._builder()
        builder.plan(builder.expression(parsed(expression)))

    def with_factor(self, definition: FactorDefinition) -> FactorLibrary:
        """Return a library in which `definition` is added, or takes the place of its namesake.

        Raises `InvalidInput` for a name that a column, a function or a built-in factor has, and for
        an expression that cannot be used, that refers to itself in a circle, or on which another
        factor could not be built any more.
        """
        cleaned = _cleaned(definition)
        own = {each.name: each for each in self._custom()}
        return FactorLibrary({**own, cleaned.name: cleaned}.values())

    def without_factor(self, name: str) -> FactorLibrary:
        """Return a library without a custom factor.

        Raises `NotFound` where there is none, `Conflict` where it is built in or another uses it.
        """
        definition = self.get(name)
        if definition.category is not FactorCategory.CUSTOM:
            raise Conflict(f"factor: {definition.name} is built in and stays", factor=definition.name)
        users = self.users_of(definition.name)
        if users:
            raise Conflict(
                f"factor: {definition.name} is used by {', '.join(users)}; remove it there first",
                factor=definition.name,
            )
        return FactorLibrary(each for each in self._custom() if each.name != definition.name)

    def users_of(self, name: str) -> tuple[str, ...]:
        """Return the factors whose expressions name this one."""
        wanted = _key(name)
        return tuple(
            each.name
            for each in self._factors.values()
            if any(reference.name == wanted for reference in names_in(parsed(each.expression)))
        )

    def _custom(self) -> tuple[FactorDefinition, ...]:
        return tuple(each for each in self._factors.values() if each.category is FactorCategory.CUSTOM)

    def _builder(self) -> PlanBuilder:
        return PlanBuilder(self._expression_of, self._factors.keys())

    def _expression_of(self, name: str) -> Expression:
        return parsed(self._factors[name].expression)

    def _plan(self, name: str) -> Plan:
        if name not in self._plans:
            builder = self._builder()
            self._plans[name] = builder.plan(builder.factor(name))
        return self._plans[name]


def _key(name: str) -> str:
    return name.strip().lower()


def _cleaned(definition: FactorDefinition) -> FactorDefinition:
    name = definition.name
    if definition.category is not FactorCategory.CUSTOM:
        raise _of_factor(
            name, InvalidInput.of("category", definition.category, "a factor of one's own is custom")
        )
    if not _NAME.fullmatch(name):
        raise _of_factor(name, InvalidInput.of("name", safe_line(name, 40), _NAME_RULE))
    if name in COLUMNS or name in FUNCTIONS or name in FORMULAS:
        allowed = "the factor language has a word of that name"
        raise _of_factor(name, InvalidInput.of("name", name, allowed))
    return msgspec.structs.replace(definition, meaning=safe_line(definition.meaning, _LONGEST_MEANING))


def _of_factor(name: str, error: InvalidInput) -> InvalidInput:
    error.details["factor"] = safe_line(name, 40)
    return error
