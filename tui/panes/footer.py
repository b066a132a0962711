"""The footer: the keys that work where the focus is, most specific first, each a click away."""

from __future__ import annotations

from collections.abc import Sequence

from tui.actions import Action, Context, actions_in, shown_keys
from tui.panes.span_line import Span, SpanLine


def footer_spans(contexts: Sequence[Context]) -> tuple[Span, ...]:
    """Return the footer's keys for the focused pane's contexts; the last ones give way first."""
    actions = [action for context in contexts for action in actions_in(context) if action.in_footer]
    return tuple(
        span for place, action in enumerate(actions) for span in _action_spans(action, priority=place + 1)
    )


def _action_spans(action: Action, priority: int) -> tuple[Span, Span]:
    return (
        Span(f" {shown_keys(action.keys[:1])}", "accent", action.id, priority),
        Span(f" {action.label} ", "muted", action.id, priority),
    )


class Footer(SpanLine):
    """The bottom line of the desk."""

    def show_contexts(self, pane: Context | None) -> None:
        """Show the keys of a focused pane, and those that work everywhere."""
        help_spans = tuple(
            span._replace(priority=0)
            for span in footer_spans([Context.DESK])
            if span.action in ("help.open", "app.quit")
        )
        rest = footer_spans([*([pane] if pane else []), Context.DESK])
        self.show([span for span in rest if span.action not in ("help.open", "app.quit")], help_spans)
