"""Reads what Textual writes: drawings go into a grid of cells, everything else is handed back.

Textual draws with cursor addressing, SGR and text, and sends its other control sequences (modes,
title, clipboard, bell, queries) in writes of their own. A write that draws is therefore never
allowed to carry control sequences through: whatever a cell's text may hold, it stays text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tui.terminal.cell_grid import CellGrid
from tui.terminal.pen import PLAIN, pen_after

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<parameters>[0-?]*)(?P<final>[ -/]*[@-~])"
    r"|(?P<osc>\x1b\](?P<command>[^\x07\x1b\x9c]*)(?:\x07|\x1b\\|\x9c))"
    r"|(?P<string>\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c))"
    r"|(?P<escape>\x1b[ -/]*[0-OQ-WYZ`-~])"
    r"|(?P<c0>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
    r"|\x1b"
)
_SYNCHRONISED_OUTPUT = "?2026"
_HYPERLINK = "8;"
_BELL = "\x07"
_PASSED_ON = ("c", "n", "u", "t", "$p", " q", "q")
"""Final bytes of queries, keyboard modes, window operations and cursor shapes."""


class Control(NamedTuple):
    """A control sequence that does not draw; a later one with the same `subject` replaces it."""

    subject: str
    sequence: str


class OutputParser:
    """Applies Textual's drawing to `grid`, notes the rows it changed, returns all other controls."""

    def __init__(self, grid: CellGrid) -> None:
        self.grid = grid
        self.cursor = (0, 0)
        self.changed_rows: set[int] = set()
        self._pen = PLAIN

    def feed(self, data: str) -> tuple[bool, list[Control]]:
        """Read one write; return whether it drew, and the controls to pass on if it did not."""
        drew = False
        controls: list[Control] = []
        for token in _TOKEN.finditer(data):
            kind = token.lastgroup
            if kind == "text":
                self._write(token[0])
                drew = True
            elif kind == "final":
                self._control_sequence(token["parameters"], token["final"], token[0], controls)
            elif kind == "osc":
                command = token["command"]
                if not command.startswith(_HYPERLINK):
                    controls.append(Control(f"OSC {command.partition(';')[0]}", token[0]))
            elif kind == "c0":
                self._c0(token[0], controls)
            elif kind is not None:
                controls.append(Control(token[0], token[0]))
        return drew, [] if drew else controls

    def _control_sequence(self, parameters: str, final: str, sequence: str, controls: list[Control]) -> None:
        """Apply a sequence that moves or colours; queue a mode, query or window operation."""
        if final == "m":
            self._pen = pen_after(self._pen, parameters)
        elif final in ("H", "f"):
            row, _, column = parameters.partition(";")
            self.cursor = (_number(column) - 1, _number(row) - 1)
        elif final in ("h", "l"):
            if parameters != _SYNCHRONISED_OUTPUT:
                controls.append(Control(f"mode {parameters}", sequence))
        elif final in _PASSED_ON:
            controls.append(Control(sequence, sequence))

    def _write(self, text: str) -> None:
        x, y = self.cursor
        end, changed = self.grid.write(x, y, text, self._pen)
        self.cursor = (end, y)
        if changed:
            self.changed_rows.add(y)

    def _c0(self, character: str, controls: list[Control]) -> None:
        if character == "\n":
            self.cursor = (0, self.cursor[1] + 1)
        elif character == "\r":
            self.cursor = (0, self.cursor[1])
        elif character == _BELL:
            controls.append(Control("bell", character))


def _number(parameter: str) -> int:
    return int(parameter) if parameter.isdigit() and parameter != "0" else 1
