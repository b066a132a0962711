"""The look of a cell, and the shortest control sequence from one look to another.

Numbers are those of ECMA-48 "Select Graphic Rendition" (SGR) and of xterm's colour extensions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_OFF_CODE = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 6: 25, 7: 27, 8: 28, 9: 29, 21: 24, 51: 54, 52: 54, 53: 55}
"""The code that ends each attribute; bold and dim, for one, end together."""
_SEEN_ON_BLANKS = frozenset({4, 7, 9, 21, 53})
_REVERSE = 7


class Pen(NamedTuple):
    """Attributes as sorted SGR codes, and colours as SGR parameters (empty: the terminal's own)."""

    attributes: tuple[int, ...] = ()
    foreground: str = ""
    background: str = ""


PLAIN = Pen()


@lru_cache(4096)
def pen_after(pen: Pen, parameters: str) -> Pen:
    """Return the pen after a `CSI parameters m`; parameters it does not know change nothing."""
    attributes, foreground, background = set(pen.attributes), pen.foreground, pen.background
    codes = iter(parameters.split(";") if parameters else ["0"])
    for text in codes:
        code = int(text) if text.isdigit() else 0
        if code == 0:
            attributes, foreground, background = set(), "", ""
        elif code in _OFF_CODE:
            attributes.add(code)
        elif code in (38, 48):
            color = _extended_color(code, codes)
            foreground, background = (color, background) if code == 38 else (foreground, color)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            foreground = text
        elif 40 <= code <= 47 or 100 <= code <= 107:
            background = text
        elif code == 39:
            foreground = ""
        elif code == 49:
            background = ""
        else:
            attributes = {attribute for attribute in attributes if _OFF_CODE[attribute] != code}
    return Pen(tuple(sorted(attributes)), foreground, background)


@lru_cache(8192)
def sgr_between(old: Pen | None, new: Pen) -> str:
    """Return the shortest sequence that turns the terminal's pen from `old` to `new`.

    None stands for a pen nobody knows.
    """
    if old == new:
        return ""
    fresh = [str(code) for code in new.attributes]
    fresh += [color for color in (new.foreground, new.background) if color]
    from_reset = f"\x1b[{';'.join(['0', *fresh])}m" if fresh else "\x1b[m"
    if old is None:
        return from_reset
    ended = set(old.attributes) - set(new.attributes)
    off = sorted({_OFF_CODE[attribute] for attribute in ended})
    # An ending code also ends its sibling, which has to be set again.
    begun = [code for code in new.attributes if code not in old.attributes or _OFF_CODE[code] in off]
    changes = [str(code) for code in (*off, *begun)]
    if new.foreground != old.foreground:
        changes.append(new.foreground or "39")
    if new.background != old.background:
        changes.append(new.background or "49")
    step = f"\x1b[{';'.join(changes)}m"
    return min(step, from_reset, key=len)


@lru_cache(4096)
def on_blank(pen: Pen) -> Pen:
    """Return the part of a pen that can be seen on a blank cell: background and lines, as a rule."""
    seen = tuple(attribute for attribute in pen.attributes if attribute in _SEEN_ON_BLANKS)
    return Pen(seen, pen.foreground if seen else "", pen.background)


def _extended_color(code: int, rest: Iterator[str]) -> str:
    """Return `38;5;n` or `38;2;r;g;b` (or 48) with its parameters taken from the rest of the codes."""
    kind = next(rest, "")
    count = {"5": 1, "2": 3}.get(kind, 0)
    return ";".join([str(code), kind, *(next(rest, "0") for _ in range(count))])
