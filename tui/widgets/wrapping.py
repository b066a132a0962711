"""Breaking text into lines by words, measured in terminal cells: pure functions."""

from __future__ import annotations

import re

from rich.cells import cell_len, chop_cells

_WORDS_AND_SPACES = re.compile(r"\s+|\S+")


def wrap(text: str, width: int) -> list[str]:
    """Break `text` into lines of at most `width` cells; its own line breaks stay.

    Lines break between words; a word longer than a line is cut. Spaces at the break vanish,
    spaces at the start of a paragraph (an indent) stay. An empty text is one empty line.
    """
    closed, last = wrap_growing(text, width)
    return [*closed, last.rstrip()]


def wrap_within(text: str, width: int, rows: int) -> list[str]:
    """Break `text` into at most `rows` lines; an ellipsis at the very end says that more was cut."""
    lines = wrap(text, width)
    if len(lines) <= rows:
        return lines
    kept = lines[:rows]
    last = kept[-1].rstrip()
    while last and cell_len(last) > max(0, width - 1):
        last = last[:-1].rstrip()
    kept[-1] = last + "…"
    return kept


def wrap_growing(text: str, width: int) -> tuple[list[str], str]:
    """Break a text that will go on growing: lines that are final, and the text of the open line.

    Whatever follows can be wrapped by putting the open line's text in front of it.
    """
    closed: list[str] = []
    *finished, open_paragraph = text.split("\n")
    for paragraph in finished:
        lines, last = _wrap_paragraph(paragraph, max(1, width))
        closed += [*lines, last.rstrip()]
    lines, last = _wrap_paragraph(open_paragraph, max(1, width))
    return closed + lines, last


def _wrap_paragraph(paragraph: str, width: int) -> tuple[list[str], str]:
    if cell_len(paragraph) <= width:
        return [], paragraph
    lines: list[str] = []
    line, used = "", 0
    for token in _WORDS_AND_SPACES.findall(paragraph):
        size = cell_len(token)
        if used + size <= width:
            line, used = line + token, used + size
            continue
        if line.strip() or token.isspace():
            lines.append(line.rstrip())
        if token.isspace():
            line, used = "", 0
        else:
            *full, line = chop_cells(token, width)
            lines += full
            used = cell_len(line)
    return lines, line
