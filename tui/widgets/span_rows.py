"""Rows of spans on the screen, of which only cells that changed are painted again."""

from __future__ import annotations

from itertools import zip_longest

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.messages import ActionChosen
from tui.panes.span_line import changed_cells
from tui.widgets.cell_canvas import Row
from tui.widgets.role_styles import RoleStyles


class SpanRows(Widget):
    """A widget made of rows of spans; a subclass says which ones for a size."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: tuple[Row, ...] = ()
        self._role_styles = RoleStyles(self)

    def rows_for(self, width: int, height: int) -> tuple[Row, ...]:
        """Return what to show in so many cells."""
        raise NotImplementedError

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    def repaint(self) -> None:
        """Show what there is to show now; cells that stay equal cost nothing."""
        if not self.size:
            return
        shown, self._rows = self._rows, self.rows_for(self.size.width, self.size.height)
        regions = []
        for y, (before, row) in enumerate(zip_longest(shown, self._rows, fillvalue=())):
            if row is before or row == before:
                continue
            changed = changed_cells(before, row)
            if changed is not None:
                regions.append(Region(changed[0], y, changed[1] - changed[0], 1))
        if regions:
            self.refresh(*regions)

    def on_resize(self, event: events.Resize) -> None:
        """Make the rows anew for the new size."""
        self.repaint()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Work out the styles once, then render the lines of a region."""
        self._role_styles.update(self.rich_style)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one row."""
        width, styles = self.size.width, self._role_styles
        if y >= len(self._rows):
            return Strip.blank(width, styles.base)
        segments = [Segment(span.text, styles[span.role]) for span in self._rows[y]]
        return Strip(segments).adjust_cell_length(width, styles.base)

    def on_click(self, event: events.Click) -> None:
        """Run the action of the span under the pointer."""
        x = 0
        for span in self._rows[event.y] if event.y < len(self._rows) else ():
            x += cell_len(span.text)
            if event.x < x:
                if span.action:
                    self.post_message(ActionChosen(span.action))
                return
