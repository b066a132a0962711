"""What the chat asks of the desk: older decisions, those with some words, and what each came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import DeskError
from tui.panes.chat import ChatPane
from tui.wording import refusal_text

if TYPE_CHECKING:
    from textual.worker import Worker

    from tui.screens.desk import DeskScreen

PAGE = 60
MAX_FOUND = 200
MAX_COPIED_BYTES = 48_000
"""Terminals refuse a longer text for the clipboard."""


class ChatReading:
    """Reads for the chat of the desk, each kind one at a time; what fails is said and changes nothing."""

    def __init__(self, screen: DeskScreen) -> None:
        self._screen = screen
        self._stories: Worker[None] | None = None
        self._older: Worker[None] | None = None

    @property
    def _chat(self) -> ChatPane:
        return self._screen.query_one(ChatPane)

    def read_stories(self) -> None:
        """Read what the decisions in the window came to, unless that is being done."""
        if self._stories is None or self._stories.is_finished:
            wanted = self._chat.unread_stories
            if wanted:
                self._stories = self._screen.run_worker(self._read_each(wanted), exit_on_error=False)

    async def _read_each(self, decision_ids: tuple[str, ...]) -> None:
        for decision_id in decision_ids:
            try:
                story = await self._screen.bridge.desk.arena.story(decision_id)
            except DeskError:
                # The card stays as it is; a fill or the next state of the decision has it read again.
                continue
            self._chat.put_story(story)

    def read_older(self) -> None:
        """Read the decisions before the first one shown, unless there are none or that is being done."""
        conversation = self._chat.conversation
        is_reading = self._older is not None and not self._older.is_finished
        if not (is_reading or conversation.is_complete or conversation.words):
            self._older = self._screen.run_worker(self._read_page(), exit_on_error=False)

    async def _read_page(self) -> None:
        conversation = self._chat.conversation
        scope = conversation.scope
        try:
            records = await self._screen.bridge.desk.arena.chat(
                trader_id=scope, before_ms=conversation.oldest_ms, limit=PAGE
            )
        except DeskError as error:
            self._screen.say(refusal_text(error), "warning")
            return
        if conversation.scope == scope and not self._chat.put_older(records):
            conversation.is_complete = True
            self._screen.say("the chat begins here")

    async def search(self, words: str) -> None:
        """Show only decisions with these words, also those of long ago; "" ends the search."""
        await self._chat.close_search()
        if not words:
            self._chat.show_found("", ())
            return
        scope = self._chat.conversation.scope

        async def read() -> None:
            try:
                found = await self._screen.bridge.desk.arena.chat(
                    trader_id=scope, text=words, limit=MAX_FOUND
                )
            except DeskError as error:
                self._screen.say(refusal_text(error), "warning")
                return
            self._chat.show_found(words, found)

        self._screen.run_worker(read(), group="chat-search", exclusive=True, exit_on_error=False)

    async def leave(self) -> None:
        """End the typing of a search, or the search; without one leave the zoomed pane."""
        if await self._chat.close_search():
            return
        if self._chat.conversation.words:
            self._chat.show_found("", ())
        else:
            self._screen.action_back()

    def copy(self) -> None:
        """Hand the decision under the cursor to the terminal's clipboard."""
        text = self._chat.chosen_text()
        if not text:
            self._screen.say("no decision in view", "warning")
            return
        kept = text.encode()[:MAX_COPIED_BYTES].decode(errors="ignore")
        self._screen.app.copy_to_clipboard(kept)
        part = "" if kept == text else f"the first {MAX_COPIED_BYTES:,} bytes of "
        self._screen.say(f"copied {part}the decision")

    async def open_decision(self) -> None:
        """Open the decision under the cursor."""
        from tui.screens.decision_detail import DecisionDetailScreen

        decision_id = self._chat.chosen_id
        if not decision_id:
            self._screen.say("no decision in view", "warning")
            return
        await self._screen.app.push_screen(DecisionDetailScreen(self._screen.bridge, decision_id))
