"""What a screen that breaks leaves on the terminal: why, and no value of any variable."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from engine.secrecy.secret import Secret
from engine.settings import Settings
from tests.tui.recorded_desk import RecordedDesk
from tui.app import DeskApp

KEY = "sk-test-4fG7hJ2kL9mN3pQ6rS8t"


async def test_a_broken_screen_prints_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    app = DeskApp(RecordedDesk(), Settings())

    def fail() -> None:
        secret = Secret(KEY)
        plain = {"local": "a value nobody may see"}
        raise ValueError(f"{len(plain)} went wrong with {secret.reveal()}")

    async def run() -> None:
        async with app.run_test() as pilot:
            app.call_later(fail)
            await pilot.pause()

    with pytest.raises(ValueError, match="went wrong"):
        await run()
    written = StringIO()
    console = Console(file=written, width=200)
    for renderable in app._exit_renderables:
        console.print(renderable)
    said = written.getvalue() + capsys.readouterr().err
    assert "ValueError: 1 went wrong with [secret]" in said
    assert KEY not in said
    assert "nobody may see" not in said
