"""Accounts and traders: who trades, with what, under which limits."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec


class TraderKind(enum.StrEnum):
    """What decides for a trader."""

    PROGRAM = "program"
    PROMPT = "prompt"
    MANUAL = "manual"


class TraderStatus(enum.StrEnum):
    """Active listens and executes, Paused is configured but idle, Error is stopped by a failure."""

    ACTIVE = "active"
    PAUSED = "paused"
    ERROR = "error"


class TradingMode(enum.StrEnum):
    """What an order of the trader touches: recorded market, live market without money, or money."""

    REPLAY = "replay"
    PAPER = "paper"
    LIVE = "live"


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits a human sets for one trader; nothing a strategy says can move them.

    `max_notional` is the cap on one symbol's position plus its open orders, in the quote currency.
    `price_collar` is the largest allowed distance of a limit price from the mark price and
    `max_slippage` the same for a market order's expected average price, both as fractions.
    `max_quote_age_ms` is how old the last quote may be for an order that adds risk.
    """

    max_leverage: int = 5
    default_leverage: int = 2
    max_notional: Decimal = Decimal(20000)
    max_positions: int = 3
    max_open_orders: int = 20
    max_orders_per_minute: int = 30
    price_collar: Decimal = Decimal("0.02")
    max_slippage: Decimal = Decimal("0.005")
    max_quote_age_ms: int = 10_000


class ModelPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a prompt trader asks its model, and how much of it.

    `daily_usd` and `daily_tokens` bound a UTC day of the wall clock, None for no bound; a model whose
    price is not known is bound by `daily_tokens`, and not asked under `daily_usd` alone. `max_concurrent`
    bounds its calls under way, replays and backtests included. `repairs` is how often (0 or 1) a reply
    that cannot be used is sent back with what is wrong with it. `temperature` and `max_output_tokens` are
    left to the model where None, and left out where its vendor takes none.
    """

    daily_usd: Decimal | None = None
    daily_tokens: int | None = None
    max_concurrent: int = 1
    repairs: int = 0
    temperature: float | None = None
    max_output_tokens: int | None = None


class TraderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a human configures about one trader; `trader_id` 0 asks for a new one.

    `strategy` names the program or the prompt template; empty for a manual trader. `model`,
    `connection_id` and `policy` belong to prompt traders; connection 0 is the built-in rules model.
    `trading_enabled` False blocks new orders that add risk, whoever wants them; `hidden` keeps the trader
    off the desk's lists. A deleted trader never runs again; its history stays.
    `period` is the candle period the strategy looks at, such as `15m`. What wakes a prompt trader are
    the signal pools of `pool_ids` and a schedule every `schedule_seconds` of market time (0 for none);
    a program trader's bindings have their own.
    """

    trader_id: int
    name: str
    kind: TraderKind
    initial_capital: Decimal
    mode: TradingMode = TradingMode.REPLAY
    symbols: tuple[str, ...] = ("BTC", "ETH", "SOL")
    strategy: str = ""
    model: str = ""
    connection_id: int = 0
    policy: ModelPolicy = ModelPolicy()
    period: str = "15m"
    schedule_seconds: int = 0
    pool_ids: tuple[int, ...] = ()
    limits: RiskLimits = RiskLimits()
    description: str = ""
    trading_enabled: bool = True
    hidden: bool = False
    deleted: bool = False


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A trader's money, in the quote currency.

    equity = cash + unrealised profit, where `cash` is the wallet balance: deposits plus realised
    profit plus funding minus fees. `used_margin` is what positions and resting orders set aside;
    `available` is what a new position may use.
    """

    trader_id: int
    cash: Decimal
    equity: Decimal
    used_margin: Decimal
    available: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal
    fees: Decimal
    funding: Decimal
    day_pnl: Decimal


class TraderSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the traders pane.

    `sparkline` holds recent equities, oldest first. `seq` is the number of the last state event
    this row includes. `thinking` is True while a decision is being made.
    """

    trader_id: int
    name: str
    kind: TraderKind
    mode: TradingMode
    status: TraderStatus
    status_reason: str
    strategy: str
    model: str
    account: Account
    open_positions: int
    open_orders: int
    sparkline: tuple[float, ...]
    thinking: bool
    seq: int


class EquityPoint(msgspec.Struct, frozen=True):
    """One sample of a trader's equity in the quote currency."""

    trader_id: int
    ts_ms: int
    equity: Decimal
