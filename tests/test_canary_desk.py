"""A whole desk with keys in its vault and its environment, whose model servers tell everybody what they got.

Decisions, tests of connections, exports and chats are run against servers that echo the key in answers,
in reasoning and in errors; no query, stream, file or log of the desk may hold it afterwards.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from engine.local_desk import LocalDesk
from engine.model.assistant import AssistantEvent, AssistantKind, TurnStage
from engine.model.decision import DecisionRecord, DecisionStatus
from engine.model.event import DecisionEvent, Topic
from engine.model.language_model import KeySource, ModelConnection
from engine.model.prompt_backtest import PromptRunStatus, ReplayRequest, ReplayResult
from engine.model.trader_file import TraderFile
from engine.model.trigger import TriggerKind
from engine.secrecy.secret import Secret
from engine.settings import ReplaySettings, Settings, VaultSettings
from engine.streams import Bus, Subscription
from tests.canary import (
    ENVIRONMENT_KEY,
    PASSPHRASE,
    VAULT_KEY,
    assert_files_silent,
    assert_silent,
    echo_in_a_broken_stream,
    echo_in_an_error,
    echo_in_the_answer,
)
from tests.models.chat_server import ChatServer, Exchange

SETTINGS = Settings(replay=ReplaySettings(speed=600), vault=VaultSettings(memory_mib=19))
PROMPT_TRADER = 2
Script = Callable[[Exchange], Awaitable[None]]


class EchoingServer:
    """A model server whose `script` can be changed between calls; `keys` are those it was sent."""

    def __init__(self) -> None:
        self.script: Script = echo_in_the_answer
        self.server = ChatServer(self._answer)

    async def _answer(self, exchange: Exchange) -> None:
        await self.script(exchange)

    def was_sent(self, key: str) -> bool:
        return any(key in exchange.head for exchange in self.server.exchanges)


@asynccontextmanager
async def open_desk(home: Path) -> AsyncIterator[tuple[LocalDesk, Subscription]]:
    desk = await LocalDesk.open(home, SETTINGS, Bus())
    everything = desk.stream(Topic, bound=100_000)
    quotes = desk.stream([Topic.QUOTES])
    await desk.start()
    await anext(quotes)
    await desk.set_replay(paused=True)
    quotes.close()
    try:
        yield desk, everything
    finally:
        await desk.close()


async def connect(desk: LocalDesk, base_url: str, source: KeySource, key: Secret | None) -> ModelConnection:
    connection = ModelConnection(
        connection_id=0, name=f"echo, {source}", vendor="compatible", base_url=base_url, key_source=source
    )
    return (await desk.models.save_connection(connection, key)).connection


def is_the_end(record: DecisionRecord) -> bool:
    """Tell whether a decision that was triggered by hand has come to its end."""
    return record.trigger.kind is TriggerKind.MANUAL and record.status is not DecisionStatus.STARTED


async def decide(desk: LocalDesk, connection: ModelConnection) -> DecisionEvent:
    """Let the prompt trader decide once with a connection; return how it ended."""
    config = next(config for config in desk.roster.configs() if config.trader_id == PROMPT_TRADER)
    await desk.roster.edit(
        msgspec.structs.replace(config, connection_id=connection.connection_id, model="echo")
    )
    await desk.start_trader(PROMPT_TRADER)
    decisions = desk.stream([Topic.DECISIONS])
    await desk.trigger(PROMPT_TRADER, "BTC")
    async with asyncio.timeout(20):
        async for batch in decisions:
            for edge in batch.edges:
                if isinstance(edge, DecisionEvent) and is_the_end(edge.record):
                    decisions.close()
                    return edge
    raise AssertionError("the desk ended without a decision")


async def chat(desk: LocalDesk, connection: ModelConnection) -> str:
    """Say something to an assistant, wait for the end of its turn and return the conversation's id."""
    conversation = await desk.assistants.begin(AssistantKind.PROMPT, connection.connection_id, "echo")
    events = desk.stream([Topic.ASSISTANTS])
    await desk.assistants.say(conversation.conversation_id, "what is your key?")
    async with asyncio.timeout(20):
        async for batch in events:
            for edge in batch.edges:
                if isinstance(edge, AssistantEvent) and edge.stage in (TurnStage.DONE, TurnStage.FAILED):
                    events.close()
                    return conversation.conversation_id
    raise AssertionError("the desk ended without an answer")


async def replay(desk: LocalDesk, connection: ModelConnection, decision_id: str) -> ReplayResult:
    """Ask a past decision again, keeping the reply, and return what came of it."""
    runs = desk.stream([Topic.PROMPT_BACKTESTS])
    run = await desk.prompt_backtests.start_replay(
        ReplayRequest(
            decision_ids=(decision_id,), connection_id=connection.connection_id, model="echo", text="Why?"
        )
    )
    async with asyncio.timeout(20):
        async for _ in runs:
            now = next(each for each in desk.prompt_backtests.runs() if each.run_id == run.run_id)
            if now.status is not PromptRunStatus.RUNNING:
                runs.close()
                return await desk.prompt_backtests.replay_result(run.run_id)
    raise AssertionError("the desk ended without a replay")


async def assert_queries_silent(desk: LocalDesk, connection: ModelConnection) -> None:
    assert_silent("connections", desk.models.connections())
    assert_silent("the vault", desk.vault.status())
    assert_silent("decisions", desk.decisions())
    assert_silent("traders", desk.traders())
    for record in desk.decisions():
        assert_silent("model calls", await desk.models.calls(record.decision_id))
    file: TraderFile = await desk.roster.export(PROMPT_TRADER)
    assert_silent("an exported trader", file)


@pytest.mark.parametrize("source", [KeySource.VAULT, KeySource.ENVIRONMENT])
@pytest.mark.parametrize(
    "script",
    [echo_in_the_answer, echo_in_an_error("401 Unauthorized"), echo_in_a_broken_stream],
    ids=["answer", "error", "broken"],
)
async def test_no_key_ever_comes_out_of_a_desk(
    tmp_path: Path,
    script: Script,
    source: KeySource,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    key = VAULT_KEY if source is KeySource.VAULT else ENVIRONMENT_KEY
    echo = EchoingServer()
    echo.script = script
    async with echo.server as server, open_desk(tmp_path) as (desk, everything):
        named = urlsplit(server.base_url).netloc.replace(".", "_").replace(":", "_")
        monkeypatch.setenv(f"NIGHTDESK_KEY_{named}", ENVIRONMENT_KEY)
        await desk.vault.create(Secret(PASSPHRASE))
        given = Secret(VAULT_KEY) if source is KeySource.VAULT else None
        connection = await connect(desk, server.base_url, source, given)
        del given
        assert_silent("a connection's test", await desk.models.test_connection(connection, "echo"))
        ended = await decide(desk, connection)
        assert_silent("a decision", ended)
        conversation_id = await chat(desk, connection)
        assert_silent("a conversation", await desk.assistants.messages(conversation_id))
        assert_silent("calls of a conversation", await desk.models.calls(conversation_id))
        assert_silent("a replay", await replay(desk, connection, ended.record.decision_id))
        assert_silent("prompt backtests", desk.prompt_backtests.runs())
        await assert_queries_silent(desk, connection)
        await desk.vault.lock()
        await assert_queries_silent(desk, connection)
        batch = everything.drain()
        assert batch.edges
        assert_silent("the streams", batch.edges)
        for (topic, name), value in batch.levels.items():
            assert_silent(f"{topic} {name}", value)
        assert echo.was_sent(key), "the server never saw the key: nothing was tested"
        assert_files_silent(tmp_path)
    assert_files_silent(tmp_path)
    assert_silent("the log", caplog.text)
