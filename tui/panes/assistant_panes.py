"""The panes of the assistants screen: conversations, what is said, a place to write, and the proposal."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult

from engine.model.assistant import Conversation, Proposal
from tui.action import Context
from tui.actions import bindings_for
from tui.assistant_talk import Talk, argument_lines, talk_blocks
from tui.assistant_view import KINDS, OUTCOMES, AssistantView, conversation_row
from tui.messages import ActionChosen
from tui.panes.base import WorkspacePane
from tui.panes.program_code import CodeArea
from tui.panes.program_outline_view import OutlineView
from tui.panes.span_line import Span, SpanLine
from tui.panes.table_pane import TablePane
from tui.program_diff import difference
from tui.program_highlight import Piece
from tui.program_outline import Node
from tui.widgets.log_text import LogBlock
from tui.widgets.streaming_log import StreamingLog
from tui.widgets.table_layout import Column
from tui.widgets.wrapped_text import WrappedText

CONVERSATION_COLUMNS = (
    Column("state", "state", 10),
    Column("kind", "about", 8),
    Column("title", "conversation", 24, weight=3),
    Column("updated", "last", 11, align="right", priority=3),
    Column("messages", "said", 5, align="right", priority=4),
    Column("model", "model", 12, weight=1, priority=1),
    Column("connection", "asked at", 11, weight=1, priority=5),
    Column("usd", "spent", 7, align="right", priority=2),
)
MAX_BLOCKS = 5_000
NOTHING_WAITS = "nothing waits for you: what an assistant wants to change comes here first"


class ConversationsPane(TablePane):
    """A row for each conversation, the one spoken in last first."""

    context = Context.CONVERSATIONS
    BINDINGS = bindings_for(Context.CONVERSATIONS)
    HELP = "N begins one, Enter goes on with it, e gives it another title, D deletes it."
    DEFAULT_CSS = "ConversationsPane LiveTable { height: 1fr; }"
    columns = CONVERSATION_COLUMNS
    empty_text = "no conversation yet · N begins one"

    def show(self, view: AssistantView) -> None:
        """Show the conversations."""
        self.table.show([conversation_row(view, item) for item in view.conversations])


class TalkPane(WorkspacePane):
    """What is said in the conversation under the cursor, as it streams."""

    context = Context.TALK
    BINDINGS = bindings_for(Context.TALK)
    HELP = "Scroll with j and k; at the end (G) the newest text stays in view. o unfolds thoughts and tools."
    DEFAULT_CSS = """
    TalkPane StreamingLog { height: 1fr; }
    TalkPane WrappedText { height: 2; display: none; }
    TalkPane WrappedText.-needed { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown_of = ""
        self._blocks: dict[str, LogBlock] = {}

    def compose(self) -> ComposeResult:
        """Build the log and the place for what is wrong with the model."""
        yield StreamingLog(max_blocks=MAX_BLOCKS, empty_text="i says something to the assistant")
        yield WrappedText(id="model-problem")

    def show(
        self, conversation: Conversation | None, talk: Talk | None, problem: str, *, is_folded: bool
    ) -> None:
        """Show a conversation; only what changed is written anew, so that a reader stays where they are."""
        blocks = talk_blocks(talk, is_folded=is_folded) if talk else ()
        shown_of = talk.conversation_id if talk else ""
        log = self.query_one(StreamingLog)
        if shown_of != self._shown_of or not self._blocks.keys() <= {block.id for block in blocks}:
            log.reset(blocks)
        else:
            self._write_changes(log, blocks)
        self._shown_of, self._blocks = shown_of, {block.id: block for block in blocks}
        said = self.query_one("#model-problem", WrappedText)
        said.set_class(bool(problem), "-needed")
        said.show(problem, "danger")
        self._show_heading(conversation, talk)

    def _write_changes(self, log: StreamingLog, blocks: Sequence[LogBlock]) -> None:
        below = ""
        for block in blocks:
            old = self._blocks.get(block.id)
            if old is None:
                log.put(block, below=below)
            elif old.header == block.header and old.body and block.body.startswith(old.body):
                if block.body != old.body:
                    log.append(block.id, block.body[len(old.body) :])
            elif old != block:
                log.put(block)
            below = block.id

    def _show_heading(self, conversation: Conversation | None, talk: Talk | None) -> None:
        if conversation is None:
            self.set_subtitle("")
            return
        words = f"{KINDS[conversation.kind][0]} · {conversation.model}"
        if talk is not None and talk.is_answering:
            words += " · answers, x stops it"
        self.set_subtitle(words)


class AskArea(CodeArea):
    """The text area of what is to be said: Enter says it, long lines wrap."""

    def __init__(self) -> None:
        super().__init__(placeholder="write here · Enter says it · ^n goes on in a new line", id="ask-text")
        self.soft_wrap = True
        self.show_line_numbers = False

    def on_key(self, event: events.Key) -> None:
        """Leave with tab, as from any other pane."""
        action = {"tab": "pane.next", "shift+tab": "pane.previous"}.get(event.key)
        if action is not None:
            event.stop()
            event.prevent_default()
            self.post_message(ActionChosen(action))

    def add_line(self) -> None:
        """Go on in a new line."""
        start, end = self.selection
        self._replace_via_keyboard("\n", start, end)

    def _pieces_of(self, line_index: int) -> tuple[Piece, ...]:
        return ()

    def _break_line(self) -> None:
        self.post_message(ActionChosen("ask.send"))

    def _delete_left(self) -> None:
        self.action_delete_left()

    def _leave(self) -> None:
        self.post_message(ActionChosen("ask.leave"))


class AskPane(WorkspacePane):
    """Where a person writes; each conversation keeps what is written and not yet said."""

    context = Context.ASK
    BINDINGS = bindings_for(Context.ASK)
    HELP = "Enter says it, ctrl+n goes on in a new line, Esc goes to the messages."
    DEFAULT_CSS = "AskPane CodeArea { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._drafts: dict[str, str] = {}
        self._conversation_id = ""

    def compose(self) -> ComposeResult:
        """Build the text area."""
        yield AskArea()

    @property
    def area(self) -> AskArea:
        """The text area."""
        return self.query_one(AskArea)

    @property
    def unsaid(self) -> str:
        """What is written in the conversation that is shown."""
        return self.area.text

    @property
    def has_unsaid(self) -> bool:
        """Whether anything is written, in any conversation."""
        return any(text.strip() for text in (self.area.text, *self._drafts.values()))

    def write_in(self, conversation_id: str) -> None:
        """Turn to another conversation, with what was written there."""
        if conversation_id != self._conversation_id:
            self._drafts[self._conversation_id] = self.area.text
            self._conversation_id = conversation_id
            self.area.text = self._drafts.pop(conversation_id, "")
            self.area.action_to_end()

    def put_back(self, conversation_id: str, text: str) -> None:
        """Keep what could not be said, unless something else is written there by now."""
        if conversation_id != self._conversation_id:
            self._drafts.setdefault(conversation_id, text)
        elif not self.area.text:
            self.area.text = text
            self.area.action_to_end()


class ProposalPane(WorkspacePane):
    """What the assistant wants to change: one sentence, and the texts before and after as a difference."""

    context = Context.PROPOSAL
    BINDINGS = bindings_for(Context.PROPOSAL)
    HELP = "c asks whether to carry it out, r declines it; nothing is written before you confirm it."
    DEFAULT_CSS = """
    ProposalPane WrappedText { height: 2; }
    ProposalPane OutlineView { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: object = self

    def compose(self) -> ComposeResult:
        """Build the sentence, the line of figures and the difference."""
        yield SpanLine(id="proposal-head")
        yield WrappedText(id="proposal-summary")
        yield OutlineView(empty_text=NOTHING_WAITS, id="proposal-diff")

    def show(self, proposal: Proposal | None, place: int, count: int) -> None:
        """Show the proposal number `place` of `count` that wait, or the one settled last, or none."""
        if (proposal, place, count) == self._shown:
            return
        self._shown = (proposal, place, count)
        head, diff = self.query_one("#proposal-head", SpanLine), self.query_one(OutlineView)
        summary = self.query_one("#proposal-summary", WrappedText)
        self.set_subtitle("c confirms · r declines" if count else "")
        if proposal is None:
            head.show([])
            summary.show("")
            diff.show(())
            return
        words, role = OUTCOMES[proposal.status]
        changed = difference(proposal.before, proposal.after)
        of = f"{place} of {count}" if count > 1 else ""
        figures = changed.summary if changed.lines else ""
        head.show([Span(words, role), Span(f"  {proposal.tool}  {figures}", "accent")], [Span(of, "muted")])
        summary.show(f"{proposal.summary} → {proposal.outcome}" if proposal.outcome else proposal.summary)
        nodes = [Node((line,), is_code=True) for line in changed.lines]
        diff.show(nodes or [Node((Span(line),)) for line in argument_lines(proposal.arguments)])
