"""`nightdesk program`: what it prints, on which stream, and with which exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.strategies.programs.stock import stock_programs
from tui.cli import main

Captured = pytest.CaptureFixture[str]

GOOD = "def run(ctx):\n    print('looking')\n    ctx.buy('BTC', 0.01, reason='why not')\n"
FAILING = "def run(ctx):\n    return 1 / 0\n"
LOOPING = "def run(ctx):\n    while True:\n        pass\n"
ESCAPING = "def run(ctx):\n    print('\\x1b[31mred')\n    ctx.hold('\\x1b]0;title\\x07calm')\n"
WRONG = "import os\n\n\nclass A:\n    pass\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, source in (
        ("good.py", GOOD),
        ("failing.py", FAILING),
        ("looping.py", LOOPING),
        ("escaping.py", ESCAPING),
        ("wrong.py", WRONG),
    ):
        (tmp_path / name).write_text(source)
    (tmp_path / "latin.py").write_bytes(b"# \xe9\n")
    return tmp_path


def run(*words: str) -> int:
    try:
        return main(["--home", "home", "program", *words])
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("nope", "invalid choice: 'nope'"),
        ("new good.py", "FILE: good.py is not allowed; a file that is not there yet"),
        ("new no/folder/x.py", "a file that can be written: No such file or directory"),
        ("new x.py --form haiku", "invalid choice: 'haiku'"),
        ("new x.py --from haiku", "--from: haiku is not allowed; allowed is rsi_mean_reversion"),
        ("validate missing.py", "FILE: missing.py is not allowed; a text file that can be read: No such"),
        ("validate .", "a text file that can be read: Is a directory"),
        ("validate latin.py", "a text file that can be read: it is not UTF-8"),
        ("test good.py --symbol DOGE", "symbol: DOGE is not allowed; the recording has BTC, ETH, SOL"),
        ("test good.py --period 7m", "period: 7m is not allowed; allowed is 1m"),
        ("test good.py --period 1M", "--period: 1M is not allowed; allowed is 1m, 3m"),
        ("test good.py --at tomorrow", "--at: tomorrow is not allowed; a UTC date or time"),
        ("test good.py --at 2035-01-01", "at: 2035-01-01 00:00 UTC is not allowed; the recording goes from"),
        ("test good.py --params [1]", "--params: [1] is not allowed; a JSON object"),
        ("bind good.py", "the following arguments are required: --trader"),
        ("bind good.py --trader Reverter --schedule 5x", "--schedule: 5x is not allowed"),
        ("bind good.py --trader Reverter --schedule 30d", "allowed are 0 (none) to 604800 seconds"),
        ("bind good.py --trader Reverter --params {", "--params: { is not allowed"),
        ("bind good.py --trader Reverter --pool Nope", "--pool: Nope is not allowed; there are Oversold 5m"),
        ("bind wrong.py --trader Reverter --schedule 5m", "code: line 1: import os is not allowed"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_it_and_exit_code_2(
    words: str, said: str, capsys: Captured
) -> None:
    assert run(*words.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("nightdesk: ")
    assert said in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("form", ["class", "run", "braces"])
def test_a_new_program_is_valid_and_runs(form: str, capsys: Captured) -> None:
    assert run("new", "mine.py", "--form", form) == 0
    assert run("validate", "mine.py") == 0
    assert run("test", "mine.py", "--symbol", "BTC") == 0
    printed = capsys.readouterr()
    assert f"mine.py: valid ({form})" in printed.out
    assert "decision: " in printed.out
    assert printed.err == ""


def test_a_sample_is_copied_and_the_stub_lies_beside_it(folder: Path) -> None:
    assert run("new", "mine.py", "--from", "breakout", "--stub") == 0
    assert (folder / "mine.py").read_text() == stock_programs()["breakout"]
    compile((folder / "nightdesk.pyi").read_text(), "nightdesk.pyi", "exec")


def test_validate_says_every_error_of_every_file_by_line(capsys: Captured) -> None:
    assert run("validate", "wrong.py", "good.py") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("wrong.py:1: error: import os is not allowed; ")
    assert any(line.startswith("wrong.py:4: error: ") for line in lines)
    assert lines[-1] == "good.py: valid (run)"


def test_a_test_run_shows_what_was_printed_asked_and_decided(capsys: Captured) -> None:
    assert run("test", "good.py", "--at", "2025-05-10T12:00") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "looking"
    assert "decision: buy BTC 0.01 at 1x, why not" in lines
    assert lines[-1].endswith("ms in the sandbox")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("failing", "failing.py:2: ZeroDivisionError: division by zero\n"),
        ("looping", "looping.py: the program ran longer than its limit of 1 s\n"),
        ("wrong", ""),
    ],
)
def test_a_program_that_fails_its_test_ends_with_exit_code_1(name: str, said: str, capsys: Captured) -> None:
    assert run("test", f"{name}.py", "--symbol", "BTC") == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(said)
    assert "engine" not in printed.err


def test_a_program_cannot_paint_the_terminal(capsys: Captured) -> None:
    assert run("test", "escaping.py") == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert "decision: hold, calm" in printed


def test_a_binding_in_a_new_home_is_kept_and_binding_again_changes_it(capsys: Captured) -> None:
    assert run("bind", "good.py", "--trader", "Reverter", "--schedule", "5m") == 0
    assert "good (version 1) is bound to Reverter as binding 2\n" in capsys.readouterr().out
    assert run("list") == 0
    assert "  6  good  version 1\n       Reverter: active, every 300 s\n" in capsys.readouterr().out
    assert run("bind", "good", "--trader", "1", "--pool", "Oversold 5m", "--inactive") == 0
    assert "is bound to 1 as binding 2\n" in capsys.readouterr().out
    Path("good.py").write_text(GOOD.replace("0.01", "0.02"))
    assert run("bind", "good.py", "--trader", "Reverter", "--schedule", "1h") == 0
    assert "good (version 2) is bound to Reverter as binding 2\n" in capsys.readouterr().out
    assert run("list") == 0
    assert "  6  good  version 2\n       Reverter: active, every 3600 s\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "bind good.py --trader Nobody",
            "--trader: there is no Nobody; there are Reverter, Rulebook, Manual",
        ),
        ("bind missing.py --trader Reverter", "missing.py is neither a file nor a saved program; saved are"),
        ("bind good.py --trader Manual --schedule 5m", "Manual is a manual trader and runs no programs"),
    ],
)
def test_what_is_not_there_is_one_line_and_exit_code_1(words: str, said: str, capsys: Captured) -> None:
    assert run(*words.split()) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
