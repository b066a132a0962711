"""Parameters and schedules as a person types them, and back: `oversold=30, side="long"` and `5m`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import msgspec

from engine.errors import InvalidInput
from engine.model.program import Parameter

PARAMS_ALLOWED = "write name=value, with commas between: oversold=30, side=long"
SCHEDULE_ALLOWED = "give a span such as 5m, 90s or 1h, or nothing for none"

_PAIRS = re.compile(r'((?:[^,"]|"(?:[^"\\]|\\.)*")+)')
_WORDS: Mapping[str, Parameter] = {"true": True, "false": False, "none": None, "null": None}
_SPAN = re.compile(r"([0-9]{1,7})\s*([smhd]?)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "": 1}


def read_params(text: str) -> dict[str, Parameter]:
    """Return the parameters a text says; raises `InvalidInput` naming the part that says none."""
    params: dict[str, Parameter] = {}
    for part in _PAIRS.findall(text):
        if not part.strip():
            continue
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not name.isidentifier() or not value:
            raise InvalidInput.of("params", part.strip(), PARAMS_ALLOWED)
        if name in params:
            raise InvalidInput.of("params", name, "each parameter is given once")
        params[name] = _read_value(value)
    return params


def _read_value(text: str) -> Parameter:
    if text.casefold() in _WORDS:
        return _WORDS[text.casefold()]
    try:
        value = msgspec.json.decode(text.encode(), type=int | float | str)
    except msgspec.DecodeError:
        return text
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput.of("params", text, "a number is finite")
    return value


def params_text(params: Mapping[str, Parameter]) -> str:
    """Return parameters as they are typed; reading the text gives them back."""
    return ", ".join(f"{name}={_value_text(value)}" for name, value in params.items())


def _value_text(value: Parameter) -> str:
    plain = isinstance(value, str) and value and not re.search(r'[,"=\s\\]', value)
    if plain and isinstance(value, str) and _read_value(value) == value:
        return value
    return "none" if value is None else msgspec.json.encode(value).decode()


def read_schedule(text: str) -> int:
    """Return the seconds of a span of time such as `5m`, 0 for none; raises `InvalidInput`."""
    typed = text.strip().casefold().removeprefix("every").strip()
    if typed in ("", "0", "none", "off"):
        return 0
    seconds, position = 0, 0
    for match in _SPAN.finditer(typed):
        if typed[position : match.start()].strip():
            break
        seconds, position = seconds + int(match[1]) * _SECONDS[match[2]], match.end()
    if typed[position:].strip() or not seconds:
        raise InvalidInput.of("schedule_seconds", text.strip(), SCHEDULE_ALLOWED)
    return seconds
