"""What the desk sent with a batch, unpacked: columns, and the answer to each question at a trigger.

Shipped as text and executed in the guest first of all; the engine never imports it. Columns arrive as
slices of one block of bytes, so that unpacking copies nothing.
"""

from __future__ import annotations

import json
from typing import Any

MISSING_TEXT = "\0"
SERIES_LENGTH = 20
LONGEST_WORD = 200
DENSE_EXTRA = 1000


class NeedsData(BaseException):
    """The program asked for something that the batch does not have."""


class WantsBooks(BaseException):
    """The program looked at its account, which only the desk knows exactly by now."""


def floats(block: memoryview, place: list[int]) -> memoryview[float]:
    """Return the part of `block` at `place` (offset and length) as 64-bit numbers."""
    return block[place[0] : place[0] + place[1]].cast("d")


def integers(block: memoryview, place: list[int]) -> memoryview[int]:
    """Return the part of `block` at `place` as 64-bit integers."""
    return block[place[0] : place[0] + place[1]].cast("q")


def dense(values: memoryview[float], triggers: int) -> Any:
    """Return numbers as a list, which is read fastest, unless there are many more than triggers."""
    return values.tolist() if len(values) <= 2 * triggers + DENSE_EXTRA else values


def known(value: float) -> float | None:
    """Return a number, or None where it is missing."""
    return value if value == value else None


class Answers:
    """Every answer of a batch, by question."""

    def __init__(self, sent: list[Any], block: memoryview, triggers: int) -> None:
        self.needs: tuple[str, str, str, str, int] | None = None
        self._known: dict[Any, Any] = {}
        self._counts: dict[Any, int] = {}
        for method, symbol, name, period, count, columns in sent:
            question = method, symbol, name, period
            if self._counts.get(question, -1) < count:
                self._known[question] = _KINDS[method](columns, block, triggers)
                self._counts[question] = count

    def find(self, method: str, symbol: str, name: str = "", period: str = "", count: int = 0) -> Any:
        """Return the answer to a question; raises `NeedsData` for one that has not been answered."""
        question = method, symbol, name, period
        answer = self._known.get(question)
        if answer is None or self._counts[question] < count:
            return self._found_in_words(method, str(symbol), str(name), str(period), count)
        return answer

    def _found_in_words(self, method: str, symbol: str, name: str, period: str, count: int) -> Any:
        if max(len(symbol), len(name), len(period)) > LONGEST_WORD:
            raise ValueError(f"{method}: a symbol, name or period has at most {LONGEST_WORD} characters")
        question = method, symbol, name, period
        answer = self._known.get(question)
        if answer is None or self._counts[question] < count:
            self.needs = (*question, count)
            raise NeedsData
        return answer


class _Series:
    """Columns of which a trigger sees the first so many values."""

    def __init__(self, columns: dict[str, Any], block: memoryview, triggers: int) -> None:
        self.columns: dict[str, Any] = {
            key: dense(floats(block, place), triggers) for key, place in columns["numbers"].items()
        }
        self.visible = integers(block, columns["visible"]).tolist() if columns["visible"] else None


class IndicatorLines(_Series):
    """An indicator: `value` alone, or several lines by their names."""

    def __init__(self, columns: dict[str, Any], block: memoryview, triggers: int) -> None:
        super().__init__(columns, block, triggers)
        self._only = self.columns.get("value") if len(self.columns) == 1 else None
        self._is_dense = isinstance(self._only, list)

    def at(self, row: int) -> dict[str, Any]:
        """Return what is known at a trigger: the last values, or {} before the first."""
        if self.visible is None:
            return {}
        end = self.visible[row]
        if not end:
            return {}
        start = end - SERIES_LENGTH if end > SERIES_LENGTH else 0
        only = self._only
        if only is None:
            return self._several(start, end)
        series = only[start:end] if self._is_dense else only[start:end].tolist()
        value = series[-1]
        if value != value:
            return {}
        if series[0] != series[0]:
            series = [each for each in series if each == each]
        return {"value": value, "previous": series[-2] if len(series) > 1 else None, "series": series}

    def _several(self, start: int, end: int) -> dict[str, Any]:
        latest = {key: values[end - 1] for key, values in self.columns.items()}
        if any(value != value for value in latest.values()):
            return {}
        series = {
            key: [each for each in values[start:end] if each == each] for key, values in self.columns.items()
        }
        previous = {key: values[-2] if len(values) > 1 else None for key, values in series.items()}
        return {**latest, "previous": previous, "series": series}


class Candles(_Series):
    """Closed candles, as rows of plain numbers."""

    def rows(self, row: int, count: int) -> list[tuple[Any, ...]]:
        """Return the last `count` closed candles that a trigger sees, oldest first."""
        if self.visible is None:
            return []
        end = self.visible[row]
        start = max(0, end - count)
        return list(
            zip(*(self.columns[key][start:end] for key in ("t", "o", "h", "l", "c", "v")), strict=True)
        )


class PerTrigger:
    """One value for each trigger, or a few of them, and texts."""

    def __init__(self, columns: dict[str, Any], block: memoryview, triggers: int) -> None:
        self._numbers: dict[str, memoryview[float]] = {}
        self._lists: dict[str, tuple[memoryview[float], int]] = {}
        self._texts: dict[str, list[str]] = columns["texts"]
        for key, place in columns["numbers"].items():
            values = floats(block, place)
            width = len(values) // triggers
            if width == 1:
                self._numbers[key] = values
            else:
                self._lists[key] = values, width

    def at(self, row: int) -> dict[str, Any]:
        """Return what is known at a trigger, None where something is missing."""
        found: dict[str, Any] = {key: known(values[row]) for key, values in self._numbers.items()}
        for key, (values, width) in self._lists.items():
            found[key] = [known(value) for value in values[row * width : (row + 1) * width]]
        for key, texts in self._texts.items():
            text = texts[row] if len(texts) > 1 else texts[0]
            found[key] = None if text == MISSING_TEXT else text
        return found


class Ranking(PerTrigger):
    """Factors as the desk ranked them."""

    def rows(self, row: int, count: int) -> list[Any]:
        """Return the first `count` of them."""
        text = self.at(row).get("rows")
        return json.loads(text)[:count] if text else []


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
