"""A conversation as it is shown: streamed pieces become the message they belong to, and tools fold."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from engine.model.assistant import (
    AssistantEvent,
    ConversationMessage,
    ProposalStatus,
    Role,
    TurnStage,
)
from tests.tui.recorded_assistants import MESSAGES, PROMPT_CHAT, PROPOSALS, message
from tui.assistant_talk import Talk, argument_lines, talk_blocks

KEPT = tuple(item for item in MESSAGES if item.conversation_id == PROMPT_CHAT)
ASKED, ANSWER = KEPT[0], message(PROMPT_CHAT, 2, Role.ASSISTANT, "All of it.", reasoning="Hm.")


def event(
    seq: int, stage: TurnStage, delta: str = "", said: ConversationMessage | None = None
) -> AssistantEvent:
    return AssistantEvent(conversation_id=PROMPT_CHAT, stage=stage, seq=seq, delta=delta, message=said)


def after(events: Sequence[AssistantEvent], talk: Talk | None = None) -> Talk:
    talk = talk or Talk(conversation_id=PROMPT_CHAT)
    for item in events:
        talk = talk.told(item)
    return talk


TURN = (
    event(1, TurnStage.STARTED, said=ASKED),
    event(2, TurnStage.REASONING, "Hm."),
    event(3, TurnStage.TEXT, "All "),
    event(4, TurnStage.TEXT, "of it."),
    event(5, TurnStage.DONE, said=ANSWER),
)


def test_pieces_stand_where_the_message_will_stand() -> None:
    streaming = talk_blocks(after(TURN[:4]), is_folded=False)
    whole = talk_blocks(after(TURN), is_folded=False)
    assert [block.id for block in streaming] == [block.id for block in whole]
    assert [block.body for block in streaming] == [block.body for block in whole]


def test_a_turn_goes_on_until_its_end_is_told() -> None:
    assert [after(TURN[:count]).is_answering for count in range(1, 6)] == [True] * 4 + [False]
    failed = after((*TURN[:3], event(4, TurnStage.FAILED, "quota gone")))
    assert not failed.is_answering


def test_events_that_were_taken_in_change_nothing() -> None:
    assert after((*TURN, *TURN)) == after(TURN)


def test_messages_read_during_a_turn_meet_the_events_in_either_order() -> None:
    read_first = after(TURN, Talk(conversation_id=PROMPT_CHAT).read((ASKED,), waits=False))
    read_last = after(TURN).read((ASKED,), waits=False)
    assert read_first.messages == read_last.messages == (ASKED, ANSWER)
    assert read_first.is_answering is read_last.is_answering is False


def test_the_end_of_a_turn_that_proposes_keeps_the_answers_of_its_tools() -> None:
    talk = Talk(conversation_id=PROMPT_CHAT).read(KEPT[:3], waits=True)
    asking = KEPT[1]
    assert talk.told(event(9, TurnStage.DONE, said=asking)).messages == KEPT[:3]


def test_a_text_whose_beginning_was_missed_says_so() -> None:
    assert after(TURN[3:4]).text == "… of it."


@pytest.mark.parametrize(
    ("count", "waits", "answers"),
    [(0, False, False), (1, False, True), (3, False, True), (4, False, True), (4, True, False)],
)
def test_whether_somebody_answers_is_seen_from_the_messages_alone(
    count: int, waits: bool, answers: bool
) -> None:
    talk = Talk(conversation_id=PROMPT_CHAT).read(KEPT[:count], waits=waits)
    assert talk.is_answering is answers


def test_folded_thoughts_and_tools_are_a_line_each() -> None:
    talk = Talk(conversation_id=PROMPT_CHAT).read(KEPT, waits=True)
    folded = {block.id: block for block in talk_blocks(talk, is_folded=True)}
    unfolded = {block.id: block for block in talk_blocks(talk, is_folded=False)}
    assert folded.keys() == unfolded.keys()
    assert folded["m2:thought"].body == "" != unfolded["m2:thought"].body
    assert "40 decisions" in folded["call:call-1"].header
    assert folded["call:call-1"].body == ""
    assert "trader: Momentum" in unfolded["call:call-1"].body


def test_what_was_escaped_in_arguments_is_made_safe() -> None:
    for text in (
        '{"a": "x\\u001b[31my"}',
        '["\\u001b]0;t\\u0007z"]',
        "{broken \x1b[2J",
        '{"n": {"b": "\\u202e"}}',
    ):
        shown = "\n".join(argument_lines(text))
        assert not [character for character in shown if character in "\x1b\x07\u202e"], shown


def test_the_last_settled_proposal_is_kept() -> None:
    settled = msgspec.structs.replace(PROPOSALS[0], status=ProposalStatus.CONFIRMED, outcome="saved")
    told = msgspec.structs.replace(event(1, TurnStage.TOOL_RESULT), proposal=settled)
    assert after((told,)).answered == settled
    waiting = msgspec.structs.replace(event(2, TurnStage.PROPOSAL), proposal=PROPOSALS[1])
    assert after((told, waiting)).answered == settled
