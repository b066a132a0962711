"""What can be done on the assistants screen: rows of the one table of actions."""

from __future__ import annotations

from tui.action import Action, Context, Risk, pane_actions

_C = Context


def _offered(id: str, key: str, context: Context, label: str, help: str, risk: Risk = Risk.FREE) -> Action:
    return Action(id, (key,), context, label, help, risk, in_footer=True)


ASSISTANT_ACTIONS: tuple[Action, ...] = (
    _offered(
        "proposal.confirm",
        "c",
        _C.ASSISTANT_DESK,
        "Confirm",
        "Carry out what the assistant proposes",
        Risk.CONFIRM,
    ),
    _offered("proposal.decline", "r", _C.ASSISTANT_DESK, "Decline", "Decline what the assistant proposes"),
    _offered("assistant.say", "i", _C.ASSISTANT_DESK, "Say", "Say something in the conversation"),
    _offered("assistant.stop", "x", _C.ASSISTANT_DESK, "Stop", "Stop the answer; what there is of it stays"),
    _offered(
        "conversation.new",
        "N",
        _C.ASSISTANT_DESK,
        "New",
        "Begin a conversation: with which assistant, and which model",
        Risk.ARM,
    ),
    _offered("assistant.fold", "o", _C.ASSISTANT_DESK, "Fold", "Fold or unfold thoughts and tools"),
    Action(
        "proposal.next",
        ("right_square_bracket",),
        _C.ASSISTANT_DESK,
        "Next proposal",
        "Show the next proposal of the conversation that waits",
    ),
    _offered("conversation.rename", "e", _C.CONVERSATIONS, "Rename", "Give it another title", Risk.ARM),
    _offered(
        "conversation.delete",
        "D",
        _C.CONVERSATIONS,
        "Delete",
        "Delete the conversation; what waits in it is not carried out",
        Risk.CONFIRM,
    ),
    _offered("ask.leave", "escape", _C.ASK, "Messages", "Go to the messages; what is written stays"),
    _offered("ask.send", "ctrl+o", _C.ASK, "Send", "Say what is written, as Enter does"),
    _offered("ask.newline", "ctrl+n", _C.ASK, "New line", "Go on in a new line"),
    *pane_actions(_C.ASSISTANT_DESK, "assistants.pane."),
)
