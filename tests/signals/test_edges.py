"""A signal fires once per crossing, whatever is repeated and wherever it is interrupted."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.market.periods import Period
from engine.signals.conditions import Direction, RsiCrossing
from engine.signals.edges import EdgeDetector, EdgeState

BELOW_30 = RsiCrossing(period=Period.M15, level=30, direction=Direction.BELOW)

Values = st.lists(st.one_of(st.none(), st.sampled_from([10.0, 29.9, 30.0, 30.1, 50.0])), max_size=30)


def fired(detector: EdgeDetector, values: list[float | None], start: int = 0) -> list[int]:
    return [
        at
        for at, value in enumerate(values[start:], start + 1)
        if detector.observe(BELOW_30, "BTC", at, value)
    ]


def test_it_fires_on_the_crossing_and_not_while_it_lasts() -> None:
    values = [50.0, 29.0, 20.0, 10.0, 31.0, 29.0]
    assert fired(EdgeDetector(), list(values)) == [2, 6]


def test_a_condition_already_true_at_the_start_does_not_fire() -> None:
    assert fired(EdgeDetector(), [20.0, 19.0]) == []


def test_symbols_are_kept_apart() -> None:
    detector = EdgeDetector()
    detector.observe(BELOW_30, "BTC", 1, 50.0)
    assert not detector.observe(BELOW_30, "ETH", 2, 20.0)
    assert detector.observe(BELOW_30, "BTC", 2, 20.0)


@given(Values)
def test_it_fires_exactly_at_the_crossings(values: list[float | None]) -> None:
    pairs = zip([None, *values], values, strict=False)
    expected = [at for at, pair in enumerate(pairs, 1) if BELOW_30.is_crossed(*pair)]
    assert fired(EdgeDetector(), values) == expected


@given(values=Values, data=st.data())
def test_a_restart_neither_repeats_nor_loses_an_edge(values: list[float | None], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(values)))
    shown_again = data.draw(st.integers(0, cut))
    first = EdgeDetector()
    before = fired(first, values[:cut])
    saved = msgspec.json.encode(first.states)
    second = EdgeDetector(msgspec.json.decode(saved, type=tuple[EdgeState, ...]))
    assert before + fired(second, values, start=cut - shown_again) == fired(EdgeDetector(), values)


def test_what_is_forgotten_starts_anew() -> None:
    detector = EdgeDetector()
    detector.observe(BELOW_30, "BTC", 1, 50.0)
    detector.forget(BELOW_30, "BTC")
    assert detector.states == ()
    assert not detector.observe(BELOW_30, "BTC", 2, 20.0)
