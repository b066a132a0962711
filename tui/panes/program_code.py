"""The text area of the editor: a source in colour, with its wrong lines underlined.

Nothing blinks in it, so that a desk at rest sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from tui.messages import ActionChosen
from tui.program_highlight import Piece, highlight
from tui.program_indent import columns_to_dedent, columns_to_delete, indent_after
from tui.program_source import visible
from tui.theming import role_style

_MOVES = {
    "up": "cursor_up",
    "down": "cursor_down",
    "left": "cursor_left",
    "right": "cursor_right",
    "home": "cursor_line_start",
    "end": "cursor_line_end",
    "ctrl+left": "cursor_word_left",
    "ctrl+right": "cursor_word_right",
}
_SELECTIONS = {
    key.replace("ctrl+", "ctrl+shift+") if "ctrl" in key else f"shift+{key}": move
    for key, move in _MOVES.items()
}


def _hidden(key: str, action: str) -> Binding:
    return Binding(key, action, action, show=False)


class CodeArea(TextArea, inherit_bindings=False):
    """Edits a source; `mark` says which lines are wrong, and how badly.

    Its keys are Textual's without those that tmux, a terminal or flow control takes.
    """

    DEFAULT_CSS = """
    CodeArea {
        border: none;
        padding: 0;
        background: $background;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        &:focus { border: none; }
        & .text-area--gutter { color: $grid; background: $background; }
        & .text-area--cursor-line { background: $panel; }
        & .text-area--cursor-gutter { color: $accent; background: $panel; text-style: bold; }
        & .text-area--placeholder { color: $muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(_hidden(key, action) for key, action in _MOVES.items()),
        *(_hidden(key, f"{action}(True)") for key, action in _SELECTIONS.items()),
        _hidden("pageup", "cursor_page_up"),
        _hidden("pagedown", "cursor_page_down"),
        _hidden("ctrl+home", "to_start"),
        _hidden("ctrl+end", "to_end"),
        _hidden("ctrl+e", "cursor_line_end"),
        _hidden("delete", "delete_right"),
        _hidden("alt+backspace", "delete_word_left"),
        _hidden("alt+delete", "delete_word_right"),
        _hidden("ctrl+u", "delete_to_start_of_line"),
        _hidden("ctrl+k", "delete_to_end_of_line_or_delete_line"),
        _hidden("ctrl+c", "copy"),
        _hidden("ctrl+x", "cut"),
        _hidden("ctrl+v", "paste"),
        _hidden("ctrl+underscore,alt+u", "undo"),
        _hidden("ctrl+y,alt+r", "redo"),
    ]

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(
            soft_wrap=False,
            tab_behavior="indent",
            show_line_numbers=True,
            placeholder=placeholder,
            id=id,
        )
        self.cursor_blink = False
        self._marked: Mapping[int, str] = {}
        self._coloured_text: str | None = None
        self._pieces: list[tuple[Piece, ...]] = []

    @property
    def marked(self) -> Mapping[int, str]:
        """The wrong lines (from 1) and the role each is underlined in."""
        return self._marked

    def mark(self, lines: Mapping[int, str]) -> None:
        """Underline these lines (from 1), each in its role, and no others."""
        if dict(lines) != self._marked:
            self._marked = dict(lines)
            self._line_cache.clear()
            self.refresh()

    def go_to_line(self, line: int, column: int = 1) -> None:
        """Put the cursor on a line (from 1), in the middle of the window."""
        self.move_cursor((line - 1, max(0, column - 1)), center=True)

    def get_line(self, line_index: int) -> Text:
        """Return a line with its colours."""
        line = Text(visible(self.document.get_line(line_index)), end="", no_wrap=True)
        for start, end, role in self._pieces_of(line_index):
            line.stylize(role_style(self.app, role), start, end)
        role = self._marked.get(line_index + 1, "")
        if role:
            code = line.plain.rstrip()
            underline = Style(underline=True) + role_style(self.app, role)
            line.stylize(underline, len(code) - len(code.lstrip()), len(code))
        return line

    def get_component_rich_style(
        self, *names: str, partial: bool = False, default: Style | None = None
    ) -> Style:
        """Return a component's style; the line of the cursor keeps the colours of its words."""
        style = super().get_component_rich_style(*names, partial=partial, default=default)
        return Style(bgcolor=style.bgcolor) if names == ("text-area--cursor-line",) else style

    def _pieces_of(self, line_index: int) -> tuple[Piece, ...]:
        # A long string or comment can change the colours of every line below it.
        if self.text != self._coloured_text:
            self._coloured_text = self.text
            self._pieces = highlight("\n".join(self.document.lines))
        return self._pieces[line_index] if line_index < len(self._pieces) else ()

    def on_text_area_changed(self) -> None:
        """Colour every line anew: one that was typed can have opened a string."""
        self._line_cache.clear()
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Keep the indent of the line before, and take whole steps of it."""
        if self.read_only:
            return
        act = {
            "enter": self._break_line,
            "backspace": self._delete_left,
            "shift+tab": self._dedent,
            "escape": self._leave,
        }.get(event.key)
        if act is not None:
            event.stop()
            event.prevent_default()
            act()

    def _break_line(self) -> None:
        start, end = self.selection
        row, column = min(start, end)
        before = self.document.get_line(row)[:column]
        self._replace_via_keyboard("\n" + indent_after(before), start, end)

    def _delete_left(self) -> None:
        if not self.selection.is_empty:
            self.action_delete_left()
            return
        row, column = self.cursor_location
        columns = columns_to_delete(self.document.get_line(row)[:column])
        if columns > 1:
            self._delete_via_keyboard((row, column - columns), (row, column))
        else:
            self.action_delete_left()

    def _dedent(self) -> None:
        row, _ = self.cursor_location
        columns = columns_to_dedent(self.document.get_line(row))
        if columns:
            self.delete((row, 0), (row, columns))

    def _leave(self) -> None:
        self.post_message(ActionChosen("editor.leave"))

    def action_to_start(self) -> None:
        """Go to the first character."""
        self.move_cursor((0, 0))

    def action_to_end(self) -> None:
        """Go behind the last character."""
        self.move_cursor(self.document.end)
