"""What can be done on the programs screen: rows of the one table of actions.

In the editor every letter is text, so its actions have control keys: those of nano, where it has any.
"""

from __future__ import annotations

from tui.action import Action, Context, Risk, pane_actions

_C = Context


def _offered(id: str, key: str, context: Context, label: str, help: str, risk: Risk = Risk.FREE) -> Action:
    return Action(id, (key,), context, label, help, risk, in_footer=True)


PROGRAM_ACTIONS: tuple[Action, ...] = (
    _offered("program.edit", "e", _C.PROGRAMS, "Edit", "Write in the source of the program under the cursor"),
    _offered("program.new", "N", _C.PROGRAMS, "New", "Start a program from a template", Risk.ARM),
    _offered(
        "program.test", "y", _C.PROGRAMS, "Test", "Run the program once on the market now; trades nothing"
    ),
    _offered("program.bind", "w", _C.PROGRAMS, "Bind", "Let a trader run the program", Risk.ARM),
    _offered("program.versions", "h", _C.PROGRAMS, "Versions", "Compare the versions, and bring one back"),
    _offered(
        "program.settings", "o", _C.PROGRAMS, "Settings", "Change name, description and parameters", Risk.ARM
    ),
    _offered("program.toggle", "v", _C.PROGRAMS, "On/off", "Switch the program off, or on again"),
    _offered(
        "program.external", "E", _C.PROGRAMS, "$EDITOR", "Write in the source with the editor of $EDITOR"
    ),
    _offered(
        "program.delete",
        "D",
        _C.PROGRAMS,
        "Delete",
        "Delete the program under the cursor; traders that run it must let it go first",
        Risk.CONFIRM,
    ),
    _offered("editor.leave", "escape", _C.EDITOR, "List", "Back to the list; what is written stays"),
    _offered("editor.save", "ctrl+o", _C.EDITOR, "Save", "Keep the source as a new version"),
    _offered("editor.test", "ctrl+r", _C.EDITOR, "Test", "Run what is written once on the market now"),
    _offered("editor.problem", "ctrl+n", _C.EDITOR, "Next problem", "Go to the next line that has a problem"),
    _offered("editor.guide", "ctrl+g", _C.EDITOR, "Guide", "Read the guide for program authors"),
    _offered("editor.versions", "ctrl+l", _C.EDITOR, "Versions", "Compare the versions, and bring one back"),
    _offered("editor.external", "ctrl+t", _C.EDITOR, "$EDITOR", "Go on writing with the editor of $EDITOR"),
    _offered("test.again", "y", _C.TEST_RUN, "Again", "Run what is in the editor once more"),
    _offered("binding.new", "N", _C.BINDINGS, "New", "Let a trader run a program", Risk.ARM),
    _offered("binding.edit", "e", _C.BINDINGS, "Edit", "Change the binding under the cursor", Risk.ARM),
    _offered("binding.toggle", "v", _C.BINDINGS, "On/off", "Switch the binding off, or on again"),
    _offered(
        "binding.preview",
        "y",
        _C.BINDINGS,
        "Preview",
        "Run the binding once as its next trigger would; trades nothing",
    ),
    _offered(
        "binding.delete", "D", _C.BINDINGS, "Delete", "Delete the binding under the cursor", Risk.CONFIRM
    ),
    _offered(
        "executions.scope",
        "o",
        _C.EXECUTIONS,
        "One/all",
        "Executions of the program under the list's cursor, or of all",
    ),
    _offered("program.guide", "i", _C.PROGRAM_DESK, "Guide", "Read the guide for program authors"),
    *pane_actions(Context.PROGRAM_DESK, "programs.pane."),
)
