"""Backtests: what was asked for, how far it is, and what came out.

Shares are fractions (0.05 for 5 %) unless a name ends in `_pct`; times are UTC milliseconds.
"""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from engine.model.account import RiskLimits
from engine.model.program import Parameter, ProgramError
from engine.model.signal import PoolLogic

OPEN_LIMITS = RiskLimits(
    max_leverage=50,
    default_leverage=1,
    max_notional=Decimal("1e15"),
    max_positions=1000,
    max_open_orders=1000,
    max_orders_per_minute=1000,
    price_collar=Decimal("1e15"),
    max_slippage=Decimal("1e15"),
    max_quote_age_ms=2**53,
)
"""The risk limits of a backtest that is not of a trader: the contract's highest leverage, else none."""


class CandleFiles(msgspec.Struct, frozen=True, tag="files"):
    """Candles in files, as (symbol, path); several files of a symbol are joined.

    `funding` are files of funding rates with the columns `t_ms` and `rate`, as (symbol, path).
    """

    candles: tuple[tuple[str, str], ...]
    funding: tuple[tuple[str, str], ...] = ()


class StoredCandles(msgspec.Struct, frozen=True, tag="store"):
    """Candles of the home's candle store, by the venue they were imported from."""

    venue: str


class Recording(msgspec.Struct, frozen=True, tag="recording"):
    """The recording that the desk replays, second by second as the replay shows it."""

    source: str = "candles"


type History = CandleFiles | StoredCandles | Recording


class PoolSignal(msgspec.Struct, frozen=True):
    """A signal of a pool: a name and a condition (`engine.signals.conditions.grammar`)."""

    name: str
    condition: str


class BacktestPool(msgspec.Struct, frozen=True, kw_only=True):
    """A pool that wakes the program on each of `symbols` on its own; none means all of the run's."""

    name: str
    signals: tuple[PoolSignal, ...]
    logic: PoolLogic = PoolLogic.OR
    symbols: tuple[str, ...] = ()
    cooldown_seconds: int = 0


class BacktestRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a backtest depends on; the same request on the same history gives the same result.

    `source` is the program's text, `program_id` and `program_version` say where it was saved (0 for
    a file). `period` is the candle period of `history` and of `data.period`. `start_ms` is included,
    `end_ms` is not; None means where the history begins or ends. Fees are fractions of the notional,
    None those of the venue, or of Binance USD-M without one. `slippage` is the fraction by which
    every taker fill is worse than the price it met. With a `venue` its lot, tick and minimum
    notional apply, without one none do. `binding_id` names the binding it was made from (0: none).
    """

    source: str
    name: str = "program"
    program_id: int = 0
    program_version: int = 0
    binding_id: int = 0
    params: dict[str, Parameter] = {}
    symbols: tuple[str, ...] = ("BTC",)
    period: str = "1m"
    pools: tuple[BacktestPool, ...] = ()
    schedule_seconds: int = 0
    history: History = Recording()
    start_ms: int | None = None
    end_ms: int | None = None
    cash: Decimal = Decimal(10_000)
    taker_fee: Decimal | None = None
    maker_fee: Decimal | None = None
    slippage: Decimal = Decimal(0)
    venue: str = ""
    seed: int = 0
    limits: RiskLimits = OPEN_LIMITS


class BacktestStatus(enum.StrEnum):
    """How far a run got; `partial` ended early with what it had, `interrupted` was cut off by a kill."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    ERROR = "error"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to the run by itself."""
        return self not in (BacktestStatus.QUEUED, BacktestStatus.RUNNING)


class BacktestProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is: triggers decided of all, the market time reached, the equity there."""

    stage: str
    done: int = 0
    total: int = 0
    ts_ms: int = 0
    equity: float = 0.0


class ExitReason(enum.StrEnum):
    """What ended a trade; `open` is one that the end of the run found open."""

    DECISION = "decision"
    REVERSAL = "reversal"
    TAKE_PROFIT = "tp"
    STOP_LOSS = "sl"
    LIQUIDATION = "liquidation"
    OPEN = "open"


class BacktestTrade(msgspec.Struct, frozen=True, kw_only=True):
    """One round trip: a position from flat to flat, or to its reversal, which begins the next one.

    Prices are averages of its fills. `pnl` is after `fees` and `funding` (received is above 0);
    `gross_pnl` before both. `return_pct` is `pnl` on the entry's notional. `mae_pct` and `mfe_pct` are
    the furthest the price went against and for it while it was held, in per cent of the entry price,
    both 0 or more. An open trade has no exit and is valued at the last mark. `trigger_index` and
    `exit_trigger_index` are lines of the trigger log (None for an exit between triggers).
    """

    number: int
    symbol: str
    side: str
    quantity: Decimal
    leverage: int
    entry_ms: int
    entry_price: Decimal
    exit_ms: int | None
    exit_price: Decimal | None
    exit_reason: ExitReason
    pnl: Decimal
    gross_pnl: Decimal
    fees: Decimal
    funding: Decimal
    return_pct: float
    mae_pct: float
    mfe_pct: float
    trigger_index: int
    exit_trigger_index: int | None
    reason: str = ""
    pool_name: str = ""
    signals: tuple[str, ...] = ()


class TriggerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a run's trigger log: a wake-up of the program, or an exit that happened by itself.

    `kind` is signal, scheduled, tp, sl, liquidation or limit. `symbol` is what fired or exited; of a
    schedule it is what was decided on, else the run's first. `price` is the symbol's mark then, and of an
    exit what it traded at.
    `operation` is empty where the program was not asked; `outcome` says what became of its decision.
    """

    index: int
    kind: str
    ts_ms: int
    symbol: str
    price: float
    pool_name: str = ""
    signals: tuple[str, ...] = ()
    operation: str = ""
    decision_symbol: str = ""
    side: str = ""
    quantity: float = 0.0
    fill_price: float | None = None
    fee: float = 0.0
    realized_pnl: float = 0.0
    equity_before: float = 0.0
    equity_after: float = 0.0
    reason: str = ""
    outcome: str = ""
    error: str = ""


class EquityCurve(msgspec.Struct, frozen=True, kw_only=True):
    """Equity over a run, thinned for a chart: each interval keeps its lowest and highest point.

    `benchmark` is what holding the first symbol for all the cash would have been worth.
    """

    ts_ms: tuple[int, ...]
    equity: tuple[float, ...]
    drawdown_pct: tuple[float, ...]
    benchmark: tuple[float, ...]


class MonthlyReturn(msgspec.Struct, frozen=True):
    """The return of one calendar month (UTC), in per cent."""

    year: int
    month: int
    return_pct: float


class BacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to.

    `metrics` are named and defined by `engine.backtest.metrics.METRICS`; None is undefined, such as a
    profit factor without losses. `warnings` are what an honest reader must know. `rules` are the
    sentences that every report prints. `ended_early` says why a partial run stopped. `result_hash` is
    over everything that decides whether two runs were the same.
    """

    request: BacktestRequest
    status: BacktestStatus
    start_ms: int
    end_ms: int
    bars: int
    triggers: int
    signal_triggers: int
    scheduled_triggers: int
    program_calls: int
    final_equity: Decimal
    total_pnl: Decimal
    fees: Decimal
    funding: Decimal
    metrics: dict[str, float | None]
    trades: tuple[BacktestTrade, ...]
    curve: EquityCurve
    monthly: tuple[MonthlyReturn, ...]
    rules: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    failures: int = 0
    error: ProgramError | None = None
    ended_early: str = ""
    load_s: float = 0.0
    run_s: float = 0.0
    result_hash: str = ""


class BacktestRun(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history of runs; `summary` has the result's metrics once there is one.

    `run_id` is text such as `bt-001` (`sw-001` for a sweep, whose `combinations` is above 0).
    """

    run_id: str
    name: str
    symbols: tuple[str, ...]
    status: BacktestStatus
    created_ms: int
    program_id: int = 0
    binding_id: int = 0
    finished_ms: int | None = None
    progress: BacktestProgress = BacktestProgress(stage="queued")
    summary: dict[str, float | None] = {}
    total_trades: int = 0
    final_equity: float | None = None
    total_pnl: float | None = None
    result_hash: str = ""
    error: str = ""
    combinations: int = 0
    deleted: bool = False


class TriggerDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one trigger: what the program was given, asked, printed and decided."""

    line: TriggerLine
    input_data: str
    reads: tuple[tuple[str, str], ...]
    output: str
    decision: str
    error: ProgramError | None = None


class ParameterRange(msgspec.Struct, frozen=True):
    """The values one parameter takes in a sweep, in the order they are tried."""

    name: str
    values: tuple[Parameter, ...]


class WalkForward(msgspec.Struct, frozen=True, kw_only=True):
    """Splits of a range: best parameters are chosen on each training part and tried on the next part."""

    splits: int = 5
    train_share: float = 0.7


class SweepRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of one request over many parameters.

    Without `samples` every combination of `ranges` is run; with it so many are drawn at random, by
    the request's seed. `objective` is the metric that the best run has the highest of. `cluster` is
    empty for processes of this machine, or `dask://HOST:PORT` or `ray://HOST:PORT`.
    """

    request: BacktestRequest
    ranges: tuple[ParameterRange, ...]
    samples: int = 0
    objective: str = "sharpe"
    walk_forward: WalkForward | None = None
    workers: int = 0
    cluster: str = ""


class SweepLine(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a sweep; `error` is empty unless it failed."""

    params: dict[str, Parameter]
    metrics: dict[str, float | None]
    total_trades: int
    final_equity: float
    result_hash: str
    error: str = ""


class WalkForwardStep(msgspec.Struct, frozen=True, kw_only=True):
    """One split: the parameters chosen on the training part, and how they did on both parts."""

    train_start_ms: int
    train_end_ms: int
    test_end_ms: int
    params: dict[str, Parameter]
    train: dict[str, float | None]
    test: dict[str, float | None]


class SweepResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep came to: every run, the best by the objective, and how far luck alone explains it.

    `deflated_sharpe` is the probability that the best Sharpe ratio is above 0 after so many trials
    (Bailey and López de Prado, 2014).
    """

    request: SweepRequest
    lines: tuple[SweepLine, ...]
    best: int | None
    deflated_sharpe: float | None
    steps: tuple[WalkForwardStep, ...] = ()
    warnings: tuple[str, ...] = ()
    run_s: float = 0.0
