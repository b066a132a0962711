"""The gate before the model: whether asking it now makes any sense, decided before a word is rendered.

Pure. What it refuses is no fault of the strategy (`DecisionRefused`), but for a connection that cannot
be asked as it is configured, which a person has to mend (`StrategyFailed`).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from engine.errors import DecisionRefused, DeskError, StrategyFailed, VaultLocked
from engine.strategies.context import StrategyContext

type Gate = Callable[[StrategyContext], None]
"""Returns if a decision may be asked for, else raises `DecisionRefused` or `StrategyFailed`."""


class GateReason(enum.StrEnum):
    """Why the gate said no; the stable part of its refusal."""

    INACTIVE = "inactive"
    TRADING_DISABLED = "trading_disabled"
    NOT_FUNDED = "not_funded"
    STALE_DATA = "stale_data"
    NO_KEY = "no_key"
    VAULT_LOCKED = "vault_locked"
    CAP_REACHED = "cap_reached"


class GateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate looks at beside the context.

    `quote_ages_ms` is how old each symbol's quote is, in market time, without those that have none;
    `smallest_notional` the least an order of any of the trader's symbols is worth. `refusal` is why the
    model cannot be asked now, as asking it would raise.
    """

    is_active: bool
    quote_ages_ms: Mapping[str, int]
    smallest_notional: Decimal
    refusal: DeskError | None = None


def check_gate(context: StrategyContext, facts: GateFacts) -> None:
    """Return if the model may be asked; raise `DecisionRefused` or `StrategyFailed` for the first no."""
    trader, account = context.trader, context.account
    if not facts.is_active:
        raise refusal(GateReason.INACTIVE, "the trader is not active")
    if not trader.trading_enabled and not context.positions:
        raise refusal(
            GateReason.TRADING_DISABLED, "trading is disabled for this trader and it holds no position"
        )
    least = facts.smallest_notional
    buying_power = account.available * trader.limits.max_leverage
    if not context.positions and (account.equity <= 0 or buying_power < least):
        raise refusal(
            GateReason.NOT_FUNDED,
            f"the available {account.available:,.2f} cannot buy the smallest order of {least:,}",
        )
    newest = min(facts.quote_ages_ms.values(), default=None)
    if newest is None:
        raise refusal(GateReason.STALE_DATA, "no symbol of the trader has a quote yet")
    if newest > trader.limits.max_quote_age_ms:
        raise refusal(
            GateReason.STALE_DATA,
            f"the newest quote is {newest / 1000:.1f} s old; a decision needs one of at most"
            f" {trader.limits.max_quote_age_ms / 1000:.0f} s",
        )
    _check_model(facts.refusal)


def _check_model(error: DeskError | None) -> None:
    if isinstance(error, DecisionRefused):
        raise refusal(GateReason.CAP_REACHED, error.message)
    if error is not None:
        reason = GateReason.VAULT_LOCKED if isinstance(error, VaultLocked) else GateReason.NO_KEY
        raise StrategyFailed(error.message, reason=reason.value)


def refusal(reason: GateReason, message: str) -> DecisionRefused:
    """Build the error of a refusal."""
    return DecisionRefused(message, reason=reason.value)


def open_gate(context: StrategyContext) -> None:
    """Let every decision through: in a backtest the history is the market and nothing can be stale."""
