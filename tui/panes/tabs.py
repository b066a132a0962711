"""The tab line of a small terminal: which panes there are, and which one is below."""

from __future__ import annotations

from tui.actions import PANE_TITLES, Context
from tui.panes.span_line import Span, SpanLine

_SHORT_TITLES = {Context.CHAT: "Chat", Context.CURVE: "Curve"}


class PaneTabs(SpanLine):
    """One tab for each pane, with its jump digit."""

    def show_tabs(self, shown: Context) -> None:
        """Mark the pane that is shown."""
        spans = []
        for digit, (context, title) in enumerate(PANE_TITLES.items(), start=1):
            role = "accent" if context is shown else "muted"
            mark = "▸" if context is shown else " "
            text = f"{mark}{digit} {_SHORT_TITLES.get(context, title)} "
            spans.append(Span(text, role, f"pane.{digit}"))
        self.show(spans)
