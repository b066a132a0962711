"""The guest half's loop: every trigger of a batch, one after the other, and what comes out of each.

Shipped as text and executed in the guest last; the engine never imports it. `__load__(source)`
compiles the session's program, `__batch__(sent, block)` decides a batch and returns plain data.
"""

from __future__ import annotations

import json
import math
import sys
import time
from binascii import a2b_base64, crc32
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_api import Decision, MarketData
    from engine.strategies.programs.guest_books import Books
    from engine.strategies.programs.guest_data import Answers, NeedsData, column_of
    from engine.strategies.programs.guest_program import (
        Program,
        ProgramError,
        _present,
        described,
        stop_clocks,
    )

MAX_OUTPUT_CHARACTERS = 64 * 1024
MAX_READS = 200
MAX_READ_CHARACTERS = 4000
MAX_REASON = 400
DEFAULT_SLIPPAGE = 0.005

_NUMBER_FIELDS = (
    "target_portion_of_balance",
    "quantity",
    "leverage",
    "max_price",
    "min_price",
    "take_profit_price",
    "stop_loss_price",
)
_TEXT_FIELDS = {
    "symbol": "",
    "time_in_force": "Ioc",
    "tp_execution": "limit",
    "sl_execution": "limit",
    "reason": "",
    "trading_strategy": "",
}
"""The texts of a decision, and what each says when it is left out."""
_OPERATIONS = {"long": "buy", "short": "sell"}
_open = open
_perf_counter = time.perf_counter


class _Output:
    """Collects what a program prints at each trigger, up to a limit over the batch."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.row = 0
        self.pieces: list[tuple[int, str]] = []
        self._room = MAX_OUTPUT_CHARACTERS

    def write(self, text: str) -> int:
        if self._room > 0:
            self.pieces.append((self.row, text[: self._room]))
            self._room -= len(text)
            if self._room <= 0:
                self.pieces.append((self.row, "\n[output cut at 64 KB]"))
        return len(text)

    def flush(self) -> None:
        return None

    def forget(self, row: int) -> None:
        while self.pieces and self.pieces[-1][0] == row:
            self._room += len(self.pieces.pop()[1])


class _Batch:
    """One batch as it came in."""

    def __init__(self, sent: dict[str, Any], block: memoryview, books: Books) -> None:
        self.books = books
        self.environment = sent["environment"]
        self.trading_mode = sent["trading_mode"]
        self.max_leverage = sent["max_leverage"]
        self.default_leverage = sent["default_leverage"]
        self.period = sent["period"]
        self.symbols = sent["symbols"]
        self.params = sent["params"]
        self.seed = sent["seed"]
        self.trader_id = sent["trader_id"]
        self.keeps_reads = sent["keeps_reads"]
        self.ts_ms = column_of(block, sent["ts_ms"], "q")
        self.marks = {s: column_of(block, each["mark"], "d") for s, each in sent["markets"].items()}
        self.bids = {s: column_of(block, each["bid"], "d") for s, each in sent["markets"].items()}
        self.asks = {s: column_of(block, each["ask"], "d") for s, each in sent["markets"].items()}
        self.indicators: dict[Any, Any] = {}
        self.needs: Any = None
        self.wanted_books = False
        self.order: Decision | None = None
        self.reads: list[tuple[str, str]] = []
        self._other = (sent["other_symbol"], sent["other_kind"], "", "OR")
        self._pools = sent["pools"]
        self._block = block
        self._answers = Answers(sent["answers"], block, len(self.ts_ms))
        self._fires: dict[int, tuple[Any, int]] | None = None

    def ask(self, method: str, symbol: str, name: str, period: str, count: int) -> Any:
        try:
            answer = self._answers.find(method, symbol, name, period, count)
        except NeedsData as needs:
            self.needs = needs.query
            raise
        return _Told(self, method, symbol, name, period, answer) if self.keeps_reads else answer

    def keep_order(self, decision: Decision) -> Decision:
        if self.order is not None:
            raise ValueError("one order a run: return, or order, one decision only")
        self.order = decision
        return decision

    def trigger(self, row: int) -> tuple[str, str, str, str]:
        fire = self._fire(row)
        if fire is None:
            return self._other
        pool = fire[0]
        return pool["symbol"], "signal", pool["name"], pool["logic"].upper()

    def signals(self, row: int) -> list[dict[str, Any]]:
        fire = self._fire(row)
        if fire is None:
            return []
        pool, place = fire
        found = []
        for member in pool["members"]:
            if column_of(self._block, member["met"], "b")[place]:
                value = column_of(self._block, member["value"], "d")[place]
                found.append(
                    {
                        "signal_id": member["signal_id"],
                        "name": member["name"],
                        "condition": member["condition"],
                        "value": value if value == value else None,
                    }
                )
        return found

    def exact_mark(self, symbol: str, row: int) -> Decimal:
        return Decimal(repr(self.marks[symbol][row]))

    def random_seed(self, row: int) -> int:
        symbol, kind, pool, _ = self.trigger(row)
        return crc32(f"{self.seed}|{self.trader_id}|{kind}|{symbol}|{pool}|{self.ts_ms[row]}".encode())

    def _fire(self, row: int) -> tuple[Any, int] | None:
        if self._fires is None:
            self._fires = {
                fired: (pool, place)
                for pool in self._pools
                for place, fired in enumerate(column_of(self._block, pool["rows"], "q").tolist())
            }
        return self._fires.get(row)


class _Told:
    """An answer that writes down what it told."""

    def __init__(self, batch: _Batch, method: str, symbol: str, name: str, period: str, answer: Any) -> None:
        self._batch = batch
        self._call = f"{method}({', '.join(repr(word) for word in (symbol, name, period) if word)})"
        self._answer = answer

    def at(self, row: int) -> Any:
        return self._tell(self._answer.at(row))

    def rows(self, row: int, count: int | None = None) -> Any:
        return self._tell(self._answer.rows(row) if count is None else self._answer.rows(row, count))

    def _tell(self, told: Any) -> Any:
        if len(self._batch.reads) < MAX_READS:
            self._batch.reads.append((self._call, json.dumps(told)[:MAX_READ_CHARACTERS]))
        return told


def _stated(decision: Any, batch: _Batch, row: int) -> tuple[str, dict[str, Any]]:
    """Return the operation and the fields of a decision, refusing what no decision can be."""
    if not isinstance(decision, Decision):
        raise ProgramError(f"a Decision must be returned, not {type(decision).__name__}")
    operation = decision.operation
    if not isinstance(operation, str):
        raise ProgramError(f"Decision.operation must be text, not {type(operation).__name__}")
    operation = operation.lower()
    operation = _OPERATIONS.get(operation, operation)
    fields: dict[str, Any] = {"operation": operation}
    reason = decision.reason or decision.reasoning
    if not isinstance(reason, str):
        raise ProgramError(f"Decision.reason must be text, not {type(reason).__name__}")
    if operation == "hold":
        return operation, {"reason": reason[:MAX_REASON]}
    for name, usual in _TEXT_FIELDS.items():
        value = reason[:MAX_REASON] if name == "reason" else getattr(decision, name)
        if not isinstance(value, str):
            raise ProgramError(f"Decision.{name} must be text, not {type(value).__name__}")
        if value != usual:
            fields[name] = value
    for name in _NUMBER_FIELDS:
        value = getattr(decision, name)
        if value is not None:
            fields[name] = _number(name, value)
    _settle_size(decision, fields)
    fields.setdefault("leverage", batch.default_leverage)
    _settle_documented_words(decision, operation, fields, batch, row)
    return operation, fields


def _number(name: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ProgramError(f"Decision.{name} must be a finite number, not {str(value)[:40]}")
    return value


def _settle_size(decision: Decision, fields: dict[str, Any]) -> None:
    """Leave one size: a quantity, the documented per cent, or a portion."""
    if decision.size_pct is not None:
        fields["target_portion_of_balance"] = _number("size_pct", decision.size_pct) / 100
    if "quantity" in fields and not fields.get("target_portion_of_balance"):
        fields.pop("target_portion_of_balance", None)


def _settle_documented_words(
    decision: Decision, operation: str, fields: dict[str, Any], batch: _Batch, row: int
) -> None:
    """Turn what the short and the documented form leave out or say in per cent into prices."""
    symbol = decision.symbol
    told = isinstance(decision.operation, str) and decision.operation.lower() in _OPERATIONS
    is_short_form = batch.order is decision or told or decision.size_pct is not None
    side = operation
    if operation == "close":
        held = batch.books.sides.get(symbol)
        side = "sell" if held == "long" else "buy"
    guard = "max_price" if side == "buy" else "min_price"
    quotes = (batch.asks if side == "buy" else batch.bids).get(symbol)
    if is_short_form and quotes is not None and not {"max_price", "min_price"} & set(fields):
        sign = 1 if side == "buy" else -1
        fields[guard] = float(f"{quotes[row] * (1 + sign * DEFAULT_SLIPPAGE):.10g}")
    sign = 1 if operation == "buy" else -1
    for name, percent, way in (
        ("take_profit_price", decision.take_profit_pct, sign),
        ("stop_loss_price", decision.stop_loss_pct, -sign),
    ):
        if percent is not None and quotes is not None:
            fields[name] = float(f"{quotes[row] * (1 + way * _number(name, percent) / 100):.10g}")


class _Loop:
    """The triggers of one batch, decided one after the other."""

    def __init__(self, batch: _Batch, output: _Output) -> None:
        self._batch = batch
        self._output = output
        self.decisions: list[tuple[int, str]] = []
        self.failures: list[dict[str, Any]] = []
        self.reasons: dict[str, int] = {}
        self.reason_of: list[int] = []
        self.waits = False

    def run(self) -> int:
        """Decide as many triggers as can be decided; return how many."""
        batch, output, books, program = self._batch, self._output, self._batch.books, _program
        random = __import__("random") if program.uses_random else None
        for row, now_ms in enumerate(batch.ts_ms):
            output.row = row
            _present.ms = now_ms
            batch.order = None
            if random is not None:
                random.seed(batch.random_seed(row))
            try:
                said, fields = self._decide(program, MarketData(batch, row, now_ms), row)
            except BaseException as error:
                if self._must_stop(row):
                    return row
                self.failures.append(described(error, program.lines) | {"index": row})
                self.reason_of.append(-1)
                continue
            if self._must_stop(row):
                return row
            if said == "hold":
                reason = fields["reason"]
                self.reason_of.append(self.reasons.setdefault(reason, len(self.reasons)) if reason else -1)
                continue
            self.reason_of.append(-1)
            self.decisions.append((row, json.dumps(fields)))
            had_until = books.confirmed and books.until_ms is not None
            whole = None if "quantity" in fields else fields.get("target_portion_of_balance")
            books.ordered(said, fields.get("symbol", ""), whole)
            if (
                had_until
                or "take_profit_price" in fields
                or "stop_loss_price" in fields
                or fields.get("time_in_force", "Ioc").lower() != "ioc"
            ):
                self.waits = True
                return row + 1
        return len(batch.ts_ms)

    def _decide(self, program: Any, data: MarketData, row: int) -> tuple[str, dict[str, Any]]:
        entry = program.entry()
        if isinstance(entry, type):
            strategy = entry()
            init = getattr(strategy, "init", None)
            if init is not None:
                init(data.params)
            decision = strategy.should_trade(data)
        else:
            decision = entry(data)
            if decision is None:
                decision = self._batch.order or Decision("hold")
        return _stated(decision, self._batch, row)

    def _must_stop(self, row: int) -> bool:
        batch = self._batch
        if batch.needs is None and not batch.wanted_books:
            return False
        self._output.forget(row)
        return True


_program = Program("")
_books = Books()
stop_clocks()


def __load__(source: str) -> None:
    """Compile the session's program; an error is kept for the batches to report."""
    global _program, _books
    _program = Program(source)
    _books = Books()


def __batch__(sent_json: str, block_text: str, block_path: str) -> dict[str, Any]:
    """Decide a batch; `block_text` is base64, or the block is in the file at `block_path`."""
    started = _perf_counter()
    sent = json.loads(sent_json)
    if block_path:
        with _open(block_path, "rb") as file:
            block = memoryview(file.read())
    else:
        block = memoryview(a2b_base64(block_text))
    if sent["books"] is not None:
        _books.confirm(sent["books"])
    batch = _Batch(sent, block, _books)
    _books.wants = batch
    output = _Output()
    loop = _Loop(batch, output)
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = output
    try:
        decided = 0 if _program.error is not None else loop.run()
    finally:
        sys.stdout, sys.stderr = stdout, stderr
    if _program.error is not None:
        decided = len(batch.ts_ms)
        loop.failures = [_program.error | {"index": row} for row in range(min(decided, 3))]
        loop.reason_of = [-1] * decided
    return {
        "decided": decided,
        "decisions": loop.decisions,
        "failures": loop.failures,
        "hold_reasons": list(loop.reasons),
        "hold_reason_of": loop.reason_of if loop.reasons else [],
        "output": _joined(output.pieces),
        "reads": batch.reads,
        "needs": None if batch.needs is None else list(batch.needs),
        "wants_books": batch.wanted_books,
        "input_data": _input_of(batch) if batch.keeps_reads else "",
        "waits": loop.waits,
        "guest_us": int((_perf_counter() - started) * 1e6),
    }


def _joined(pieces: list[tuple[int, str]]) -> list[tuple[int, str]]:
    joined: dict[int, list[str]] = {}
    for row, text in pieces:
        joined.setdefault(row, []).append(text)
    return [(row, "".join(texts)) for row, texts in joined.items()]


def _input_of(batch: _Batch) -> str:
    """Return what the first trigger was given, as JSON text, as far as it is known exactly."""
    data = MarketData(batch, 0, batch.ts_ms[0])
    given = {
        name: getattr(data, name)
        for name in (
            *("trigger_symbol", "trigger_type", "signal_pool_name", "pool_logic", "triggered_signals"),
            *("environment", "trading_mode", "max_leverage", "default_leverage", "symbols", "period"),
            *("now_ms", "params"),
        )
    }
    given["prices"] = {symbol: data.get_price(symbol) for symbol in batch.symbols}
    for name in ("available_balance", "total_equity", "used_margin", "margin_usage_percent"):
        given[name] = _or_none(data, name)
    rows = _or_none(data, "positions") or {}
    given["positions"] = {
        symbol: {
            "side": each.side,
            "size": _or_none(each, "size"),
            "entry_price": _or_none(each, "entry_price"),
        }
        for symbol, each in rows.items()
    }
    given["recent_trades"] = [vars(each) for each in _or_none(data, "recent_trades") or []]
    given["open_orders"] = [vars(each) for each in _or_none(data, "open_orders") or []]
    return json.dumps(given)


def _or_none(holder: Any, name: str) -> Any:
    try:
        return getattr(holder, name)
    except BaseException:
        return None
