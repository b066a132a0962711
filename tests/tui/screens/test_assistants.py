"""The assistants screen: talk to one as it streams, and decide on what it proposes; nothing else writes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from textual.app import App
from textual.geometry import Size
from textual.pilot import Pilot

from engine.errors import Conflict
from engine.model.assistant import AssistantKind, Role, TurnStage
from engine.model.vault import VaultState
from tests.tui.peek import follows_end, log_lines, screen_lines, text_of
from tests.tui.recorded_assistants import PROMPT_CHAT, RESULTS_CHAT, RecordedAssistants, message
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.recorded_models import RecordedModels
from tests.tui.waiting import settled
from tui.action import Context, contexts_of
from tui.actions import actions_in
from tui.app import DeskApp
from tui.panes.assistant_panes import AskPane
from tui.panes.notices import Notices
from tui.panes.program_outline_view import OutlineView
from tui.screens.assistant_screen_actions import AssistantActions
from tui.screens.assistants import AssistantsScreen, arrange_assistants
from tui.screens.confirm import ConfirmScreen
from tui.widgets.streaming_log import StreamingLog

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (200, 60)


def assistants_screen(app: App[Any]) -> AssistantsScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, AssistantsScreen))


def assistants(desk: RecordedDesk) -> RecordedAssistants:
    assert isinstance(desk.assistants, RecordedAssistants)
    desk.vault.state = msgspec.structs.replace(desk.vault.status(), state=VaultState.OPEN)  # type: ignore[attr-defined]
    return desk.assistants


def shown(app: App[Any]) -> str:
    return "\n".join(screen_lines(app))


def said(app: App[Any]) -> str:
    return "\n".join(log_lines(assistants_screen(app).query_one(StreamingLog)))


def notices(app: App[Any]) -> list[str]:
    return assistants_screen(app).query_one(Notices).messages


async def open_assistants(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press("f9")
    await settled(pilot)
    await pilot.press(*keys)
    await settled(pilot)


async def ticked(app: DeskApp, pilot: Pilot[None]) -> None:
    assistants_screen(app).paint_tick()
    await settled(pilot)


@pytest.mark.parametrize("size", [SMALL, (110, 30), MEDIUM, LARGE, (300, 90)])
@pytest.mark.parametrize("lower", [Context.CONVERSATIONS, Context.ASK, Context.PROPOSAL])
def test_every_cell_belongs_to_exactly_one_pane(size: tuple[int, int], lower: Context) -> None:
    regions = list(arrange_assistants(Size(*size), lower, None).values())
    assert sum(region.area for region in regions) == size[0] * size[1]
    for place, region in enumerate(regions):
        assert not any(region.overlaps(other) for other in regions[place + 1 :])


async def test_every_action_has_a_handler(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await open_assistants(pilot)
        handled = set(AssistantActions(assistants_screen(app)).handlers)
        for action in actions_in(*contexts_of(Context.ASSISTANT_DESK)):
            assert action.context is Context.TABLES or action.id in handled, action.id


async def test_the_letter_opens_it_too(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("H")
        await settled(pilot)
        assert "31 of 40 decisions entered" in shown(app)


async def test_a_conversation_is_shown_with_tools_and_thoughts_folded(app: DeskApp) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await open_assistants(pilot)
        assert "▸ thought" in said(app)
        assert "▸ get_trader_details · Momentum: 40 decisions" in said(app)
        assert "wants fewer entries" not in said(app)
        await pilot.press("o")
        await settled(pilot)
        assert "wants fewer entries" in said(app)
        assert "trader: Momentum" in said(app)
        assert "\x1b" not in shown(app)


async def test_what_is_typed_is_said_and_the_answer_streams(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        model = assistants(desk)
        await open_assistants(pilot, "j", "enter", *"why q", "ctrl+n", *"and x", "enter")
        assert desk.calls[-1] == ("say", RESULTS_CHAT, "why q\nand x")
        assert assistants_screen(app).query_one(AskPane).unsaid == ""
        assert "why q" in said(app)
        assert "answers" in shown(app)
        model.tell(RESULTS_CHAT, TurnStage.TEXT, "Because ")
        await ticked(app, pilot)
        model.tell(RESULTS_CHAT, TurnStage.TEXT, "[red]of BTC.")
        await ticked(app, pilot)
        assert "Because [red]of BTC." in said(app)
        whole = message(RESULTS_CHAT, 4, Role.ASSISTANT, "Because [red]of BTC.")
        model.tell(RESULTS_CHAT, TurnStage.DONE, said=whole)
        await ticked(app, pilot)
        assert said(app).count("Because [red]of BTC.") == 1
        assert "answering" not in said(app)


async def test_ctrl_o_says_it_too_and_nothing_is_said_without_words(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "i", "enter", "space", "enter", *"hi", "ctrl+o")
        assert [call[2].strip() for call in desk.calls if call[0] == "say"] == ["hi"]


async def test_what_was_refused_is_not_lost(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        desk.failure = Conflict("chat-0003 still answers; stop it first")
        await open_assistants(pilot, "i", *"again", "enter")
        assert assistants_screen(app).query_one(AskPane).unsaid == "again"
        assert "still answers" in notices(app)[-1]
        assert "not said" in assistants_screen(app).unsaved


async def test_each_conversation_keeps_what_is_written_in_it(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "i", *"draft", "escape", "1", "j")
        pane = assistants_screen(app).query_one(AskPane)
        assert pane.unsaid == ""
        assert "not said" in assistants_screen(app).unsaved
        await pilot.press("k")
        await settled(pilot)
        assert pane.unsaid == "draft"


async def test_a_running_answer_is_stopped(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "j", "x")
        assert ("interrupt", RESULTS_CHAT) not in desk.calls
        assistants(desk).tell(RESULTS_CHAT, TurnStage.STARTED)
        await ticked(app, pilot)
        assert "◐ answers" in shown(app)
        await pilot.press("x")
        await settled(pilot)
        assert ("interrupt", RESULTS_CHAT) in desk.calls
        assert "stopped here" in said(app)
        assert "◐ answers" not in shown(app)


async def test_a_failed_turn_says_why(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "j")
        failed = message(RESULTS_CHAT, 3, Role.ASSISTANT, "", error="the quota is gone")
        assistants(desk).tell(RESULTS_CHAT, TurnStage.FAILED, "the quota is gone", failed)
        await ticked(app, pilot)
        assert "the quota is gone" in said(app)


async def test_a_reader_who_scrolled_back_is_left_there(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_assistants(pilot, "2", "o", "g")
        log = assistants_screen(app).query_one(StreamingLog)
        assert not follows_end(log)
        assistants(desk).tell(PROMPT_CHAT, TurnStage.TEXT, "More.\n" * 20)
        await ticked(app, pilot)
        assert log.scroll_offset.y == 0
        assert "More." in said(app)


async def test_a_proposal_is_carried_out_only_after_the_second_yes(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot)
        assert "+Else hold." in assistants_screen(app).query_one("#proposal-diff", OutlineView).text
        await pilot.press("c", "enter")
        await settled(pilot)
        assert not [call for call in desk.calls if call[0] == "answer_proposal"]
        await pilot.press("c")
        await settled(pilot)
        assert isinstance(app.screen, ConfirmScreen)
        assert "Keep prompt Momentum [/foo] as version 4" in text_of(app, ".sentence")
        await pilot.press("y")
        await settled(pilot)
        assert ("answer_proposal", "proposal-1", True) in desk.calls
        assert "prompt Momentum is saved as version 4" in notices(app)[-1]
        assert "confirmed: prompt Momentum is saved" in " ".join(said(app).split())


async def test_nothing_is_confirmed_that_is_not_in_view(app: DeskApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_assistants(pilot, "c")
        assert not isinstance(app.screen, ConfirmScreen)
        assert "+Else hold." in shown(app)
        await pilot.press("c")
        await settled(pilot)
        assert isinstance(app.screen, ConfirmScreen)


async def test_a_proposal_is_declined_and_the_proof_stays(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "right_square_bracket", "r")
        assert ("answer_proposal", "proposal-2", False) in desk.calls
        await pilot.press("r")
        await settled(pilot)
        assert ("answer_proposal", "proposal-1", False) in desk.calls
        assert "· declined" in shown(app)
        assert "nothing was written" in text_of(app, "#proposal-summary")
        await pilot.press("r")
        await settled(pilot)
        assert "nothing waits" in notices(app)[-1]


async def test_a_proposal_answered_elsewhere_cannot_be_confirmed(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "c")
        assistants(desk).proposal_list = ()
        await ticked(app, pilot)
        screen = app.screen
        assert isinstance(screen, ConfirmScreen)
        screen.keep_current()
        await pilot.press("y")
        await settled(pilot)
        assert not [call for call in desk.calls if call[0] == "answer_proposal"]


async def test_a_conversation_begins_with_a_kind_and_a_model(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "N", "right", "tab", "right", "right", "tab", *"qwen3", "enter")
        assert desk.calls[-1] == ("begin_conversation", AssistantKind.PROGRAM, 3, "qwen3", "", "")
        screen = assistants_screen(app)
        assert screen.listed is not None
        assert screen.listed.model == "qwen3"
        assert screen.focused_pane is screen.query_one(AskPane)


async def test_a_subject_there_is_not_is_named_with_those_there_are(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "N", "right", *["tab"] * 3, *"nope", "enter")
        assert not [call for call in desk.calls if call[0] == "begin_conversation"]
        assert desk.programs.programs()[0].name in text_of(app, "#verdict")


async def test_without_a_connection_it_says_where_to_add_one(app: DeskApp, desk: RecordedDesk) -> None:
    assert isinstance(desk.models, RecordedModels)
    desk.models.states = ()
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "N")
        assert "M goes to the models" in notices(app)[-1]
        assert "its connection is gone" in text_of(app, "#model-problem")


@pytest.mark.parametrize(
    ("keys", "words"), [("", "the vault with its key is closed"), ("jj", "the vault has none")]
)
async def test_a_model_that_cannot_be_asked_is_told_in_words(app: DeskApp, keys: str, words: str) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, *keys)
        assert words in text_of(app, "#model-problem")


async def test_a_title_is_changed(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "j", "e", *" 2", "enter")
        assert desk.calls[-1] == ("rename", RESULTS_CHAT, "Where the fees went 2")
        await ticked(app, pilot)
        assert "Where the fees went 2" in shown(app)


async def test_a_conversation_is_deleted_after_a_yes(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "j", "D")
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("y")
        await settled(pilot)
        assert ("delete_conversation", RESULTS_CHAT) in desk.calls
        await ticked(app, pilot)
        titles = [item.title for item in assistants_screen(app).assistants.conversations]
        assert titles == ["Calmer entries [/foo]", "First look"]


async def test_a_reader_who_fell_behind_reads_the_messages_anew(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_assistants(pilot, "j")
        model = assistants(desk)
        for _ in range(6_000):
            model.tell(RESULTS_CHAT, TurnStage.TEXT, "x")
        model.tell(RESULTS_CHAT, TurnStage.DONE, said=message(RESULTS_CHAT, 3, Role.ASSISTANT, "The end."))
        await ticked(app, pilot)
        await ticked(app, pilot)
        assert "The end." in said(app)
        assert "◐ answers" not in shown(app)
