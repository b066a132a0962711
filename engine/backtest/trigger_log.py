"""The trigger log of a run: every wake-up and every exit that happened by itself, in columns.

A run of five years has tens of thousands of lines of which people look at a few, so that a line is
only made when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.backtest.account import OrderOutcome
from engine.model.backtest import TriggerLine

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPERATIONS = ("hold", "buy", "sell", "close", "error", "")
"""What a line's operation can be, by its code; the last is that of a line nobody was asked at."""
NOT_ASKED = len(OPERATIONS) - 1


class OrderDetail(msgspec.Struct, frozen=True):
    """What a line has beyond its columns: an order and its fills, or an error."""

    decision_symbol: str = ""
    side: str = ""
    quantity: float = 0.0
    fill_price: float | None = None
    fee: float = 0.0
    realized_pnl: float = 0.0
    outcome: str = ""
    error: str = ""


class TriggerLog(msgspec.Struct, frozen=True, kw_only=True):
    """A run's lines in time order.

    Numbers are little-endian columns as bytes: `ts_ms` int64, `kind`, `symbol`, `pool` and `signals`
    int32 indices into the texts beside them, `operation` int8 codes, `reason` int32 (-1: none), and
    `price`, `equity_before`, `equity_after` float64. `details` are keyed by line.
    """

    kinds: tuple[str, ...]
    symbols: tuple[str, ...]
    pools: tuple[str, ...]
    signal_sets: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]
    ts_ms: bytes
    kind: bytes
    symbol: bytes
    pool: bytes
    signals: bytes
    operation: bytes
    reason: bytes
    price: bytes
    equity_before: bytes
    equity_after: bytes
    details: dict[int, OrderDetail]

    def __len__(self) -> int:
        return len(self.operation)

    def line(self, index: int) -> TriggerLine:
        """Return one line; raises `IndexError` outside the log."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return next(iter(self._lines([index])))

    def lines(
        self, offset: int = 0, limit: int = 100, operation: str = ""
    ) -> tuple[int, tuple[TriggerLine, ...]]:
        """Return how many lines there are (of one operation, if given), and some of them."""
        chosen: Iterable[int]
        if operation:
            code = OPERATIONS.index(operation) if operation in OPERATIONS else -1
            found = np.flatnonzero(np.frombuffer(self.operation, dtype=np.int8) == code)
            count, chosen = len(found), found[offset : offset + limit].tolist()
        else:
            count, chosen = len(self), range(offset, min(len(self), offset + limit))
        return count, tuple(self._lines(chosen))

    def to_bytes(self) -> bytes:
        """Return the log to be written down."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> TriggerLog:
        """Return a log that was written down; raises `msgspec.MsgspecError` for anything else."""
        return msgspec.msgpack.decode(data, type=cls)

    def _lines(self, indices: Iterable[int]) -> Iterable[TriggerLine]:
        column = {
            name: np.frombuffer(getattr(self, name), dtype=dtype)
            for name, dtype in (
                *(("ts_ms", np.int64), ("operation", np.int8)),
                *((name, np.int32) for name in ("kind", "symbol", "pool", "signals", "reason")),
                *((name, np.float64) for name in ("price", "equity_before", "equity_after")),
            )
        }
        for index in indices:
            detail = self.details.get(index, OrderDetail())
            reason = int(column["reason"][index])
            yield TriggerLine(
                index=index,
                kind=self.kinds[column["kind"][index]],
                ts_ms=int(column["ts_ms"][index]),
                symbol=self.symbols[column["symbol"][index]],
                price=float(column["price"][index]),
                pool_name=self.pools[column["pool"][index]],
                signals=self.signal_sets[column["signals"][index]],
                operation=OPERATIONS[column["operation"][index]],
                equity_before=float(column["equity_before"][index]),
                equity_after=float(column["equity_after"][index]),
                reason="" if reason < 0 else self.reasons[reason],
                **msgspec.structs.asdict(detail),
            )


class OrderNote(msgspec.Struct, frozen=True, gc=False):
    """Where a decision's orders and fills are: what became of it, and its part of the run's fills."""

    decision_symbol: str
    outcomes: tuple[OrderOutcome, ...]
    first_fill: int
    after_fills: int


class TriggerNotes:
    """What is noted of each trigger while a run is under way; the log is made of it at the end."""

    def __init__(self, triggers: int) -> None:
        self.operation: NDArray[np.int8] = np.full(triggers, NOT_ASKED, dtype=np.int8)
        self.reason: NDArray[np.int32] = np.full(triggers, -1, dtype=np.int32)
        self.orders: dict[int, OrderNote] = {}
        self.errors: dict[int, str] = {}
        self.output: dict[int, str] = {}
        self.reasons: dict[str, int] = {}
        self._texts: tuple[str, ...] = ()

    def reason_number(self, text: str) -> int:
        """Return the number of a reason, -1 for none."""
        return self.reasons.setdefault(text, len(self.reasons)) if text else -1

    def reason_text(self, index: int) -> str:
        """Return the reason noted for a trigger."""
        number = int(self.reason[index])
        if number < 0:
            return ""
        if len(self._texts) < len(self.reasons):
            self._texts = tuple(self.reasons)
        return self._texts[number]

    @property
    def asked(self) -> int:
        """How many triggers the program was asked at."""
        return int(np.count_nonzero(self.operation != NOT_ASKED))
