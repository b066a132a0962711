"""What can be done on the prompts screen: rows of the one table of actions.

In the editor every letter is text, so its actions have control keys, as in the editor of programs.
"""

from __future__ import annotations

from tui.action import Action, Context, Risk, pane_actions

_C = Context


def _offered(id: str, key: str, context: Context, label: str, help: str, risk: Risk = Risk.FREE) -> Action:
    return Action(id, (key,), context, label, help, risk, in_footer=True)


PROMPT_ACTIONS: tuple[Action, ...] = (
    _offered("prompt.edit", "e", _C.PROMPTS, "Edit", "Write in the prompt under the cursor"),
    _offered("prompt.new", "N", _C.PROMPTS, "New", "Start a prompt of your own", Risk.ARM),
    _offered("prompt.copy", "y", _C.PROMPTS, "Copy", "Keep a copy of the prompt under the cursor"),
    _offered("prompt.bind", "w", _C.PROMPTS, "Bind", "Let a trader decide by the prompt", Risk.ARM),
    _offered("prompt.versions", "h", _C.PROMPTS, "Versions", "Compare the versions, and bring one back"),
    _offered("prompt.settings", "o", _C.PROMPTS, "Rename", "Change the name and the description", Risk.ARM),
    _offered(
        "prompt.restore",
        "r",
        _C.PROMPTS,
        "Restore",
        "Give a prompt that came with the desk its text again, as a new version",
        Risk.CONFIRM,
    ),
    _offered("prompt.delete", "D", _C.PROMPTS, "Delete", "Delete the prompt under the cursor", Risk.CONFIRM),
    _offered("prompt-editor.leave", "escape", _C.PROMPT_EDITOR, "List", "Back; what is written stays"),
    _offered("prompt-editor.save", "ctrl+o", _C.PROMPT_EDITOR, "Save", "Keep the text as a new version"),
    _offered("prompt-editor.problem", "ctrl+n", _C.PROMPT_EDITOR, "Next problem", "Go to the next problem"),
    _offered("prompt-editor.variables", "ctrl+g", _C.PROMPT_EDITOR, "Variables", "Find a variable to insert"),
    _offered("prompt-editor.versions", "ctrl+l", _C.PROMPT_EDITOR, "Versions", "Compare the versions"),
    _offered(
        "variables.filter", "slash", _C.VARIABLES, "Find", "Type what a variable is called, or what it means"
    ),
    _offered(
        "preview.trader", "o", _C.PROMPT_PREVIEW, "Trader", "Show the prompt as the next trader gets it"
    ),
    Action("prompts.runs", ("R",), _C.PROMPT_DESK, "Runs", "List the prompt backtests and their results"),
    *pane_actions(Context.PROMPT_DESK, "prompts.pane."),
)
