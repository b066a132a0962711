"""The assistants' side of the desk in this process: conversations, their turns, and proposals."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from engine.assistants.conversations import ConversationBook, titled_by
from engine.assistants.proposals import CHANGED, DECLINED, ProposalBook, answered, carried_out
from engine.assistants.registry import infos_of
from engine.assistants.transcript import Transcript
from engine.assistants.turn import DEFAULT_LIMITS, Turn, TurnLimits
from engine.clock import Clock
from engine.desk import Desk
from engine.errors import Conflict, DeskError, InvalidInput
from engine.language_models.base import ModelSource
from engine.model.assistant import (
    AssistantKind,
    Conversation,
    ConversationMessage,
    Proposal,
    ProposalStatus,
    Role,
    ToolInfo,
    TurnStage,
)
from engine.model.language_model import CallPurpose
from engine.secrecy.redaction import redact
from engine.streams import Bus
from engine.text import safe_text
from engine.trading.journal import WRITTEN_SECONDS, DeskJournal

MAX_SAID = 64_000
"""Longest thing a person may say, in characters."""


class MessageReader(Protocol):
    """The part of the store that conversations are read from."""

    async def conversation_messages(self, conversation_id: str) -> tuple[ConversationMessage, ...]:
        """Return a conversation's messages, oldest first."""
        ...


class LocalAssistants:
    """See `engine.desk.assistants.AssistantDesk`.

    `conversations` and `proposals` are those of former desks: deleted conversations included, and the
    proposals that wait. The tools use `desk` as a person would.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        models: ModelSource,
        store: MessageReader,
        journal: DeskJournal,
        clock: Clock,
        bus: Bus,
        conversations: Iterable[Conversation],
        proposals: Iterable[Proposal],
        limits: TurnLimits = DEFAULT_LIMITS,
    ) -> None:
        self._desk = desk
        self._models = models
        self._store = store
        self._journal = journal
        self._clock = clock
        self._bus = bus
        self._limits = limits
        self._book = ConversationBook(conversations)
        self._proposals = ProposalBook(proposals)
        self._transcripts: dict[str, Transcript] = {}
        self._opening = asyncio.Lock()
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._writing: set[str] = set()

    def conversations(self) -> tuple[Conversation, ...]:
        """See `engine.desk.assistants.AssistantDesk`."""
        return self._book.conversations

    def proposals(self) -> tuple[Proposal, ...]:
        """See `engine.desk.assistants.AssistantDesk`."""
        return self._proposals.waiting

    def tools(self, kind: AssistantKind) -> tuple[ToolInfo, ...]:
        """See `engine.desk.assistants.AssistantDesk`."""
        return infos_of(kind)

    async def messages(self, conversation_id: str) -> tuple[ConversationMessage, ...]:
        """See `engine.desk.assistants.AssistantDesk`."""
        return (await self._transcript(conversation_id)).messages

    async def begin(
        self, kind: AssistantKind, connection_id: int, model: str, *, subject: str = "", title: str = ""
    ) -> Conversation:
        """See `engine.desk.assistants.AssistantDesk`; raises `InvalidInput` for a model without a name."""
        self._models.model_for(connection_id, purpose=CallPurpose.ASSISTANT)
        begun = self._book.begun(
            kind, connection_id, model, subject=subject, title=title, now_ms=self._clock.now_ms()
        )
        self._journal.write(begun)
        self._book.keep(begun)
        self._transcripts[begun.conversation_id] = self._opened(begun, ())
        return begun

    async def say(self, conversation_id: str, text: str) -> ConversationMessage:
        """See `engine.desk.assistants.AssistantDesk`."""
        said = redact(safe_text(text, MAX_SAID)).strip()
        if not said or len(text) > MAX_SAID:
            raise InvalidInput.of("text", f"{len(text)} characters", f"allowed are 1 to {MAX_SAID}")
        transcript = await self._transcript(conversation_id)
        self._refuse_busy(conversation_id)
        self._writing.add(conversation_id)
        try:
            message = transcript.prepared(Role.USER, said)
            conversation = transcript.with_message(titled_by(transcript.conversation, said), message)
            await self._journal.journal(message, conversation)
        finally:
            self._writing.discard(conversation_id)
        transcript.take(message, conversation)
        transcript.tell(TurnStage.STARTED, message=message)
        self._answer(transcript)
        return message

    async def interrupt(self, conversation_id: str) -> None:
        """See `engine.desk.assistants.AssistantDesk`; raises `NotFound`."""
        self._book.conversation(conversation_id)
        await _ended(self._turns.get(conversation_id))

    async def answer_proposal(self, proposal_id: str, *, confirmed: bool) -> Proposal:
        """See `engine.desk.assistants.AssistantDesk`."""
        proposal = self._proposals.proposal(proposal_id)
        transcript = await self._transcript(proposal.conversation_id)
        proposal = self._proposals.proposal(proposal_id)
        if proposal.conversation_id in self._writing:
            raise Conflict(f"proposal_id: {proposal_id} is being answered already")
        self._writing.add(proposal.conversation_id)
        try:
            if confirmed:
                kind = transcript.conversation.kind
                outcome = await carried_out(self._desk, kind, proposal)
            else:
                outcome = answered(proposal, ProposalStatus.DECLINED, DECLINED)
        finally:
            self._writing.discard(proposal.conversation_id)
        self._settle(transcript, outcome)
        if outcome.status is ProposalStatus.EXPIRED:
            raise Conflict(f"proposal_id: {CHANGED}", field="proposal_id", value=proposal_id)
        return outcome

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        """See `engine.desk.assistants.AssistantDesk`; raises `NotFound` or `InvalidInput`."""
        return self._changed(self._book.renamed(conversation_id, title))

    async def delete(self, conversation_id: str) -> None:
        """See `engine.desk.assistants.AssistantDesk`."""
        deleted = self._book.without(conversation_id)
        self._refuse_busy(conversation_id)
        for proposal in self._proposals.of(conversation_id):
            expired = answered(proposal, ProposalStatus.EXPIRED, "the conversation was deleted")
            self._journal.write(expired)
            self._proposals.keep(expired)
        self._changed(deleted)
        self._transcripts.pop(conversation_id, None)

    async def close(self) -> None:
        """End every turn, keeping what there is of it."""
        for turn in tuple(self._turns.values()):
            await _ended(turn)

    def _settle(self, transcript: Transcript, proposal: Proposal) -> None:
        """Keep what became of a proposal, and let the assistant hear of it once none of its own waits."""
        self._journal.write(proposal)
        self._proposals.keep(proposal)
        result = transcript.add(
            Role.TOOL,
            f"{proposal.status}: {proposal.outcome}",
            tool=proposal.tool,
            answers=proposal.proposal_id,
        )
        transcript.tell(TurnStage.TOOL_RESULT, message=result, proposal=proposal)
        if self._proposals.of(proposal.conversation_id) or self._is_answering(proposal.conversation_id):
            return
        transcript.tell(TurnStage.STARTED)
        self._answer(transcript)

    def _answer(self, transcript: Transcript) -> None:
        conversation = transcript.conversation
        identity = conversation.conversation_id
        # Begun at once, so that even a turn that is stopped at once says that it was.
        turn = asyncio.Task(
            self._turn(transcript),
            loop=asyncio.get_running_loop(),
            name=f"the assistant of {identity}",
            eager_start=True,
        )
        self._turns[identity] = turn
        turn.add_done_callback(lambda ended: self._forget(identity, ended))

    async def _turn(self, transcript: Transcript) -> None:
        conversation = transcript.conversation
        try:
            model = self._models.model_for(
                conversation.connection_id,
                purpose=CallPurpose.ASSISTANT,
                subject=conversation.conversation_id,
            )
        except DeskError as error:
            failed = transcript.add(Role.ASSISTANT, "", error=error.message)
            transcript.tell(TurnStage.FAILED, error.message, failed)
            return
        await Turn(
            transcript,
            model,
            desk=self._desk,
            proposals=self._proposals,
            journal=self._journal,
            limits=self._limits,
        ).run()

    def _forget(self, conversation_id: str, ended: asyncio.Task[None]) -> None:
        if self._turns.get(conversation_id) is ended:
            del self._turns[conversation_id]

    async def _transcript(self, conversation_id: str) -> Transcript:
        """Return a conversation that is in use, reading it from the store the first time."""
        async with self._opening:
            conversation = self._book.conversation(conversation_id)
            transcript = self._transcripts.get(conversation_id)
            if transcript is None:
                await self._journal.written(WRITTEN_SECONDS)
                found = await self._store.conversation_messages(conversation_id)
                transcript = self._opened(conversation, found)
                transcript.close_unfinished(waits=bool(self._proposals.of(conversation_id)))
                self._transcripts[conversation_id] = transcript
            return transcript

    def _opened(self, conversation: Conversation, messages: Iterable[ConversationMessage]) -> Transcript:
        return Transcript(
            conversation,
            messages,
            keep=self._book.keep,
            journal=self._journal,
            clock=self._clock,
            bus=self._bus,
        )

    def _changed(self, conversation: Conversation) -> Conversation:
        self._journal.write(conversation)
        self._book.keep(conversation)
        transcript = self._transcripts.get(conversation.conversation_id)
        if transcript is not None:
            transcript.change(conversation)
        return conversation

    def _is_answering(self, conversation_id: str) -> bool:
        return conversation_id in self._turns or conversation_id in self._writing

    def _refuse_busy(self, conversation_id: str) -> None:
        if self._is_answering(conversation_id):
            raise Conflict(
                f"conversation_id: {conversation_id} still answers; stop it first", field="conversation_id"
            )


async def _ended(turn: asyncio.Task[None] | None) -> None:
    if turn is not None:
        turn.cancel()
        await asyncio.wait((turn,))
