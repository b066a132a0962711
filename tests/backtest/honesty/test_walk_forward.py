"""Walk-forward splits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.honesty import WalkForwardSplit, walk_forward_splits
from engine.backtest.metrics.daily import DAY_MS
from engine.errors import InvalidInput
from engine.market.periods import MINUTE_MS
from engine.model.backtest import WalkForward
from tests.backtest.metrics.run_figures import START_MS


def test_five_tests_of_thirty_days_after_seventy() -> None:
    splits = walk_forward_splits(
        WalkForward(splits=5, train_share=0.7), START_MS, START_MS + 220 * DAY_MS, DAY_MS
    )
    assert splits == tuple(
        WalkForwardSplit(*(START_MS + (30 * index + days) * DAY_MS for days in (0, 70, 100)))
        for index in range(5)
    )


@given(st.integers(1, 100), st.floats(0.1, 0.9), st.integers(10, 2_000), st.integers(0, 86_399))
def test_tests_follow_each_other_to_the_end(splits: int, share: float, days: int, odd_seconds: int) -> None:
    end_ms = START_MS + days * DAY_MS + odd_seconds * 1000
    made = walk_forward_splits(WalkForward(splits=splits, train_share=share), START_MS, end_ms)
    assert len(made) == splits
    assert made[0].train_start_ms == START_MS
    assert made[-1].test_end_ms == end_ms
    assert all(one.test_end_ms == other.train_end_ms for one, other in pairwise(made))
    for split in made:
        assert (split.train_end_ms - START_MS) % MINUTE_MS == 0
        window = split.test_end_ms - split.train_start_ms
        assert (split.train_end_ms - split.train_start_ms) / window == pytest.approx(
            share, abs=3 * MINUTE_MS / window
        )


@pytest.mark.parametrize(
    ("walk", "field"),
    [
        (WalkForward(splits=0), "splits"),
        (WalkForward(splits=101), "splits"),
        (WalkForward(train_share=0), "train_share"),
        (WalkForward(train_share=1), "train_share"),
        (WalkForward(train_share=float("nan")), "train_share"),
    ],
)
def test_impossible_splits_are_named(walk: WalkForward, field: str) -> None:
    with pytest.raises(InvalidInput, match=f"walk_forward.{field}"):
        walk_forward_splits(walk, START_MS, START_MS + DAY_MS)


@pytest.mark.parametrize("span_ms", [-DAY_MS, 0, 3 * MINUTE_MS])
def test_a_span_too_short_is_refused(span_ms: int) -> None:
    with pytest.raises(InvalidInput, match="each part needs a bar"):
        walk_forward_splits(WalkForward(splits=10), START_MS, START_MS + span_ms)
