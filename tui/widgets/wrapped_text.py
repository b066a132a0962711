"""A few lines of wrapped text that repaint only when they change, and know whether all of it shows."""

from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.messages import ActionChosen
from tui.theming import role_style
from tui.widgets.wrapping import wrap, wrap_within


class WrappedText(Widget, can_focus=False):
    """Plain text in one role, broken by words into the widget's lines; a click runs `action`."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "WrappedText { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.text = ""
        self._role = "text"
        self._action = ""

    def show(self, text: str, role: str = "text", action: str = "") -> None:
        """Say this from now on."""
        self._action = action
        if (text, role) != (self.text, self._role):
            self.text, self._role = text, role
            self.refresh()

    @property
    def is_all_in_view(self) -> bool:
        """Whether every word is on the screen: nothing cut, nothing scrolled or pushed out of it."""
        if not self.size or len(wrap(self.text, self.size.width)) > self.size.height:
            return False
        seen: Region = self.screen.region
        for node in self.ancestors:
            if isinstance(node, Widget) and node is not self.screen:
                seen = seen.intersection(node.region)
        return seen.contains_region(self.region)

    def render_line(self, y: int) -> Strip:
        """Return one line of the text."""
        base = self.rich_style
        lines = wrap_within(self.text, self.size.width, self.size.height)
        style = base if self._role == "text" else base + role_style(self.app, self._role)
        text = lines[y] if y < len(lines) else ""
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, base)

    async def on_click(self, event: events.Click) -> None:
        """Run the text's action."""
        if self._action:
            self.post_message(ActionChosen(self._action))
