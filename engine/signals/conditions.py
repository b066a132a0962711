"""Signal definitions: what must happen in the market, as a value and as a line of text.

A definition is pure: given two successive values it says whether they make a crossing. Imports
nothing heavy, so that settings and forms can check a definition as it is typed.
"""

from __future__ import annotations

import enum
import re
from decimal import Decimal

import msgspec

from engine.errors import InvalidInput
from engine.market.periods import Period, parse_period

SHORTEST_RSI = 2
LONGEST_RSI = 200

_FORM = "write it like: rsi14 crosses below 30 on 15m"
_WORD = re.compile(r"\S+")


class Direction(enum.StrEnum):
    """Which way a value crosses a level."""

    ABOVE = "above"
    BELOW = "below"


class RsiCrossing(msgspec.Struct, frozen=True, kw_only=True):
    """The RSI of `length` closed candles of `period` crosses `level` (above 0, below 100).

    Raises `InvalidInput` naming the field when it is out of range.
    """

    period: Period
    length: int = 14
    level: float
    direction: Direction

    def __post_init__(self) -> None:
        if not SHORTEST_RSI <= self.length <= LONGEST_RSI:
            raise InvalidInput.of("length", self.length, f"allowed is {SHORTEST_RSI} to {LONGEST_RSI}")
        if not 0 < self.level < 100:
            raise InvalidInput.of("level", self.level, "allowed is above 0 and below 100")

    def is_crossed(self, previous: float | None, current: float | None) -> bool:
        """Tell whether going from `previous` to `current` crosses the level.

        Reaching the level is not crossing it; leaving it on the far side is. A missing value never
        crosses.
        """
        if previous is None or current is None:
            return False
        if self.direction is Direction.BELOW:
            return previous >= self.level > current
        return previous <= self.level < current

    def __str__(self) -> str:
        level = format(Decimal(repr(self.level)).normalize(), "f")
        return f"rsi{self.length} crosses {self.direction} {level} on {self.period}"


def parse_condition(text: str) -> RsiCrossing:
    """Return the definition written as `text`; `str()` of it gives the text back in one spelling.

    The form is `rsi<length> crosses above|below <level> on <period>`, in any case. Raises
    `InvalidInput` that names the word that is wrong; its `details["position"]` is where it begins.
    """
    words = [(match.group().lower(), match.start()) for match in _WORD.finditer(text)]
    try:
        metric, crosses, direction, level, on, period = (word for word, _ in words)
    except ValueError:
        raise _wrong(text, 0, f"a signal has six words, this has {len(words)}; {_FORM}") from None
    starts = [start for _, start in words]
    length = re.fullmatch(r"rsi(\d{1,4})", metric)
    if length is None:
        raise _wrong(metric, starts[0], f"a signal starts with rsi and a length, such as rsi14; {_FORM}")
    if crosses != "crosses":
        raise _wrong(crosses, starts[1], f"the second word is crosses; {_FORM}")
    if direction not in tuple(Direction):
        raise _wrong(direction, starts[2], "allowed is above or below")
    if re.fullmatch(r"\d+(\.\d+)?", level) is None:
        raise _wrong(level, starts[3], "the level is a number above 0 and below 100")
    if on != "on":
        raise _wrong(on, starts[4], f"the fifth word is on; {_FORM}")
    return RsiCrossing(
        period=parse_period(period),
        length=int(length.group(1)),
        level=float(level),
        direction=Direction(direction),
    )


def _wrong(word: str, position: int, allowed: str) -> InvalidInput:
    error = InvalidInput.of("signal", f"'{word}'", allowed)
    error.details["position"] = str(position)
    return error
