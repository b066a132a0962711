"""Walk-forward splits: train on a part, test on the next, roll on until the end."""

from __future__ import annotations

import msgspec

from engine.errors import InvalidInput
from engine.model.backtest import WalkForward

MINUTE_MS = 60_000
MOST_SPLITS = 100


class WalkForwardSplit(msgspec.Struct, frozen=True):
    """One split: train from `train_start_ms`, test from `train_end_ms` until before `test_end_ms`."""

    train_start_ms: int
    train_end_ms: int
    test_end_ms: int


def walk_forward_splits(
    walk: WalkForward, start_ms: int, end_ms: int, step_ms: int = MINUTE_MS
) -> tuple[WalkForwardSplit, ...]:
    """Return `walk.splits` windows of equal length, rolled on by the length of their test part.

    The test parts follow each other without a gap or an overlap, the last one ends at `end_ms`; what
    lies before the first is only trained on. Borders lie a multiple of `step_ms` after `start_ms`.
    Raises `InvalidInput` for splits outside 1 to 100, a training share not between 0 and 1, and a
    span too short for each part to have a step.
    """
    if not 1 <= walk.splits <= MOST_SPLITS:
        raise InvalidInput.of("walk_forward.splits", walk.splits, f"use 1 to {MOST_SPLITS}")
    if not 0 < walk.train_share < 1:
        raise InvalidInput.of("walk_forward.train_share", walk.train_share, "use a share between 0 and 1")
    test_share = 1 - walk.train_share
    window = (end_ms - start_ms) / (1 + (walk.splits - 1) * test_share)

    def border(windows: float) -> int:
        return start_ms + round(windows * window / step_ms) * step_ms

    train_starts = [border(index * test_share) for index in range(walk.splits)]
    train_ends = [border(index * test_share + walk.train_share) for index in range(walk.splits)]
    splits = tuple(map(WalkForwardSplit, train_starts, train_ends, [*train_ends[1:], end_ms]))
    if any(not split.train_start_ms < split.train_end_ms < split.test_end_ms for split in splits):
        raise InvalidInput.of(
            "walk_forward.splits",
            walk.splits,
            "each part needs a bar: use fewer splits, a less lopsided training share or a longer range",
        )
    return splits
