from __future__ import annotations

import msgspec
import pytest

from engine.desk import EquitySpan
from engine.model.account import EquityPoint
from engine.model.decision import DecisionStatus
from engine.model.event import Alert, DecisionEvent, ReasoningEvent, ReplayState, Severity, Topic
from tests.tui.recorded_books import DECISIONS, NOW_MS
from tests.tui.recorded_desk import RecordedDesk
from tui.bridge import CURVE_INTERVAL_S, DeskBridge
from tui.view import DeskView, Selection


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bridge(desk: RecordedDesk, clock: Clock) -> DeskBridge:
    return DeskBridge(desk, clock)


def reasoning(seq: int, delta: str = "x") -> ReasoningEvent:
    return ReasoningEvent(2, "d-3", delta, seq)


def test_an_unchanged_desk_gives_the_same_picture_again(bridge: DeskBridge) -> None:
    first, _ = bridge.refresh(Selection())
    again, news = bridge.refresh(first.selection)
    assert again is first
    assert news.edges == ()
    assert news.history is None


def test_a_fresh_feed_changes_nothing_a_stale_one_does(bridge: DeskBridge, desk: RecordedDesk) -> None:
    first, _ = bridge.refresh(Selection())
    desk.status = msgspec.structs.replace(desk.status, feed_age_ms=900)
    assert bridge.refresh(first.selection)[0] is first
    desk.status = msgspec.structs.replace(desk.status, feed_age_ms=7_900)
    assert bridge.refresh(first.selection)[0].market.feed_age_ms == 7_000


def test_a_paused_replay_does_not_age(bridge: DeskBridge, desk: RecordedDesk) -> None:
    desk.status = msgspec.structs.replace(desk.status, replay=ReplayState.PAUSED)
    first, _ = bridge.refresh(Selection())
    desk.status = msgspec.structs.replace(desk.status, feed_age_ms=999_999)
    assert bridge.refresh(first.selection)[0] is first


def test_the_selection_settles_on_the_manual_trader_and_the_first_symbol(bridge: DeskBridge) -> None:
    view, _ = bridge.refresh(Selection())
    assert view.selection.trader_id == 3
    assert view.selection.symbol == "BTC"


def test_the_first_tick_brings_the_history_and_later_ones_what_happened(
    bridge: DeskBridge, desk: RecordedDesk
) -> None:
    _, news = bridge.refresh(Selection())
    assert news.history == DECISIONS
    desk.publish(Topic.REASONING, reasoning(11))
    assert bridge.refresh(Selection())[1].edges == (reasoning(11),)


def test_pieces_the_history_holds_are_not_shown_twice(bridge: DeskBridge, desk: RecordedDesk) -> None:
    bridge.refresh(Selection())
    desk.publish(Topic.REASONING, reasoning(10))
    desk.publish(Topic.REASONING, reasoning(11))
    assert bridge.refresh(Selection())[1].edges == (reasoning(11),)


def test_history_waits_until_the_desk_is_ready(bridge: DeskBridge, desk: RecordedDesk) -> None:
    ready = desk.status
    desk.status = msgspec.structs.replace(ready, replay=ReplayState.STARTING)
    assert bridge.refresh(Selection())[1].history is None
    desk.status = ready
    assert bridge.refresh(Selection())[1].history == DECISIONS


def test_a_reader_that_fell_behind_starts_again_from_the_history(desk: RecordedDesk) -> None:
    bridge = DeskBridge(desk)
    bridge.refresh(Selection())
    for seq in range(11, 10_100):
        desk.publish(Topic.REASONING, reasoning(seq))
    finished = msgspec.structs.replace(DECISIONS[2], status=DecisionStatus.HELD)
    desk.decision_list = (*DECISIONS[:2], finished)
    _, news = bridge.refresh(Selection())
    assert news.history == desk.decision_list
    desk.publish(Topic.DECISIONS, DecisionEvent(finished, 20_000))
    assert bridge.refresh(Selection())[1].edges == (DecisionEvent(finished, 20_000),)


def test_an_alert_from_before_the_history_is_not_lost(bridge: DeskBridge, desk: RecordedDesk) -> None:
    ready = desk.status
    desk.status = msgspec.structs.replace(ready, replay=ReplayState.STARTING)
    bridge.refresh(Selection())
    alert = Alert(Severity.WARNING, "reconciled one order", NOW_MS)
    desk.status = ready
    desk.publish(Topic.ALERTS, alert)
    assert bridge.refresh(Selection())[1].edges == (alert,)


def test_curves_are_read_once_a_second_and_at_once_when_another_is_wanted(
    bridge: DeskBridge, clock: Clock, desk: RecordedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[object] = []
    original = desk.equity

    def counted_equity(trader_id: int | None, span: EquitySpan, max_points: int) -> tuple[EquityPoint, ...]:
        reads.append(trader_id)
        return original(trader_id, span, max_points)

    monkeypatch.setattr(desk, "equity", counted_equity)
    view, _ = bridge.refresh(Selection())
    assert len(reads) == 3
    bridge.refresh(view.selection)
    assert len(reads) == 3
    one = msgspec.structs.replace(view.selection, all_traders=False)
    assert len(bridge.refresh(one)[0].curves) == 1
    assert len(reads) == 4
    clock.now += CURVE_INTERVAL_S
    bridge.refresh(one)
    assert len(reads) == 5
    clock.now += CURVE_INTERVAL_S
    bridge.refresh(one, wants_curves=False)
    assert len(reads) == 5


def test_a_closed_bridge_leaves_no_subscription(bridge: DeskBridge, desk: RecordedDesk) -> None:
    bridge.refresh(Selection())
    bridge.close()
    assert desk.bus._subscriptions == ()


def test_the_first_picture_is_empty(bridge: DeskBridge) -> None:
    assert bridge.view == DeskView()
    assert bridge.view.is_starting
