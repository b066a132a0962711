"""The figures of a trader's limits and of how it asks its model: one row for each, and text read as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from engine.errors import InvalidInput
from tui.numbers import read_number

type Number = Decimal | int | float


class Figure(msgspec.Struct, frozen=True):
    """A field of `RiskLimits` or `ModelPolicy`; `empty` is what an empty one means, "" where none is."""

    name: str
    label: str
    kind: type[Decimal] | type[int] | type[float]
    empty: str = ""


LIMIT_FIGURES: tuple[tuple[Figure, Figure | None], ...] = (
    (Figure("max_leverage", "max leverage", int), Figure("default_leverage", "default", int)),
    (Figure("max_notional", "max notional", Decimal), Figure("max_positions", "positions", int)),
    (Figure("max_open_orders", "open orders", int), Figure("max_orders_per_minute", "per minute", int)),
    (Figure("price_collar", "price collar", Decimal), Figure("max_slippage", "slippage", Decimal)),
    (Figure("max_quote_age_ms", "quote age ms", int), None),
)
POLICY_FIGURES: tuple[tuple[Figure, Figure | None], ...] = (
    (
        Figure("daily_usd", "USD a day", Decimal, "no bound"),
        Figure("daily_tokens", "tokens/day", int, "no bound"),
    ),
    (Figure("max_concurrent", "calls at once", int), Figure("repairs", "repairs", int)),
    (
        Figure("temperature", "temperature", float, "the model's"),
        Figure("max_output_tokens", "max tokens", int, "the model's"),
    ),
)
"""The rows of a form, in pairs."""


def figures_of(rows: Sequence[tuple[Figure, Figure | None]]) -> tuple[Figure, ...]:
    """Return the figures of some rows one after another."""
    return tuple(figure for row in rows for figure in row if figure is not None)


def figure_text(value: Number | None) -> str:
    """Return a figure as a field shows it, nothing for None; reading it gives it back."""
    return "" if value is None else f"{Decimal(str(value)).normalize():f}"


def read_figure(text: str, figure: Figure, path: str) -> Number | None:
    """Return what a field says, None for an empty one that may be; raises `InvalidInput` naming `path`."""
    typed = text.strip()
    if not typed and figure.empty:
        return None
    number = read_number(typed)
    if number is None:
        empty = f", or leave it empty for {figure.empty}" if figure.empty else ""
        raise InvalidInput.of(path, typed or "nothing", f"type a number such as 12.5{empty}")
    if figure.kind is int and number != int(number):
        raise InvalidInput.of(path, typed, "type a whole number")
    return figure.kind(number)


def read_figures[T: msgspec.Struct](
    before: T, path: str, rows: Sequence[tuple[Figure, Figure | None]], text_of: Callable[[str], str]
) -> T:
    """Return `before` with every figure as it is typed; raises `InvalidInput` naming the first wrong one."""
    values = {
        figure.name: read_figure(text_of(figure.name), figure, f"{path}.{figure.name}")
        for figure in figures_of(rows)
    }
    return msgspec.structs.replace(before, **values)
