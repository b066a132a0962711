"""An order book kept true from one snapshot and a stream of differences.

The rule is Binance's documented one for USD-M futures. Differences that come before the snapshot
wait. Those that end before the snapshot (`u` < `lastUpdateId`) are dropped; the first one applied
must span it (`U` <= `lastUpdateId` <= `u`) or follow right after it (`pu` == `lastUpdateId`); each
later one must follow the one before it (`pu` == previous `u`). A quantity is the level's whole
quantity, zero removes the level, and removing one that is not there is normal. Whenever a difference
is missing, or the book would cross, the book is given up and a new snapshot is needed: a wrong book
is worse than none.

A snapshot has an edge (1,000 levels); beyond it only what has changed since is known.

A venue that sends the whole book each time needs none of this: its frames replace the book, unless
they are older than it or crossed.
"""

from __future__ import annotations

import enum
from collections import deque
from decimal import Decimal

import msgspec

from engine.market.book.side import BookSide, PriceLevel
from engine.model.quote import BookLevel, BookSnapshot

MAX_WAITING = 10_000
NEAR_MID = Decimal("0.005")
"""How far from the mid, as a share of it, resting quantity counts as depth."""


class DepthSnapshot(
    msgspec.Struct,
    frozen=True,
    rename={"last_update_id": "lastUpdateId", "transaction_ms": "T"},
):
    """The book as REST gives it, best levels first."""

    last_update_id: int
    transaction_ms: int
    bids: tuple[PriceLevel, ...]
    asks: tuple[PriceLevel, ...]


class DepthDiff(
    msgspec.Struct,
    frozen=True,
    tag_field="e",
    tag="depthUpdate",
    rename={
        "transaction_ms": "T",
        "first_update_id": "U",
        "last_update_id": "u",
        "previous_update_id": "pu",
        "bids": "b",
        "asks": "a",
    },
):
    """The levels that changed between two update ids; the wire's names differ by case only."""

    transaction_ms: int
    first_update_id: int
    last_update_id: int
    previous_update_id: int
    bids: tuple[PriceLevel, ...]
    asks: tuple[PriceLevel, ...]


class WholeBook(msgspec.Struct, frozen=True):
    """All levels a venue shows, best first, as of `transaction_ms`."""

    transaction_ms: int
    bids: tuple[PriceLevel, ...]
    asks: tuple[PriceLevel, ...]


class DiffOutcome(enum.StrEnum):
    """What became of a difference, a snapshot or a whole book."""

    WAITING = "waiting"
    """Kept until a snapshot comes."""
    DROPPED = "dropped"
    """Older than what the book already holds."""
    APPLIED = "applied"
    """The book is true up to it."""
    OUT_OF_SYNC = "out_of_sync"
    """Something is missing or the book crossed; the book was given up, fetch a snapshot."""


class OrderBook:
    """The book of one symbol; unusable (`synced` False) until a snapshot and its differences fit."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.resyncs = 0
        """How often the book had to be given up."""
        self._bids = BookSide(-1)
        self._asks = BookSide(1)
        self._waiting: deque[DepthDiff] = deque(maxlen=MAX_WAITING)
        self._snapshot_id: int | None = None
        self._last_update_id: int | None = None
        self._is_whole = False
        self._ts_ms = 0

    @property
    def synced(self) -> bool:
        """Whether the book is true: a whole one, or a snapshot and at least one difference."""
        return self._is_whole or self._last_update_id is not None

    @property
    def last_update_id(self) -> int | None:
        """The update id up to which the book is true, None while it is not."""
        return self._last_update_id

    @property
    def depth(self) -> tuple[int, int]:
        """How many bid and ask levels are known."""
        return len(self._bids.prices), len(self._asks.prices)

    @property
    def best_bid(self) -> BookLevel | None:
        """The highest bid, None while the book is not true or that side is empty."""
        return self._best(self._bids, -1)

    @property
    def best_ask(self) -> BookLevel | None:
        """The lowest ask, None while the book is not true or that side is empty."""
        return self._best(self._asks, 0)

    def apply_snapshot(self, snapshot: DepthSnapshot) -> DiffOutcome:
        """Start from a snapshot and apply the differences that waited for it.

        Returns `WAITING` while the first difference that spans the snapshot has not come.
        """
        self._bids.replace(snapshot.bids)
        self._asks.replace(snapshot.asks)
        self._snapshot_id = snapshot.last_update_id
        self._last_update_id = None
        self._is_whole = False
        waiting, self._waiting = iter(self._waiting), deque(maxlen=MAX_WAITING)
        for diff in waiting:
            if self.apply_diff(diff) is DiffOutcome.OUT_OF_SYNC:
                self._waiting.extend(waiting)
                return DiffOutcome.OUT_OF_SYNC
        return DiffOutcome.APPLIED if self.synced else DiffOutcome.WAITING

    def apply_whole(self, book: WholeBook) -> DiffOutcome:
        """Replace everything; a book older than the last one is dropped, a crossed one gives it up."""
        if book.transaction_ms < self._ts_ms:
            return DiffOutcome.DROPPED
        self._bids.replace(book.bids)
        self._asks.replace(book.asks)
        if self._is_crossed():
            return self._give_up()
        self._is_whole = True
        self._ts_ms = book.transaction_ms
        return DiffOutcome.APPLIED

    def apply_diff(self, diff: DepthDiff) -> DiffOutcome:
        """Take the next difference of the stream; one that comes twice is dropped."""
        if self._snapshot_id is None:
            self._waiting.append(diff)
            return DiffOutcome.WAITING
        if self._last_update_id is None:
            if diff.last_update_id < self._snapshot_id:
                return DiffOutcome.DROPPED
            spans = diff.first_update_id <= self._snapshot_id
            follows = spans or diff.previous_update_id == self._snapshot_id
        elif diff.last_update_id <= self._last_update_id:
            return DiffOutcome.DROPPED
        else:
            follows = diff.previous_update_id == self._last_update_id
        if follows:
            self._bids.change(diff.bids)
            self._asks.change(diff.asks)
        if not follows or self._is_crossed():
            self._waiting.append(diff)
            return self._give_up()
        self._last_update_id = diff.last_update_id
        self._ts_ms = diff.transaction_ms
        return DiffOutcome.APPLIED

    def snapshot(self, depth: int, ts_ms: int | None = None) -> BookSnapshot | None:
        """Return the best `depth` levels of each side, None while the book is not true.

        It is stamped `ts_ms`, or the venue's time of the last difference if none is given.
        """
        if not self.synced:
            return None
        bids = self._bids.prices[: -depth - 1 : -1]
        asks = self._asks.prices[:depth]
        near_bids, near_asks = self._near() if bids and asks else (None, None)
        return BookSnapshot(
            self.symbol,
            tuple(BookLevel(price, self._bids.quantities[price]) for price in bids),
            tuple(BookLevel(price, self._asks.quantities[price]) for price in asks),
            self._ts_ms if ts_ms is None else ts_ms,
            near_bids,
            near_asks,
        )

    def _near(self) -> tuple[Decimal, Decimal]:
        lowest, highest = _near_mid(self._bids.prices[-1], self._asks.prices[0])
        return self._bids.notional_within(lowest), self._asks.notional_within(highest)

    def _best(self, side: BookSide, index: int) -> BookLevel | None:
        if not self.synced or not side.prices:
            return None
        price = side.prices[index]
        return BookLevel(price, side.quantities[price])

    def _is_crossed(self) -> bool:
        bids, asks = self._bids.prices, self._asks.prices
        return bool(bids and asks) and bids[-1] >= asks[0]

    def _give_up(self) -> DiffOutcome:
        self.resyncs += 1
        self._snapshot_id = None
        self._last_update_id = None
        self._is_whole = False
        self._bids.replace(())
        self._asks.replace(())
        return DiffOutcome.OUT_OF_SYNC


def near_depth(book: BookSnapshot) -> tuple[Decimal, Decimal]:
    """Return the bids and asks within `NEAR_MID` of the mid, in the quote currency.

    Where the snapshot does not say, its levels are added up; they are all the feed shows.
    """
    if book.near_bids is not None and book.near_asks is not None:
        return book.near_bids, book.near_asks
    if not book.bids or not book.asks:
        bids, asks = book.bids, book.asks
    else:
        lowest, highest = _near_mid(book.bids[0].price, book.asks[0].price)
        bids = tuple(level for level in book.bids if level.price >= lowest)
        asks = tuple(level for level in book.asks if level.price <= highest)
    return _notional(bids), _notional(asks)


def _near_mid(bid: Decimal, ask: Decimal) -> tuple[Decimal, Decimal]:
    mid = (bid + ask) / 2
    return mid * (1 - NEAR_MID), mid * (1 + NEAR_MID)


def _notional(levels: tuple[BookLevel, ...]) -> Decimal:
    return sum((level.price * level.quantity for level in levels), Decimal(0))
