"""A batch as it crosses the wall: a header of JSON behind its length, and one block of columns.

The header names each column by its place in the block, so that the guest takes it out without copying,
with nothing but Python's own library.
"""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

from engine.model.program import Parameter
from engine.strategies.programs.batch import (
    Answer,
    BatchDecision,
    BatchFailure,
    BatchReply,
    BatchRequest,
    ConfirmedBooks,
    DataQuery,
    PoolColumns,
)
from engine.text import safe_text

type Place = tuple[int, int]
"""Where a column is in the block: its offset and its length in bytes."""


class _Market(msgspec.Struct, frozen=True):
    mark: Place
    bid: Place
    ask: Place


class _Member(msgspec.Struct, frozen=True):
    signal_id: int
    name: str
    condition: str
    met: Place
    value: Place


class _Pool(msgspec.Struct, frozen=True):
    name: str
    logic: str
    symbol: str
    rows: Place
    members: tuple[_Member, ...]


class _Columns(msgspec.Struct, frozen=True):
    numbers: dict[str, Place]
    texts: dict[str, tuple[str, ...]]
    visible: Place | None


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    trader_id: int
    environment: str
    trading_mode: str
    max_leverage: int
    default_leverage: int
    period: str
    symbols: tuple[str, ...]
    params: dict[str, Parameter]
    seed: int
    keeps_reads: bool
    ts_ms: Place
    other_kind: str
    other_symbol: str
    pools: tuple[_Pool, ...]
    markets: dict[str, _Market]
    answers: tuple[tuple[str, str, str, str, int, _Columns], ...]
    books: ConfirmedBooks | None


class _Failure(msgspec.Struct, frozen=True):
    index: int
    kind: str
    message: str
    line: int | None
    column: int | None
    code: str
    function: str
    traceback: str


class _Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    decided: int
    decisions: list[tuple[int, str]]
    failures: list[_Failure]
    hold_reasons: list[str]
    hold_reason_of: bytes
    output: list[tuple[int, str]]
    reads: list[tuple[str, str]]
    input_data: str
    needs: tuple[str, str, str, str, int] | None
    wants_books: bool
    waits: bool
    guest_us: int


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Reply)
LONGEST_TEXT = 2000
LONGEST_REASON = 400
LONGEST_OUTPUT = 64 * 1024
LONGEST_WORD = 200
MOST_READS = 1000
_LENGTH_BYTES = 8


class _Block:
    """Columns put one behind the other, each where numbers of eight bytes may begin."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def put(self, column: bytes) -> Place:
        place = self._length, len(column)
        padding = -len(column) % 8
        self._pieces.append(column)
        if padding:
            self._pieces.append(bytes(padding))
        self._length += len(column) + padding
        return place

    def bytes(self) -> bytes:
        return b"".join(self._pieces)


def pack(request: BatchRequest) -> bytes:
    """Return everything a guest needs for a batch, except the program itself."""
    block = _Block()
    sent = _Sent(
        trader_id=request.trader_id,
        environment=request.environment,
        trading_mode=request.trading_mode,
        max_leverage=request.max_leverage,
        default_leverage=request.default_leverage,
        period=request.period,
        symbols=request.symbols,
        params=request.params,
        seed=request.seed,
        keeps_reads=request.keeps_reads,
        ts_ms=block.put(request.triggers.ts_ms),
        other_kind=request.triggers.other_kind,
        other_symbol=request.triggers.other_symbol,
        pools=tuple(_pool(pool, block) for pool in request.triggers.pools),
        markets={
            symbol: _Market(block.put(each.mark), block.put(each.bid), block.put(each.ask))
            for symbol, each in request.markets.items()
        },
        answers=tuple(_answer(query, answer, block) for query, answer in request.answers.items()),
        books=request.books,
    )
    header = _ENCODER.encode(sent)
    return b"".join((len(header).to_bytes(_LENGTH_BYTES, "little"), header, block.bytes()))


def unpack(text: str, request: BatchRequest) -> BatchReply:
    """Return what a guest said of a batch, every text of it safe.

    Raises `msgspec.MsgspecError` for anything that no guest half says.
    """
    reply = _DECODER.decode(text)
    _check_places(reply, len(request.triggers.ts_ms) // 8)
    if len(reply.reads) > MOST_READS or len(reply.hold_reasons) > reply.decided:
        raise msgspec.ValidationError("a reply that tells more than there was")
    needs: tuple[DataQuery, ...] = () if reply.needs is None else (_query(reply.needs),)
    is_told = any(query in request.answers for query in needs)
    is_stuck = not reply.decided and not needs and (request.books is not None or not reply.wants_books)
    if is_told or is_stuck:
        raise msgspec.ValidationError("a reply that asks for what it has")
    return BatchReply(
        decided=reply.decided,
        decisions=tuple(BatchDecision(index, decision) for index, decision in reply.decisions),
        failures=tuple(_failure(failure) for failure in reply.failures),
        hold_reasons=tuple(safe_text(reason, LONGEST_REASON) for reason in reply.hold_reasons),
        hold_reason_of=reply.hold_reason_of,
        output=tuple((index, safe_text(text, LONGEST_OUTPUT)) for index, text in reply.output),
        reads=tuple(
            (safe_text(call, LONGEST_TEXT), safe_text(answer, 4 * LONGEST_TEXT))
            for call, answer in reply.reads
        ),
        input_data=safe_text(reply.input_data, LONGEST_OUTPUT),
        needs=needs,
        wants_books=reply.wants_books,
        waits=reply.waits,
        guest_us=reply.guest_us,
    )


def _check_places(reply: _Reply, triggers: int) -> None:
    """Refuse a reply that speaks of triggers it did not decide, or of reasons it does not give."""
    placed = (
        [index for index, _ in reply.decisions],
        [failure.index for failure in reply.failures],
        [index for index, _ in reply.output],
    )
    for places in placed:
        ordered = [-1, *places, reply.decided] if places else []
        if any(later <= earlier for earlier, later in itertools.pairwise(ordered)):
            raise msgspec.ValidationError("the triggers of a reply are not in order")
    reasons = memoryview(reply.hold_reason_of)
    if not 0 <= reply.decided <= triggers or len(reasons) not in (0, 4 * reply.decided):
        raise msgspec.ValidationError("a reply that decides more than it was asked")
    if len(reasons) and not -1 <= min(reasons.cast("i")) <= max(reasons.cast("i")) < len(reply.hold_reasons):
        raise msgspec.ValidationError("a reply that names reasons it does not give")


def _query(asked: tuple[str, str, str, str, int]) -> DataQuery:
    method, symbol, name, period, count = asked
    if max(len(symbol), len(name), len(period)) > LONGEST_WORD:
        raise msgspec.ValidationError("a question nobody asks")
    return DataQuery(method=method, symbol=symbol, name=name, period=period, count=count)


def _failure(failure: _Failure) -> BatchFailure:
    texts: dict[str, Any] = {
        name: safe_text(getattr(failure, name), LONGEST_TEXT)
        for name in ("kind", "message", "code", "function", "traceback")
    }
    return BatchFailure(index=failure.index, line=failure.line, column=failure.column, **texts)


def _pool(pool: PoolColumns, block: _Block) -> _Pool:
    return _Pool(
        name=pool.name,
        logic=pool.logic,
        symbol=pool.symbol,
        rows=block.put(pool.rows),
        members=tuple(
            _Member(
                member.signal_id,
                member.name,
                member.condition,
                block.put(member.met),
                block.put(member.value),
            )
            for member in pool.members
        ),
    )


def _answer(query: DataQuery, answer: Answer, block: _Block) -> tuple[str, str, str, str, int, _Columns]:
    columns = _Columns(
        numbers={key: block.put(column) for key, column in answer.numbers.items()},
        texts={key: texts[:1] if len(set(texts)) == 1 else texts for key, texts in answer.texts.items()},
        visible=None if answer.visible is None else block.put(answer.visible),
    )
    return query.method, query.symbol, query.name, query.period, query.count, columns
