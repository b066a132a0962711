"""The footer: the keys that work where the focus is, most specific first, each a click away."""

from __future__ import annotations

from collections.abc import Sequence

from tui.actions import Action, Context, actions_in, shown_keys
from tui.panes.span_line import Span, SpanLine

ALWAYS_SHOWN = ("help.open", "app.quit")
WORKSPACE_ACTIONS = {
    Context.DESK: "workspace.desk",
    Context.MARKET: "workspace.market",
    Context.SIGNAL_DESK: "workspace.signals",
    Context.PROGRAM_DESK: "workspace.programs",
    Context.BACKTEST_DESK: "workspace.backtests",
    Context.PROMPT_DESK: "workspace.prompts",
    Context.MODEL_DESK: "workspace.models",
    Context.ARENA_DESK: "workspace.arena",
    Context.ASSISTANT_DESK: "workspace.assistants",
}
"""What a workspace need not offer: it is shown already."""


def footer_spans(contexts: Sequence[Context]) -> tuple[Span, ...]:
    """Return the footer's keys for the focused pane's contexts; the last ones give way first."""
    actions = [action for context in contexts for action in actions_in(context) if action.in_footer]
    return tuple(
        span for place, action in enumerate(actions) for span in _action_spans(action, priority=place + 1)
    )


def _action_spans(action: Action, priority: int) -> tuple[Span, Span]:
    return (
        Span(f" {shown_keys(action.keys[:1])}", "accent", action.id, priority),
        Span(f" {action.footer_label or action.label} ", "muted", action.id, priority),
    )


TYPING = (Context.EDITOR, Context.PROMPT_EDITOR, Context.ASK)
"""The panes in which every letter is text, so that only their own keys work."""


class Footer(SpanLine):
    """The bottom line of every workspace."""

    def show_contexts(self, workspace: Context, pane: Context | None) -> None:
        """Show the keys of a focused pane, of its workspace, and those that work everywhere."""
        contexts = [*([pane] if pane else []), workspace, Context.ANYWHERE]
        if pane in TYPING:
            contexts = [pane]
        spans = [span for span in footer_spans(contexts) if span.action != WORKSPACE_ACTIONS[workspace]]
        always = [span._replace(priority=0) for span in spans if span.action in ALWAYS_SHOWN]
        self.show([span for span in spans if span.action not in ALWAYS_SHOWN], always)
