"""The assistants screen: conversations, what is said in one, a place to write, and what is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.geometry import Region, Size

from engine.errors import DeskError, Lagged, Unavailable
from engine.model.assistant import AssistantEvent, Conversation, Proposal
from engine.model.event import Topic
from engine.streams import Subscription
from tui.action import Context
from tui.actions import bindings_for
from tui.assistant_talk import Talk
from tui.assistant_view import AssistantReader, AssistantView
from tui.bridge import DeskBridge
from tui.panes.assistant_panes import AskPane, ConversationsPane, ProposalPane, TalkPane
from tui.screens.assistant_screen_actions import AssistantActions
from tui.screens.pane_grid import TABS
from tui.screens.turns_layout import TurnsLayout, arrange_turns
from tui.screens.workspace import WorkspaceScreen
from tui.view import DeskView
from tui.widgets.live_table import LiveTable
from tui.wording import refusal_text

ASK_LINES = 6
MAX_UNREAD = 5_000
"""More events than this that nobody has read are forgotten: messages are read anew instead."""


def arrange_assistants(size: Size, lower: Context, zoomed: Context | None) -> Mapping[str, Region]:
    """Return the region of every pane that is shown; on a small terminal messages and writing share it."""
    regions = arrange_turns(size, lower, zoomed, _arrange, _arrange)
    if TABS in regions and lower in (Context.TALK, Context.ASK):
        width, height = size
        return {TABS: regions[TABS], **_talk(Region(0, 1, width, height - 1))}
    return regions


def _arrange(width: int, height: int) -> dict[str, Region]:
    left, conversations = width // 2, max(8, height // 3)
    return {
        Context.CONVERSATIONS.value: Region(0, 0, left, conversations),
        Context.PROPOSAL.value: Region(0, conversations, left, height - conversations),
        **_talk(Region(left, 0, width - left, height)),
    }


def _talk(place: Region) -> dict[str, Region]:
    said, asked = place.split_horizontal(-ASK_LINES)
    return {Context.TALK.value: said, Context.ASK.value: asked}


class AssistantsScreen(WorkspaceScreen):
    """Conversations over the proposal; beside them what is said, and a place to write."""

    workspace = Context.ASSISTANT_DESK
    first_pane = Context.CONVERSATIONS
    panes = (ConversationsPane, TalkPane, AskPane, ProposalPane)
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.ASSISTANT_DESK)

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        self.assistants = AssistantView()
        super().__init__(bridge, frames_per_second)
        self._reader = AssistantReader(bridge.desk)
        self._events: Subscription | None = None
        self._talks: dict[str, Talk] = {}
        self._read: set[str] = set()
        self._is_folded = True
        self._place = 0
        self._wanted: str | None = None
        self._shown: tuple[object, ...] = ()

    def make_layout(self) -> TurnsLayout:
        """Return the layout of the assistants screen."""
        return TurnsLayout(Context.CONVERSATIONS, arrange_assistants)

    def make_actions(self) -> AssistantActions:
        """Return what runs its actions."""
        return AssistantActions(self)

    @property
    def unsaved(self) -> str:
        """What is written and not yet said, in words."""
        written = self.is_mounted and self.query_one(AskPane).has_unsaid
        return "something written to an assistant is not said" if written else ""

    @property
    def listed(self) -> Conversation | None:
        """The conversation under the cursor."""
        return self.assistants.conversation(self.query_one(ConversationsPane).cursor_key)

    @property
    def proposal(self) -> Proposal | None:
        """The proposal that is shown and waits."""
        waiting = self._waiting
        return waiting[self._place % len(waiting)] if waiting else None

    @property
    def _waiting(self) -> tuple[Proposal, ...]:
        listed = self.listed
        return self.assistants.waiting(listed.conversation_id if listed else None)

    def show_picture(self, view: DeskView) -> None:
        """Take in what happened, and hand each pane what it shows if that has changed."""
        self._take_events()
        answering = frozenset(talk.conversation_id for talk in self._talks.values() if talk.is_answering)
        before, self.assistants = self.assistants, self._reader.read(view, answering)
        if before is not self.assistants:
            self._show_conversations()
        listed = self.listed
        if listed is not None and listed.conversation_id not in self._read:
            self._read.add(listed.conversation_id)
            work = self._read_messages(listed.conversation_id)
            self.run_worker(work, group="messages", exit_on_error=False)
        talk = self._talks.get(listed.conversation_id) if listed else None
        shown = (self.assistants, listed, talk, self._is_folded, self._place)
        if any(new is not old for new, old in zip(shown, self._shown or (self,) * len(shown), strict=True)):
            self._shown = shown
            self._show_talk(listed, talk)

    def choose(self, conversation_id: str) -> None:
        """Put the cursor on a conversation as soon as it is listed."""
        self._wanted = conversation_id
        self.paint_tick()

    def turn_fold(self) -> None:
        """Fold or unfold thoughts and tools."""
        self._is_folded = not self._is_folded
        self.paint_tick()

    def next_proposal(self) -> None:
        """Show the next proposal that waits."""
        self._place += 1
        self.go_to(Context.PROPOSAL)
        self.paint_tick()

    @on(LiveTable.RowHighlighted)
    def cursor_moved(self) -> None:
        """Show at once what is said in the new row's conversation."""
        self._place = 0
        self.call_after_refresh(self.paint_tick)

    @on(LiveTable.RowSelected, "#conversations LiveTable")
    async def conversation_chosen(self) -> None:
        """Go on with the chosen conversation."""
        await self.action_perform("assistant.say")

    def _show_conversations(self) -> None:
        pane = self.query_one(ConversationsPane)
        pane.show(self.assistants)
        if self._wanted is not None and self.assistants.conversation(self._wanted) is not None:
            pane.table.move_cursor_to(self._wanted)
            self._wanted = None

    def _show_talk(self, listed: Conversation | None, talk: Talk | None) -> None:
        problem = self.assistants.model_problem(listed) if listed else ""
        self.query_one(TalkPane).show(listed, talk, problem, is_folded=self._is_folded)
        self.query_one(AskPane).write_in(listed.conversation_id if listed else "")
        waiting, proposal = self._waiting, self.proposal
        place = waiting.index(proposal) + 1 if proposal in waiting else 0
        last = talk.answered if talk else None
        self.query_one(ProposalPane).show(proposal or last, place, len(waiting))

    def _take_events(self) -> None:
        try:
            if self._events is None:
                self._events = self.bridge.desk.stream((Topic.ASSISTANTS,), MAX_UNREAD)
            edges = self._events.drain().edges
        except Lagged:
            self._talks.clear()
            self._read.clear()
            return
        except Unavailable:
            return
        for event in edges:
            if isinstance(event, AssistantEvent):
                name = event.conversation_id
                self._talks[name] = self._talks.get(name, Talk(conversation_id=name)).told(event)

    async def _read_messages(self, conversation_id: str) -> None:
        try:
            messages = await self.bridge.desk.assistants.messages(conversation_id)
        except DeskError as error:
            self.say(refusal_text(error), "warning")
            return
        talk = self._talks.get(conversation_id, Talk(conversation_id=conversation_id))
        waits = bool(self.assistants.waiting(conversation_id))
        self._talks[conversation_id] = talk.read(messages, waits=waits)
        self.paint_tick()
