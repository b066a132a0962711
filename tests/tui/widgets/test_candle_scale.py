"""Scales hold what they are made for, and their labels are exact."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.candle_scale import Scale, round_step, scale_over, short_number, ticks

_prices = st.floats(1e-8, 1e9)


@given(st.lists(_prices, min_size=1), st.integers(1, 60), st.integers(0, 2))
def test_a_scale_holds_every_value_in_order(values: list[float], rows: int, spare: int) -> None:
    scale = scale_over(values, rows, spare_rows=spare)
    assert scale is not None
    assert scale.low < scale.high
    places = [scale.place(value, 2) for value in sorted(values)]
    assert all(0 <= place < 2 * rows for place in places)
    assert places == sorted(places, reverse=True)
    assert all(scale.holds(value) for value in values)


def test_nothing_has_no_scale() -> None:
    assert scale_over([], 10) is None
    assert scale_over([float("nan"), float("inf")], 10) is None


@pytest.mark.parametrize("price", [0.00001234, 1.0, 67_013.2, 98_765_432.1])
def test_a_price_that_never_moved_stands_in_the_middle(price: float) -> None:
    scale = scale_over([price, price], 21)
    assert scale is not None
    assert 5 < scale.place(price, 1) < 15


@given(_prices, st.floats(1e-6, 0.5), st.integers(4, 60), st.integers(2, 6))
def test_labels_say_exactly_the_value_of_their_row(
    price: float, span: float, rows: int, least_rows: int
) -> None:
    scale = scale_over([price, price * (1 + span)], rows)
    assert scale is not None
    shown = list(ticks(scale, least_rows))
    values = [Decimal(tick.label.replace(",", "")) for tick in shown]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)
    steps = {high - low for high, low in pairwise(values)}
    assert len(steps) <= 1
    for tick, value in zip(shown, values, strict=True):
        assert tick.row == scale.place(float(value), 1)


def test_labels_are_never_finer_than_the_tick() -> None:
    scale = Scale(67_000.0, 67_000.8, 40)
    assert [tick.label for tick in ticks(scale, 4, Decimal("0.1"))][:2] == ["67,000.8", "67,000.7"]
    assert {tick.label for tick in ticks(scale, 4, Decimal("0.5"))} == {"67,000.0", "67,000.5"}


def test_tiny_prices_keep_their_digits() -> None:
    scale = scale_over([0.00001234, 0.00001301], 20)
    assert scale is not None
    assert "0.000013" in {tick.label.rstrip("0") for tick in ticks(scale, 4)}


@given(st.floats(1e-300, 1e300))
def test_round_steps_are_the_next_round_number(least: float) -> None:
    step = round_step(least)
    assert step >= Decimal(repr(least))
    assert step <= Decimal(repr(least)) * Decimal("2.5")
    assert step.scaleb(-step.adjusted()).normalize() in {Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5)}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (982.0, "982"),
        (12_431.0, "12.4K"),
        (3.07e6, "3.07M"),
        (-1.284e6, "-1.28M"),
        (0, "0"),
        (999.7, "1K"),
        (-999_960.0, "-1M"),
        (1.234e15, "1230T"),
        (0.00001, "0.00001"),
        (float("nan"), "nan"),
    ],
)
def test_large_numbers_are_short(value: float, text: str) -> None:
    assert short_number(value) == text
