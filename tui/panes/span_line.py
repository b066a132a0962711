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

from tui.format import fit
from tui.messages import ActionChosen
from tui.theming import role_style

MIN_GAP = 2
"""Blank cells that always part the left side of a line from its right side."""


class Span(NamedTuple):
    """A piece of a line; `action` is run by a click, the highest `priority` goes first for lack of room.

    `room` is how many cells the fitting counts at least, so that what is shown does not come and go
    with the digits of a number.
    """

    text: str
    role: str = "text"
    action: str = ""
    priority: int = 0
    room: int = 0


def fit_spans(left: Sequence[Span], right: Sequence[Span], width: int) -> tuple[Span, ...]:
    """Return the spans with the gap between both sides, in exactly `width` cells.

    Those of the highest priority leave first, all that share it together; what still does not fit
    is cut at its end, with an ellipsis.
    """
    kept = [(span, True) for span in left] + [(span, False) for span in right]
    while _wanted_width(kept) > width:
        worst = max(span.priority for span, _ in kept)
        if worst == 0:
            break
        kept = [(span, side) for span, side in kept if span.priority != worst]
    lefts = [span for span, is_left in kept if is_left]
    rights = [span for span, is_left in kept if not is_left]
    least = MIN_GAP if lefts and rights else 0
    gap = max(least, width - sum(cell_len(span.text) for span, _ in kept))
    return _cut((*lefts, Span(" " * gap), *rights), width)


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
        if not self.size:
            # Out of view nothing can be compared, and what was painted before must not come back.
            self.refresh()
            return
        changed = changed_cells(old, self._fitted())
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


def _wanted_width(kept: Sequence[tuple[Span, bool]]) -> int:
    has_two_sides = len({is_left for _, is_left in kept}) == 2
    return sum(max(cell_len(span.text), span.room) for span, _ in kept) + MIN_GAP * has_two_sides


def _cut(spans: Iterable[Span], width: int) -> tuple[Span, ...]:
    """Return the spans in exactly `width` cells, the first one that is too long cut."""
    fitting: list[Span] = []
    left = width
    for span in spans:
        size = cell_len(span.text)
        if size > left:
            if left > 0:
                fitting.append(span._replace(text=fit(span.text, left)))
            return tuple(fitting)
        left -= size
        fitting.append(span)
    return (*fitting, Span(" " * left)) if left else tuple(fitting)


def _cells(spans: Iterable[Span]) -> list[tuple[str, str]]:
    """Return what stands in each cell of a line: a character and its role, twice if it is wide."""
    cells: list[tuple[str, str]] = []
    for span in spans:
        for character in span.text:
            size = cell_len(character)
            if size == 0 and cells:
                cells[-1] = (cells[-1][0] + character, span.role)
            for part in range(size):
                # The half of a wide character differs whenever the whole does.
                cells.append((character * (part + 1), span.role))
    return cells


def changed_cells(old: Iterable[Span], new: Iterable[Span]) -> tuple[int, int] | None:
    """Return the first cell that differs and the one after the last, or None if none does."""
    before, after = _cells(old), _cells(new)
    if before == after:
        return None
    width = max(len(before), len(after))
    blank = (" ", "text")
    before += [blank] * (width - len(before))
    after += [blank] * (width - len(after))
    differing = [x for x in range(width) if before[x] != after[x]]
    return (differing[0], differing[-1] + 1) if differing else None
