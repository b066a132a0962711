"""One line of spans, each with its colour role: the status line, the footer, the tabs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.messages import ActionChosen
from tui.theming import role_style


class Span(NamedTuple):
    """A piece of a line; `action` is run by a click, the highest `priority` goes first for lack of room."""

    text: str
    role: str = "text"
    action: str = ""
    priority: int = 0


def fit_spans(left: Sequence[Span], right: Sequence[Span], width: int) -> tuple[Span, ...]:
    """Return the spans with the gap between both sides, in exactly `width` cells.

    Those of the highest priority leave first, all that share it together; what still does not fit
    is cut.
    """
    kept = [(span, True) for span in left] + [(span, False) for span in right]
    while kept and _width(span for span, _ in kept) > width:
        worst = max(span.priority for span, _ in kept)
        if worst == 0:
            break
        kept = [(span, side) for span, side in kept if span.priority != worst]
    gap = Span(" " * max(0, width - _width(span for span, _ in kept)))
    lefts = [span for span, is_left in kept if is_left]
    rights = [span for span, is_left in kept if not is_left]
    return (*lefts, gap, *rights)


class SpanLine(Widget, can_focus=False):
    """A one-line widget that repaints only when what it says changed."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "SpanLine { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._left: tuple[Span, ...] = ()
        self._right: tuple[Span, ...] = ()

    def show(self, left: Iterable[Span], right: Iterable[Span] = ()) -> None:
        """Say this from now on."""
        old = self._fitted()
        self._left, self._right = tuple(left), tuple(right)
        changed = _changed_cells(old, self._fitted())
        if changed is not None:
            start, end = changed
            self.refresh(Region(start, 0, end - start, 1))

    def render_line(self, y: int) -> Strip:
        """Return the line."""
        base = self.rich_style
        if y:
            return Strip.blank(self.size.width, base)
        segments = [
            Segment(span.text, base if span.role == "text" else base + role_style(self.app, span.role))
            for span in self._fitted()
        ]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    @property
    def text(self) -> str:
        """The line as plain text."""
        return "".join(span.text for span in self._fitted())

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the span under the pointer."""
        x = 0
        for span in self._fitted():
            x += cell_len(span.text)
            if event.x < x:
                if span.action:
                    self.post_message(ActionChosen(span.action))
                return

    def _fitted(self) -> tuple[Span, ...]:
        return fit_spans(self._left, self._right, self.size.width)


def _width(spans: Iterable[Span]) -> int:
    return sum(cell_len(span.text) for span in spans)


def _changed_cells(old: tuple[Span, ...], new: tuple[Span, ...]) -> tuple[int, int] | None:
    """Return the first and last cell that differ, or None if nothing does."""
    if old == new:
        return None
    width = max(_width(old), _width(new))
    start = 0
    for before, after in zip(old, new, strict=False):
        if before != after:
            break
        start += cell_len(before.text)
    end = width
    for before, after in zip(reversed(old), reversed(new), strict=False):
        if before != after:
            break
        end -= cell_len(before.text)
    return (start, end) if start < end else (0, width)
