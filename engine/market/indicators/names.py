"""Names of indicators: those of the table, and the general form for all the rest of TA-Lib.

The general form is a function, its parameters by position or by name, and, where the function has
several lines, which of them: `adx(14)`, `bbands(20, 2).upperband`, `stoch(fastk_period=14).slowk`.
Parameters left out have TA-Lib's defaults, and `adx` is `adx()`. Upper and lower case are alike;
names of the table come first. Inputs are those the function is documented for.
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache

from engine.errors import InvalidInput, NotFound
from engine.market.indicators.functions import (
    FunctionParameter,
    TalibFunction,
    check_parameters,
    function_names,
    talib_function,
)
from engine.market.indicators.table import INDICATOR_INFOS, INDICATORS, IndicatorDefinition

FIELD = "indicator"
LONGEST_NAME = 120
_LENGTH = re.compile(r"([a-z]+)_?(\d{1,4})")
_FORM = re.compile(r"([a-z][a-z0-9_]*)\s*(?:\(([^()]*)\))?\s*(?:\.\s*([a-z0-9_]+))?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII)


def indicator(name: str) -> IndicatorDefinition:
    """Return the one line called `name`, of the table or in the general form.

    Raises `NotFound` for an indicator or function that does not exist, naming the nearest, and
    `InvalidInput` for a parameter or output that does not, a value out of its range, or the name of
    an indicator of several lines, naming what is allowed.
    """
    named = INDICATORS.get(name.strip().upper())
    if named is not None:
        return named
    lines = indicator_lines(name)
    if len(lines) > 1:
        choice = ", ".join(line.name for line in lines)
        raise InvalidInput.of(FIELD, name, f"it has several lines; pick one of {choice}")
    return lines[0]


def with_length(name: str) -> str | None:
    """Return the general form of a name that ends in a length: `rsi(21)` for RSI21, None for others.

    `MA` is the simple mean, as it is in the table's names.
    """
    found = _LENGTH.fullmatch(name.strip().lower())
    if found is None:
        return None
    word, length = found.groups()
    return f"{'sma' if word == 'ma' else word}({length})"


@lru_cache(maxsize=512)
def indicator_lines(name: str) -> tuple[IndicatorDefinition, ...]:
    """Return every line of an indicator: three for `BOLL` or `bbands(20)`, one for `BOLL_UPPER`.

    Raises as `indicator` does, except that an indicator may have several lines.
    """
    upper = name.strip().upper()
    if upper in INDICATOR_INFOS:
        return tuple(INDICATORS[line] for line in INDICATOR_INFOS[upper].outputs)
    if upper in INDICATORS:
        return (INDICATORS[upper],)
    return _general(name)


def _general(name: str) -> tuple[IndicatorDefinition, ...]:
    form = _FORM.fullmatch(name.strip().lower()) if len(name) <= LONGEST_NAME else None
    if form is None:
        raise InvalidInput.of(
            FIELD, name[:LONGEST_NAME], "write a name such as RSI14, adx(14) or bbands(20, 2).upperband"
        )
    word, arguments, output = form.groups()
    if word.upper() not in function_names():
        raise _unknown(name, word)
    function = talib_function(word)
    given = _arguments(name, function, arguments)
    check_parameters(function, tuple(given.items()))
    group = word if arguments is None else f"{word}({_canonical(function, given)})"
    several = len(function.outputs) > 1
    lines = {
        each: IndicatorDefinition(
            f"{group}.{each}" if several else group,
            function.name,
            function.inputs,
            tuple(given.items()),
            number if several else None,
            group,
            function.place(each),
        )
        for number, each in enumerate(function.outputs)
    }
    if output is None:
        return tuple(lines.values())
    if output not in lines:
        raise InvalidInput.of(FIELD, name, f"{word} gives {', '.join(lines)}")
    return (lines[output],)


def _unknown(name: str, word: str) -> NotFound:
    candidates = (*INDICATOR_INFOS, *INDICATORS, *function_names())
    near = list(dict.fromkeys(difflib.get_close_matches(word.upper(), candidates, n=4, cutoff=0.5)))
    nearest = f"nearest: {', '.join(near)}; " if near else ""
    allowed = f"{nearest}there are {', '.join(INDICATOR_INFOS)}, and TA-Lib's functions, such as adx(14)"
    return NotFound(f"{FIELD}: {name} is not known; {allowed}", field=FIELD, value=name, allowed=allowed)


def _arguments(name: str, function: TalibFunction, text: str | None) -> dict[str, int | float]:
    """Return each parameter given, in the function's order; raises `InvalidInput` for a wrong one."""
    known = {parameter.name: parameter for parameter in function.parameters}
    given: dict[str, int | float] = {}
    named_before = False
    for position, argument in enumerate((text or "").split(",") if (text or "").strip() else ()):
        key, separator, value = (part.strip() for part in argument.rpartition("="))
        if not separator:
            if named_before:
                raise InvalidInput.of(FIELD, name, f"{value} needs a name, as one before it has")
            if position >= len(function.parameters):
                raise InvalidInput.of(FIELD, name, _takes(function))
            key = function.parameters[position].name
        named_before = bool(separator)
        if key not in known:
            raise InvalidInput.of(FIELD, name, f"there is no parameter {key}; {_takes(function)}")
        if key in given:
            raise InvalidInput.of(FIELD, name, f"{key} is given twice")
        given[key] = _number(function, known[key], value)
    return {parameter: given[parameter] for parameter in known if parameter in given}


def _takes(function: TalibFunction) -> str:
    if not function.parameters:
        return f"{function.name.lower()} takes no parameters"
    described = ", ".join(f"{each.name}={each.default:g}" for each in function.parameters)
    return f"{function.name.lower()} takes {described}"


def _number(function: TalibFunction, parameter: FunctionParameter, text: str) -> int | float:
    field = f"{function.name.lower()} {parameter.name}"
    if not _NUMBER.fullmatch(text):
        raise InvalidInput.of(field, text or "nothing", "allowed is a number")
    value = float(text)
    if isinstance(parameter.default, float):
        return value
    if not value.is_integer():
        raise InvalidInput.of(field, text, "allowed is a whole number")
    return int(value)


def _canonical(function: TalibFunction, given: dict[str, int | float]) -> str:
    """Return the values as text, by position up to the first one left out and by name after it."""
    texts = []
    in_order = True
    for parameter in function.parameters:
        if parameter.name not in given:
            in_order = False
            continue
        value = float(given[parameter.name])
        text = str(int(value)) if value.is_integer() else repr(value)
        texts.append(text if in_order else f"{parameter.name}={text}")
    return ",".join(texts)
