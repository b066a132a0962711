"""What texts for a terminal are made of: colours where they are wanted, and lines of a width."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Iterator

from engine.text import safe_line

NARROWEST = 60
GAIN, LOSS, WARNING, BOLD = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[1m"
_PLAIN = "\x1b[0m"
_LONGEST_SENTENCE = 2_000


class Painter:
    """Puts colours around words, or leaves them as they are."""

    def __init__(self, is_on: bool) -> None:
        self.is_on = is_on

    def paint(self, text: str, code: str) -> str:
        """Return text in a colour; an empty code is none."""
        return f"{code}{text}{_PLAIN}" if self.is_on and code else text

    def tone(self, text: str, value: float) -> str:
        """Return text in the colour of a gain or of a loss."""
        return self.paint(text, GAIN if value > 0 else LOSS if value < 0 else "")


def painter_for(color: bool | None) -> Painter:
    """Return a painter; None paints where the standard output is a terminal and NO_COLOR is not set."""
    if color is None:
        color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return Painter(color)


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return text in lines of a width, the first and the others indented as given."""
    return textwrap.wrap(
        safe_line(text, _LONGEST_SENTENCE), width, initial_indent=first, subsequent_indent=rest
    )


def sentences(
    title: str, told: Iterable[str], painter: Painter, width: int, code: str = BOLD
) -> Iterator[str]:
    """Return a titled list of sentences, nothing without one."""
    found = list(told)
    if not found:
        return
    yield painter.paint(title, code)
    for sentence in found:
        yield from wrapped(sentence, width, "- ", "  ")
