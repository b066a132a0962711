"""The command line: what a wrong option says, and what ends with which exit code."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest

from tui.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--speed", "0"], "speed: 0.0 is not allowed; allowed is 1 to 600"),
        (["--speed", "601"], "allowed is 1 to 600"),
        (["--fps", "0"], "--fps: 0 is not allowed; allowed is 1 to 60"),
        (["--theme", "neon"], "--theme: neon is not allowed; allowed is contrast, day, night"),
        (["--theme", "neon", "--headless"], "--theme: neon is not allowed"),
        (["--home", "~nosuchuser/desk"], "--home: ~nosuchuser/desk is not allowed"),
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


@pytest.mark.parametrize(
    ("mode", "line", "said"),
    [
        ([], 'theme = "nope"', "config.toml: theme: nope is not allowed; allowed is contrast, day, night"),
        (["--headless"], 'theme = "nope"', "config.toml: theme: nope is not allowed"),
        (
            ["--headless"],
            'database_url = "mysql://desk@127.0.0.1/x"',
            "config.toml: database_url: cannot be used",
        ),
    ],
)
def test_a_setting_that_cannot_be_used_ends_the_desk_in_either_mode(
    mode: list[str], line: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text(line)
    assert main(["--home", str(tmp_path), *mode]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", [[], ["paths"], ["doctor"], ["--headless"]])
def test_a_home_of_nobody_is_one_sentence(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NIGHTDESK_HOME", "~nosuchuser/x")
    assert main(command) == 2
    assert capsys.readouterr().err.startswith("nightdesk: NIGHTDESK_HOME: ~nosuchuser/x is not allowed")


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
    (tmp_path / "config.toml").write_text('theme = "nope"')
    assert main(["--home", str(tmp_path), "doctor"]) == 1
    with socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / "config.toml").write_text(f"[prompts]\nrules_port = {server.getsockname()[1]}")
        assert main(["--home", str(tmp_path), "doctor"]) == 1
    printed += capsys.readouterr().out
    assert printed.count("✗ settings") == 3
    assert "fix: " in printed


@contextmanager
def running_desk(home: Path, *options: str, terminal: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a desk as a process of its own, on a terminal or with its output in a pipe."""
    desk = subprocess.Popen(
        [sys.executable, "-m", "tui", "--home", str(home), "--speed", "600", *options],
        stdin=terminal,
        stdout=terminal or subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONUNBUFFERED": "1", "TERM": "xterm-256color"},
    )
    with desk:
        try:
            yield desk
        finally:
            desk.kill()


def assert_it_ends_soon_and_says_what_is_lost(desk: subprocess.Popen[str], database: Path) -> None:
    with closing(locked_once_it_is_used(database)):
        began = monotonic()
        desk.send_signal(signal.SIGTERM)
        _, error = desk.communicate(timeout=20)
        took = monotonic() - began
    assert desk.returncode == 1
    assert took < 2
    # A screen is painted on the same stream, so its last escape sequence may stand before the sentence.
    assert re.search(r"nightdesk: \d+ changes? could not be written before the end: [^\n]*\n$", error)
    assert "Traceback" not in error


def test_a_headless_desk_with_a_locked_database_ends_soon_and_says_what_is_lost(tmp_path: Path) -> None:
    with running_desk(tmp_path, "--headless") as desk:
        assert_it_ends_soon_and_says_what_is_lost(desk, tmp_path / "desk.db")


def test_a_screen_with_a_locked_database_ends_soon_and_says_what_is_lost(tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (40, 120))
    painted = threading.Thread(target=read_to_the_end, args=(terminal,))
    painted.start()
    try:
        with running_desk(tmp_path, terminal=end) as desk:
            assert_it_ends_soon_and_says_what_is_lost(desk, tmp_path / "desk.db")
    finally:
        os.close(end)
        painted.join()


def read_to_the_end(terminal: int) -> None:
    """Read what a screen paints until it is gone, which a terminal tells by an error."""
    with suppress(OSError):
        while os.read(terminal, 65_536):
            pass
    os.close(terminal)


def count_rows(database: Path, table: str) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as file:
        return int(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def locked_once_it_is_used(database: Path) -> sqlite3.Connection:
    """Wait until a desk has written to its database, and lock it as another program would."""
    deadline = monotonic() + 20
    while monotonic() < deadline:
        with suppress(sqlite3.OperationalError):
            if count_rows(database, "traders"):
                file = sqlite3.connect(database, isolation_level=None, timeout=10)
                file.execute("BEGIN IMMEDIATE")
                return file
        threading.Event().wait(0.02)
    raise AssertionError("the desk has written nothing")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_headless_desk_in_order(number: signal.Signals, tmp_path: Path) -> None:
    with running_desk(tmp_path, "--headless") as desk:
        assert desk.stdout is not None
        assert "at 600x" in desk.stdout.readline()
        desk.send_signal(number)
        printed, error = desk.communicate(timeout=20)
    assert printed.splitlines()[-1] == "nightdesk ended"
    assert error == ""
    assert desk.returncode == 0


@pytest.mark.parametrize("kind", ["dumb", "unknown", ""])
def test_a_terminal_that_cannot_be_drawn_on_is_refused_in_one_sentence(kind: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    ran = subprocess.run(
        [sys.executable, "-m", "tui", "--home", str(tmp_path)],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "TERM": kind},
    )
    os.close(ours)
    os.close(theirs)
    assert ran.returncode == 1
    assert ran.stderr.startswith("nightdesk: no screen can be drawn on a terminal of type")
