"""The tab line of a small terminal: which panes there are, and which one is below."""

from __future__ import annotations

from tui.action import WORKSPACES, Context, workspace_of
from tui.actions import ACTIONS
from tui.panes.span_line import Span, SpanLine

_SHORT_TITLES = {Context.CHAT: "Chat", Context.CURVE: "Curve", Context.FLOW: "Flow"}


class PaneTabs(SpanLine):
    """One tab for each pane of a workspace, with its jump digit."""

    def show_tabs(self, shown: Context) -> None:
        """Mark the pane that is shown."""
        workspace = workspace_of(shown)
        assert workspace is not None
        jumps = {
            action.keys[0]: action.id
            for action in ACTIONS
            if action.context is workspace and action.keys[0].isdigit()
        }
        spans = []
        for digit, (context, title) in enumerate(WORKSPACES[workspace].items(), start=1):
            role = "accent" if context is shown else "muted"
            mark = "▸" if context is shown else " "
            text = f"{mark}{digit} {_SHORT_TITLES.get(context, title)} "
            spans.append(Span(text, role, jumps[str(digit)]))
        self.show(spans)
