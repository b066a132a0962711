"""What the desk sent with a batch, unpacked: columns, and the answer to each question at a trigger.

Shipped as text and executed in the guest first, before `guest_api.py`; the engine never imports it.
Columns arrive as slices of one block of bytes, so that unpacking copies nothing.
"""

from __future__ import annotations

import json
from typing import Any

MISSING_TEXT = "\0"
SERIES_LENGTH = 20


class NeedsData(BaseException):
    """The program asked for something that the batch does not have."""

    def __init__(self, query: tuple[str, str, str, str, int]) -> None:
        super().__init__("this data is fetched, and the program is run again")
        self.query = query


class WantsBooks(BaseException):
    """The program looked at its account, which only the desk knows exactly by now."""


class Answers:
    """Every answer of a batch, by question; `ask` is what a program's question comes to."""

    def __init__(self, sent: list[Any], block: memoryview, triggers: int) -> None:
        self._known: dict[Any, Any] = {}
        self._counts: dict[Any, int] = {}
        for method, symbol, name, period, count, columns in sent:
            key = method, symbol, name, period
            if self._counts.get(key, -1) < count:
                self._known[key] = _KINDS[method](columns, block, triggers)
                self._counts[key] = count

    def find(self, method: str, symbol: str, name: str = "", period: str = "", count: int = 0) -> Any:
        """Return the answer to a question; raises `NeedsData` for one that has not been answered."""
        key = method, symbol, name, period
        answer = self._known.get(key)
        if answer is None or self._counts[key] < count:
            raise NeedsData((method, str(symbol), str(name), str(period), count))
        return answer


def column_of(block: Any, place: list[int], kind: str) -> Any:
    """Return a column of the block as numbers of a kind: d for floats, q and b for integers."""
    return block[place[0] : place[0] + place[1]].cast(kind)


def _known(value: float) -> float | None:
    return value if value == value else None


def _list(values: memoryview) -> list[float | None]:
    found: list[float | None] = values.tolist()
    if found and found[0] != found[0]:
        return [value if value == value else None for value in found]
    return found


class _Series:
    """Columns of which a trigger sees the first so many values."""

    def __init__(self, columns: dict[str, Any], block: memoryview, triggers: int) -> None:
        self.columns = {key: column_of(block, place, "d") for key, place in columns["numbers"].items()}
        self.visible = column_of(block, columns["visible"], "q") if columns["visible"] else None


class IndicatorLines(_Series):
    """An indicator: `value` alone, or several lines by their names."""

    def __init__(self, columns: dict[str, Any], block: memoryview, triggers: int) -> None:
        super().__init__(columns, block, triggers)
        self._only = self.columns.get("value") if len(self.columns) == 1 else None

    def at(self, row: int) -> dict[str, Any]:
        """Return the indicator as a trigger sees it, {} while it warms up."""
        if self.visible is None:
            return {}
        end = self.visible[row]
        if not end:
            return {}
        start = end - SERIES_LENGTH if end > SERIES_LENGTH else 0
        column = self._only
        if column is None:
            return self._several(start, end)
        value = column[end - 1]
        if value != value:
            return {}
        previous = column[end - 2] if end > 1 else value
        return {
            "value": value,
            "previous": previous if end > 1 and previous == previous else None,
            "series": _list(column[start:end]),
        }

    def _several(self, start: int, end: int) -> dict[str, Any]:
        latest = {key: column[end - 1] for key, column in self.columns.items()}
        if any(value != value for value in latest.values()):
            return {}
        found: dict[str, Any] = dict(latest)
        found["previous"] = {
            key: _known(column[end - 2]) if end > 1 else None for key, column in self.columns.items()
        }
        found["series"] = {key: _list(column[start:end]) for key, column in self.columns.items()}
        return found


class Candles(_Series):
    """Closed candles, as rows of plain numbers."""

    def rows(self, row: int, count: int) -> list[tuple[Any, ...]]:
        """Return the last `count` candles that a trigger sees."""
        if self.visible is None or count <= 0:
            return []
        end = self.visible[row]
        start = max(0, end - count)
        columns = [self.columns[key][start:end].tolist() for key in ("t", "o", "h", "l", "c", "v")]
        return list(zip(*columns, strict=True))


class PerTrigger:
    """One value for each trigger: numbers, texts, and rows of the last few where a name ends in 5."""

    def __init__(self, columns: dict[str, Any], block: memoryview, triggers: int) -> None:
        self._triggers = triggers
        self._numbers = {key: column_of(block, place, "d") for key, place in columns["numbers"].items()}
        self._texts = columns["texts"]

    def at(self, row: int) -> dict[str, Any]:
        """Return the values of a trigger, None where one is missing."""
        found: dict[str, Any] = {}
        for key, column in self._numbers.items():
            width = len(column) // self._triggers
            if width == 1:
                found[key] = _known(column[row])
            else:
                found[key] = [_known(value) for value in column[row * width : (row + 1) * width]]
        for key, texts in self._texts.items():
            text = texts[row] if len(texts) > 1 else texts[0]
            found[key] = None if text == MISSING_TEXT else text
        return found


class Ranking(PerTrigger):
    """Factors as the desk ranked them."""

    def rows(self, row: int) -> list[Any]:
        """Return the ranking of a trigger."""
        text = self.at(row).get("rows")
        ranked: list[Any] = json.loads(text) if text else []
        return ranked


_KINDS: dict[str, Any] = {
    "klines": Candles,
    "indicator": IndicatorLines,
    "flow": PerTrigger,
    "regime": PerTrigger,
    "factor": PerTrigger,
    "factor_ranking": Ranking,
    "price_change": PerTrigger,
    "market_data": PerTrigger,
}
