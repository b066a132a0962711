"""Every theme can be read by everyone it is made for, and a bad one never stops the desk."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from engine.errors import InvalidSetting
from tui.theming import (
    DEFAULT_THEME,
    ROLES,
    SERIES_ROLES,
    load_themes,
    read_theme,
    register_themes,
    role_style,
    role_variable_defaults,
    theme_folder,
)

THEMES = load_themes()
TRUECOLOR_THEMES = [theme for theme in THEMES.themes if not theme.ansi]
TEXT_ROLES = ("text", "accent", "warning", *ROLES)
NEVER_ON_A_CURSOR = ("header", "grid", *SERIES_ROLES)
READABLE = 4.5
"""The contrast ratio WCAG 2.2 asks of text at level AA."""


class ThemedApp(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return role_variable_defaults()


def luminance(color: Color) -> float:
    channels = (value / 255 for value in (color.r, color.g, color.b))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))))
    return (lighter + 0.05) / (darker + 0.05)


def color_of(theme: Theme, role: str) -> str:
    color = role_style(theme, role).color
    assert color is not None
    return color.get_truecolor().hex


def test_the_five_themes_are_all_readable_files() -> None:
    assert not THEMES.problems
    assert {theme.name for theme in THEMES.themes} == {"night", "day", "safe", "contrast", "terminal"}


@pytest.mark.parametrize(
    ("theme", "role"),
    product(TRUECOLOR_THEMES, TEXT_ROLES),
    ids=lambda value: str(getattr(value, "name", value)),
)
def test_every_text_role_is_readable_on_every_background(theme: Theme, role: str) -> None:
    grounds = {"background": theme.background, "surface": theme.surface, "panel": theme.panel}
    if role not in NEVER_ON_A_CURSOR:
        grounds |= {
            name: theme.variables[name]
            for name in ("block-cursor-background", "block-cursor-blurred-background")
        }
    ratios = {name: contrast(color_of(theme, role), ground or "") for name, ground in grounds.items()}
    assert min(ratios.values()) >= READABLE, ratios


def test_the_colour_blind_theme_tells_gain_from_loss_without_red_and_green() -> None:
    safe = THEMES.named("safe")
    assert safe is not None
    gain, loss = Color.parse(safe.variables["gain"]), Color.parse(safe.variables["loss"])
    assert gain.b > gain.r
    assert loss.r > loss.b + 80


def test_the_terminal_theme_uses_only_the_terminals_own_colours() -> None:
    terminal = THEMES.named("terminal")
    assert terminal is not None
    assert terminal.ansi
    for role in TEXT_ROLES:
        color = role_style(terminal, role).color
        assert color is not None
        assert color.triplet is None


def test_roles_of_a_theme_that_knows_none_are_its_own_colours() -> None:
    nord = BUILTIN_THEMES["nord"]
    assert nord.success is not None
    assert color_of(nord, "gain").lower() == nord.success.lower()
    assert color_of(nord, "no such role").lower() == (nord.foreground or "").lower()


def test_role_styles_carry_attributes() -> None:
    night = THEMES.named("night")
    assert night is not None
    assert role_style(night, "live") == Style(bold=True) + role_style(night, "live")
    assert role_style(night, "live") is role_style(night, "live")


def edited(tmp_path: Path, old: str, new: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text((theme_folder() / "night.toml").read_text().replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('gain = "#66c7a0"', 'gain = "greenish"', ("mine.toml [roles] gain", "greenish", "#rrggbb")),
        ('gain = "#66c7a0"', "", ("mine.toml [roles] gain", "nothing", "colour is needed")),
        ('danger = "#ff8f8f bold"', 'danger = "#ff8f8f blinking"', ("[roles] danger", "blinking", "bold")),
        ('gain = "#66c7a0"', 'profit = "#66c7a0"', ("mine.toml [roles]", "profit", "gain, loss")),
        ('primary = "#6f9fd8"', "primary = 7", ("[colors] primary", "7", "text in quotes")),
        ('primary = "#6f9fd8"', "", ("mine.toml [colors] primary", "nothing", "colour is needed")),
        ("dark = true", 'dark = "yes"', ("mine.toml dark", "yes", "true or false")),
        ("dark = true", 'based-on = "nowhere"', ("mine.toml based-on", "nowhere", "ansi-dark")),
        ("[colors]", "[colors", ("mine.toml", "cannot be read", "line")),
    ],
)
def test_a_bad_file_is_refused_with_its_name_the_key_the_value_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, told: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidSetting) as refused:
        read_theme(edited(tmp_path, old, new))
    assert all(part in refused.value.message for part in told), refused.value.message


def test_a_bad_file_leaves_the_good_ones(tmp_path: Path) -> None:
    edited(tmp_path, "#66c7a0", "greenish")
    (tmp_path / "good.toml").write_text((theme_folder() / "day.toml").read_text())
    loaded = load_themes(tmp_path)
    assert [theme.name for theme in loaded.themes] == ["good"]
    assert len(loaded.problems) == 1


async def test_an_unknown_theme_becomes_the_default_one_and_a_sentence() -> None:
    app = ThemedApp()
    async with app.run_test():
        problems = register_themes(app, "nightt")
        assert app.theme == DEFAULT_THEME
        assert len(problems) == 1
        assert "nightt" in problems[0]
        assert "night" in problems[0]


@pytest.mark.parametrize("name", [theme.name for theme in THEMES.themes])
async def test_every_theme_can_be_switched_to_live(name: str) -> None:
    app = ThemedApp()
    async with app.run_test() as pilot:
        assert register_themes(app) == ()
        app.theme = name
        await pilot.pause()
        assert app.current_theme.name == name
