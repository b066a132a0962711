"""A widget that shows an outline: scrolled and folded with keys or the mouse, painted line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.program_outline import Line, Node, Path, is_open, node_at, outline_lines
from tui.widgets.role_styles import RoleStyles


class OutlineView(ScrollView, can_focus=True):
    """Shows nodes; Enter, space or a click folds the one under the cursor."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"outline--cursor", "outline--empty"}
    DEFAULT_CSS = """
    OutlineView { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    OutlineView > .outline--cursor {
        color: $block-cursor-foreground;
        background: $block-cursor-background;
        text-style: $block-cursor-text-style;
    }
    OutlineView > .outline--empty { color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "move_page(1)", "Page down", show=False),
        Binding("pageup", "move_page(-1)", "Page up", show=False),
        Binding("home,g", "move(-1000000)", "First", show=False),
        Binding("end,G", "move(1000000)", "Last", show=False),
        Binding("enter,space", "fold", "Fold", show=False),
        Binding("right,l", "fold(True)", "Open", show=False),
        Binding("left,h", "fold(False)", "Close", show=False),
    ]

    def __init__(self, *, empty_text: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._outline: tuple[Node, ...] = ()
        self._toggled: frozenset[Path] = frozenset()
        self._lines: list[Line] = []
        self._empty_text = empty_text
        self._cursor = 0
        self._line_styles = RoleStyles(self)
        self._cursor_styles = RoleStyles(self)

    @property
    def text(self) -> str:
        """Everything that is open, as plain text."""
        return "\n".join("".join(span.text for span in line.spans) for line in self._lines)

    def show(self, nodes: Sequence[Node], empty_text: str | None = None) -> None:
        """Show these nodes from their beginning; equal ones cost nothing."""
        wanted = tuple(nodes)
        if empty_text is not None and empty_text != self._empty_text:
            self._empty_text = empty_text
            self.refresh()
        if wanted == self._outline:
            return
        self._outline, self._toggled, self._cursor = wanted, frozenset(), 0
        self._rebuild()
        self.scroll_to(y=0, animate=False, force=True)

    def action_move(self, distance: int) -> None:
        """Move the cursor by a number of lines."""
        self._set_cursor(self._cursor + distance)

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by a number of windows."""
        self._set_cursor(self._cursor + pages * max(1, self.size.height - 1))

    def action_fold(self, opens: bool | None = None) -> None:
        """Open or close the node under the cursor; closing what is no fold goes to the one above it."""
        if not self._lines:
            return
        path = self._lines[self._cursor].path
        node = node_at(self._outline, path)
        if opens is False and len(path) > 1 and not (node.children and is_open(node, path, self._toggled)):
            self._cursor_to(path[:-1])
            return
        if not node.children or opens is is_open(node, path, self._toggled):
            return
        self._toggled ^= {path}
        self._rebuild()
        self._cursor_to(path)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Work out the styles once, then render the lines of a region."""
        self._line_styles.update(self.rich_style)
        self._cursor_styles.update(self.get_component_rich_style("outline--cursor"))
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one line of the window."""
        width, index = self.scrollable_content_region.width, self.scroll_offset.y + y
        if not self._lines and y == max(0, self.size.height - 1) // 3:
            style = self.get_component_rich_style("outline--empty")
            return Strip([Segment(f"{self._empty_text:^{width}}"[:width], style)]).adjust_cell_length(
                width, style
            )
        if index >= len(self._lines):
            return Strip.blank(width, self._line_styles.base)
        is_under_cursor = self.has_focus and index == self._cursor
        styles = self._cursor_styles if is_under_cursor else self._line_styles
        # Sixteen colours leave no hue that is readable on the cursor's background.
        keeps_roles = not (is_under_cursor and self.app.native_ansi_color)
        segments = [
            Segment(span.text, styles[span.role] if keeps_roles else styles.base)
            for span in self._lines[index].spans
        ]
        return Strip(segments).crop(0, width).adjust_cell_length(width, styles.base)

    def on_resize(self, event: events.Resize) -> None:
        """Break the lines anew."""
        self._rebuild()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Fold what is clicked."""
        index = self.scroll_offset.y + event.y
        if index < len(self._lines):
            self._set_cursor(index)
            self.action_fold()

    def _rebuild(self) -> None:
        width = self.scrollable_content_region.width
        self._lines = outline_lines(self._outline, self._toggled, width) if width else []
        self._cursor = min(self._cursor, max(0, len(self._lines) - 1))
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def _cursor_to(self, path: Path) -> None:
        for index, line in enumerate(self._lines):
            if line.path == path:
                self._set_cursor(index)
                return

    def _set_cursor(self, index: int) -> None:
        self._cursor = max(0, min(index, len(self._lines) - 1))
        first, height = self.scroll_offset.y, self.size.height
        if not self.has_focus:
            self.scroll_to(y=index, animate=False, force=True)
        elif self._cursor < first:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif height and self._cursor >= first + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, force=True)
        self.refresh()
