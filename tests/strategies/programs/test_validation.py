"""The editor's messages: which line, what is wrong, what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.strategies.programs.stock import stock_programs
from engine.strategies.programs.validation import check_source

GOOD = """class S:
    def init(self, params):
        pass
    def should_trade(self, data):
        return 1
"""


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("class S:\n    def should_trade(self, data)\n        pass", 2, "syntax error: expected ':'"),
        ("x = 1", 1, "no class definition"),
        ("\n\nclass S:\n    pass", 3, "must have should_trade(self, data)"),
        (GOOD + "\nclass T:\n    def should_trade(self, data): ...", 7, "only one class"),
        ("class S:\n    def should_trade(self): ...", 2, "must accept data"),
        ("class S:\n    def should_trade(self, data, more): ...", 2, "must accept data"),
        ("class S:\n    async def should_trade(self, data): ...", 2, "plain `def`"),
        ("import os\n" + GOOD, 1, "import os is not allowed: a program has no files"),
        ("import math, urllib.request\n" + GOOD, 1, "import urllib is not allowed"),
        ("from subprocess import run\n" + GOOD, 1, "import subprocess is not allowed"),
        (GOOD + "\nx = eval('1')", 7, "eval() is not allowed: write the code out instead"),
        (GOOD + "\nopen('x')", 7, "open() is not allowed"),
        ("\0", 1, "null bytes"),
        ("#" * 300_000, 1, "at most 262144 are allowed"),
        ("(" * 100_000, 1, ""),
    ],
)
def test_errors_name_the_line_and_the_remedy(source: str, line: int, message: str) -> None:
    report = check_source(source)
    assert not report.ok
    assert report.errors[0].line == line
    assert message in report.errors[0].message


def test_a_missing_init_is_only_a_warning() -> None:
    report = check_source("class S:\n    def should_trade(self, data, extra=1): ...")
    assert report.ok
    assert "no init" in report.warnings[0].message


def test_what_python_itself_warns_of_is_passed_on() -> None:
    (warning,) = check_source(GOOD + "\nx = '\\d'").warnings
    assert warning.line == 7
    assert "invalid escape" in warning.message


@pytest.mark.parametrize("source", [GOOD, *stock_programs().values()])
def test_good_programs_pass_without_a_word(source: str) -> None:
    report = check_source(source)
    assert report.ok
    assert report.warnings == ()


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(source: str) -> None:
    check_source(source)
