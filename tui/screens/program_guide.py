"""The reader of the guide for program authors."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from tui.screens.dialog import DialogScreen


class GuideScreen(DialogScreen[None], inherit_bindings=False):
    """Shows a Markdown text; any of the usual keys scrolls or closes it."""

    DEFAULT_CSS = """
    GuideScreen .dialog { width: 100; height: 94%; padding: 0 1; scrollbar-size-vertical: 1; }
    GuideScreen Markdown { background: $surface; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,i,ctrl+g", "dismiss(None)", "Close"),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("pagedown,space", "scroll_page(1)", "Page down", show=False),
        Binding("pageup", "scroll_page(-1)", "Page up", show=False),
        Binding("home,g", "scroll(-1000000)", "Top", show=False),
        Binding("end,G", "scroll(1000000)", "End", show=False),
        Binding("right_square_bracket", "scroll_heading(1)", "Next part", show=False),
        Binding("left_square_bracket", "scroll_heading(-1)", "Part before", show=False),
    ]

    def __init__(self, guide: str) -> None:
        super().__init__()
        self._guide = guide

    def compose(self) -> ComposeResult:
        """Build the text."""
        with VerticalScroll(classes="dialog", can_focus=False) as dialog:
            dialog.border_title = "Guide for program authors"
            dialog.border_subtitle = "j k scroll · [ ] part · Esc closes"
            yield Markdown(self._guide, open_links=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll by a number of lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_scroll_page(self, pages: int) -> None:
        """Scroll by a number of windows."""
        scroll = self.query_one(VerticalScroll)
        self.action_scroll(pages * max(1, scroll.size.height - 2))

    def action_scroll_heading(self, direction: int) -> None:
        """Go to the heading below the top of the window, or to the one above it."""
        scroll = self.query_one(VerticalScroll)
        top = scroll.scroll_offset.y
        tops = sorted(block.virtual_region.y for block in self.query("MarkdownH1, MarkdownH2, MarkdownH3"))
        after = [y for y in tops if y > top] if direction > 0 else [y for y in reversed(tops) if y < top]
        if after:
            scroll.scroll_to(y=after[0], animate=False)
