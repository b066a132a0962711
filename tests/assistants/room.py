"""Assistants over a real store and the small desk: what conversations are tried in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from engine.assistants.turn import DEFAULT_LIMITS, TurnLimits
from engine.clock import WallClock
from engine.language_models.base import AskedTool, ModelReply
from engine.local_desk.assistants import LocalAssistants
from engine.model.assistant import (
    AssistantEvent,
    AssistantKind,
    Conversation,
    TurnStage,
)
from engine.model.event import Topic
from engine.store.store import Store
from engine.streams import Bus, Subscription
from engine.trading.journal import DeskJournal
from tests.assistants.small_desk import SmallDesk
from tests.models.scripted_model import ScriptedModel, ScriptedModels, reply

MODEL = "gpt-x"


class Room:
    """Assistants with everything they need; `home` outlives it."""

    def __init__(
        self, home: Path, model: ScriptedModel, desk: SmallDesk, limits: TurnLimits = DEFAULT_LIMITS
    ) -> None:
        self.desk = desk
        self.bus = Bus()
        self.store = Store.open(home)
        state = self.store.restore()
        self.journal = DeskJournal(self.store, WallClock())
        self.models = ScriptedModels(model, missing=frozenset({9}))
        self.assistants = LocalAssistants(
            desk=desk.seen,
            models=self.models,
            store=self.store,
            journal=self.journal,
            clock=WallClock(),
            bus=self.bus,
            conversations=state.conversations,
            proposals=state.proposals,
            limits=limits,
        )
        self.news = self.bus.subscribe([Topic.ASSISTANTS])

    async def close(self) -> None:
        await self.assistants.close()
        await self.journal.written()
        await self.store.aclose(10)

    async def begin(self, kind: AssistantKind = AssistantKind.PROMPT) -> Conversation:
        return await self.assistants.begin(kind, 1, MODEL)

    async def ended(self) -> list[AssistantEvent]:
        """Return the events up to the end of a turn."""
        return await until(self.news, lambda event: event.stage in (TurnStage.DONE, TurnStage.FAILED))


async def until(news: Subscription, is_last: Callable[[AssistantEvent], bool]) -> list[AssistantEvent]:
    events: list[AssistantEvent] = []
    async with asyncio.timeout(20):
        while not events or not is_last(events[-1]):
            batch = await anext(news)
            events += [edge for edge in batch.edges if isinstance(edge, AssistantEvent)]
    return events


@asynccontextmanager
async def open_room(
    home: Path, model: ScriptedModel, desk: SmallDesk | None = None, limits: TurnLimits = DEFAULT_LIMITS
) -> AsyncIterator[Room]:
    room = Room(home, model, desk or SmallDesk(), limits)
    try:
        yield room
    finally:
        await room.close()


def calls(*tools: tuple[str, object], content: str = "") -> ModelReply:
    """Return a reply that asks for tools; every call has the same id, as some servers have it."""
    asked = tuple(
        AskedTool(call_id="call_0", name=name, arguments=msgspec.json.encode(arguments).decode())
        for name, arguments in tools
    )
    return msgspec.structs.replace(reply(content), tool_calls=asked, finish_reason="tool_calls")


MODIFY = ("suggest_prompt_modification", {"prompt_id": 1, "find": "Trade", "replace": "Watch"})
