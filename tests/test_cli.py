"""The command line: what a wrong option says, and what ends with which exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tui.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--speed", "0"], "speed: 0.0 is not allowed; allowed is 1 to 600"),
        (["--speed", "601"], "allowed is 1 to 600"),
        (["--fps", "0"], "--fps: 0 is not allowed; allowed is 1 to 60"),
        (["--theme", "neon"], "theme: neon is not allowed; allowed is"),
    ],
)
def test_a_wrong_value_is_one_sentence_and_exit_code_2(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("nightdesk: ")
    assert said in error
    assert error.count("\n") == 1


def test_an_unknown_option_ends_with_exit_code_2() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--bogus"])
    assert ended.value.code == 2


def test_a_home_that_is_a_file_and_a_damaged_database_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["--home", str(tmp_path / "file"), "--headless"]) == 1
    (tmp_path / "desk.db").write_bytes(b"this is not a database, whatever its name says")
    assert main(["--home", str(tmp_path), "--headless"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "cannot be made a home directory" in first
    assert "is damaged" in second


def test_paths_and_version_print_what_they_promise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path), "paths"]) == 0
    assert main(["--version"]) == 0
    printed = capsys.readouterr().out
    assert str(tmp_path / "desk.db") in printed
    assert "nightdesk 0.1.0" in printed


def test_the_doctor_finds_this_machine_well_and_a_broken_home_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path), "doctor"]) == 0
    (tmp_path / "config.toml").write_text("colour = 1")
    assert main(["--home", str(tmp_path), "doctor"]) == 1
    printed = capsys.readouterr().out
    assert "✗ settings" in printed
    assert "fix: " in printed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_headless_desk_in_order(number: signal.Signals, tmp_path: Path) -> None:
    desk = subprocess.Popen(
        [sys.executable, "-m", "tui", "--home", str(tmp_path), "--headless", "--speed", "600"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert desk.stdout is not None
    with desk.stdout as lines:
        assert "at 600x" in lines.readline()
        desk.send_signal(number)
        *_, last = lines
    assert last == "nightdesk ended\n"
    assert desk.wait(10) == 0
