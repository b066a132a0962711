"""The one table of what can be done from the desk: its key, its words and its risk.

Bindings, the footer, the help screen and the command palette are all made from `ACTIONS`. No key
here is one that tmux, a terminal or flow control takes.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec
from textual.binding import Binding, BindingType


class Context(enum.StrEnum):
    """Where an action's key works: anywhere on the desk, or while one pane has the focus."""

    DESK = "desk"
    TABLES = "tables"
    TRADERS = "traders"
    POSITIONS = "positions"
    ORDERS = "orders"
    CHAT = "chat"
    CURVE = "curve"
    WATCHLIST = "watchlist"


class Risk(enum.StrEnum):
    """What stands between the key and its effect.

    `FREE` acts at once. `ARM` opens something that shows a preview and needs Enter. `CONFIRM`
    states the full consequence and asks.
    """

    FREE = "free"
    ARM = "arm"
    CONFIRM = "confirm"


class Action(msgspec.Struct, frozen=True):
    """One thing a person can do; `keys` in Textual's names, `in_footer` where it earns the place."""

    id: str
    keys: tuple[str, ...]
    context: Context
    label: str
    help: str
    risk: Risk = Risk.FREE
    in_footer: bool = False


def _pane(number: int, title: str) -> Action:
    return Action(f"pane.{number}", (str(number),), Context.DESK, title, f"Go to {title.lower()}")


PANE_TITLES = {
    Context.TRADERS: "Traders",
    Context.POSITIONS: "Positions",
    Context.ORDERS: "Orders",
    Context.CHAT: "Model chat",
    Context.CURVE: "Asset curve",
    Context.WATCHLIST: "Watchlist",
}
"""The panes in the order of their jump digits, which start at 1."""

_C = Context
ACTIONS: tuple[Action, ...] = (
    Action(
        "position.close",
        ("x",),
        _C.POSITIONS,
        "Close",
        "Close the position under the cursor at the market",
        Risk.CONFIRM,
        True,
    ),
    Action(
        "order.cancel", ("x",), _C.ORDERS, "Cancel", "Cancel the order under the cursor", Risk.CONFIRM, True
    ),
    Action(
        "orders.history", ("o",), _C.ORDERS, "History", "Show open orders or all recent ones", in_footer=True
    ),
    Action(
        "order.buy",
        ("b",),
        _C.DESK,
        "Buy",
        "Buy the selected symbol for the selected trader",
        Risk.ARM,
        True,
    ),
    Action(
        "order.sell",
        ("s",),
        _C.DESK,
        "Sell",
        "Sell the selected symbol for the selected trader",
        Risk.ARM,
        True,
    ),
    Action(
        "command.open",
        ("colon",),
        _C.DESK,
        "Command",
        "Type a command, such as buy 0.5 btc @ 67000",
        Risk.ARM,
        True,
    ),
    Action(
        "orders.cancel_all",
        ("C",),
        _C.DESK,
        "Cancel all",
        "Cancel all open orders of the selected trader",
        Risk.CONFIRM,
    ),
    Action(
        "trader.flatten",
        ("X",),
        _C.DESK,
        "Flatten",
        "Cancel all orders and close all positions of the selected trader",
        Risk.CONFIRM,
        True,
    ),
    Action(
        "desk.kill",
        ("K",),
        _C.DESK,
        "Kill switch",
        "Stop every entry on the desk, or allow entries again",
        Risk.CONFIRM,
        True,
    ),
    Action("replay.pause", ("space",), _C.DESK, "Pause", "Pause or resume the replay", in_footer=True),
    Action("replay.step", ("full_stop",), _C.DESK, "Step", "Move a paused replay on by one step"),
    Action(
        "replay.faster", ("plus", "equals_sign"), _C.DESK, "Faster", "Double the replay's speed, up to 600×"
    ),
    Action("replay.slower", ("minus",), _C.DESK, "Slower", "Halve the replay's speed, down to 1×"),
    Action("trader.next", ("n",), _C.DESK, "Next trader", "Select the next trader"),
    Action("trader.pause", ("p",), _C.DESK, "Pause trader", "Pause the selected trader, or start it again"),
    Action("trader.trigger", ("t",), _C.DESK, "Trigger", "Let the selected trader decide now"),
    Action(
        "view.scope",
        ("a",),
        _C.DESK,
        "One/all",
        "Chat and curve: the selected trader, or all",
        in_footer=True,
    ),
    Action("curve.shorter", ("left_square_bracket",), _C.DESK, "Shorter", "Asset curve: a shorter span"),
    Action("curve.longer", ("right_square_bracket",), _C.DESK, "Longer", "Asset curve: a longer span"),
    *(_pane(number, title) for number, title in enumerate(PANE_TITLES.values(), start=1)),
    Action("pane.next", ("tab",), _C.DESK, "Next pane", "Go to the next pane"),
    Action("pane.previous", ("shift+tab",), _C.DESK, "Previous pane", "Go to the previous pane"),
    Action(
        "pane.zoom",
        ("z",),
        _C.DESK,
        "Zoom",
        "Give the focused pane the whole screen, or back",
        in_footer=True,
    ),
    Action("list.down", ("down", "j"), _C.TABLES, "Down", "Move down"),
    Action("list.up", ("up", "k"), _C.TABLES, "Up", "Move up"),
    Action("list.first", ("home", "g"), _C.TABLES, "First", "Go to the first row"),
    Action("list.last", ("end", "G"), _C.TABLES, "Last", "Go to the last row, and follow the end"),
    Action("list.choose", ("enter",), _C.TABLES, "Choose", "Choose the row: its trader or its symbol"),
    Action("theme.next", ("T",), _C.DESK, "Theme", "Switch to the next theme"),
    Action(
        "help.open", ("question_mark", "f1"), _C.DESK, "Help", "Show all keys and commands", in_footer=True
    ),
    Action("palette.open", ("ctrl+p",), _C.DESK, "Palette", "Find anything by name"),
    Action("app.quit", ("q",), _C.DESK, "Quit", "End the desk; everything is kept", in_footer=True),
)

_BY_ID = {action.id: action for action in ACTIONS}

_SHOWN_KEYS = {
    "colon": ":",
    "full_stop": ".",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "question_mark": "?",
    "space": "space",
    "down": "↓",
    "up": "↑",
    "f1": "F1",
    "ctrl+p": "^p",
}


def action_named(action_id: str) -> Action:
    """Return the action with that id."""
    return _BY_ID[action_id]


def actions_in(*contexts: Context) -> tuple[Action, ...]:
    """Return the actions of these contexts, in the table's order."""
    return tuple(action for action in ACTIONS if action.context in contexts)


def bindings_for(*contexts: Context) -> list[BindingType]:
    """Return Textual bindings that run the actions of these contexts on the desk screen."""
    return [
        Binding(
            ",".join(action.keys),
            f"screen.perform('{action.id}')",
            action.label,
            show=action.in_footer,
            id=action.id,
            tooltip=action.help,
        )
        for action in actions_in(*contexts)
    ]


def shown_keys(keys: Iterable[str]) -> str:
    """Return key names as a person reads them: `↓ j`, `:`, `^p`."""
    return " ".join(_SHOWN_KEYS.get(key, key) for key in keys)
