"""The line in which the words to search the chat for are typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.message import Message
from textual.widgets import Input

MAX_WORDS = 100


class SearchLine(Input):
    """One line at the lower edge of the chat; Enter searches, an empty line ends the search."""

    DEFAULT_CSS: ClassVar[str] = """
    SearchLine { height: 1; border: none; padding: 0 1; background: $panel; }
    SearchLine:focus { border: none; background: $block-cursor-background; }
    """

    @dataclass
    class Asked(Message):
        """The words are complete."""

        words: str

    def __init__(self, words: str) -> None:
        super().__init__(
            words, placeholder="words in prompt, thoughts, reply or outcome", max_length=MAX_WORDS
        )
        self.cursor_blink = False

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Search for what was typed."""
        event.stop()
        self.post_message(self.Asked(event.value.strip()))
