"""Lending the terminal to an editor: which one, what it is given, and what is taken back."""

from __future__ import annotations

import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from textual.app import App, SuspendNotSupported

from engine.errors import InvalidInput, Unavailable
from tui.program_external import edit_externally, external_editor


class LendingApp:
    """An app whose terminal can be lent, and that notes when it is."""

    def __init__(self, *, can_suspend: bool = True) -> None:
        self.can_suspend = can_suspend
        self.lent = 0

    @contextmanager
    def suspend(self) -> Iterator[None]:
        if not self.can_suspend:
            raise SuspendNotSupported()
        self.lent += 1
        yield


def app(*, can_suspend: bool = True) -> App[Any]:
    return cast("App[Any]", LendingApp(can_suspend=can_suspend))


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make EDITOR a script that notes how it was called; a test writes what else it does."""
    script = tmp_path / "my editor"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"'{script}' --wait")
    write_script(script, 'for file; do :; done; sed -i s/28/19/ "$file"')
    return script


def write_script(script: Path, commands: str) -> None:
    script.write_text(f'#!/bin/sh\necho "$@" > "{script}.called"\n{commands}\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def test_what_the_editor_wrote_comes_back(editor: Path) -> None:
    lending = LendingApp()
    assert (
        edit_externally(cast("App[Any]", lending), "RSI / reversion", "OVERSOLD = 28\n") == "OVERSOLD = 19\n"
    )
    assert lending.lent == 1
    option, path = Path(f"{editor}.called").read_text().split()
    assert option == "--wait"
    assert Path(path).name == "RSI___reversion.py"
    assert not Path(path).exists()


def test_an_editor_that_fails_takes_nothing_with_it(editor: Path) -> None:
    write_script(editor, "exit 3")
    with pytest.raises(Unavailable, match="ended with 3; nothing was taken over"):
        edit_externally(app(), "x", "x = 1\n")


def test_interrupts_belong_to_the_desk_again_afterwards(editor: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    write_script(editor, f"kill -INT {'$PPID'}")
    assert edit_externally(app(), "x", "x = 1\n") == "x = 1\n"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_terminal_that_cannot_be_lent_is_said(editor: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be lent"):
        edit_externally(app(can_suspend=False), "x", "x = 1\n")


def test_a_variable_that_names_no_editor_is_named() -> None:
    with pytest.raises(InvalidInput, match="EDITOR: nosuch is not allowed; it names an editor"):
        external_editor({"EDITOR": "nosuch -w"})
    with pytest.raises(InvalidInput, match="VISUAL"):
        external_editor({"VISUAL": "'unclosed", "EDITOR": "sh"})


def test_visual_comes_before_editor_and_both_before_a_guess() -> None:
    assert external_editor({"VISUAL": "sh -c", "EDITOR": "cat"}) == ["sh", "-c"]
    assert external_editor({"EDITOR": "cat"}) == ["cat"]


def test_without_any_editor_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="set EDITOR"):
        external_editor({})
