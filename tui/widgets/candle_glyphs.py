"""How a candle looks in cells: hollow when it rose, filled when it fell, shaded while it forms.

A cell has an upper and a lower half, and each half shows nothing, wick or body.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from engine.model.candle import Candle
from tui.widgets.candle_scale import Scale
from tui.widgets.cell_canvas import Rank

NONE, WICK, BODY = 0, 1, 2

_RISEN = {
    (BODY, BODY): "┃",
    (BODY, NONE): "╹",
    (NONE, BODY): "╻",
    (WICK, BODY): "╽",
    (BODY, WICK): "╿",
}
_FALLEN = {
    (BODY, BODY): "█",
    (BODY, NONE): "▀",
    (NONE, BODY): "▄",
    (WICK, BODY): "▄",
    (BODY, WICK): "▀",
}
_WICKS = {(WICK, WICK): "│", (WICK, NONE): "╵", (NONE, WICK): "╷"}
_FORMING_WICK = "╎"
# Shades have no halves: a forming body takes whole cells, so that it always looks different.
_FORMING_BODIES = {True: "░", False: "▓"}


class Glyph(NamedTuple):
    """What stands in one row of a candle's column, as wide as its body, or one cell of wick."""

    row: int
    text: str
    rank: Rank


def has_risen(candle: Candle) -> bool:
    """Tell whether a candle closed (or stands) at its open or above."""
    return candle.close >= candle.open


def trend_role(candle: Candle) -> str:
    """Return the colour role of a candle."""
    return "gain" if has_risen(candle) else "loss"


def candle_glyphs(candle: Candle, scale: Scale, body_width: int) -> Iterator[Glyph]:
    """Return the rows of a candle from its high down to its low; `body_width` is odd."""
    top, bottom = scale.place(candle.high, 2), scale.place(candle.low, 2)
    body_top = scale.place(max(candle.open, candle.close), 2)
    body_bottom = scale.place(min(candle.open, candle.close), 2)

    def half(place: int) -> int:
        if body_top <= place <= body_bottom:
            return BODY
        return WICK if top <= place <= bottom else NONE

    for row in range(top // 2, bottom // 2 + 1):
        halves = half(2 * row), half(2 * row + 1)
        if BODY not in halves:
            is_whole = halves == (WICK, WICK)
            text = _FORMING_WICK if is_whole and not candle.closed else _WICKS[halves]
            yield Glyph(row, text, Rank.WICK)
        elif body_width == 1:
            yield Glyph(row, _narrow_body(candle, halves), Rank.BODY)
        else:
            is_flat = body_bottom - body_top <= 1
            is_first, is_last = row == body_top // 2 or is_flat, row == body_bottom // 2 or is_flat
            yield Glyph(row, _wide_body(candle, halves, body_width, is_first, is_last), Rank.BODY)


def _narrow_body(candle: Candle, halves: tuple[int, int]) -> str:
    if not candle.closed:
        return _FORMING_BODIES[has_risen(candle)]
    return (_RISEN if has_risen(candle) else _FALLEN)[halves]


def _wide_body(candle: Candle, halves: tuple[int, int], width: int, is_first: bool, is_last: bool) -> str:
    """Return one row of a body of several cells: an outline of quarter blocks, or solid."""
    is_upper, is_lower = halves[0] == BODY, halves[1] == BODY
    if not candle.closed:
        return _FORMING_BODIES[has_risen(candle)] * width
    if not has_risen(candle):
        return ("█" if is_upper and is_lower else "▀" if is_upper else "▄") * width
    inner = width - 2
    if is_first and is_last:
        # Too flat for an outline: narrower than a fallen body is what tells it apart.
        left, middle, right = "▐█▌" if is_upper and is_lower else "▝▀▘" if is_upper else "▗▄▖"
        return left + middle * inner + right
    if not is_upper:
        return "▄" * width
    if not is_lower:
        return "▀" * width
    if is_first:
        return "▛" + "▀" * inner + "▜"
    if is_last:
        return "▙" + "▄" * inner + "▟"
    return "▌" + " " * inner + "▐"
