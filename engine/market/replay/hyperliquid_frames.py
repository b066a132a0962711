"""Hyperliquid's market frames as typed values: the whole book each time, and trades.

Its books carry no sequence numbers: nothing can be missing between two of them. Its trade ids have
no order, so that missing trades do not show; new subscribers are first sent some recent trades again.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from engine.errors import InvalidInput
from engine.market.book.order_book import WholeBook
from engine.model.order import Side
from engine.model.trade import Trade

NANOSECONDS_PER_MS = 1_000_000


class HyperliquidBook(msgspec.Struct, frozen=True):
    """The book of a coin."""

    symbol: str
    book: WholeBook


class _Level(msgspec.Struct, frozen=True):
    px: Decimal
    sz: Decimal


class _Book(msgspec.Struct, frozen=True):
    coin: str
    time: int
    levels: tuple[tuple[_Level, ...], tuple[_Level, ...]]


class _Trade(msgspec.Struct, frozen=True):
    coin: str
    side: Literal["A", "B"]
    px: Decimal
    sz: Decimal
    time: int
    tid: int


class _BookFrame(msgspec.Struct, frozen=True, tag_field="channel", tag="l2Book"):
    data: _Book


class _TradesFrame(msgspec.Struct, frozen=True, tag_field="channel", tag="trades"):
    data: tuple[_Trade, ...]


HyperliquidFrame = HyperliquidBook | tuple[Trade, ...]

_decode = msgspec.json.Decoder(_BookFrame | _TradesFrame).decode


def decode_hyperliquid_frame(text: bytes) -> HyperliquidFrame:
    """Return a frame as a book or as trades, oldest first; raise `InvalidInput` for anything else.

    `A` means the taker hit the bid and sold, `B` that it bought.
    """
    try:
        frame = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput.of("frame", repr(text[:80]), f"it cannot be read: {error}") from error
    if isinstance(frame, _TradesFrame):
        trades = (
            Trade(
                each.coin, each.px, each.sz, Side.SELL if each.side == "A" else Side.BUY, each.tid, each.time
            )
            for each in frame.data
        )
        return tuple(sorted(trades, key=lambda trade: trade.ts_ms))
    bids, asks = (tuple((level.px, level.sz) for level in side) for side in frame.data.levels)
    return HyperliquidBook(frame.data.coin, WholeBook(frame.data.time, bids, asks))


def read_hyperliquid_frames(path: Path) -> Iterator[tuple[int, HyperliquidFrame]]:
    """Yield each frame of a capture with its receive time in milliseconds."""
    with lzma.open(path, "rb") as lines:
        for line in lines:
            received_ns, _, text = line.partition(b" ")
            yield int(received_ns) // NANOSECONDS_PER_MS, decode_hyperliquid_frame(text)
