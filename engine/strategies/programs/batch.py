"""What crosses the wall between the desk and a program: triggers and data in, decisions out.

A *batch* is a run of triggers that one program decides one after the other, each on its own, without
memory in between. A live run is a batch of one; a backtest sends thousands. What a program may look
at is computed by the desk for exactly the triggers of the batch: the batch carries the answer to
every `DataQuery` that the program is known to ask (its *plan*), and a program that asks for anything
else ends the batch before that trigger with `needs`, so that the desk can add it and go on.

What a program sees of its account is true, or the batch ends. At the first trigger of a batch the
desk may give `books`: they are confirmed, and stay so until `until_ms` as long as the program
orders nothing. After an order only which side each symbol stands on is *forecast* (a buy makes it
long, a sell short, a whole close flat), and a program that reads anything more of its account then
ends the batch before that trigger with `wants_books`. The desk carries every decision out in its
own books and compares: a forecast that was wrong is decided again with true books.
"""

from __future__ import annotations

import msgspec

from engine.model.program import Parameter


class DataQuery(msgspec.Struct, frozen=True, order=True):
    """One kind of data a program asks for; unused fields are empty.

    ============== ====================================================================================
    method         fields and what the answer has
    ============== ====================================================================================
    klines         symbol, period: series `t` (open time in seconds), `o`, `h`, `l`, `c`, `v`
    indicator      symbol, name, period: series `value`, or one per output (`macd`, `signal`, …)
    flow           symbol, name (the metric), period: one series per key of the contract's table
    regime         symbol, period: texts `regime`, `coarse`, `direction`, `reason`; numbers `conf` …
    factor         symbol, name, period: numbers and texts by the contract's keys
    factor_ranking symbol, count: text `rows` (JSON)
    price_change   symbol, period: numbers `change_percent`, `change_usd`
    market_data    symbol: numbers by the contract's keys
    ============== ====================================================================================
    """

    method: str
    symbol: str
    name: str = ""
    period: str = ""
    count: int = 0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one query answers at every trigger of a batch.

    With `visible`, `numbers` are series in time order of which trigger i sees the first `visible[i]`
    values, so that the latest is at `visible[i] - 1`. Without it `numbers` and `texts` have one value
    per trigger. NaN and the text of one zero character are missing. Numbers are little-endian
    float64, `visible` int64.
    """

    numbers: dict[str, bytes] = {}
    texts: dict[str, tuple[str, ...]] = {}
    visible: bytes | None = None


class MarketColumns(msgspec.Struct, frozen=True, kw_only=True):
    """The quote of one symbol at every trigger, as float64; the last trade is the mark."""

    mark: bytes
    bid: bytes
    ask: bytes
    tick_size: float


class MemberColumns(msgspec.Struct, frozen=True, kw_only=True):
    """A signal of a pool over the pool's fires: whether it was met (int8) and its value (float64)."""

    signal_id: int
    name: str
    condition: str
    met: bytes
    value: bytes


class PoolColumns(msgspec.Struct, frozen=True, kw_only=True):
    """The fires of one pool on one symbol among a batch's triggers; `rows` has int64 trigger indices."""

    pool_id: int
    name: str
    logic: str
    symbol: str
    rows: bytes
    members: tuple[MemberColumns, ...]


class TriggerColumns(msgspec.Struct, frozen=True, kw_only=True):
    """When and why the program is woken: `ts_ms` (int64) for each trigger, and the fires among them.

    A trigger that is in no pool's `rows` is of `other_kind`: scheduled or manual, for
    `other_symbol`.
    """

    ts_ms: bytes
    pools: tuple[PoolColumns, ...] = ()
    other_kind: str = "scheduled"
    other_symbol: str = ""


PositionRow = tuple[str, str, str, str, int, str, str | None, int]
"""symbol, long|short, size, entry price, leverage, isolated margin, liquidation price, opened (ms)."""

TradeRow = tuple[str, str, str, str, int, str]
"""symbol, buy|sell, size, price, time (ms), realised profit: one fill."""

OrderRow = tuple[str, str, str, str, str, str, str | None, str | None, bool, int]
"""id, symbol, Buy|Sell, direction, type, size, price, trigger price, reduce-only, created (ms)."""


class ConfirmedBooks(msgspec.Struct, frozen=True, kw_only=True):
    """A trader's account as it truly is at the first trigger of a batch; amounts are decimal texts.

    `cash` is the wallet balance, `used_margin` what positions and resting orders set aside, fills are
    newest first. Nothing changes by itself before `until_ms` (None: not within the batch):
    neither a fill nor funding. `futile_orders` (operation, symbol) are forecast to have no effect, as
    the last ones alike had none, until another order has one.
    """

    cash: str
    used_margin: str
    positions: tuple[PositionRow, ...] = ()
    recent_trades: tuple[TradeRow, ...] = ()
    open_orders: tuple[OrderRow, ...] = ()
    until_ms: int | None = None
    futile_orders: tuple[tuple[str, str], ...] = ()


class BatchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One batch; `first` is the number of its first trigger within the whole run.

    `session` names whose turn it is: batches of one wait for each other and share a guest session.
    `books` None continues the forecast that the batch before ended with. `volume` is a host folder
    that the guest sees read-only, through which large columns travel; empty sends them inline.
    `keeps_reads` returns everything the program asked for, `seed` goes into every `random`.
    """

    session: str
    source: str
    params: dict[str, Parameter]
    trader_id: int
    environment: str
    trading_mode: str
    max_leverage: int
    default_leverage: int
    period: str
    symbols: tuple[str, ...]
    triggers: TriggerColumns
    markets: dict[str, MarketColumns]
    answers: dict[DataQuery, Answer]
    books: ConfirmedBooks | None
    first: int = 0
    seed: int = 0
    keeps_reads: bool = False
    volume: str = ""


class BatchDecision(msgspec.Struct, frozen=True):
    """A decision that asks for an order: the trigger's place in the batch, and the decision as JSON."""

    index: int
    decision: str


class BatchFailure(msgspec.Struct, frozen=True):
    """A trigger at which the program failed, and how: in its own lines, without a frame of the guest half."""

    index: int
    kind: str
    message: str
    line: int | None
    column: int | None
    code: str
    function: str
    traceback: str


class BatchReply(msgspec.Struct, frozen=True, kw_only=True):
    """How a batch went: `decided` triggers are done, the rest are not begun.

    A trigger that is neither in `decisions` nor in `failures` was a hold; `hold_reasons` are the
    distinct reasons and `hold_reason_of` (int32 per decided trigger, -1 for none) whose is which.
    `output` has what was printed, by trigger, cut at the sandbox's limit. A batch that stopped early
    says why: `needs` asks for data, `wants_books` for confirmed books, `waits` says that the last
    decision changes the books in a way only the desk can tell (stops, resting orders).
    """

    decided: int
    decisions: tuple[BatchDecision, ...] = ()
    failures: tuple[BatchFailure, ...] = ()
    hold_reasons: tuple[str, ...] = ()
    hold_reason_of: bytes = b""
    output: tuple[tuple[int, str], ...] = ()
    reads: tuple[tuple[str, str], ...] = ()
    input_data: str = ""
    needs: tuple[DataQuery, ...] = ()
    wants_books: bool = False
    waits: bool = False
    guest_us: int = 0
