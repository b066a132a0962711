"""One turn of an assistant: its model is asked, uses tools, is asked again, and answers.

A turn ends with an answer in words, with a proposal that waits for a person, at a bound, or by a fault;
whatever it came to is in the transcript.
"""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from typing import Any

import msgspec

from engine.assistants.context import context_of
from engine.assistants.delta_flow import MAX_TEXT, DeltaFlow
from engine.assistants.proposals import ProposalBook
from engine.assistants.registry import find_tool, specs_of
from engine.assistants.tools.tool import MAX_ARGUMENTS, WriteTool
from engine.assistants.transcript import Transcript
from engine.desk import Desk
from engine.errors import DeskError, StrategyFailed
from engine.language_models.base import AskedTool, LanguageModel, ModelReply, ModelRequest
from engine.model.assistant import ConversationMessage, Role, ToolCall, TurnStage
from engine.secrecy.redaction import redact
from engine.text import safe_line, safe_text
from engine.trading.journal import DeskJournal

MAX_RESULT = 8_000
"""Longest answer of a tool, in characters; what is over it is cut off, and the model is told."""

MAX_CALLS = 16
"""How many tools of one reply are used; more calls are dropped."""

_NAME = re.compile(r"[^A-Za-z0-9_-]")


class TurnLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long a turn may go on.

    Its model is asked at most `rounds` times; all of it may take `seconds`, each tool `tool_seconds`.
    """

    rounds: int = 12
    seconds: float = 600.0
    tool_seconds: float = 120.0


DEFAULT_LIMITS = TurnLimits()


class Turn:
    """Lets the assistant of a transcript answer once."""

    def __init__(
        self,
        transcript: Transcript,
        model: LanguageModel,
        *,
        desk: Desk,
        proposals: ProposalBook,
        journal: DeskJournal,
        limits: TurnLimits,
    ) -> None:
        self._transcript = transcript
        self._kind = transcript.conversation.kind
        self._model = model
        self._desk = desk
        self._proposals = proposals
        self._journal = journal
        self._limits = limits
        self._reasoning, self._text = self._flows()

    async def run(self) -> None:
        """Answer; raises nothing but being cancelled, after which what there was of it is kept."""
        try:
            async with asyncio.timeout(self._limits.seconds):
                await self._rounds()
        except asyncio.CancelledError:
            self._end_early(TurnStage.DONE, interrupted=True, error="")
            raise
        except TimeoutError:
            self._fail(f"the answer was not there after {self._limits.seconds:g} seconds")
        except DeskError as error:
            self._fail(error.message)
        except Exception as error:
            self._fail(f"{type(error).__name__}: {error}")

    async def _rounds(self) -> None:
        for _ in range(self._limits.rounds):
            message = await self._ask()
            if not message.tool_calls:
                self._transcript.tell(TurnStage.DONE, message=message)
                return
            self._transcript.tell(TurnStage.TOOL_CALL, message=message)
            for call in message.tool_calls:
                await self._use(call)
            if self._waits(message):
                self._transcript.tell(TurnStage.DONE, message=message)
                return
        raise StrategyFailed(f"it asked for tools {self._limits.rounds} times without coming to an answer")

    def _waits(self, message: ConversationMessage) -> bool:
        waiting = {each.proposal_id for each in self._proposals.of(message.conversation_id)}
        return any(call.call_id in waiting for call in message.tool_calls)

    async def _ask(self) -> ConversationMessage:
        self._reasoning, self._text = self._flows()
        transcript = self._transcript
        conversation = transcript.conversation
        waiting = {each.proposal_id for each in self._proposals.of(conversation.conversation_id)}
        reply = await self._model.ask(
            ModelRequest(
                model=conversation.model,
                messages=context_of(conversation, transcript.messages, waiting),
                tools=specs_of(self._kind),
            ),
            on_reasoning=self._reasoning.feed,
            on_content=self._text.feed,
        )
        self._reasoning.finish()
        self._text.finish()
        message = self._kept(reply)
        self._reasoning, self._text = self._flows()
        return message

    def _kept(self, reply: ModelReply) -> ConversationMessage:
        number = self._transcript.next_number
        conversation_id = self._transcript.conversation.conversation_id
        return self._transcript.add(
            Role.ASSISTANT,
            redact(safe_text(reply.content, MAX_TEXT)),
            reply.cost_usd,
            reasoning=redact(safe_text(reply.reasoning, MAX_TEXT)),
            tool_calls=tuple(
                # Numbered by the desk: some servers give every call of a conversation the same id.
                _call(f"{conversation_id}-{number}-{place}", asked)
                for place, asked in enumerate(reply.tool_calls[:MAX_CALLS], 1)
            ),
            usage=reply.usage,
        )

    async def _use(self, call: ToolCall) -> None:
        """Let a tool answer, or let a person be asked."""
        try:
            async with asyncio.timeout(self._limits.tool_seconds):
                tool = find_tool(self._kind, call.tool)
                if isinstance(tool, WriteTool):
                    await self._propose(tool, call)
                    return
                text = await tool.answer(self._desk, call.arguments)
        except TimeoutError:
            text = f"error: {call.tool} was not done after {self._limits.tool_seconds:g} seconds"
        except DeskError as error:
            text = f"error: {error.message}"
        self._answer(call, text)

    async def _propose(self, tool: WriteTool[Any], call: ToolCall) -> None:
        transcript = self._transcript
        draft = await tool.draft(self._desk, call.arguments)
        proposal = self._proposals.prepare(
            transcript.conversation.conversation_id, call, draft, transcript.now_ms
        )
        self._journal.write(proposal)
        self._proposals.keep(proposal)
        transcript.tell(TurnStage.PROPOSAL, proposal=proposal)

    def _answer(self, call: ToolCall, text: str) -> None:
        if len(text) > MAX_RESULT:
            text = f"{text[:MAX_RESULT]}\n(cut off: there is more than {MAX_RESULT} characters; ask for less)"
        message = self._transcript.add(
            Role.TOOL, redact(safe_text(text, 2 * MAX_RESULT)), tool=call.tool, answers=call.call_id
        )
        self._transcript.tell(TurnStage.TOOL_RESULT, message=message)

    def _flows(self) -> tuple[DeltaFlow, DeltaFlow]:
        transcript = self._transcript
        return (
            DeltaFlow(lambda delta: transcript.tell(TurnStage.REASONING, delta), transcript.monotonic),
            DeltaFlow(lambda delta: transcript.tell(TurnStage.TEXT, delta), transcript.monotonic),
        )

    def _fail(self, reason: str) -> None:
        self._end_early(TurnStage.FAILED, interrupted=bool(self._text.text), error=reason)

    def _end_early(self, stage: TurnStage, *, interrupted: bool, error: str) -> None:
        """Keep what there is of an answer that will not be whole, and say why."""
        self._reasoning.finish()
        self._text.finish()
        reason = redact(safe_line(error))
        message = self._transcript.add(
            Role.ASSISTANT,
            redact(self._text.text),
            Decimal(0),
            reasoning=redact(self._reasoning.text),
            interrupted=interrupted,
            error=reason,
        )
        self._transcript.tell(stage, reason, message)


def _call(call_id: str, asked: AskedTool) -> ToolCall:
    """Return a call that is safe to show and means the same: an escape in JSON text stays one."""
    return ToolCall(
        call_id=call_id,
        tool=_NAME.sub("_", asked.name)[:64] or "_",
        arguments=redact(safe_text(asked.arguments, MAX_ARGUMENTS)),
    )
