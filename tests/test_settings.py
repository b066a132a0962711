"""Settings: typed, refused by name, environment over file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InvalidSetting
from engine.settings import CONFIG_FILE, Settings, load_settings, with_replay


def written(home: Path, text: str) -> Path:
    (home / CONFIG_FILE).write_text(text)
    return home


def test_without_a_file_everything_is_at_its_default(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    home = written(tmp_path, 'database_url = "postgresql:///file"')
    assert load_settings(home, {}).database_url == "postgresql:///file"
    assert load_settings(home, {"DATABASE_URL": "postgresql:///env"}).database_url == "postgresql:///env"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1", "colour"),
        ('on_quit = "maybe"', "on_quit"),
        ("[replay]\nspeed = 0.5", "speed: 0.5"),
        ("[replay]\nspeed = 6001", "allowed is 1 to 600"),
        ("[sandbox]\nseconds = 31", "sandbox.seconds"),
        ("[prompts]\ntotal_seconds = 0", "prompts.total_seconds"),
        ("[prompts]\nrules_port = 70000", "allowed is 0 to 65535"),
        ("not toml", CONFIG_FILE),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InvalidSetting, match=named):
        load_settings(written(tmp_path, text), {})


def test_command_line_options_lie_over_the_settings() -> None:
    settings = with_replay(Settings(), speed=600, source="raw")
    assert (settings.replay.speed, settings.replay.source) == (600, "raw")
    with pytest.raises(InvalidSetting, match="speed: nan"):
        with_replay(Settings(), speed=float("nan"), source=None)
