"""The Rich styles a painting widget needs, worked out once a paint instead of once a cell."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from tui.theming import role_style


class RoleStyles:
    """The styles of colour roles on one background, looked up again when `base` changes."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._theme = ""
        self.base = Style.null()
        self._of_role: dict[str, Style] = {}

    def update(self, base: Style) -> None:
        """Take on the base style (colours of plain text) of the paint that begins."""
        theme = self._widget.app.theme
        if base != self.base or theme != self._theme:
            self.base, self._theme = base, theme
            self._of_role.clear()

    def __getitem__(self, role: str) -> Style:
        """Return the style of a role on the base; plain text is the base itself."""
        if role == "text":
            return self.base
        style = self._of_role.get(role)
        if style is None:
            style = self._of_role[role] = self.base + role_style(self._widget.app, role)
        return style
