"""The gate: each reason once, in its order, and what it means for the trader."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.errors import DecisionRefused, ModelFailed, StrategyFailed, VaultLocked
from engine.model.position import Position
from engine.strategies.context import StrategyContext
from engine.strategies.prompts.gate import GateFacts, GateReason, check_gate
from tests.strategies.prompts.recorded_context import context, position

FINE = GateFacts(is_active=True, quote_ages_ms={"BTC": 0, "ETH": 60_000}, smallest_notional=Decimal(5))


def changed(**changes: object) -> GateFacts:
    return msgspec.structs.replace(FINE, **changes)


def poor(available: str, positions: tuple[Position, ...] = ()) -> StrategyContext:
    seen = context(positions=positions)
    money = msgspec.structs.replace(seen.account, available=Decimal(available))
    return msgspec.structs.replace(seen, account=money)


def disabled(seen: StrategyContext) -> StrategyContext:
    trader = msgspec.structs.replace(seen.trader, trading_enabled=False)
    return msgspec.structs.replace(seen, trader=trader)


HOLDING = (position("BTC", Decimal("0.1"), Decimal(60_000)),)


def test_nothing_is_in_the_way_of_a_sound_trader() -> None:
    check_gate(context(), FINE)


@pytest.mark.parametrize(
    ("seen", "facts", "reason"),
    [
        (context(), changed(is_active=False), GateReason.INACTIVE),
        (disabled(context()), FINE, GateReason.TRADING_DISABLED),
        (poor("0.9"), FINE, GateReason.NOT_FUNDED),
        (context(), changed(quote_ages_ms={}), GateReason.STALE_DATA),
        (context(), changed(quote_ages_ms={"BTC": 10_001}), GateReason.STALE_DATA),
        (context(), changed(refusal=DecisionRefused("the cap is reached")), GateReason.CAP_REACHED),
    ],
)
def test_each_refusal_has_its_reason(seen: StrategyContext, facts: GateFacts, reason: GateReason) -> None:
    with pytest.raises(DecisionRefused) as caught:
        check_gate(seen, facts)
    assert caught.value.details["reason"] == reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [(VaultLocked("closed"), GateReason.VAULT_LOCKED), (ModelFailed("no key"), GateReason.NO_KEY)],
)
def test_a_connection_that_a_person_must_mend_is_a_failure(error: Exception, reason: GateReason) -> None:
    with pytest.raises(StrategyFailed) as caught:
        check_gate(context(), changed(refusal=error))
    assert caught.value.details["reason"] == reason


def test_a_trader_with_a_position_may_always_get_out() -> None:
    check_gate(disabled(context(positions=HOLDING)), FINE)
    check_gate(poor("0", positions=HOLDING), FINE)
