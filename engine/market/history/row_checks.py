"""What candle rows must be before they are stored, whichever file or venue they come from.

The first row that breaks a rule is named with its number (from 1), its field and its value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.errors import InvalidInput
from engine.market.candles.series import CandleSeries
from engine.market.periods import Period

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRICES = ("open", "high", "low", "close")
NUMBERS = (*PRICES, "volume")
MIN_ROWS_TO_TELL_SPACING = 3


def bad_row(source: str, index: int, field: str, value: object, allowed: str) -> InvalidInput:
    """Build the error that refuses a source for its row at `index` (from 0; people count from 1)."""
    return InvalidInput(
        f"{source}: row {index + 1}: {field}: {value} is not allowed; {allowed}",
        source=source,
        row=str(index + 1),
        field=field,
        value=str(value),
        allowed=allowed,
    )


class _Rule(msgspec.Struct, frozen=True, eq=False):
    """A field, which rows break it, the values to show and what would be allowed."""

    field: str
    broken: NDArray[np.bool_]
    values: NDArray[np.int64] | NDArray[np.float64]
    allowed: str


def check_order(open_ms: NDArray[np.int64], source: str) -> None:
    """Raise `InvalidInput` unless every row opens after the one before it."""
    steps = np.diff(open_ms, prepend=open_ms[:1] - 1)
    _refuse_first(
        source,
        (
            _Rule("t_ms", steps == 0, open_ms, "the row before has the same time"),
            _Rule("t_ms", steps < 0, open_ms, "rows are in the order of time, the earliest first"),
        ),
    )


def check_rows(rows: CandleSeries, period: Period, source: str) -> None:
    """Raise `InvalidInput` for the first row that no market could have traded or that is out of place."""
    check_order(rows.open_ms, source)
    columns = {name: getattr(rows, name) for name in NUMBERS}
    off_grid = (rows.open_ms - period.anchor_ms) % period.length_ms != 0
    rules = [_Rule("t_ms", off_grid, rows.open_ms, f"a {period} candle opens on a full {period} of UTC")]
    rules += (_Rule(name, ~np.isfinite(column), column, "a number") for name, column in columns.items())
    rules += (_Rule(name, columns[name] <= 0, columns[name], "more than 0") for name in PRICES)
    rules.append(_Rule("volume", rows.volume < 0, rows.volume, "0 or more"))
    rules.append(_Rule("high", rows.high < rows.low, rows.high, "not below the low"))
    for name in ("open", "close"):
        outside = (columns[name] < rows.low) | (columns[name] > rows.high)
        rules.append(_Rule(name, outside, columns[name], "from the low to the high"))
    _refuse_first(source, rules)


def check_spacing(open_ms: NDArray[np.int64], period: Period, source: str) -> None:
    """Raise `InvalidInput` when rows lie so far apart that they are of a longer period.

    Two rows may have a gap between them; of three or more, two are neighbours.
    """
    if len(open_ms) < MIN_ROWS_TO_TELL_SPACING:
        return
    spacing = int(np.diff(open_ms).min())
    if spacing > period.length_ms:
        minutes = spacing / Period.M1.length_ms
        raise InvalidInput.of(f"{source}: period", period, f"the rows are at least {minutes:g} minutes apart")


def detect_period(open_ms: NDArray[np.int64], source: str) -> Period:
    """Return the period of rows by the shortest time between two of them."""
    if len(open_ms) < MIN_ROWS_TO_TELL_SPACING:
        raise InvalidInput.of(
            f"{source}: period",
            "unknown",
            f"name it: {len(open_ms)} rows are too few to tell it from their spacing",
        )
    spacing = int(np.diff(open_ms).min())
    for period in Period:
        if period.length_ms == spacing:
            return period
    raise InvalidInput.of(
        f"{source}: period",
        f"{spacing / Period.M1.length_ms:g} minutes between rows",
        f"allowed is {', '.join(Period)}",
    )


def _refuse_first(source: str, rules: list[_Rule] | tuple[_Rule, ...]) -> None:
    broken = [(int(np.argmax(rule.broken)), rule) for rule in rules if rule.broken.any()]
    if broken:
        index, rule = min(broken, key=lambda found: found[0])
        raise bad_row(source, index, rule.field, rule.values[index], rule.allowed)
