"""The text area of a template: a prompt with its variables in colour, completed at a brace."""

from __future__ import annotations

from textual import events

from tui.messages import ActionChosen
from tui.panes.program_code import CodeArea
from tui.program_highlight import Piece
from tui.prompt_view import begun_variable, variable_pieces


class TemplateArea(CodeArea):
    """The text area of a template: variables stand out, long lines wrap, tab completes a variable."""

    def __init__(self) -> None:
        super().__init__(placeholder="no prompt yet: N in the list starts one", id="template")
        self.soft_wrap = True

    @property
    def begun(self) -> str | None:
        """What is typed of a variable before the cursor, None where it is no variable."""
        row, column = self.cursor_location
        return begun_variable(self.document.get_line(row)[:column])

    def insert_variable(self, name: str) -> None:
        """Put a variable in its braces at the cursor, in place of what is typed of it."""
        row, column = self.cursor_location
        begun = self.begun
        start = column if begun is None else column - len(begun) - 1
        self.replace("{" + name + "}", (row, start), (row, column))

    def on_key(self, event: events.Key) -> None:
        """Complete a variable with tab."""
        if event.key == "tab" and self.begun is not None and not self.read_only:
            event.stop()
            event.prevent_default()
            self.post_message(ActionChosen("variables.complete"))

    def _pieces_of(self, line_index: int) -> tuple[Piece, ...]:
        if self.text != self._coloured_text:
            self._coloured_text = self.text
            self._pieces = variable_pieces("\n".join(self.document.lines))
        return self._pieces[line_index] if line_index < len(self._pieces) else ()

    def _break_line(self) -> None:
        start, end = self.selection
        self._replace_via_keyboard("\n", start, end)

    def _leave(self) -> None:
        self.post_message(ActionChosen("prompt-editor.leave"))
