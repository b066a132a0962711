"""The guest half's loop: every trigger of a batch, one after the other, and what comes out of each.

Shipped as text and executed in the guest last of all; the engine never imports it. `__load__(source)`
compiles the session's program, `__receive__(path)` reads a batch from the mounted folder, and
`__batch__(text)` decides that batch, or the one in `text` (base64), and returns plain data.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from array import array
from binascii import a2b_base64, b2a_base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_api import Context, MarketData
    from engine.strategies.programs.guest_batch import Batch, reading_class
    from engine.strategies.programs.guest_books import Books
    from engine.strategies.programs.guest_clock import _present, stop_clocks
    from engine.strategies.programs.guest_data import WantsBooks
    from engine.strategies.programs.guest_decision import (
        Decision,
        ProgramError,
        json_of,
        operation_of,
        order_fields,
        reason_of,
    )
    from engine.strategies.programs.guest_errors import described
    from engine.strategies.programs.guest_program import Program

MAX_OUTPUT_CHARACTERS = 64 * 1024
MAX_FAILURE_CHARACTERS = 128 * 1024
"""A batch in which so much went wrong ends early."""

_perf_counter = time.perf_counter
_open = open


class _Output:
    """Collects what a program prints at each trigger, up to a limit over the batch."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.row = 0
        self.texts: list[tuple[int, list[str]]] = []
        self._room = MAX_OUTPUT_CHARACTERS

    def write(self, text: str) -> int:
        if not self.texts or self.texts[-1][0] != self.row:
            if self._room <= 0:
                return len(text)
            self.texts.append((self.row, []))
        if self._room > 0:
            self.texts[-1][1].append(text[: self._room])
            self._room -= len(text)
            if self._room <= 0:
                self.texts[-1][1].append("\n[output cut at 64 KB]")
        return len(text)

    def flush(self) -> None:
        return None

    def joined(self, decided: int) -> list[tuple[int, str]]:
        return [(row, "".join(pieces)) for row, pieces in self.texts if row < decided]


class _Loop:
    """The triggers of one batch, decided one after the other."""

    def __init__(self, batch: Batch, program: Program, output: _Output, keeps_reads: bool) -> None:
        self.decisions: list[tuple[int, str]] = []
        self.failures: list[dict[str, Any]] = []
        self.reasons: dict[str, int] = {}
        self.reason_of = array("i")
        self.waits = False
        self._batch = batch
        self._program = program
        self._output = output
        self._failed_characters = 0
        self._data_class = reading_class(MarketData) if keeps_reads else MarketData
        self._context_class = reading_class(Context) if keeps_reads else Context

    def run(self) -> int:
        """Decide as many triggers as can be decided; return how many."""
        batch, output, program, present = self._batch, self._output, self._program, _present
        answers, books, reason_of_row = batch.answers, batch.books, self.reason_of
        row = 0
        for row, now_ms in enumerate(batch.ts_ms):
            output.row = row
            present.ms = now_ms
            batch.order = None
            if program.uses_random:
                present.seed = batch.random_seed(row)
                program.random.seed()
            try:
                decision = self._decided(row, now_ms)
                operation = operation_of(decision)
                if operation == "hold":
                    reason = reason_of(decision)
                    fields = None
                else:
                    fields = order_fields(decision, operation, batch, row)
            except BaseException as error:
                if answers.needs is not None or books.wanted:
                    return row
                reason_of_row.append(-1)
                if self._note_failure(row, error):
                    return row + 1
                continue
            if answers.needs is not None or books.wanted:
                return row
            if fields is None:
                reason_of_row.append(self.reasons.setdefault(reason, len(self.reasons)) if reason else -1)
                continue
            reason_of_row.append(-1)
            self.decisions.append((row, json_of(fields)))
            if self._takes_order(fields):
                self.waits = True
                return row + 1
        return row + 1

    def _decided(self, row: int, now_ms: int) -> Any:
        program = self._program
        entry = program.ready or program.entry()
        if program.is_class:
            strategy = entry()
            data = self._data_class(self._batch, row, now_ms)
            if program.has_init:
                strategy.init(data.params)
            return strategy.should_trade(data)
        decision, order = entry(self._context_class(self._batch, row, now_ms)), self._batch.order
        if decision is None:
            return order or Decision("hold")
        if order is not None and order is not decision:
            raise ProgramError("the run ordered one thing and returned another; return nothing then")
        return decision

    def _takes_order(self, fields: dict[str, Any]) -> bool:
        """Forecast what an order changes; return whether only the desk can tell."""
        portion = None if "quantity" in fields else fields.get("target_portion_of_balance")
        if not self._batch.books.ordered(fields["operation"], fields.get("symbol", ""), portion):
            return False
        if "stop_loss_price" in fields or "take_profit_price" in fields:
            return True
        return "time_in_force" in fields and fields["time_in_force"].lower() != "ioc"

    def _note_failure(self, row: int, error: BaseException) -> bool:
        """Keep what went wrong; return whether that was enough for one batch."""
        failure = described(error, self._program.lines) | {"index": row}
        self.failures.append(failure)
        self._failed_characters += 100 + sum(len(text) for text in failure.values() if isinstance(text, str))
        return self._failed_characters > MAX_FAILURE_CHARACTERS


gc.set_threshold(20_000)
gc.freeze()
_program = Program("")
_books = Books()
_received: memoryview | None = None
stop_clocks()


def __load__(source: str) -> None:
    """Compile the session's program; an error is kept for its batches to report."""
    global _program, _books
    _program, _books = Program(source), Books()


def __receive__(path: str) -> None:
    """Read a batch from the mounted folder; it is gone from there before the program runs."""
    global _received
    with _open(path, "rb") as file:
        _received = memoryview(file.read())


def __batch__(text: str) -> dict[str, Any]:
    """Decide a batch: a header as JSON after its length, and the columns."""
    global _received
    started = _perf_counter()
    packet = memoryview(a2b_base64(text)) if _received is None else _received
    _received = None
    length = int.from_bytes(packet[:8], "little")
    sent = json.loads(bytes(packet[8 : 8 + length]))
    batch = Batch(sent, packet[8 + length :], _books)
    _books.wanted = False
    if sent["books"] is not None:
        _books.confirm(sent["books"], batch.ts_ms[0])
    _books.wanted = not _books.is_known
    keeps_reads = sent["keeps_reads"]
    output = _Output()
    loop = _Loop(batch, _program, output, keeps_reads)
    decided, given = 0, ""
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = output
    try:
        if keeps_reads and not _books.wanted:
            given = batch.given()
        decided = 0 if _books.wanted else loop.run()
    except WantsBooks:
        decided = 0
    finally:
        sys.stdout, sys.stderr = stdout, stderr
    return {
        "decided": decided,
        "decisions": loop.decisions,
        "failures": loop.failures,
        "hold_reasons": list(loop.reasons),
        "hold_reason_of": _base64(loop.reason_of) if loop.reasons else "",
        "output": output.joined(decided),
        "reads": batch.reads,
        "input_data": given,
        "needs": batch.answers.needs,
        "wants_books": _books.wanted,
        "waits": loop.waits,
        "guest_us": int((_perf_counter() - started) * 1e6),
    }


def _base64(numbers: array[int]) -> str:
    return b2a_base64(numbers.tobytes(), newline=False).decode()
