"""What assistants want to write, and the one way in which it is written.

A proposal keeps the call it was made by. To carry it out the call is drafted once more: only when the
draft says the very same as what the person saw (the same line, the same text before and after) is it done,
so that a subject that changed meanwhile is never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from engine.assistants.registry import find_tool
from engine.assistants.tools.tool import Draft, WriteTool
from engine.desk import Desk
from engine.errors import Conflict, DeskError, NotFound
from engine.model.assistant import AssistantKind, Proposal, ProposalStatus, ToolCall
from engine.secrecy.redaction import redact
from engine.text import safe_line, safe_text

MAX_WAITING = 8
"""How many proposals of one conversation may wait at once."""
MAX_COMPARED = 300_000

DECLINED = "the person declined it; nothing was written"
CHANGED = "what it would have changed has changed since; nothing was written"


class ProposalBook:
    """The proposals that wait, oldest first; any thread may read."""

    def __init__(self, proposals: Iterable[Proposal]) -> None:
        self._waiting = {each.proposal_id: each for each in proposals}

    @property
    def waiting(self) -> tuple[Proposal, ...]:
        """Every proposal that waits, oldest first."""
        return tuple(self._waiting.values())

    def of(self, conversation_id: str) -> tuple[Proposal, ...]:
        """Return those of a conversation that wait, oldest first."""
        return tuple(each for each in self.waiting if each.conversation_id == conversation_id)

    def proposal(self, proposal_id: str) -> Proposal:
        """Return one that waits; raises `NotFound`."""
        found = self._waiting.get(proposal_id)
        if found is None:
            raise NotFound(
                f"proposal_id: no proposal {safe_line(proposal_id, 40)} waits", field="proposal_id"
            )
        return found

    def prepare(self, conversation_id: str, call: ToolCall, draft: Draft, now_ms: int) -> Proposal:
        """Return the proposal of a call without keeping it; raises `Conflict` when too many wait."""
        if len(self.of(conversation_id)) >= MAX_WAITING:
            raise Conflict(f"{MAX_WAITING} proposals wait already; let the person answer them first")
        return Proposal(
            proposal_id=call.call_id,
            conversation_id=conversation_id,
            tool=call.tool,
            arguments=call.arguments,
            created_ms=now_ms,
            **msgspec.structs.asdict(_shown(draft)),
        )

    def keep(self, proposal: Proposal) -> None:
        """Keep a proposal while it waits, and forget it once it is answered."""
        if proposal.status is ProposalStatus.WAITING:
            self._waiting[proposal.proposal_id] = proposal
        else:
            self._waiting.pop(proposal.proposal_id, None)


class _Shown(msgspec.Struct, frozen=True):
    """What a person sees of a draft."""

    summary: str
    before: str
    after: str


def _shown(draft: Draft) -> _Shown:
    return _Shown(
        redact(safe_line(draft.summary, 200)),
        redact(safe_text(draft.before, MAX_COMPARED)),
        redact(safe_text(draft.after, MAX_COMPARED)),
    )


def answered(proposal: Proposal, status: ProposalStatus, outcome: str) -> Proposal:
    """Return a proposal as it is once answered."""
    return msgspec.structs.replace(proposal, status=status, outcome=redact(safe_line(outcome)))


async def carried_out(desk: Desk, kind: AssistantKind, proposal: Proposal) -> Proposal:
    """Do what a proposal says and return it as it is then.

    It is `EXPIRED` when its subject changed since it was shown, and `FAILED` when the desk refused it.
    """
    try:
        tool = find_tool(kind, proposal.tool)
        if not isinstance(tool, WriteTool):
            raise NotFound(f"tool: {proposal.tool} writes nothing")
    except DeskError as error:
        return answered(proposal, ProposalStatus.FAILED, error.message)
    try:
        draft = await tool.draft(desk, proposal.arguments)
    except DeskError as error:
        return answered(proposal, ProposalStatus.EXPIRED, f"{CHANGED} ({error.message})")
    if _shown(draft) != _Shown(proposal.summary, proposal.before, proposal.after):
        return answered(proposal, ProposalStatus.EXPIRED, CHANGED)
    try:
        return answered(proposal, ProposalStatus.CONFIRMED, await draft.carry_out())
    except DeskError as error:
        return answered(proposal, ProposalStatus.FAILED, error.message)
