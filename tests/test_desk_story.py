"""The desk from end to end: its traders on a fast market, with their real strategies."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine import Settings, open_desk
from engine.model.account import TraderKind
from engine.model.decision import DecisionRecord, DecisionStatus
from engine.model.event import DecisionEvent, ReasoningEvent, Topic
from engine.settings import PromptSettings, ReplaySettings

FAST = Settings(replay=ReplaySettings(speed=600), prompts=PromptSettings(tokens_per_second=5_000))


async def test_program_and_prompt_trader_think_aloud_and_come_to_a_decision(tmp_path: Path) -> None:
    ended: dict[TraderKind, DecisionRecord] = {}
    aloud: dict[str, str] = {}
    async with asyncio.timeout(60), open_desk(tmp_path, FAST) as desk:
        kinds = {trader.trader_id: trader.kind for trader in desk.traders()}
        async for batch in desk.stream([Topic.DECISIONS, Topic.REASONING]):
            for edge in batch.edges:
                if isinstance(edge, ReasoningEvent):
                    aloud[edge.decision_id] = aloud.get(edge.decision_id, "") + edge.delta
                if isinstance(edge, DecisionEvent) and edge.record.status is not DecisionStatus.STARTED:
                    ended.setdefault(kinds[edge.record.trader_id], edge.record)
            if len(ended) == 2:
                break
    program, prompt = ended[TraderKind.PROGRAM], ended[TraderKind.PROMPT]
    assert DecisionStatus.FAILED not in (program.status, prompt.status)
    for record in (program, prompt):
        assert aloud[record.decision_id] == record.reasoning
    assert "RSI" in program.reasoning
    assert "nightdesk-rules, a set of fixed rules and not a language model" in prompt.reasoning
    assert prompt.prompt
    assert prompt.tokens
