"""Conversations with assistants: turns, tools, proposals and what a restart finds, over a real store."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.assistants.context import WAITING
from engine.assistants.transcript import CUT_OFF
from engine.errors import Conflict, NotFound
from engine.model.assistant import (
    AssistantKind,
    ProposalStatus,
    Role,
    TurnStage,
)
from engine.model.language_model import CallPurpose
from tests.assistants.room import MODIFY, calls, open_room
from tests.assistants.small_desk import SmallDesk
from tests.models.scripted_model import ScriptedModel, reply


async def test_a_question_is_answered_in_words_as_they_stream(tmp_path: Path) -> None:
    answer = reply("All is \x1b[2Jwell.", reasoning="let me see", cost_usd=Decimal("0.002"))
    async with open_room(tmp_path, ScriptedModel(answer)) as room:
        chat = await room.begin()
        said = await room.assistants.say(chat.conversation_id, " How are things? ")
        assert (said.number, said.role, said.text) == (1, Role.USER, "How are things?")
        events = await room.ended()
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert (events[0].stage, events[0].message) == (TurnStage.STARTED, said)
        streamed = {
            stage: "".join(event.delta for event in events if event.stage is stage)
            for stage in (TurnStage.REASONING, TurnStage.TEXT)
        }
        assert streamed == {TurnStage.REASONING: "let me see", TurnStage.TEXT: "All is well."}
        (_, answered) = await room.assistants.messages(chat.conversation_id)
        assert events[-1].message == answered
        assert (answered.role, answered.text, answered.reasoning) == (
            Role.ASSISTANT,
            "All is well.",
            "let me see",
        )
        (line,) = room.assistants.conversations()
        assert (line.title, line.message_count, line.tokens) == ("How are things?", 2, 120)
        assert line.cost_usd == Decimal("0.002")
        assert room.models.asked[-1] == (1, CallPurpose.ASSISTANT, 0, chat.conversation_id)


async def test_a_tool_is_used_and_its_answer_given_to_the_model_as_data(tmp_path: Path) -> None:
    model = ScriptedModel(
        calls(("get_prompt_template", {"prompt_id": 1}), ("get_moon", {}), content="I look."), "It trades."
    )
    async with open_room(tmp_path, model) as room:
        chat = await room.begin()
        await room.assistants.say(chat.conversation_id, "What does default do?")
        stages = [event.stage for event in await room.ended() if not event.delta]
        assert stages == [
            TurnStage.STARTED,
            TurnStage.TOOL_CALL,
            TurnStage.TOOL_RESULT,
            TurnStage.TOOL_RESULT,
            TurnStage.DONE,
        ]
        messages = await room.assistants.messages(chat.conversation_id)
        ids = [call.call_id for call in messages[1].tool_calls]
        assert len(set(ids)) == 2
        assert [message.answers for message in messages[2:4]] == ids
        assert "Trade {symbol}." in messages[2].text
        assert messages[3].text.startswith("error: tool: there is no get_moon; there are ")
        told = model.requests[1].messages
        assert [each.role for each in told] == ["system", "user", "assistant", "tool", "tool"]
        assert told[3].content.startswith('<desk_data tool="get_prompt_template">')
        assert {spec.name for spec in model.requests[0].tools} == {
            tool.name for tool in room.assistants.tools(AssistantKind.PROMPT)
        }


async def test_nothing_is_written_before_a_person_confirms(tmp_path: Path) -> None:
    model = ScriptedModel(calls(MODIFY), "It is saved.")
    async with open_room(tmp_path, model) as room:
        chat = await room.begin()
        await room.assistants.say(chat.conversation_id, "Let it only watch.")
        (proposal,) = [event.proposal for event in await room.ended() if event.proposal]
        assert room.assistants.proposals() == (proposal,)
        assert (proposal.summary, proposal.status) == ("save prompt default", ProposalStatus.WAITING)
        assert (proposal.before[:5], proposal.after[:5]) == ("Trade", "Watch")
        assert room.desk.prompts.kept[1].version == 1
        assert len(model.requests) == 1

        done = await room.assistants.answer_proposal(proposal.proposal_id, confirmed=True)
        assert (done.status, done.outcome) == (
            ProposalStatus.CONFIRMED,
            "saved prompt 1, default, version 2",
        )
        assert room.desk.prompts.kept[1].text.startswith("Watch")
        await room.ended()
        assert room.assistants.proposals() == ()
        result = model.requests[1].messages[-1]
        assert result.role == "tool"
        assert "confirmed: saved prompt 1" in result.content
        assert (await room.assistants.messages(chat.conversation_id))[-1].text == "It is saved."
        with pytest.raises(NotFound):
            await room.assistants.answer_proposal(proposal.proposal_id, confirmed=True)


async def test_what_a_person_declines_is_not_written_and_the_assistant_hears_of_it(tmp_path: Path) -> None:
    model = ScriptedModel(calls(MODIFY), "Then not.")
    async with open_room(tmp_path, model) as room:
        chat = await room.begin()
        await room.assistants.say(chat.conversation_id, "Let it only watch.")
        await room.ended()
        (proposal,) = room.assistants.proposals()
        declined = await room.assistants.answer_proposal(proposal.proposal_id, confirmed=False)
        assert declined.status is ProposalStatus.DECLINED
        await room.ended()
        assert "declined" in model.requests[1].messages[-1].content
        assert room.desk.prompts.kept[1].version == 1


async def test_a_subject_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    model = ScriptedModel(calls(MODIFY), "I see.")
    async with open_room(tmp_path, model) as room:
        chat = await room.begin()
        await room.assistants.say(chat.conversation_id, "Let it only watch.")
        await room.ended()
        kept = room.desk.prompts.kept
        kept[1] = msgspec.structs.replace(kept[1], text="Trade gold.")
        (proposal,) = room.assistants.proposals()
        with pytest.raises(Conflict, match="changed since"):
            await room.assistants.answer_proposal(proposal.proposal_id, confirmed=True)
        await room.ended()
        assert kept[1].text == "Trade gold."
        assert room.assistants.proposals() == ()
        assert "expired" in model.requests[1].messages[-1].content


async def test_one_may_talk_on_while_a_proposal_waits(tmp_path: Path) -> None:
    model = ScriptedModel(calls(MODIFY, MODIFY), "Because.", "Both were answered.")
    async with open_room(tmp_path, model) as room:
        chat = await room.begin()
        await room.assistants.say(chat.conversation_id, "Let it only watch.")
        await room.ended()
        first, second = room.assistants.proposals()
        await room.assistants.say(chat.conversation_id, "Why?")
        await room.ended()
        assert [each.content for each in model.requests[1].messages if each.role == "tool"] == [WAITING] * 2
        await room.assistants.answer_proposal(first.proposal_id, confirmed=True)
        assert len(model.requests) == 2, "it is asked again only once nothing waits"
        with pytest.raises(Conflict, match="changed since"):
            await room.assistants.answer_proposal(second.proposal_id, confirmed=True)
        await room.ended()
        results = [each.content for each in model.requests[2].messages if each.role == "tool"]
        assert ["confirmed" in results[0], "expired" in results[1]] == [True, True]
        assert room.desk.prompts.kept[1].version == 2


async def test_a_restart_finds_conversations_messages_and_what_waits(tmp_path: Path) -> None:
    desk = SmallDesk()
    async with open_room(tmp_path, ScriptedModel(calls(MODIFY)), desk) as room:
        chat = await room.begin()
        gone = await room.begin()
        await room.assistants.delete(gone.conversation_id)
        await room.assistants.say(chat.conversation_id, "Let it only watch.")
        await room.ended()
        await room.assistants.rename(chat.conversation_id, "Watching")
        before = await room.assistants.messages(chat.conversation_id)
        (proposal,) = room.assistants.proposals()
    model = ScriptedModel("Done.")
    async with open_room(tmp_path, model, desk) as room:
        (again,) = room.assistants.conversations()
        assert (again.title, again.message_count) == ("Watching", 2)
        assert await room.assistants.messages(chat.conversation_id) == before
        assert room.assistants.proposals() == (proposal,)
        assert (await room.begin()).conversation_id == "chat-0003"
        await room.assistants.answer_proposal(proposal.proposal_id, confirmed=True)
        await room.ended()
        assert desk.prompts.kept[1].version == 2
    async with open_room(tmp_path, model, desk) as room:
        assert room.assistants.proposals() == ()


async def test_a_turn_that_is_stopped_keeps_what_there_is(tmp_path: Path) -> None:
    never = asyncio.Event()
    async with open_room(tmp_path, ScriptedModel("late", released=never)) as room:
        chat = await room.begin()
        await room.assistants.say(chat.conversation_id, "Think long.")
        for refused in (
            room.assistants.say(chat.conversation_id, "And?"),
            room.assistants.delete(chat.conversation_id),
        ):
            with pytest.raises(Conflict, match="still answers"):
                await refused
        await room.assistants.interrupt(chat.conversation_id)
        (_, stopped) = await room.assistants.messages(chat.conversation_id)
        assert (stopped.role, stopped.interrupted, stopped.error) == (Role.ASSISTANT, True, "")
        assert (await room.ended())[-1].message == stopped
        never.set()
        await room.assistants.interrupt(chat.conversation_id)
        await room.assistants.say(chat.conversation_id, "Again.")
        await room.ended()
        assert (await room.assistants.messages(chat.conversation_id))[-1].text == "late"


async def test_a_desk_that_dies_in_a_turn_says_so_at_the_next_start(tmp_path: Path) -> None:
    async with open_room(tmp_path, ScriptedModel("late", released=asyncio.Event())) as room:
        chat = await room.begin()
        await room.assistants.say(chat.conversation_id, "Think long.")
        await room.journal.written()
        # A kill writes nothing more: the store is closed under the turn.
        await room.store.aclose(10)
        room.assistants.close = _nothing  # type: ignore[method-assign]  # nor does the desk end in order
        (turn,) = [task for task in asyncio.all_tasks() if chat.conversation_id in task.get_name()]
    async with open_room(tmp_path, ScriptedModel("Hello.")) as room:
        (_, last) = await room.assistants.messages(chat.conversation_id)
        assert (last.interrupted, last.error) == (True, CUT_OFF)
        await room.assistants.say(chat.conversation_id, "Again.")
        await room.ended()
        assert room.assistants.conversations()[0].message_count == 4
    turn.cancel()


async def _nothing() -> None:
    """End nothing."""
