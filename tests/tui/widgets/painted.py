"""What a widget shows, and which of its regions it asked to be painted."""

from __future__ import annotations

from textual.app import App
from textual.geometry import Region
from textual.widget import Widget

from tui.theming import role_variable_defaults


class BareApp(App[None]):
    """An app whose CSS knows the desk's roles, around one widget."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, widget: Widget) -> None:
        self.widget = widget
        super().__init__()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return role_variable_defaults()

    def compose(self) -> list[Widget]:
        return [self.widget]


def lines_of(widget: Widget) -> list[str]:
    """Return the widget's content as text, line by line."""
    strips = widget.render_lines(Region(0, 0, widget.size.width, widget.size.height))
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def record_repaints(widget: Widget) -> list[Region]:
    """Return a list that fills with every region the widget asks to be painted (all of it: one region)."""
    repainted: list[Region] = []
    refresh = widget.refresh

    def recording(
        *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Widget:
        repainted.extend(regions or [widget.size.region])
        return refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    widget.refresh = recording  # type: ignore[method-assign]  # the recorder stands in for it
    return repainted
