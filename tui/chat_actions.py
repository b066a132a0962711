"""What can be done in the model chat: rows of the one table of actions."""

from __future__ import annotations

from tui.action import Action, Context

_C = Context.CHAT

CHAT_ACTIONS: tuple[Action, ...] = (
    Action("chat.earlier", ("left", "h"), _C, "Earlier", "Put the cursor on the decision before"),
    Action("chat.later", ("right", "l"), _C, "Later", "Put the cursor on the decision after"),
    Action(
        "chat.fold", ("f",), _C, "Fold", "Fold the thoughts under the cursor, or unfold them", in_footer=True
    ),
    Action("chat.fold_all", ("F",), _C, "Fold all", "Fold the thoughts of every decision, or unfold them"),
    Action(
        "chat.find",
        ("slash",),
        _C,
        "Search",
        "Show only decisions with these words in prompt, reply, thoughts or outcome",
        in_footer=True,
    ),
    Action(
        "chat.copy",
        ("y",),
        _C,
        "Copy",
        "Copy the thoughts and the outcome of the decision under the cursor",
        in_footer=True,
    ),
    Action("chat.leave", ("escape",), _C, "Back", "End the search, or leave the zoomed pane"),
)
