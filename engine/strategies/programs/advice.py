"""What to try when a program failed: one table of what goes wrong often, and what helps."""

from __future__ import annotations

import re

import msgspec


class _Mistake(msgspec.Struct, frozen=True):
    """How a mistake is recognised, by the error's kind and message, and what to do about it."""

    kind: str
    message: re.Pattern[str]
    advice: str


def _mistake(kind: str, message: str, advice: str) -> _Mistake:
    return _Mistake(kind, re.compile(message), advice)


_MISTAKES = (
    _mistake(
        "TypeError",
        r"NoneType",
        "a value was not known yet: check `if value is None:` before computing with it",
    ),
    _mistake(
        "KeyError",
        r".",
        "an answer without data is {}: read it with .get(name) and check for None",
    ),
    _mistake("AttributeError", r"NoneType", "get_regime returns None while the regime is unknown"),
    _mistake("AttributeError", r".", "see the guide for what `data` has; names are listed there"),
    _mistake("NameError", r".", "only the names of the guide are there; imports go at the top"),
    _mistake("ModuleNotFoundError", r".", "a program has Python's standard library without system modules"),
    _mistake("ImportError", r".", "a program has Python's standard library without system modules"),
    _mistake("ZeroDivisionError", r".", "check the divisor: volumes and ranges can be 0"),
    _mistake("IndexError", r".", "fewer candles than asked for may be on record: check len() first"),
    _mistake("", r"max_price", 'give the most to pay: max_price=data.get_price("BTC") * 1.002'),
    _mistake("", r"min_price", 'give the least to take: min_price=data.get_price("BTC") * 0.998'),
    _mistake("", r"target_portion_of_balance", "give a share above 0 up to 1, such as 0.25"),
    _mistake("", r"must be returned", 'return a Decision from every path; to do nothing, Decision("hold")'),
    _mistake("", r"longer than its limit", "look for a loop that never ends, or work done again every run"),
)


def advice_for(kind: str, message: str, code: str) -> tuple[str, ...]:
    """Return what to try for an error of the program, or of what it decided (an empty `kind`)."""
    text = f"{message} {code}"
    return tuple(each.advice for each in _MISTAKES if each.kind == kind and each.message.search(text))[:2]
