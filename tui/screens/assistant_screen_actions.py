"""What each action of the assistants screen does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from engine.errors import Conflict, NotFound, StrategyFailed
from engine.model.assistant import Conversation, ProposalStatus
from tui.action import Context
from tui.panes.assistant_panes import AskPane
from tui.program_diff import difference
from tui.screens.workspace_actions import WorkspaceActions

if TYPE_CHECKING:
    from tui.proposals import Proposal
    from tui.screens.assistants import AssistantsScreen

NO_CONVERSATION = "no conversation under the cursor · N begins one"
NOTHING_WAITS = "nothing waits for an answer in this conversation"


class AssistantActions(WorkspaceActions):
    """Runs actions for the assistants screen."""

    def __init__(self, screen: AssistantsScreen) -> None:
        super().__init__(screen)
        self._assistants = screen
        self.handlers |= {
            "conversation.new": self._begin,
            "conversation.rename": lambda: self._with_conversation(self._rename),
            "conversation.delete": lambda: self._with_conversation(self._delete),
            "assistant.say": lambda: self._with_conversation(self._write),
            "assistant.stop": lambda: self._with_conversation(self._stop),
            "assistant.fold": screen.turn_fold,
            "proposal.confirm": self._confirm,
            "proposal.decline": self._decline,
            "proposal.next": screen.next_proposal,
            "ask.leave": lambda: screen.go_to(Context.TALK),
            "ask.send": lambda: self._with_conversation(self._send),
            "ask.newline": lambda: screen.query_one(AskPane).area.add_line(),
        }

    async def _with_conversation(self, act: Callable[[Conversation], Awaitable[None] | None]) -> None:
        conversation = self._assistants.listed
        if conversation is None:
            self._assistants.say(NO_CONVERSATION, "warning")
            return
        result = act(conversation)
        if result is not None:
            await result

    async def _begin(self) -> None:
        from tui.screens.assistant_forms import BeginForm

        screen = self._assistants
        if not screen.assistants.connections:
            screen.say("there is no model to talk to: M goes to the models, N adds a connection", "warning")
            return

        def begun(conversation: Conversation) -> None:
            screen.choose(conversation.conversation_id)
            screen.go_to(Context.ASK)

        await screen.app.push_screen(BeginForm(screen.bridge, screen.assistants, begun), self._say_proof)

    async def _rename(self, conversation: Conversation) -> None:
        from tui.screens.assistant_forms import RenameForm

        screen = self._assistants
        await screen.app.push_screen(RenameForm(screen.bridge, conversation), self._say_proof)

    async def _delete(self, conversation: Conversation) -> None:
        screen, name = self._assistants, conversation.conversation_id

        def make() -> Proposal:
            from tui.proposals import Proposal

            now = screen.assistants.conversation(name)
            if now is None:
                raise NotFound(f"conversation: there is no {name} any more")
            waiting = len(screen.assistants.waiting(name))

            async def run() -> str:
                await screen.bridge.desk.assistants.delete(name)
                return f"the conversation {now.title or name} is deleted"

            return Proposal(
                title="Delete conversation",
                sentence=f"Delete the conversation {now.title or name} of {now.message_count} messages.",
                verb="Delete",
                run=run,
                warning=f"What waits in it is not carried out: {waiting}." if waiting else "",
            )

        await screen.ask(make)

    def _write(self, conversation: Conversation) -> None:
        self._assistants.go_to(Context.ASK)

    def _stop(self, conversation: Conversation) -> None:
        screen, name = self._assistants, conversation.conversation_id
        if name not in screen.assistants.answering:
            screen.say("nobody answers in this conversation")
            return

        async def run() -> str:
            await screen.bridge.desk.assistants.interrupt(name)
            return "the answer is stopped; what there is of it stays"

        screen.send(run)

    def _send(self, conversation: Conversation) -> None:
        screen, name = self._assistants, conversation.conversation_id
        pane = screen.query_one(AskPane)
        text = pane.unsaid
        if not text.strip():
            screen.say("nothing is written yet")
            return
        pane.area.text = ""

        async def run() -> str:
            try:
                await screen.bridge.desk.assistants.say(name, text)
            except BaseException:
                pane.put_back(name, text)
                raise
            return ""

        screen.send(run)

    async def _confirm(self) -> None:
        screen, proposal = self._assistants, self._assistants.proposal
        if proposal is None:
            screen.say(NOTHING_WAITS, "warning")
            return
        if Context.PROPOSAL.value not in screen.grid.shown_ids():
            screen.go_to(Context.PROPOSAL)
            screen.say("this is what would change; c again asks whether to carry it out")
            return
        proposal_id = proposal.proposal_id
        changed = difference(proposal.before, proposal.after)

        def make() -> Proposal:
            from tui.proposals import Proposal

            now = next(
                (item for item in screen.assistants.proposals if item.proposal_id == proposal_id), None
            )
            if now is None:
                raise Conflict("the proposal does not wait any more")
            facts = (
                (("tool", now.tool), ("lines", changed.summary)) if changed.lines else (("tool", now.tool),)
            )
            return Proposal(
                title="Carry out what the assistant proposes",
                sentence=f"Carry this out as if you had done it yourself: {now.summary}",
                verb="Carry out",
                run=lambda: self._answer(proposal_id, confirmed=True),
                facts=facts,
            )

        await screen.ask(make)

    def _decline(self) -> None:
        screen, proposal = self._assistants, self._assistants.proposal
        if proposal is None:
            screen.say(NOTHING_WAITS, "warning")
            return
        proposal_id = proposal.proposal_id
        screen.send(lambda: self._answer(proposal_id, confirmed=False))

    async def _answer(self, proposal_id: str, *, confirmed: bool) -> str:
        """Answer a proposal and return the proof; raises `StrategyFailed` when the desk refused it."""
        desk = self._assistants.bridge.desk
        outcome = await desk.assistants.answer_proposal(proposal_id, confirmed=confirmed)
        if outcome.status is ProposalStatus.FAILED:
            raise StrategyFailed(f"not carried out: {outcome.outcome}")
        return outcome.outcome
