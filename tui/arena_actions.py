"""What can be done on the arena screen: rows of the one table of actions."""

from __future__ import annotations

from tui.action import Action, Context, pane_actions

_C = Context.ARENA_DESK

ARENA_ACTIONS: tuple[Action, ...] = (
    Action(
        "arena.next",
        ("right_square_bracket",),
        _C,
        "Next cut",
        "Tell profit and loss apart by the next dimension",
        in_footer=True,
    ),
    Action(
        "arena.previous",
        ("left_square_bracket",),
        _C,
        "Last cut",
        "Tell profit and loss apart by the dimension before",
        in_footer=True,
    ),
    Action(
        "arena.scope",
        ("o",),
        _C,
        "One or all",
        "Attribute the trader under the cursor alone, or all of them",
        in_footer=True,
    ),
    *pane_actions(_C, "arena.pane."),
)
