from __future__ import annotations

import itertools
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.sweep.combinations import MOST_COMBINATIONS, combination_count, combinations
from engine.errors import InvalidInput
from engine.model.backtest import ParameterRange, SweepRequest
from engine.model.program import Parameter
from tests.backtest.sweep.made_trials import sweep_request

values = st.lists(st.one_of(st.integers(), st.booleans(), st.text(max_size=3)), min_size=1, max_size=4)
grids = st.dictionaries(st.text(min_size=1, max_size=3), values, min_size=1, max_size=4)


def request(grid: dict[str, list[Parameter]], samples: int = 0, seed: int = 0) -> SweepRequest:
    ranges = tuple(ParameterRange(name, tuple(of_name)) for name, of_name in grid.items())
    return msgspec.structs.replace(sweep_request(samples=samples, seed=seed), ranges=ranges)


@given(grids)
def test_the_grid_is_the_product_of_the_ranges_in_their_order(grid: dict[str, list[Parameter]]) -> None:
    product = [dict(zip(grid, each, strict=True)) for each in itertools.product(*grid.values())]
    assert list(combinations(request(grid))) == product


@given(grids, st.integers(1, 300), st.integers())
def test_a_sample_is_of_the_grid_has_nothing_twice_and_is_drawn_by_the_seed(
    grid: dict[str, list[Parameter]], samples: int, seed: int
) -> None:
    grid = {name: list(dict.fromkeys(map(repr, of_name))) for name, of_name in grid.items()}
    size = math.prod(map(len, grid.values()))
    drawn = combinations(request(grid, samples, seed))
    assert len(drawn) == combination_count(request(grid, samples, seed)) == min(samples, size)
    assert drawn == combinations(request(grid, samples, seed))
    places = [combinations(request(grid)).index(each) for each in drawn]
    assert len(set(places)) == len(places)


def test_another_seed_draws_another_sample() -> None:
    assert combinations(sweep_request(samples=5, seed=1)) != combinations(sweep_request(samples=5, seed=2))


def test_a_sample_of_a_grid_that_could_never_be_written_down() -> None:
    grid: dict[str, list[Parameter]] = {name: list(range(1000)) for name in "abcdef"}
    assert len(combinations(request(grid, samples=3))) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ranges": ()}, "ranges: none is not allowed"),
        ({"ranges": (ParameterRange("a", ()),)}, r"ranges\.a: no value is not allowed"),
        ({"ranges": (ParameterRange("a", (1,)), ParameterRange("a", (2,)))}, r"ranges\.a: twice"),
        ({"ranges": (ParameterRange("a", (1.0, math.nan)),)}, r"ranges\.a: nan is not allowed; finite"),
        ({"ranges": (ParameterRange("a", tuple(range(MOST_COMBINATIONS + 1))),)}, "at most 100,000"),
        ({"samples": -1}, "samples: -1"),
        ({"workers": -1}, "workers: -1"),
        ({"objective": "luck"}, "objective: luck is not allowed; one of .*sharpe"),
    ],
)
def test_what_no_sweep_could_use_is_refused_by_name(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        combinations(msgspec.structs.replace(sweep_request(), **change))
