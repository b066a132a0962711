"""What can be done with a trader in the desk's list of them: rows of the one table of actions."""

from __future__ import annotations

from tui.action import Action, Context, Risk


def _listed(id: str, key: str, label: str, help: str, risk: Risk = Risk.FREE) -> Action:
    return Action(f"trader.{id}", (key,), Context.TRADERS, label, help, risk)


TRADER_ACTIONS: tuple[Action, ...] = (
    _listed("cause", "e", "Cause", "Open the decision that failed last, the cause of an error"),
    _listed("settings", "o", "Settings", "Change what the trader is, its limits and its model", Risk.ARM),
    _listed("new", "N", "New trader", "Make a trader, paused until it is started", Risk.ARM),
    _listed("trading", "v", "Trading", "Block new orders that add risk, or allow them again"),
    _listed("hide", "h", "Hide", "Take the trader off the lists; it trades on"),
    _listed("unhide", "u", "Unhide", "List the hidden traders, and put one back", Risk.ARM),
    _listed("delete", "D", "Delete", "Stop the trader for good; its history stays", Risk.CONFIRM),
    _listed("export", "E", "Export", "Write the trader with its history to a file", Risk.ARM),
    _listed("import", "I", "Import", "Add a trader with the history of a file", Risk.ARM),
)
