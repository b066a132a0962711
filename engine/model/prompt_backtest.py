"""Prompt backtests: a prompt over recorded markets, and past decisions asked again with another prompt."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from engine.model.backtest import BacktestPool, BacktestResult, History, Recording
from engine.model.decision import Decision


class ReplyCacheMode(enum.StrEnum):
    """`read_write` asks only what was never asked, `read_only` never asks, `off` always asks."""

    READ_WRITE = "read_write"
    READ_ONLY = "read_only"
    OFF = "off"


class PromptBacktestRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt over recorded snapshots, one every `schedule_seconds` and at each fire of `pools`.

    `text` is the template (with `prompt_id` and `prompt_version` 0 for one that is not saved). Of the
    trader count its limits and how it asks its model. The run ends early once `max_usd` is spent or
    `max_samples` snapshots were decided.
    """

    text: str
    trader_id: int
    connection_id: int
    model: str
    name: str = ""
    prompt_id: int = 0
    prompt_version: int = 0
    symbols: tuple[str, ...] = ("BTC",)
    period: str = "15m"
    schedule_seconds: int = 4 * 3600
    pools: tuple[BacktestPool, ...] = ()
    history: History = Recording()
    start_ms: int | None = None
    end_ms: int | None = None
    cash: Decimal = Decimal(10_000)
    slippage: Decimal = Decimal(0)
    cache: ReplyCacheMode = ReplyCacheMode.READ_WRITE
    max_usd: Decimal | None = Decimal(5)
    max_samples: int = 500


class ReplacementRule(msgspec.Struct, frozen=True):
    """Every occurrence of `find` in a past prompt becomes `replace`."""

    find: str
    replace: str


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Past decisions asked again, with the prompts they were made by changed.

    `text` stands for the whole prompt where given, and is sent as it is: nothing is rendered anew. Else
    `rules` are applied to the exact prompt that was sent. Nothing trades. `max_usd` is the most that may
    be spent, None for no bound.
    """

    decision_ids: tuple[str, ...]
    connection_id: int
    model: str
    name: str = ""
    text: str = ""
    rules: tuple[ReplacementRule, ...] = ()
    cache: ReplyCacheMode = ReplyCacheMode.READ_WRITE
    max_usd: Decimal | None = Decimal(5)


class ReplayItemStatus(enum.StrEnum):
    """How far one decision of a replay got."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class ReplayItem(msgspec.Struct, frozen=True, kw_only=True):
    """One past decision and what the changed prompt would have decided.

    `changes` names the fields that differ (`operation`, `symbol`, `portion`, `leverage`, prices), empty
    when the decision stays the same; `realized_pnl` is what the original came to, None while open.
    """

    decision_id: str
    status: ReplayItemStatus = ReplayItemStatus.PENDING
    prompt: str = ""
    reply: str = ""
    reasoning: str = ""
    original: tuple[Decision, ...] = ()
    changed: tuple[Decision, ...] = ()
    changes: tuple[str, ...] = ()
    change_type: str = ""
    realized_pnl: Decimal | None = None
    tokens: int = 0
    cost_usd: Decimal | None = None
    cached: bool = False
    error: str = ""


class ReplaySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay came to.

    A loss is avoided where a losing decision would have been a hold or the other side; a profit is
    missed where a winning one would have been.
    """

    total: int = 0
    completed: int = 0
    failed: int = 0
    changed: int = 0
    unchanged: int = 0
    avoided_loss_count: int = 0
    avoided_loss: Decimal = Decimal(0)
    missed_profit_count: int = 0
    missed_profit: Decimal = Decimal(0)


class PromptRunKind(enum.StrEnum):
    """Which of the two a run is."""

    SNAPSHOTS = "snapshots"
    REPLAY = "replay"


class PromptRunStatus(enum.StrEnum):
    """How a run stands."""

    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    CANCELLED = "cancelled"
    FAILED = "failed"


class PromptRun(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list of prompt backtests; `run_id` is such as `pbt-0003`."""

    run_id: str
    kind: PromptRunKind
    name: str
    status: PromptRunStatus
    created_ms: int
    trader_id: int = 0
    model: str = ""
    total: int = 0
    completed: int = 0
    failed: int = 0
    cached: int = 0
    tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    finished_ms: int | None = None
    error: str = ""
    warnings: tuple[str, ...] = ()
    result_hash: str = ""
    deleted: bool = False


class PromptBacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run over snapshots came to: the result of any backtest, and what the model took."""

    run: PromptRun
    request: PromptBacktestRequest
    result: BacktestResult
    warnings: tuple[str, ...] = ()


class ReplayResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay of past decisions came to."""

    run: PromptRun
    request: ReplayRequest
    items: tuple[ReplayItem, ...]
    summary: ReplaySummary
