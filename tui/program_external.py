"""Writing a source in the editor of `$EDITOR`, while the desk lends it the terminal.

The engine trades on in its own thread; only the screen stands still until the editor ends.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from engine.errors import InvalidInput, Unavailable

EDITOR_VARIABLES = ("VISUAL", "EDITOR")
EDITORS = ("nano", "vim", "vi")
"""What is tried where neither variable is set."""


def external_editor(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the words of the command that edits a file.

    Raises `InvalidInput` when the variable names no program, `Unavailable` when there is no editor.
    """
    for variable in EDITOR_VARIABLES:
        text = environment.get(variable, "").strip()
        if text:
            try:
                words = shlex.split(text)
            except ValueError as error:
                raise InvalidInput.of(variable, text, f"it is the command of an editor ({error})") from error
            if shutil.which(words[0]) is None:
                raise InvalidInput.of(variable, words[0], "it names an editor that is installed, such as vim")
            return words
    found = next((name for name in EDITORS if shutil.which(name)), None)
    if found is None:
        raise Unavailable("no editor is installed; set EDITOR to one", field="EDITOR")
    return [found]


def edit_externally(app: App[Any], name: str, text: str, line: int = 1) -> str:
    """Return what a person made of a text in their editor; the same text when it failed or was left.

    Raises `DeskError` when there is no editor, or the terminal cannot be lent.
    """
    command = external_editor()
    with tempfile.TemporaryDirectory(prefix="nightdesk-") as folder:
        path = Path(folder) / _file_name(name)
        path.write_text(text, "utf-8")
        try:
            with app.suspend(), _interrupts_are_the_editors():
                ended = subprocess.run([*command, *_line_option(command[0], line), str(path)], check=False)
        except SuspendNotSupported as error:
            raise Unavailable("this terminal cannot be lent to another program", field="EDITOR") from error
        if ended.returncode:
            raise Unavailable(f"{command[0]} ended with {ended.returncode}; nothing was taken over")
        return path.read_text("utf-8", errors="replace")


def _file_name(name: str) -> str:
    """Return a name for the file that says what it is, and that every editor knows as Python."""
    letters = "".join(character if character.isalnum() else "_" for character in name)[:40]
    return f"{letters.strip('_') or 'program'}.py"


def _line_option(command: str, line: int) -> list[str]:
    return (
        [f"+{line}"] if Path(command).name in {"vi", "vim", "nvim", "nano", "emacs", "micro", "kak"} else []
    )


@contextmanager
def _interrupts_are_the_editors() -> Iterator[None]:
    """Let ctrl+c reach the editor alone: the desk shares its terminal, and must not end by it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
