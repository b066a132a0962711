"""One batch of triggers as the sandbox holds it: when and why, the quotes, the answers, the account.

Shipped as text and executed in the guest after `guest_api.py`; the engine never imports it.
"""

from __future__ import annotations

import json
from binascii import crc32
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_api import READ_METHODS, MarketData
    from engine.strategies.programs.guest_books import Books
    from engine.strategies.programs.guest_data import Answers, floats, integers
    from engine.strategies.programs.guest_decision import Decision

MAX_READS = 200
MAX_READ_CHARACTERS = 4000

_GIVEN = (
    *("trigger_symbol", "trigger_type", "signal_pool_name", "pool_logic", "triggered_signals"),
    *("environment", "trading_mode", "max_leverage", "default_leverage", "symbols", "period", "now_ms"),
    *("params", "available_balance", "total_equity", "used_margin", "margin_usage_percent"),
    *("recent_trades", "open_orders"),
)


class Batch:
    """One batch; rows count its triggers from 0."""

    def __init__(self, sent: dict[str, Any], block: memoryview, books: Books) -> None:
        self.books = books
        self.environment: str = sent["environment"]
        self.trading_mode: str = sent["trading_mode"]
        self.max_leverage: int = sent["max_leverage"]
        self.default_leverage: int = sent["default_leverage"]
        self.period: str = sent["period"]
        self.symbols: list[str] = sent["symbols"]
        self.params: dict[str, Any] = sent["params"]
        self.ts_ms: list[int] = integers(block, sent["ts_ms"]).tolist()
        markets = sent["markets"].items()
        self.marks = {symbol: floats(block, places["mark"]).tolist() for symbol, places in markets}
        self.bids = {symbol: floats(block, places["bid"]) for symbol, places in markets}
        self.asks = {symbol: floats(block, places["ask"]) for symbol, places in markets}
        self.answers = Answers(sent["answers"], block, len(self.ts_ms))
        self.indicators: dict[Any, Any] = {}
        """Answers by the very words a program asks in, for the question asked most."""
        self.order: Decision | None = None
        """What the short form has ordered at this trigger."""
        self.reads: list[tuple[str, str]] = []
        self._seed = f"{sent['seed']}|{sent['trader_id']}"
        self._other = (sent["other_symbol"], sent["other_kind"], "", "OR")
        self._pools = [_Pool(pool, block) for pool in sent["pools"]]
        self._fires: dict[int, tuple[_Pool, int]] | None = None

    def keep_order(self, decision: Decision) -> Decision:
        """Take what the short form orders; raises `ValueError` for a second order."""
        if self.order is not None:
            raise ValueError("this is the second order of one run; a run may order once, or hold")
        self.order = decision
        return decision

    def trigger(self, row: int) -> tuple[str, str, str, str]:
        """Return symbol, kind, name of the pool and its logic."""
        fire = self._fire(row)
        return self._other if fire is None else fire[0].trigger

    def signals(self, row: int) -> list[dict[str, Any]]:
        """Return the signals that were met."""
        fire = self._fire(row)
        return [] if fire is None else fire[0].met(fire[1])

    def mark(self, symbol: str, row: int) -> float:
        """Return a mark price, NaN where it is unknown."""
        marks = self.marks.get(symbol)
        return float("nan") if marks is None else float(marks[row])

    def marks_at(self, row: int) -> dict[str, float]:
        """Return every mark price."""
        return {symbol: marks[row] for symbol, marks in self.marks.items()}

    def random_seed(self, row: int) -> int:
        """Return what `random` starts from: the same for the same trader and trigger."""
        symbol, kind, pool, _ = self.trigger(row)
        return crc32(f"{self._seed}|{kind}|{symbol}|{pool}|{self.ts_ms[row]}".encode())

    def given(self) -> str:
        """Return what the first trigger is given without asking, as JSON text."""
        data = MarketData(self, 0, self.ts_ms[0])
        given = {name: getattr(data, name) for name in _GIVEN}
        given["prices"] = {symbol: data.get_price(symbol) for symbol in self.symbols}
        given["positions"] = list(data.positions.values())
        return json.dumps(given, default=_plain)

    def _fire(self, row: int) -> tuple[_Pool, int] | None:
        if self._fires is None:
            self._fires = {
                fired: (pool, place) for pool in self._pools for place, fired in enumerate(pool.rows)
            }
        return self._fires.get(row)


class _Pool:
    """The fires of one pool on one symbol."""

    def __init__(self, sent: dict[str, Any], block: memoryview) -> None:
        self.trigger = (sent["symbol"], "signal", sent["name"], sent["logic"].upper())
        self.rows: list[int] = integers(block, sent["rows"]).tolist()
        self._members = [
            (member, _flags(block, member["met"]), floats(block, member["value"]))
            for member in sent["members"]
        ]

    def met(self, place: int) -> list[dict[str, Any]]:
        """Return the signals that were met at one fire."""
        return [
            {
                "signal_id": member["signal_id"],
                "name": member["name"],
                "condition": member["condition"],
                "value": value[place] if value[place] == value[place] else None,
            }
            for member, met, value in self._members
            if met[place] == 1
        ]


def reading_class(kind: type[MarketData]) -> type[MarketData]:
    """Return a `MarketData` or `Context` that writes down what a program asks of it."""
    return type(kind.__name__, (kind,), {name: _written_down(name) for name in READ_METHODS})


def _written_down(name: str) -> Any:
    method = getattr(MarketData, name)

    def read(self: MarketData, *words: Any, **named: Any) -> Any:
        answer = method(self, *words, **named)
        if len(self._batch.reads) < MAX_READS:
            texts = [repr(word) for word in words] + [f"{key}={word!r}" for key, word in named.items()]
            told = json.dumps(answer, default=_plain)
            self._batch.reads.append((f"{name}({', '.join(texts)})"[:200], told[:MAX_READ_CHARACTERS]))
        return answer

    return read


def _plain(record: Any) -> Any:
    if not hasattr(type(record), "__slots__"):
        return vars(record)
    names = [name for name, value in vars(type(record)).items() if isinstance(value, property)]
    return {name: getattr(record, name) for name in ("symbol", "side", *names)}


def _flags(block: memoryview, place: list[int]) -> memoryview:
    return block[place[0] : place[0] + place[1]]
