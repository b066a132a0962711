"""A terminal in memory: what a user would see after the bytes sent so far."""

from __future__ import annotations

import re

from rich.cells import get_character_cell_size

from tui.terminal.cell_grid import CellGrid

_TOKEN = re.compile(
    r"\x1b\[(?P<parameters>[0-?]*)(?P<final>[ -/]*[@-~])"
    r"|\x1b\](?P<osc>[^\x07]*)\x07|(?P<bell>\x07)|(?P<text>.)",
    re.S,
)
_ATTRIBUTE_ENDED_BY = {
    22: {1, 2},
    23: {3},
    24: {4, 21},
    25: {5, 6},
    27: {7},
    28: {8},
    29: {9},
    54: {51, 52},
    55: {53},
}
_LINES_AND_REVERSE = {4, 7, 9, 21, 53}

Look = tuple[frozenset[int], str, str]
PLAIN_LOOK: Look = (frozenset(), "", "")


class TerminalEmulator:
    """A grid of characters with their looks; questions are counted, other controls are kept."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.text = [["?"] * width for _ in range(height)]
        self.looks = [[PLAIN_LOOK] * width for _ in range(height)]
        self.look = PLAIN_LOOK
        self.x = self.y = 0
        self.last_written = (0, 0)
        self.questions = 0
        self.controls: list[str] = []

    def feed(self, data: bytes) -> None:
        for token in _TOKEN.finditer(data.decode()):
            if token["text"] is not None:
                self._put(token["text"])
            elif token["final"] is not None:
                self._control(token["parameters"], token["final"], token[0])
            else:
                self.controls.append(token[0])

    def line(self, y: int) -> str:
        return "".join(self.text[y])

    def screen(self) -> list[list[tuple[str, Look]]]:
        return [
            [seen(character, look) for character, look in zip(line, looks, strict=True)]
            for line, looks in zip(self.text, self.looks, strict=True)
        ]

    def _put(self, character: str) -> None:
        width = get_character_cell_size(character)
        if width == 0:
            x, y = self.last_written
            self.text[y][x] += character
            return
        line, looks = self.text[self.y], self.looks[self.y]
        for x in range(self.x, self.x + width):
            if line[x] == "" and x == self.x:
                line[x - 1] = " "
            if x + 1 < self.width and line[x + 1] == "":
                line[x + 1] = " "
        line[self.x : self.x + width] = [character, ""][:width]
        looks[self.x : self.x + width] = [self.look] * width
        self.last_written = (self.x, self.y)
        self.x = min(self.x + width, self.width - 1)

    def _control(self, parameters: str, final: str, sequence: str) -> None:
        first = int(parameters.split(";")[0]) if parameters[:1].isdigit() else 0
        if final == "H":
            row, _, column = parameters.partition(";")
            self.y, self.x = int(row or 1) - 1, int(column or 1) - 1
        elif final == "C":
            self.x += first or 1
        elif final == "D":
            self.x -= first or 1
        elif final == "G":
            self.x = first - 1
        elif final == "m":
            self._select_look([int(code or 0) for code in parameters.split(";")])
        elif final == "n":
            self.questions += 1
        else:
            self.controls.append(sequence)

    def _select_look(self, codes: list[int]) -> None:
        attributes, foreground, background = set(self.look[0]), self.look[1], self.look[2]
        while codes:
            code = codes.pop(0)
            if code == 0:
                attributes, foreground, background = set(), "", ""
            elif code in (38, 48):
                count = 4 if codes[0] == 2 else 2
                color = ";".join(map(str, [code, *codes[:count]]))
                del codes[:count]
                foreground, background = (color, background) if code == 38 else (foreground, color)
            elif code in _ATTRIBUTE_ENDED_BY:
                attributes -= _ATTRIBUTE_ENDED_BY[code]
            elif code in (39, 49):
                foreground, background = ("", background) if code == 39 else (foreground, "")
            elif 30 <= code < 38 or 90 <= code < 98:
                foreground = str(code)
            elif 40 <= code < 48 or 100 <= code < 108:
                background = str(code)
            else:
                attributes.add(code)
        self.look = (frozenset(attributes), foreground, background)


def seen(character: str, look: Look) -> tuple[str, Look]:
    """Leave out what cannot be seen: the colour of a blank's ink, unless a line or reverse shows it."""
    if character != " " or look[0] & _LINES_AND_REVERSE:
        return character, look
    return character, (frozenset(), "", look[2])


def wanted_screen(grid: CellGrid) -> list[list[tuple[str, Look]]]:
    return [
        [
            seen(character, (frozenset(pen.attributes), pen.foreground, pen.background))
            for character, pen in zip(line, pens, strict=True)
        ]
        for line, pens in zip(grid.characters, grid.pens, strict=True)
    ]
