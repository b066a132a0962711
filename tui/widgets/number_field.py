"""An input for one decimal number, stepped with the arrow keys."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui.numbers import read_number

_ALLOWED_CHARACTERS = r"[0-9,]*\.?[0-9]*"


class NumberField(Input):
    """A one-line field that takes a decimal number; up and down change it by `step`.

    `low` and `high` bound stepping only: what is typed is judged by `number` readers, who can
    say why it is refused.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(1)", "More", show=False),
        Binding("down", "step(-1)", "Less", show=False),
        Binding("shift+up", "step(10)", "Much more", show=False),
        Binding("shift+down", "step(-10)", "Much less", show=False),
    ]

    def __init__(
        self,
        value: Decimal | None = None,
        *,
        step: Decimal = Decimal(1),
        low: Decimal = Decimal(0),
        high: Decimal | None = None,
        placeholder: str = "",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(
            "" if value is None else f"{value:f}",
            placeholder=placeholder,
            restrict=_ALLOWED_CHARACTERS,
            select_on_focus=True,
            name=name,
            id=id,
            classes=classes,
            disabled=disabled,
        )
        self.cursor_blink = False
        self.step = step
        self.low = low
        self.high = high

    @property
    def number(self) -> Decimal | None:
        """The number in the field, or None if the field is empty or no number."""
        return read_number(self.value)

    @number.setter
    def number(self, number: Decimal | None) -> None:
        self.value = "" if number is None else f"{number:f}"

    def action_step(self, steps: int) -> None:
        """Change the number by a number of steps, onto the step's grid and within the bounds."""
        if self.value.strip() and self.number is None:
            return
        current = self.number or Decimal(0)
        on_grid = (current / self.step).to_integral_value() * self.step
        target = max(self.low, on_grid + steps * self.step)
        if self.high is not None:
            target = min(self.high, target)
        self.number = target
        self.cursor_position = len(self.value)
