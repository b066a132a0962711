"""Settings: typed, refused by name, environment over file."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from engine.errors import InvalidSetting
from engine.settings import (
    CONFIG_FILE,
    Settings,
    database_url_source,
    default_home,
    ensure_port_is_free,
    load_settings,
    with_replay,
)


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


def test_the_home_of_a_user_that_does_not_exist_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTDESK_HOME", "~nosuchuser/desk")
    with pytest.raises(InvalidSetting, match="NIGHTDESK_HOME: ~nosuchuser/desk is not allowed"):
        default_home()


def test_the_database_url_is_blamed_on_where_it_was_read(tmp_path: Path) -> None:
    home = written(tmp_path, 'database_url = "mysql:///file"')
    for environment, source in (
        ({}, f"{home / CONFIG_FILE}: database_url"),
        ({"DATABASE_URL": "mysql:///env"}, "DATABASE_URL"),
    ):
        url = load_settings(home, environment).database_url
        assert database_url_source(home, url, environment) == source


def test_a_port_that_another_program_listens_on_is_refused_and_a_free_one_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(InvalidSetting, match=f"prompts.rules_port: {port} is taken by another program"):
            ensure_port_is_free(port)
    ensure_port_is_free(port)
    ensure_port_is_free(0)
