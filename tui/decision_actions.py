"""What can be done with one decision, and with the asking of it again: rows of the one table of actions."""

from __future__ import annotations

from tui.action import Action, Context, Risk

_C = Context.DECISION
_R = Context.AGAIN
_L = Context.PROMPT_RUNS
_TABS = ("Prompt", "Reply", "Reasoning", "Calls", "Orders and fills", "P&L")


def _reading(prefix: str, context: Context) -> tuple[Action, ...]:
    """Return the actions of a text that is read, of a screen of its own."""
    return (
        Action(f"{prefix}.find", ("slash",), context, "Find", "Look for words in the text", in_footer=True),
        Action(f"{prefix}.next", ("n",), context, "Next", "Go to the next place that was found"),
        Action(f"{prefix}.previous", ("N",), context, "Before", "Go to the place found before"),
        Action(f"{prefix}.copy", ("y",), context, "Copy", "Copy the whole text, as it is", in_footer=True),
        Action(f"{prefix}.close", ("escape", "q"), context, "Close", "Go back", in_footer=True),
    )


DECISION_ACTIONS: tuple[Action, ...] = (
    Action("decision.tab", ("tab",), _C, "Next tab", "Show the next tab", in_footer=True),
    Action("decision.tab_before", ("shift+tab",), _C, "Tab before", "Show the tab before"),
    *(
        Action(f"decision.tab.{number}", (str(number),), _C, title, f"Show {title} of the decision")
        for number, title in enumerate(_TABS, start=1)
    ),
    Action(
        "decision.ask",
        ("e",),
        _C,
        "Ask again",
        "Edit the prompt and ask again, to see what would have changed; nothing trades",
        Risk.CONFIRM,
        True,
    ),
    Action(
        "decision.runs",
        ("b",),
        _C,
        "Backtests",
        "List the prompt backtests and their results",
        in_footer=True,
    ),
    *_reading("decision", _C),
    *_reading("again", _R),
    Action("again.cancel", ("x",), _R, "Stop", "Stop asking, keeping what there is", in_footer=True),
    Action("again.retry", ("r",), _R, "Retry", "Ask again what failed", in_footer=True),
    Action("prompt-runs.stop", ("x",), _L, "Stop", "Stop the run, keeping what there is", in_footer=True),
    Action("prompt-runs.retry", ("r",), _L, "Retry", "Ask again only what failed", in_footer=True),
    Action("prompt-runs.delete", ("D",), _L, "Delete", "Delete the run and its result", Risk.CONFIRM, True),
    Action("prompt-runs.close", ("escape", "q"), _L, "Close", "Go back", in_footer=True),
)
