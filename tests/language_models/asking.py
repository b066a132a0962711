"""Asking a server on loopback whatever it does, and what came of it."""

from __future__ import annotations

import pytest

from engine.errors import StrategyFailed
from engine.language_models.base import DeltaListener, Message, ModelReply, ModelRequest, ignore_delta
from engine.language_models.call import ChatCall
from engine.language_models.client import ChatClient
from engine.language_models.endpoint import Endpoint
from engine.language_models.limits import CallLimits
from engine.language_models.vendors import VENDORS
from engine.secrecy.secret import Secret
from tests.models.chat_server import ChatServer, Script

KEY = "sk-canary-0123456789abcdef"
QUESTION = (Message(role="user", content="What now?"),)


def limits(*, first: float = 2, total: float = 10, connect: float = 2) -> CallLimits:
    return CallLimits(connect_seconds=connect, first_token_seconds=first, total_seconds=total)


PATIENT = limits()
HASTY = limits(first=0.05, total=5)


def chat_call(
    base_url: str,
    waits: CallLimits = PATIENT,
    *,
    messages: tuple[Message, ...] = QUESTION,
    on_reasoning: DeltaListener = ignore_delta,
) -> ChatCall:
    endpoint = Endpoint(base_url, Secret(KEY))
    request = ModelRequest(model="some-model", messages=messages)
    return ChatCall(endpoint, VENDORS["compatible"], request, waits, on_reasoning=on_reasoning)


class Asked:
    """A client and the reasoning it heard."""

    def __init__(self, base_url: str) -> None:
        self.client = ChatClient(retry_seconds=0.001, jitter=lambda: 0.5)
        self.base_url = base_url
        self.heard: list[str] = []

    async def ask(self, waits: CallLimits = PATIENT) -> ModelReply:
        return await self.client.complete(chat_call(self.base_url, waits, on_reasoning=self.heard.append))

    async def failure(self, waits: CallLimits = PATIENT) -> StrategyFailed:
        with pytest.raises(StrategyFailed) as caught:
            await self.ask(waits)
        return caught.value


async def failure_of(script: Script, waits: CallLimits = PATIENT) -> StrategyFailed:
    async with ChatServer(script) as server:
        asked = Asked(server.base_url)
        error = await asked.failure(waits)
        await asked.client.close()
        return error


async def reply_of(*scripts: Script) -> tuple[ModelReply, list[str], ChatServer]:
    async with ChatServer(*scripts) as server:
        asked = Asked(server.base_url)
        reply = await asked.ask()
        await asked.client.close()
        return reply, asked.heard, server
