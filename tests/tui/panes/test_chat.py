from __future__ import annotations

import msgspec

from engine.model.decision import DecisionStatus
from engine.model.event import DecisionEvent, OrderEvent, ReasoningEvent, Topic
from engine.model.order import OrderStatus
from tests.tui.peek import log_lines
from tests.tui.recorded_desk import DECISIONS, INSTRUMENTS, PAST_ORDERS, TRADERS, RecordedDesk
from tests.tui.waiting import settled
from tui.app import DeskApp
from tui.panes.chat import ChatPane, decision_blocks, decision_text
from tui.screens.desk import DeskScreen
from tui.view import DeskView
from tui.widgets.streaming_log import StreamingLog


def shown(app: DeskApp) -> str:
    return "\n".join(log_lines(app.screen.query_one(ChatPane).query_one(StreamingLog)))


def tick(app: DeskApp) -> None:
    screen = app.screen
    assert isinstance(screen, DeskScreen)
    screen.paint_tick()


def test_a_decision_says_what_woke_it_what_it_wants_and_what_came_of_it() -> None:
    view = DeskView(instruments=INSTRUMENTS, traders=TRADERS)
    thought, outcome = decision_blocks(view, DECISIONS[0])
    assert "RSI below 30 BTC (28.4)" in thought.header
    assert outcome.header == "✓ Reversion executed buy 50% BTC 2× SL 65,800.0 TP 68,500.0"
    assert "bought 0.150 BTC" in outcome.body


def test_a_running_decision_has_no_outcome_yet() -> None:
    assert len(list(decision_blocks(DeskView(), DECISIONS[2]))) == 1


def test_a_decision_in_words() -> None:
    assert decision_text(DeskView(), DECISIONS[1].decisions[0]) == "buy 100% ETH 5×"


async def test_reasoning_streams_and_the_end_replaces_it(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await settled(pilot)
        desk.publish(Topic.REASONING, ReasoningEvent(2, "d-3", " is thin.", 11))
        tick(app)
        assert "The range is narrow and the book is thin." in shown(app)
        ended = msgspec.structs.replace(
            DECISIONS[2],
            status=DecisionStatus.FAILED,
            reasoning="All of it.",
            outcome="the reply held no JSON",
        )
        desk.publish(Topic.DECISIONS, DecisionEvent(ended, 12))
        tick(app)
        assert "All of it." in shown(app)
        assert "is thin" not in shown(app)
        assert "the reply held no JSON" in shown(app)


async def test_one_traders_chat_and_back_to_all_loses_nothing(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await settled(pilot)
        await pilot.press("1", "g", "a")
        await pilot.pause()
        assert "rsi=28.4" in shown(app)
        assert "sideways" not in shown(app)
        desk.publish(Topic.REASONING, ReasoningEvent(2, "d-3", " is thin.", 11))
        tick(app)
        await pilot.press("a")
        await pilot.pause()
        assert "the book is thin." in shown(app)


async def test_a_denied_order_says_why(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await settled(pilot)
        denied = msgspec.structs.replace(PAST_ORDERS[0], status=OrderStatus.DENIED, client_order_id="o-77")
        desk.publish(Topic.ORDERS, OrderEvent(denied, 13))
        tick(app)
        assert "Rules had an order refused" in shown(app)
        assert "above this trader's limit of 20,000" in shown(app)


async def test_an_outcome_stands_right_below_its_own_decision(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await settled(pilot)
        other = msgspec.structs.replace(DECISIONS[2], decision_id="d-4", trader_id=1, reasoning="Other.")
        desk.publish(Topic.DECISIONS, DecisionEvent(other, 12))
        ended = msgspec.structs.replace(DECISIONS[2], status=DecisionStatus.HELD)
        desk.publish(Topic.DECISIONS, DecisionEvent(ended, 13))
        tick(app)
        lines = shown(app).splitlines()
        place = next(index for index, line in enumerate(lines) if "the book" in line)
        assert lines[place + 1].startswith("· Rules holds")
        assert lines[place + 2] == ""
        assert any("Other." in line for line in lines[place + 3 :])


async def test_a_model_cannot_push_the_chat_away_with_blank_lines(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await settled(pilot)
        for number in range(20):
            desk.publish(Topic.REASONING, ReasoningEvent(2, "d-3", "\n\n \n", 11 + number))
        desk.publish(Topic.REASONING, ReasoningEvent(2, "d-3", "The end.", 40))
        tick(app)
        assert "the book\n\n  The end." in shown(app)
