"""Assistants of a whole desk, over the wire to a simulated vendor: tool calls, confirmation, a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from engine.desk import Desk
from engine.desk_thread import DeskThread
from engine.model.assistant import (
    AssistantEvent,
    AssistantKind,
    Conversation,
    Proposal,
    ProposalStatus,
    Role,
    TurnStage,
)
from engine.model.event import Topic
from engine.model.language_model import CallPurpose, ModelConnection
from engine.secrecy.secret import Secret
from engine.streams import Subscription
from tests.models.simulated_errors import Fault
from tests.models.vendor_simulator import KEY, ModelSimulator, Request, Spoken
from tests.test_local_desk import FAST, open_desk

CODE = "class Quiet:\n    def should_trade(self, data):\n        return Decision('hold', reason='quiet')\n"
SAVE = json.dumps({"name": "quiet", "code": CODE})
CHECK = json.dumps({"code": CODE})
PASSPHRASE = "a passphrase of the tests"
END_SECONDS = 40


def program_writer(request: Request) -> Spoken:
    """Check a program, propose it, and thank for it, by what the conversation has come to."""
    messages = request.body["messages"]
    assert isinstance(messages, list)
    results = [message for message in messages if message["role"] == "tool"]
    if not results:
        return Spoken(content=("Let me ", "check it."), tool_calls=(("validate_code", CHECK),))
    if len(results) == 1:
        assert '"ok":true' in results[0]["content"]
        return Spoken(content=(), tool_calls=(("suggest_save_code", SAVE),))
    return Spoken(content=("Done: ", "quiet ", "is saved."))


async def connect(desk: Desk, simulator: ModelSimulator, vendor: str) -> int:
    # Of Gemini's two addresses only the compatible one speaks this protocol: its shapes are what counts here.
    row = "compatible" if vendor == "gemini" else vendor
    connection = ModelConnection(connection_id=0, name=vendor, vendor=row, base_url=simulator.base_url)
    state = await desk.models.save_connection(connection, Secret(KEY))
    return state.connection.connection_id


async def end_of_turn(news: Subscription) -> AssistantEvent:
    async with asyncio.timeout(END_SECONDS):
        while True:
            for edge in (await anext(news)).edges:
                if isinstance(edge, AssistantEvent) and edge.stage in (TurnStage.DONE, TurnStage.FAILED):
                    return edge


async def write_program(desk: Desk, connection_id: int) -> tuple[Conversation, Proposal]:
    news = desk.stream([Topic.ASSISTANTS])
    chat = await desk.assistants.begin(AssistantKind.PROGRAM, connection_id, "sim-small")
    await desk.assistants.say(chat.conversation_id, "Write a program that holds.")
    ended = await end_of_turn(news)
    assert ended.stage is TurnStage.DONE, ended.delta
    (proposal,) = desk.assistants.proposals()
    assert not any(program.name == "quiet" for program in desk.programs.programs())
    confirmed = await desk.assistants.answer_proposal(proposal.proposal_id, confirmed=True)
    ended = await end_of_turn(news)
    assert ended.stage is TurnStage.DONE, ended.delta
    assert ended.message is not None
    assert ended.message.text == "Done: quiet is saved."
    news.close()
    return chat, confirmed


def without_the_key(values: Iterable[object]) -> bool:
    return all(KEY not in repr(value) and KEY.encode() not in msgspec.json.encode(value) for value in values)


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "gemini", "deepseek", "gateway", "ollama"])
async def test_a_program_is_written_checked_confirmed_and_found_again(tmp_path: Path, vendor: str) -> None:
    async with ModelSimulator(vendor, answer=program_writer) as simulator:
        async with open_desk(tmp_path) as desk:
            await desk.vault.create(Secret(PASSPHRASE))
            chat, confirmed = await write_program(desk, await connect(desk, simulator, vendor))
            assert confirmed.status is ProposalStatus.CONFIRMED
            (program,) = [each for each in desk.programs.programs() if each.name == "quiet"]
            assert program.code == CODE
            made = await desk.models.calls(chat.conversation_id)
            assert [call.purpose for call in made] == [CallPurpose.ASSISTANT] * 3
            messages = await desk.assistants.messages(chat.conversation_id)
            assert [each.role for each in messages] == [
                Role.USER,
                Role.ASSISTANT,
                Role.TOOL,
                Role.ASSISTANT,
                Role.TOOL,
                Role.ASSISTANT,
            ]
            (line,) = desk.assistants.conversations()
            assert line.tokens == sum(call.usage.total for call in made) > 0
            assert without_the_key([*messages, *made, line])
        async with open_desk(tmp_path) as desk:
            assert desk.assistants.conversations() == (line,)
            assert await desk.assistants.messages(chat.conversation_id) == messages
    tools = simulator.requests[0].body["tools"]
    assert isinstance(tools, list)
    assert {"suggest_save_code", "validate_code"} <= {tool["function"]["name"] for tool in tools}


async def test_a_fault_of_the_server_is_said_in_words_and_the_next_turn_works(tmp_path: Path) -> None:
    faults = [Fault.WRONG_KEY, Fault.NONE]
    async with (
        ModelSimulator(faults=faults, answer=lambda _: Spoken(content=("Hello.",))) as simulator,
        open_desk(tmp_path) as desk,
    ):
        await desk.vault.create(Secret(PASSPHRASE))
        connection_id = await connect(desk, simulator, "openai")
        news = desk.stream([Topic.ASSISTANTS])
        chat = await desk.assistants.begin(AssistantKind.DESK, connection_id, "sim-small")
        await desk.assistants.say(chat.conversation_id, "Hello?")
        ended = await end_of_turn(news)
        assert ended.stage is TurnStage.FAILED
        assert "key" in ended.delta
        assert without_the_key([ended])
        await desk.assistants.say(chat.conversation_id, "Hello?")
        assert (await end_of_turn(news)).stage is TurnStage.DONE
        await desk.vault.lock()
        await desk.assistants.say(chat.conversation_id, "And now?")
        assert "vault" in (await end_of_turn(news)).delta


async def test_the_same_goes_for_a_desk_on_its_own_thread(tmp_path: Path) -> None:
    async with ModelSimulator(answer=program_writer) as simulator:
        desk = DeskThread(tmp_path, FAST)
        assert desk.assistants.conversations() == ()
        await desk.start()
        try:
            await desk.vault.create(Secret(PASSPHRASE))
            chat, confirmed = await write_program(desk, await connect(desk, simulator, "openai"))
            assert confirmed.status is ProposalStatus.CONFIRMED
            assert desk.assistants.tools(AssistantKind.PROGRAM)
            renamed = await desk.assistants.rename(chat.conversation_id, "Quiet ones")
            assert desk.assistants.conversations() == (renamed,)
            await desk.assistants.interrupt(chat.conversation_id)
            await desk.assistants.delete(chat.conversation_id)
            assert desk.assistants.conversations() == ()
        finally:
            await desk.stop()
