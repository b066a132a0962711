"""Which parameters a sweep tries, in which order."""

from __future__ import annotations

import math
import random

from engine.errors import InvalidInput
from engine.model.backtest import SweepRequest
from engine.model.program import Parameter
from engine.text import safe_line

MOST_COMBINATIONS = 100_000
MOST_WORKERS = 256

type Parameters = dict[str, Parameter]


def combinations(request: SweepRequest) -> tuple[Parameters, ...]:
    """Return the parameters of each run: the whole grid, its last range fastest, or a sample of it.

    A sample has no combination twice; it is drawn by the seed of the request, and in the order it was
    drawn. Raises `InvalidInput` as `check_sweep_fields` does.
    """
    check_sweep_fields(request)
    size = _grid_size(request)
    if combination_count(request) == size:
        return tuple(_combination(request, number) for number in range(size))
    drawn = random.Random(request.request.seed).sample(range(size), request.samples)
    return tuple(_combination(request, number) for number in drawn)


def combination_count(request: SweepRequest) -> int:
    """Return how many combinations a sweep tries."""
    size = _grid_size(request)
    return min(size, request.samples) if request.samples else size


def check_sweep_fields(request: SweepRequest) -> None:
    """Raise `InvalidInput` for ranges that are empty, doubled, too many or not of finite values.

    Also for workers, samples or an objective that no sweep could have.
    """
    from engine.backtest.metrics import METRICS

    if not request.ranges:
        raise InvalidInput.of("ranges", "none", "name at least one parameter and its values")
    names = [each.name for each in request.ranges]
    for each in request.ranges:
        name = safe_line(each.name, 40)
        if not each.values:
            raise InvalidInput.of(f"ranges.{name}", "no value", "give at least one")
        if names.count(each.name) > 1:
            raise InvalidInput.of(f"ranges.{name}", "twice", "name each parameter once")
        for value in each.values:
            if isinstance(value, float) and not math.isfinite(value):
                raise InvalidInput.of(f"ranges.{name}", value, "finite numbers")
    if request.samples < 0:
        raise InvalidInput.of("samples", request.samples, "0 (the whole grid) or more")
    runs = combination_count(request)
    if runs > MOST_COMBINATIONS:
        raise InvalidInput.of(
            "ranges", f"{runs:,} runs", f"at most {MOST_COMBINATIONS:,}; draw samples of it"
        )
    if not 0 <= request.workers <= MOST_WORKERS:
        raise InvalidInput.of("workers", request.workers, f"0 (one a core) to {MOST_WORKERS}")
    if request.objective not in METRICS:
        raise InvalidInput.of("objective", safe_line(request.objective, 40), f"one of {', '.join(METRICS)}")


def _grid_size(request: SweepRequest) -> int:
    return math.prod(len(each.values) for each in request.ranges)


def _combination(request: SweepRequest, number: int) -> Parameters:
    """Return one place of the grid, which need not be written down for it: its digits, last one fastest."""
    chosen: Parameters = {}
    for each in reversed(request.ranges):
        number, place = divmod(number, len(each.values))
        chosen[each.name] = each.values[place]
    return {each.name: chosen[each.name] for each in request.ranges}
