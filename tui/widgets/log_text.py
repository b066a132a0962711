"""The text of a streaming log as wrapped lines: pure bookkeeping, no screen.

A line is wrapped once when it is final; while a block grows only its open line is wrapped again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

import msgspec

from tui.widgets.wrapping import wrap, wrap_growing

BODY_INDENT = 2


class LogBlock(msgspec.Struct, frozen=True):
    """A header line and a body below it, each with the colour role it has; either may be empty.

    One that `joins` stands right below the block before it, without a blank line. `margin` stands before
    every line of the body in place of its indent. A block with the cursor shows it in its header's first
    cell.
    """

    id: str
    header: str = ""
    body: str = ""
    role: str = "text"
    header_role: str = "header"
    joins: bool = False
    margin: str = ""


class LogLine(msgspec.Struct, frozen=True):
    """One line as shown: its text, its colour role, and whether it has the cursor."""

    text: str
    role: str
    has_cursor: bool = False


BLANK_LINE = LogLine("", "text")
CURSOR_MARK = "▶"


class LinePlace(msgspec.Struct, frozen=True):
    """Where a line stands, whatever comes or goes around its block."""

    block_id: str
    offset: int


class LogText:
    """Blocks in the order they came, at most `max_blocks`, wrapped to `width` cells.

    Between two blocks are `gap` blank lines. Blank lines inside a body follow each other once only.
    """

    def __init__(self, width: int, max_blocks: int, gap: int = 1) -> None:
        self._width = width
        self._max_blocks = max_blocks
        self._gap = gap
        self.cursor = ""
        """The id of the block that has the cursor."""
        self._blocks: dict[str, _WrappedBlock] = {}
        self._order: list[_WrappedBlock] | None = None
        self._ends: list[int] = []

    def put(self, block: LogBlock, below: str = "") -> None:
        """Add a block at the end, or right below another one; replace the one with its id."""
        is_new = block.id not in self._blocks
        self._blocks[block.id] = _WrappedBlock(block, self._width)
        if is_new and below != block.id and below in self._blocks:
            self._move_below(block.id, below)
        while len(self._blocks) > self._max_blocks:
            del self._blocks[next(iter(self._blocks))]
        self._order = None

    def _move_below(self, block_id: str, below: str) -> None:
        names = list(self._blocks)
        names.remove(block_id)
        names.insert(names.index(below) + 1, block_id)
        self._blocks = {name: self._blocks[name] for name in names}

    def append(self, block_id: str, delta: str) -> None:
        """Add text to the body of a block; an id that has left the log changes nothing."""
        if (block := self._blocks.get(block_id)) is not None:
            block.append(delta)
            self._order = None

    def remove(self, block_ids: Iterable[str]) -> None:
        """Forget some blocks; an id that is not in the log changes nothing."""
        for block_id in block_ids:
            self._blocks.pop(block_id, None)
        self._order = None

    def __contains__(self, block_id: str) -> bool:
        return block_id in self._blocks

    def clear(self) -> None:
        """Forget every block."""
        self._blocks.clear()
        self._order = None

    def set_width(self, width: int) -> None:
        """Wrap everything again for a new width."""
        if width != self._width:
            self._width = width
            for block in self._blocks.values():
                block.rewrap(width)
            self._order = None

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        self._index()
        return self._ends[-1] if self._ends else 0

    def line(self, index: int) -> LogLine:
        """Return one line; blank beyond the end."""
        order = self._index()
        position = bisect_right(self._ends, index)
        if position >= len(order):
            return BLANK_LINE
        start = self._ends[position - 1] if position else 0
        block = order[position]
        line = block.line(index - start)
        if index == start and line.text and block.id == self.cursor:
            return LogLine(CURSOR_MARK + line.text[1:], line.role, has_cursor=True)
        return line

    def place_of(self, index: int) -> LinePlace | None:
        """Return where a line stands; None beyond the end."""
        order = self._index()
        position = bisect_right(self._ends, index)
        if position >= len(order):
            return None
        start = self._ends[position - 1] if position else 0
        return LinePlace(order[position].id, index - start)

    def index_of(self, place: LinePlace) -> int | None:
        """Return the line at a place, the last of its block where that has become shorter; None when gone."""
        start = self._ends_before(place.block_id)
        if start is None:
            return None
        return start + min(place.offset, self._blocks[place.block_id].line_count)

    def _ends_before(self, block_id: str) -> int | None:
        block = self._blocks.get(block_id)
        if block is None:
            return None
        position = self._index().index(block)
        return self._ends[position - 1] if position else 0

    def _index(self) -> list[_WrappedBlock]:
        if self._order is None:
            self._order = list(self._blocks.values())
            # The last block is followed by no gap, so its successor counts as joining it.
            joins = [block.joins for block in self._order[1:]] + [True]
            self._ends = list(
                accumulate(
                    block.line_count + (0 if next_joins else self._gap)
                    for block, next_joins in zip(self._order, joins, strict=False)
                )
            )
        return self._order


class _WrappedBlock:
    """A block, its final lines, and the text of the line that may still grow."""

    __slots__ = ("_block", "_body", "_closed", "_indent", "_open", "_width")

    def __init__(self, block: LogBlock, width: int) -> None:
        self._block = block
        self._body = block.body
        self._indent = block.margin or (" " * BODY_INDENT if block.header else "")
        self.rewrap(width)

    def rewrap(self, width: int) -> None:
        block = self._block
        self._width = width
        header = wrap(block.header, width) if block.header else []
        self._closed = [LogLine(line, block.header_role) for line in header]
        self._open = ""
        self._grow(self._body)

    def append(self, delta: str) -> None:
        self._body += delta
        self._grow(delta)

    @property
    def id(self) -> str:
        return self._block.id

    @property
    def joins(self) -> bool:
        return self._block.joins

    @property
    def line_count(self) -> int:
        return len(self._closed) + bool(self._body)

    def line(self, index: int) -> LogLine:
        if index < len(self._closed):
            return self._closed[index]
        if index == len(self._closed) and self._body:
            return self._body_line(self._open)
        return BLANK_LINE

    def _grow(self, delta: str) -> None:
        closed, self._open = wrap_growing(self._open + delta, self._width - len(self._indent))
        for line in closed:
            is_blank = not line.strip()
            if not (is_blank and self._closed and not self._closed[-1].text):
                self._closed.append(self._body_line(line))

    def _body_line(self, text: str) -> LogLine:
        return LogLine((self._indent + text).rstrip(), self._block.role)
