"""The ticket's own fields: a choice among few, and a quantity that may be an amount of money."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.format import fit
from tui.widgets.number_field import NumberField

USD_STEP = Decimal(10)
ARROWS = 4
"""Cells of a choice around its words."""


class ChoiceField(Widget, can_focus=True):
    """One of a few values, changed with the arrow keys, space or a click."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ChoiceField { height: 1; width: 1fr; padding: 0 1; background: $panel; }
    ChoiceField:focus { background: $block-cursor-background; color: $block-cursor-foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,up,space,k,l", "choose(1)", "Next", show=False),
        Binding("left,down,j,h", "choose(-1)", "Previous", show=False),
    ]

    class Changed(Message):
        """Another value was chosen."""

    def __init__(self, choices: Sequence[tuple[str, str]], value: str, *, id: str) -> None:
        super().__init__(id=id)
        self._choices = tuple(choices)
        self.value = value

    def action_choose(self, direction: int) -> None:
        """Take the next or the previous value, round in a circle."""
        values = [value for value, _ in self._choices]
        place = values.index(self.value) if self.value in values else 0
        self.value = values[(place + direction) % len(values)]
        self.refresh()
        self.post_message(self.Changed())

    async def on_click(self, event: events.Click) -> None:
        """Take the next value."""
        self.action_choose(1)

    def render_line(self, y: int) -> Strip:
        """Return the chosen value between its arrows, cut where both arrows would not fit."""
        label = dict(self._choices).get(self.value, self.value)
        label = fit(label, min(cell_len(label), self.size.width - ARROWS))
        base = self.rich_style
        return Strip([Segment(f"‹ {label} ›", base)]).adjust_cell_length(self.size.width, base)


class PriceField(NumberField):
    """A price; `=` is taken by the ticket, which fills in the last one."""

    # An input keeps printable keys from the screen's bindings, so the field itself must have it.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("equals_sign", "screen.fill_price", "Last price", show=False, priority=True)
    ]


class QuantityField(PriceField):
    """A size in the base currency, or an amount such as `500 usd`; steps by lots or by dollars."""

    def __init__(self, *, step: Decimal, id: str) -> None:
        super().__init__(step=step, placeholder="0.5 or 500 usd", id=id)
        self.restrict = r"[0-9,]*\.?[0-9]* ?(?i:u|us|usd)?"

    def action_step(self, steps: int) -> None:
        """Change the number and keep its unit."""
        typed = self.value.strip()
        if not typed.casefold().endswith("usd"):
            super().action_step(steps)
            return
        lot, self.step = self.step, USD_STEP
        self.value = typed[:-3].strip()
        super().action_step(steps)
        self.step = lot
        self.value = f"{self.value} usd"
        self.cursor_position = len(self.value)
