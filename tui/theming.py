"""Themes: one TOML file each, turned into a Textual theme that also knows the desk's colour roles.

A role says what a text means (gain, bid, stale, live), never which hue it has. Each role is a
CSS variable of its own name (`$gain`, with `$gain-style` for bold and the like) and a Rich style
through `role_style`. Three roles are the theme's own colours: `text` is `$foreground`, `accent`
is `$accent`, `warning` is `$warning`. The file format is described in `themes/README.md`.

A theme file that cannot be used never stops the desk: it becomes a sentence in
`ThemeSet.problems` and the other themes stay.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from engine.errors import InvalidSetting

if TYPE_CHECKING:
    from textual.app import App

DEFAULT_THEME = "night"
SERIES_ROLES = tuple(f"series-{number}" for number in range(1, 7))
ROLES = (
    "muted",
    "gain",
    "loss",
    "bid",
    "ask",
    "stale",
    "danger",
    "paper",
    "replay",
    "live",
    "thought",
    "header",
    "grid",
    *SERIES_ROLES,
)
"""The roles a theme file sets; `text`, `accent` and `warning` come with its colours."""

_COLOR_NAMES = (
    "primary",
    "secondary",
    "warning",
    "error",
    "success",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
)
_TEXT_STYLES = ("bold", "dim", "italic", "reverse", "underline")
_TABLES = ("colors", "roles", "variables")
_TOP_LEVEL_KEYS = ("title", "dark", "based-on", *_TABLES)
_THEME_COLOR_OF_ROLE = {
    "muted": "secondary",
    "gain": "success",
    "bid": "success",
    "loss": "error",
    "ask": "error",
    "danger": "error",
    "live": "warning",
    "text": "foreground",
    "accent": "accent",
    "warning": "warning",
}


class ThemeSet(NamedTuple):
    """The themes that could be read, and a sentence about each file that could not."""

    themes: tuple[Theme, ...]
    problems: tuple[str, ...]

    def named(self, name: str) -> Theme | None:
        """Return the theme of that name, if there is one."""
        return next((theme for theme in self.themes if theme.name == name), None)


def theme_folder() -> Path:
    """Return where the themes are: inside the installed package, or beside it in a checkout."""
    packaged = Path(__file__).parent / "_themes"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "themes"


def load_themes(folder: Path | None = None) -> ThemeSet:
    """Read every `*.toml` of a folder, by default the one that ships with the desk."""
    themes: list[Theme] = []
    problems: list[str] = []
    for path in sorted((folder or theme_folder()).glob("*.toml")):
        try:
            themes.append(read_theme(path))
        except InvalidSetting as problem:
            problems.append(problem.message)
    return ThemeSet(tuple(themes), tuple(problems))


def register_themes(app: App[Any], wanted: str = DEFAULT_THEME) -> tuple[str, ...]:
    """Register the desk's themes with `app`, switch to `wanted`, and return what went wrong.

    An unknown or unreadable theme leaves the default one, and without that Textual's own.
    """
    loaded = load_themes()
    for theme in loaded.themes:
        app.register_theme(theme)
    problems = list(loaded.problems)
    if wanted not in app.available_themes:
        names = _listed(theme.name for theme in loaded.themes)
        problems.append(f"theme: {wanted} is not known; it is one of {names}")
        wanted = DEFAULT_THEME
    if wanted in app.available_themes:
        app.theme = wanted
    return tuple(problems)


def read_theme(path: Path) -> Theme:
    """Read one theme file; its name without `.toml` is the theme's name.

    Raises `InvalidSetting` naming the file, the key, the value and what is allowed.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise InvalidSetting(
            f"{path.name}: cannot be read as a theme; {problem}", field=path.name, reason=str(problem)
        ) from problem
    return build_theme(path.stem, document, source=path.name)


def build_theme(name: str, document: Mapping[str, object], source: str) -> Theme:
    """Turn a parsed theme file into a theme; `source` is what the error messages call it."""
    _refuse_unknown(document, _TOP_LEVEL_KEYS, source)
    colors, roles, variables = (_table(document, table, source) for table in _TABLES)
    _refuse_unknown(colors, _COLOR_NAMES, f"{source} [colors]")
    _refuse_unknown(roles, ROLES, f"{source} [roles]")
    for key in _COLOR_NAMES:
        _check_color(colors.get(key, ""), f"{source} [colors] {key}")
    base = _base_theme(document.get("based-on"), source)
    return Theme(
        name=name,
        dark=_flag(document.get("dark", True), f"{source} dark"),
        ansi=base.ansi if base else False,
        boost=base.boost if base else None,
        variables={
            **(base.variables if base else {}),
            **_role_variables(roles, source),
            **variables,
        },
        primary=colors["primary"],
        secondary=colors["secondary"],
        warning=colors["warning"],
        error=colors["error"],
        success=colors["success"],
        accent=colors["accent"],
        foreground=colors["foreground"],
        background=colors["background"],
        surface=colors["surface"],
        panel=colors["panel"],
    )


def role_variable_defaults() -> dict[str, str]:
    """Return a value for every role variable, for themes that know nothing of roles.

    Meant for `App.get_theme_variable_defaults`, so that the desk's CSS parses with any theme.
    """
    theme = BUILTIN_THEMES["textual-dark"]
    variables = {role: _theme_color(theme, role) for role in ROLES}
    return variables | {f"{role}-style": "none" for role in ROLES}


def role_style(source: App[Any] | Theme, role: str) -> Style:
    """Return the Rich style (foreground and attributes, no background) of a role.

    A theme that does not set the role lends its nearest own colour; an unknown role is plain text.
    """
    theme = source if isinstance(source, Theme) else source.current_theme
    style_name = theme.variables.get(f"{role}-style")
    if style_name is None:
        return _style(_theme_color(theme, role), "none")
    return _style(theme.variables[role], style_name)


@lru_cache(256)
def _style(color: str, text_style: str) -> Style:
    attributes = Style.null() if text_style == "none" else Style.parse(text_style)
    return attributes + Style.from_color(Color.parse(color).rich_color)


def _role_variables(roles: Mapping[str, str], source: str) -> dict[str, str]:
    variables: dict[str, str] = {}
    for role in ROLES:
        color, *attributes = roles.get(role, "").split() or [""]
        _check_color(color, f"{source} [roles] {role}")
        for attribute in attributes:
            if attribute not in _TEXT_STYLES:
                allowed = f"after the colour comes any of {_listed(_TEXT_STYLES)}"
                raise InvalidSetting.of(f"{source} [roles] {role}", attribute, allowed)
        variables[role] = color
        variables[f"{role}-style"] = " ".join(attributes) or "none"
    return variables


def _theme_color(theme: Theme, role: str) -> str:
    """Return the theme's own colour that is nearest to a role."""
    color: str | None = getattr(theme, _THEME_COLOR_OF_ROLE.get(role, "foreground"))
    return color or theme.foreground or theme.primary


def _base_theme(name: object, source: str) -> Theme | None:
    if name is None:
        return None
    if not isinstance(name, str) or name not in BUILTIN_THEMES:
        raise InvalidSetting.of(f"{source} based-on", name, f"it is one of {_listed(BUILTIN_THEMES)}")
    return BUILTIN_THEMES[name]


def _table(document: Mapping[str, object], key: str, source: str) -> dict[str, str]:
    table = document.get(key, {})
    if not isinstance(table, dict):
        raise InvalidSetting.of(f"{source} {key}", table, f"it is a table headed [{key}]")
    for name, value in table.items():
        if not isinstance(value, str):
            raise InvalidSetting.of(f"{source} [{key}] {name}", value, "it is a text in quotes")
    return table


def _flag(value: object, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidSetting.of(field, value, "it is true or false")
    return value


def _check_color(value: str, field: str) -> None:
    try:
        Color.parse(value)
    except ColorParseError:
        raise InvalidSetting.of(
            field, value or "nothing", "a colour is needed: #rrggbb or ansi_<name>"
        ) from None


def _refuse_unknown(table: Mapping[str, object], allowed: Sequence[str], field: str) -> None:
    for key in table:
        if key not in allowed:
            raise InvalidSetting.of(field, key, f"its keys are {_listed(allowed)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
