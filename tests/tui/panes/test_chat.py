from __future__ import annotations

from typing import Any

import msgspec
from textual.geometry import Region
from textual.pilot import Pilot
from textual.timer import Timer

from engine.model.decision import DecisionStatus
from engine.model.event import DecisionEvent, OrderEvent, ReasoningEvent, Topic
from engine.model.order import OrderStatus
from tests.tui.peek import desk_screen, follows_end, log_lines, notices, screen_lines
from tests.tui.recorded_arena import OLDER_DECISIONS
from tests.tui.recorded_books import DECISIONS, INSTRUMENTS, PAST_ORDERS, TRADERS
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled
from tests.tui.widgets.painted import lines_of, record_repaints
from tui.action import Context
from tui.app import DeskApp
from tui.chat_cards import decision_blocks, decision_text
from tui.chat_view import Conversation
from tui.panes.chat import ChatPane
from tui.screens.decision_detail import DecisionDetailScreen
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


def chat_log(app: DeskApp) -> StreamingLog:
    return desk_screen(app).query_one(ChatPane).log_view


async def open_chat(pilot: Pilot[None], *keys: str) -> None:
    await settled(pilot)
    await pilot.press("4", *keys)
    await settled(pilot)


async def test_a_card_shows_fills_and_profit_and_loss(app: DeskApp) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await open_chat(pilot)
        assert "┃ filled buy 0.150 BTC at 66,451.2 · fee 4.98" in shown(app)
        assert "┃ P&L ▼ -4.98 · so far, still held" in shown(app)


async def test_a_fill_has_the_story_of_what_is_still_held_read_again(
    app: DeskApp, desk: RecordedDesk
) -> None:
    conversation = Conversation()
    conversation.restart(DECISIONS)
    assert conversation.unread_stories(("d-1", "d-3")) == ("d-1",)
    conversation.put_story(await desk.arena.story("d-1"))
    assert conversation.unread_stories(("d-1",)) == ()
    conversation.doubt_stories(2)
    assert conversation.unread_stories(("d-1",)) == ()
    conversation.doubt_stories(1)
    assert conversation.unread_stories(("d-1",)) == ("d-1",)
    settled_story = msgspec.structs.replace(await desk.arena.story("d-1"), is_settled=True)
    conversation.put_story(settled_story)
    conversation.doubt_stories(1)
    assert conversation.unread_stories(("d-1",)) == ()


async def test_thoughts_fold_and_unfold_one_and_all(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await open_chat(pilot, "left", "left", "f")
        assert "ETH trades above" not in shown(app)
        assert "The range is narrow" in shown(app)
        assert "▶" in "\n".join(screen_lines(app))
        await pilot.press("f")
        await settled(pilot)
        assert "ETH trades above" in shown(app)
        await pilot.press("F")
        await settled(pilot)
        assert "The range is narrow" not in shown(app)
        desk.publish(Topic.REASONING, ReasoningEvent(2, "d-3", " is thin.", 11))
        tick(app)
        assert "is thin." not in shown(app)
        await pilot.press("F")
        await settled(pilot)
        assert "The range is narrow and the book is thin." in shown(app)


async def test_scrolled_back_the_chat_stays_put_and_counts_what_is_new(
    app: DeskApp, desk: RecordedDesk
) -> None:
    desk.decision_list = (*OLDER_DECISIONS[:40], *DECISIONS)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_chat(pilot, "k", "k", "k", "k")
        log = chat_log(app)
        before = lines_of(log)
        for number in range(5):
            late = msgspec.structs.replace(DECISIONS[1], decision_id=f"late-{number}")
            desk.publish(Topic.DECISIONS, DecisionEvent(late, 20 + number))
        # What is above the window grows as well, and the window does not move.
        grown = msgspec.structs.replace(OLDER_DECISIONS[3], reasoning="a line\n" * 30)
        desk.publish(Topic.DECISIONS, DecisionEvent(grown, 30))
        tick(app)
        await settled(pilot)
        assert lines_of(log) == before
        assert "5 new · G" in "\n".join(screen_lines(app))
        await pilot.press("G")
        await settled(pilot)
        assert "new · G" not in "\n".join(screen_lines(app))
        assert follows_end(log)


async def test_older_decisions_come_at_the_first_line_until_there_are_none(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_chat(pilot, "g", "k")
        assert "Hour 79: nothing moves" in shown(app)
        assert "Hour 3: nothing" not in shown(app)
        await pilot.press("g")
        await settled(pilot)
        await pilot.press("k")
        await settled(pilot)
        assert "Hour 0: nothing" in shown(app)
        await pilot.press("g", "k")
        await settled(pilot)
        assert notices(app)[-1] == "the chat begins here"
        asked = len([call for call in desk.calls if call[0] == "chat"])
        await pilot.press("g", "k")
        await settled(pilot)
        assert len([call for call in desk.calls if call[0] == "chat"]) == asked


async def test_search_shows_only_what_has_the_words_also_of_long_ago(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_chat(pilot, "slash", *"hour", "space", *"7", "enter")
        assert "Hour 77: nothing" in shown(app)
        assert "rsi=28.4" not in shown(app)
        assert "“hour 7” 11 found · Esc · all traders" in "\n".join(screen_lines(app))
        await pilot.press("escape")
        await settled(pilot)
        assert "rsi=28.4" in shown(app)
        assert "Hour 77: nothing" not in shown(app)


async def test_escape_leaves_the_search_line_alone_first(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_chat(pilot, "z", "slash", *"q", "escape")
        assert not app.screen.query("SearchLine")
        assert desk_screen(app).zoomed is Context.CHAT
        await pilot.press("escape")
        assert desk_screen(app).zoomed is None


async def test_copy_hands_the_decision_to_the_terminal(app: DeskApp) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await open_chat(pilot, "left", "left", "left", "y")
        assert "rsi=28.4" in app.clipboard
        assert "Reversion executed buy 50% BTC" in app.clipboard
        assert "P&L ▼ -4.98" in app.clipboard
        assert notices(app)[-1] == "copied the decision"


async def test_enter_opens_the_decision_under_the_cursor(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_chat(pilot, "left", "left", "enter")
        assert isinstance(app.screen, DecisionDetailScreen)
        assert "d-2" in "\n".join(screen_lines(app))


async def test_a_symbol_that_looks_like_markup_is_text(app: DeskApp, desk: RecordedDesk) -> None:
    wish = msgspec.structs.replace(DECISIONS[1].decisions[0], symbol="[/foo]")
    trigger = msgspec.structs.replace(DECISIONS[1].trigger, symbol="[/foo]")
    desk.decision_list = (msgspec.structs.replace(DECISIONS[1], decisions=(wish,), trigger=trigger),)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_chat(pilot)
        painted = "\n".join(screen_lines(app))
        assert "scheduled [/foo]" in painted
        assert "buy 100% [/foo] 5×" in painted


FIFTY = tuple(
    msgspec.structs.replace(DECISIONS[2], decision_id=f"s-{number}", reasoning=f"Trader {number}:")
    for number in range(50)
)
TOKEN = " a token"


def stream_one_second(app: DeskApp, desk: RecordedDesk, ticks: int = 10) -> None:
    """Fifty traders stream fifty tokens each, as the desk hands them on: in pieces, between paint ticks."""
    for turn in range(ticks):
        for record in FIFTY:
            delta = TOKEN * (50 // ticks)
            desk.publish(Topic.REASONING, ReasoningEvent(2, record.decision_id, delta, 100 + turn))
        tick(app)


async def test_a_hidden_chat_is_never_painted_and_misses_nothing(app: DeskApp, desk: RecordedDesk) -> None:
    desk.decision_list = FIFTY
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        log = chat_log(app)
        repainted = record_repaints(log)
        await pilot.press("3")
        await settled(pilot)
        repainted.clear()
        stream_one_second(app, desk)
        await settled(pilot)
        assert repainted == []
        await pilot.press("4")
        await settled(pilot)
        assert repainted
        assert f"Trader 49:{TOKEN * 50}"[-40:] in " ".join(shown(app).split())
        await pilot.press("m")
        await settled(pilot)
        repainted.clear()
        for record in FIFTY:
            desk.publish(Topic.REASONING, ReasoningEvent(2, record.decision_id, TOKEN, 500))
        await settled(pilot)
        assert repainted == []


async def test_fifty_streams_are_painted_at_most_four_times_a_second(
    app: DeskApp, desk: RecordedDesk
) -> None:
    desk.decision_list = FIFTY
    async with app.run_test(size=(200, 60)) as pilot:
        await open_chat(pilot, "z")
        log = chat_log(app)
        pauses: list[float] = []
        paints: list[int] = []
        size_of_paint: list[int] = []
        set_timer, refresh = log.set_timer, log.refresh

        def timed(delay: float, *args: Any, **keywords: Any) -> Timer:
            pauses.append(delay)
            return set_timer(delay, *args, **keywords)

        def painted(*regions: Region, **keywords: Any) -> StreamingLog:
            lines = sum(region.height for region in regions) or log.size.height
            paints.append(lines)
            size_of_paint.append(sum(len(line.encode()) for line in lines_of(log)))
            return refresh(*regions, **keywords)

        log.set_timer = timed  # type: ignore[method-assign]  # the recorders stand in for them
        log.refresh = painted  # type: ignore[method-assign]
        for _ in range(4):
            before = len(pauses)
            stream_one_second(app, desk)
            # However much arrives, one paint waits, and it waits for a quarter of a second at least.
            assert len(pauses) == before + 1
            await settled(pilot)
        assert min(pauses) >= 0.25
        # A paint of much text has the next one wait longer: at most 20 KB in any second.
        for size, pause in zip(size_of_paint[:3], pauses[1:], strict=False):
            assert size / pause <= 20_000
