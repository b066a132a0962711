"""What people write behind options, as values: numbers, durations, periods, times, parameters, files' texts.

Every reader raises `InvalidInput` naming the option, the text and what is allowed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tui.numbers import advice_on, read_number

if TYPE_CHECKING:
    from engine.backtesting import Period
    from engine.errors import InvalidInput
    from engine.model.program import Parameter

LONGEST_SHOWN = 80
LARGEST_WHOLE_NUMBER = 2**63 - 1
MOST_DIGITS = 9
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def read_decimal(text: str, option: str) -> Decimal:
    """Return a number such as 10000, 1,000.50 or -0.01, exactly."""
    is_negative = text.startswith("-")
    number = read_number(text[is_negative:])
    if number is None:
        advice = advice_on(text)
        raise _refused(option, text, "a number such as 10000 or 0.05" + (f"; {advice}" if advice else ""))
    return -number if is_negative else number


def read_percentage(text: str, option: str) -> Decimal:
    """Return a percentage such as 0.05 as a fraction."""
    return read_decimal(text, option) / 100


def read_seconds(text: str, option: str) -> int:
    """Return a duration such as 30s, 5m, 1h, 1d or 90 in seconds; always more than 0."""
    number, unit = (text[:-1], text[-1].lower()) if text[-1:].isalpha() else (text, "s")
    is_whole = number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS
    if unit not in _SECONDS or not is_whole or int(number) == 0:
        raise _refused(option, text, "a whole number of seconds, or such as 30s, 5m, 1h, 1d")
    return int(number) * _SECONDS[unit]


def read_period(text: str, option: str) -> Period:
    """Return a period of candles such as 1m or 4h."""
    from engine.backtesting import parse_period
    from engine.errors import InvalidInput

    try:
        return parse_period(text)
    except InvalidInput as error:
        raise _refused(option, text, error.details["allowed"]) from None


def read_time(text: str, option: str) -> int:
    """Return an ISO date or date and time (UTC without a zone) as UTC milliseconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(option, text, "a UTC date or time such as 2025-05-01 or 2025-05-01T12:00") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * 1000


def read_params(text: str, option: str) -> dict[str, Parameter]:
    """Return a JSON object of plain values."""
    import msgspec

    allowed = 'a JSON object of texts, numbers, true, false and null, such as {"fast": 5}'
    try:
        params = msgspec.json.decode(text, type=dict[str, str | float | int | bool | None])
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise _refused(option, text, f"{allowed} ({error})") from None
    for name, value in params.items():
        if isinstance(value, int) and abs(value) > LARGEST_WHOLE_NUMBER:
            raise _refused(option, f"{name}: {value}", f"whole numbers up to {LARGEST_WHOLE_NUMBER}")
    return params


def read_text_file(path: Path, option: str) -> str:
    """Return the text of a UTF-8 file."""
    from engine.errors import InvalidInput

    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInput.of(option, path, f"a text file that can be read: {reason}") from error


def read_text_if_there(path: Path, option: str) -> str | None:
    """Return the text of a UTF-8 file, None where there is no such file."""
    return read_text_file(path, option) if path.is_file() else None


def _refused(option: str, text: str, allowed: str) -> InvalidInput:
    from engine.errors import InvalidInput
    from engine.text import safe_line

    return InvalidInput.of(option, safe_line(text, LONGEST_SHOWN) or "nothing", allowed)
