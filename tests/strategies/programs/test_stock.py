"""The programs that ship with the desk, as their readers find them."""

from __future__ import annotations

import ast

import pytest

from engine.strategies.programs.stock import FIRST_PROGRAM, stock_programs
from engine.strategies.programs.validation import check_source

PROGRAMS = stock_programs()


def test_the_one_a_new_desk_runs_comes_first_and_every_idea_is_there() -> None:
    assert list(PROGRAMS) == [
        FIRST_PROGRAM,
        *("breakout", "funding_carry", "grid_short_form", "trend_following"),
    ]


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_explains_itself_and_every_parameter_it_reads(name: str) -> None:
    tree = ast.parse(PROGRAMS[name])
    manual = ast.get_docstring(tree) or ""
    assert len(manual.splitlines()) >= 8
    read = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("params.get", "ctx.params.get")
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }
    assert read
    if name != FIRST_PROGRAM:  # whose manual says so of all of them at once
        assert all(f"`{parameter}`" in manual for parameter in read), read


def test_they_show_the_class_and_the_short_form() -> None:
    assert {check_source(source).form for source in PROGRAMS.values()} == {"class", "run"}
