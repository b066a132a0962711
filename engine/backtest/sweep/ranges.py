"""Parameter ranges as people write them: `fast=5,10,20` or `portion=0.2..0.8:0.2`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

from engine.errors import InvalidInput
from engine.model.backtest import ParameterRange
from engine.model.program import Parameter
from engine.text import safe_line

MOST_VALUES = 10_000
_WORDS: dict[str, Parameter] = {"true": True, "false": False, "none": None, "null": None}
_LARGEST = Decimal("1e15")
_ALLOWED = "NAME=a,b,c or NAME=from..to:step"


def parse_range(text: str) -> ParameterRange:
    """Return what a text means; numbers keep their kind, `true`, `false` and `none` are those values.

    Raises `InvalidInput` saying what is allowed.
    """
    name, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not name.isidentifier() or not values:
        raise InvalidInput.of("sweep", safe_line(text, 80), f"allowed is {_ALLOWED}")
    if ".." in values:
        return ParameterRange(name, _steps(text, values))
    parts = [part.strip() for part in values.split(",")]
    if "" in parts or len(set(parts)) < len(parts):
        raise InvalidInput.of("sweep", safe_line(text, 80), "values between commas, each once")
    return ParameterRange(name, tuple(_value(part) for part in parts))


def _steps(text: str, values: str) -> tuple[Parameter, ...]:
    start_text, _, rest = values.partition("..")
    end_text, colon, step_text = rest.partition(":")
    try:
        start, end = Decimal(start_text.strip()), Decimal(end_text.strip())
        step = Decimal(step_text.strip()) if colon else Decimal(1)
    except InvalidOperation:
        raise InvalidInput.of("sweep", safe_line(text, 80), f"allowed is {_ALLOWED}") from None
    if not (start.is_finite() and end.is_finite() and step.is_finite()) or step <= 0 or end < start:
        raise InvalidInput.of("sweep", safe_line(text, 80), "a step above 0, from the lower to the higher")
    if max(abs(start), abs(end), step) > _LARGEST or step < 1 / _LARGEST:
        raise InvalidInput.of("sweep", safe_line(text, 80), "numbers up to 1e15 and steps from 1e-15 on")
    count = int((end - start) / step) + 1
    if count > MOST_VALUES:
        raise InvalidInput.of("sweep", safe_line(text, 80), f"at most {MOST_VALUES:,} values")
    return tuple(_plain(start + step * place) for place in range(count))


def _value(text: str) -> Parameter:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text.strip("\"'")
    return _plain(number) if number.is_finite() else text


def _plain(number: Decimal) -> int | float:
    value = msgspec.json.decode(f"{number:f}".encode())
    assert isinstance(value, int | float)
    return value
