"""Turns the difference between the wanted and the shown screen into the fewest bytes.

The encoder knows what the terminal shows: every character it sent and with which pen. From that
and the wanted screen it derives what is left to send. Nothing is ever queued, so a terminal that
was away for a while gets the newest screen and none of those in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.cells import cell_len

from tui.terminal.cell_grid import BLANK, CONTINUATION, CellGrid
from tui.terminal.pen import Pen, on_blank, sgr_between

_UNKNOWN = "\x00"
"""Stands in the shown screen where nobody knows what the terminal shows."""
_ADDRESSING_COST = 8
"""Bytes that move the cursor to another place, about."""
_CHEAP_GAP = 4
"""Cells that are cheaper to write again than to jump over: a jump takes four bytes at least."""


class _Terminal:
    """Where the terminal's cursor is and which pen it has, as far as that is known."""

    def __init__(self) -> None:
        self.cursor: tuple[int, int] | None = None
        self.pen: Pen | None = None


class EncodedFrame(NamedTuple):
    """What to send, and how many of the rows asked for it finishes, from the first on."""

    output: str
    finished: int


class _Run(NamedTuple):
    """Neighbouring cells of one row to send, from `start` to before `end`; sorted by their first pen."""

    pen: Pen
    y: int
    start: int
    end: int


class ScreenEncoder:
    """Keeps `wanted`, which a parser draws into, and what the terminal shows of it."""

    def __init__(self, width: int, height: int) -> None:
        self.wanted = CellGrid(width, height)
        self._shown = CellGrid(width, height)
        self._terminal = _Terminal()
        self.forget_shown()

    def resize(self, width: int, height: int) -> None:
        """Take on another size; what the terminal shows afterwards is unknown."""
        self.wanted.resize(width, height)
        self._shown.resize(width, height)
        self.forget_shown()

    def forget_shown(self) -> None:
        """Hold that the terminal may show anything: the next frames repaint every cell."""
        for line in self._shown.characters:
            line[:] = [_UNKNOWN] * self._shown.width
        self._terminal = _Terminal()

    def encode(self, rows: Iterable[int], budget: int, cursor: tuple[int, int]) -> EncodedFrame:
        """Return what brings `rows` up to date, in their order, at about `budget` bytes at most.

        The cursor ends at `cursor`. An empty output means that the terminal shows them already.
        """
        runs: list[_Run] = []
        expected = finished = 0
        for y in rows:
            if expected >= budget:
                break
            row_runs = self._differing_runs(y)
            runs += row_runs
            expected += sum(run.end - run.start + _ADDRESSING_COST for run in row_runs)
            finished += 1
        # Colours cost more than cursor addresses: everything of one pen goes together.
        runs.sort()
        pieces = [self._encode_run(run.y, run.start, run.end) for run in runs]
        return EncodedFrame(self._with_cursor(pieces, cursor), finished)

    def _with_cursor(self, pieces: list[str], cursor: tuple[int, int]) -> str:
        """Return the pieces as one text that leaves the cursor where Textual wants it."""
        if pieces:
            x, y = min(cursor[0], self.wanted.width - 1), min(cursor[1], self.wanted.height - 1)
            pieces.append(self._move_to(x, y))
        return "".join(pieces)

    def _differing_runs(self, y: int) -> list[_Run]:
        """Return the stretches of row `y` to send."""
        runs: list[list[int]] = []
        for x in self._differing_cells(y):
            if runs and (x == runs[-1][1] or self._joins(y, runs[-1][1], x)):
                runs[-1][1] = x + 1
            else:
                runs.append([x, x + 1])
        return [self._run(y, start, end) for start, end in runs]

    def _run(self, y: int, start: int, end: int) -> _Run:
        """Return a stretch of cells, widened so that it cuts no character of two cells."""
        line = self.wanted.characters[y]
        if line[start] == CONTINUATION and start:
            start -= 1
        if end < len(line) and line[end] == CONTINUATION:
            end += 1
        return _Run(self.wanted.pens[y][start], y, start, end)

    def _differing_cells(self, y: int) -> Iterator[int]:
        line, pens = self.wanted.characters[y], self.wanted.pens[y]
        shown_line, shown_pens = self._shown.characters[y], self._shown.pens[y]
        if line == shown_line and pens == shown_pens:
            return
        cells = zip(line, shown_line, pens, shown_pens, strict=True)
        for x, (character, shown, pen, shown_pen) in enumerate(cells):
            if character == shown and (
                pen is shown_pen
                or pen == shown_pen
                or (character == BLANK and on_blank(pen) == on_blank(shown_pen))
            ):
                continue
            yield x

    def _joins(self, y: int, start: int, end: int) -> bool:
        """Tell whether the unchanged cells between two stretches are best written again."""
        if end - start > _CHEAP_GAP:
            return False
        line, pens = self.wanted.characters[y], self.wanted.pens[y]
        return (
            all(
                len(line[x]) == 1 and line[x].isascii() and pens[x] == pens[start - 1]
                for x in range(start, end)
            )
            and pens[end] == pens[start - 1]
        )

    def _encode_run(self, y: int, start: int, end: int) -> str:
        terminal = self._terminal
        line, pens = self.wanted.characters[y], self.wanted.pens[y]
        pieces: list[str] = []
        for x in range(start, end):
            character, pen = line[x], pens[x]
            if character == CONTINUATION:
                continue
            pieces.append(self._move_to(x, y))
            pieces.append(self._change_pen(character, pen))
            pieces.append(character)
            terminal.cursor = (x + 1, y) if _moves_one_cell(character) and x + 1 < self.wanted.width else None
        self._shown.characters[y][start:end] = line[start:end]
        self._shown.pens[y][start:end] = pens[start:end]
        if not "".join(line[start:end]).isascii():
            # Terminals disagree on the width of some characters: address the next cell afresh.
            terminal.cursor = None
        return "".join(pieces)

    def _change_pen(self, character: str, pen: Pen) -> str:
        terminal = self._terminal
        if character == BLANK and terminal.pen is not None and on_blank(terminal.pen) == on_blank(pen):
            return ""
        change, terminal.pen = sgr_between(terminal.pen, pen), pen
        return change

    def _move_to(self, x: int, y: int) -> str:
        """Return the shortest sequence that brings the cursor to a cell."""
        terminal = self._terminal
        here, terminal.cursor = terminal.cursor, (x, y)
        if here == (x, y):
            return ""
        absolute = "\x1b[H" if (x, y) == (0, 0) else f"\x1b[{y + 1}H" if x == 0 else f"\x1b[{y + 1};{x + 1}H"
        if here is None or here[1] != y:
            return absolute
        distance = x - here[0]
        forward = f"\x1b[{distance if distance > 1 else ''}C" if distance > 0 else f"\x1b[{-distance}D"
        return min(forward, f"\x1b[{x + 1}G", absolute, key=len)


def _moves_one_cell(character: str) -> bool:
    return character.isascii() or (len(character) == 1 and cell_len(character) == 1)
