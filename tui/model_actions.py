"""What can be done on the models screen: rows of the one table of actions."""

from __future__ import annotations

from tui.action import Action, Context, Risk, pane_actions

_C = Context


def _offered(id: str, key: str, context: Context, label: str, help: str, risk: Risk = Risk.FREE) -> Action:
    return Action(id, (key,), context, label, help, risk, in_footer=True)


MODEL_ACTIONS: tuple[Action, ...] = (
    _offered("connection.new", "N", _C.CONNECTIONS, "New", "Add a place where models are asked", Risk.ARM),
    _offered(
        "connection.edit", "e", _C.CONNECTIONS, "Edit", "Change the connection, or give its key", Risk.ARM
    ),
    _offered(
        "connection.test",
        "y",
        _C.CONNECTIONS,
        "Test",
        "Ask a model for one word and say how it went",
        Risk.ARM,
    ),
    _offered(
        "connection.delete",
        "D",
        _C.CONNECTIONS,
        "Delete",
        "Delete the connection under the cursor and its key",
        Risk.CONFIRM,
    ),
    _offered(
        "secret.remove",
        "D",
        _C.VAULT,
        "Remove",
        "Remove the key under the cursor from the vault",
        Risk.CONFIRM,
    ),
    _offered(
        "vault.unlock", "u", _C.MODEL_DESK, "Unlock", "Open the vault, or make it the first time", Risk.ARM
    ),
    _offered(
        "vault.lock", "l", _C.MODEL_DESK, "Lock", "Close the vault: no key can be used until it is open"
    ),
    _offered("vault.change", "w", _C.MODEL_DESK, "Passphrase", "Choose another passphrase", Risk.ARM),
    *pane_actions(Context.MODEL_DESK, "models.pane."),
)
