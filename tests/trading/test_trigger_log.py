"""Every fire is written down with what became of it, and a wake-up that is owed is known."""

from __future__ import annotations

import msgspec

from engine.model.event import FireEvent, Topic
from engine.model.signal import (
    FiredSignal,
    PoolFire,
    SignalPool,
    TriggerDelivery,
    TriggerOutcome,
)
from engine.model.trigger import Trigger, TriggerKind
from engine.store.changes import Change
from engine.streams import Bus
from engine.trading.trigger_log import KEPT_FIRES, TriggerLog, trigger_detail

POOL = SignalPool(pool_id=4, name="Dip", signal_ids=(1,))
MET = (FiredSignal(1, "Oversold", "rsi14 crosses below 30 on 5m", 28.914),)
WOKEN = TriggerDelivery(1, TriggerOutcome.WOKEN, binding_id=7)
SKIPPED = TriggerDelivery(2, TriggerOutcome.SKIPPED, "still deciding (d2-7)")


def both(fire: PoolFire) -> tuple[TriggerDelivery, ...]:
    return (WOKEN, SKIPPED)


def trigger_of(fire: PoolFire) -> Trigger:
    return Trigger(kind=TriggerKind.SIGNAL, symbol=fire.symbol, ts_ms=fire.ts_ms, fire_id=fire.fire_id)


def test_a_fire_is_stored_and_told_with_its_deliveries() -> None:
    bus, written = Bus(), list[Change]()
    reader = bus.subscribe([Topic.SIGNALS])
    log = TriggerLog((), bus, written.append)
    fire = log.record(POOL, "BTC", 60_000, MET, "noise", both)
    assert (fire.fire_id, fire.deliveries) == (1, (WOKEN, SKIPPED))
    assert written == [fire]
    assert [edge.fire for edge in reader.drain().edges if isinstance(edge, FireEvent)] == [fire]
    assert log.recent(4, "BTC", 10) == (fire,)
    assert log.recent(4, "ETH", 10) == log.recent(5, None, 10) == ()


def test_a_wake_up_without_a_decision_is_owed_after_a_restart() -> None:
    log = TriggerLog((), Bus(), lambda change: None)
    fire = log.record(POOL, "BTC", 60_000, MET, "", both)
    restarted = TriggerLog((fire,), Bus(), lambda change: None)
    assert restarted.unanswered(1, 7) == fire
    assert restarted.unanswered(2, 0) is None, "a skipped fire owes nothing"
    (noted,) = restarted.decision_begun(1, 7, trigger_of(fire), "d1-1")
    assert isinstance(noted, PoolFire)
    assert noted.deliveries[0].decision_id == "d1-1"
    assert TriggerLog((noted,), Bus(), lambda change: None).unanswered(1, 7) is None


def test_a_fire_that_was_given_up_is_skipped_and_owes_nothing() -> None:
    log = TriggerLog((), Bus(), lambda change: None)
    fire = log.record(POOL, "BTC", 60_000, MET, "", both)
    (noted,) = log.trigger_dropped(1, 7, trigger_of(fire), "paused")
    assert isinstance(noted, PoolFire)
    assert noted.deliveries == (TriggerDelivery(1, TriggerOutcome.SKIPPED, "paused", binding_id=7), SKIPPED)
    assert log.recent(4, "BTC", 1) == (noted,)
    assert log.unanswered(1, 7) is None


def test_each_binding_of_a_trader_is_answered_for_itself() -> None:
    log = TriggerLog((), Bus(), lambda change: None)
    other = msgspec.structs.replace(WOKEN, binding_id=8)
    fire = log.record(POOL, "BTC", 60_000, MET, "", lambda fire: (WOKEN, other))
    (noted,) = log.decision_begun(1, 8, trigger_of(fire), "d1-1")
    assert isinstance(noted, PoolFire)
    assert noted.deliveries == (WOKEN, msgspec.structs.replace(other, decision_id="d1-1"))
    assert log.unanswered(1, 8) is None
    assert log.unanswered(1, 7) == noted
    assert log.unanswered(1, 0) is None, "no prompt decides for this trader"


def test_fires_are_counted_by_pool_and_symbol() -> None:
    log = TriggerLog((), Bus(), lambda change: None)
    for symbol in ("BTC", "ETH", "BTC"):
        log.record(POOL, symbol, 60_000, MET, "", both)
    assert log.counts() == {(4, "BTC"): 2, (4, "ETH"): 1}


def test_a_decision_of_another_kind_changes_no_fire() -> None:
    log = TriggerLog((), Bus(), lambda change: None)
    assert log.decision_begun(1, 7, Trigger(kind=TriggerKind.MANUAL, symbol="", ts_ms=0), "d1-1") == ()


def test_ids_go_on_and_the_log_stays_bounded() -> None:
    log = TriggerLog((), Bus(), lambda change: None)
    for ts_ms in range(KEPT_FIRES + 3):
        last = log.record(POOL, "BTC", ts_ms, MET, "", both)
    assert len(log.recent(None, None, 10_000)) == KEPT_FIRES
    restarted = TriggerLog((last,), Bus(), lambda change: None)
    assert restarted.record(POOL, "BTC", 0, MET, "", both).fire_id == last.fire_id + 1


def test_the_detail_says_what_was_met_on_which_value() -> None:
    assert trigger_detail(MET) == "rsi14 crosses below 30 on 5m (28.914)"
