"""The one table of what can be done, in every workspace: its key, its words and its risk.

Bindings, the footer, the help screen and the command palette are all made from `ACTIONS`. No key
here is one that tmux, a terminal or flow control takes.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from tui.action import PANE_TITLES, Action, Context, Risk, pane_actions
from tui.arena_actions import ARENA_ACTIONS
from tui.assistant_actions import ASSISTANT_ACTIONS
from tui.backtest_actions import BACKTEST_ACTIONS
from tui.chat_actions import CHAT_ACTIONS
from tui.decision_actions import DECISION_ACTIONS
from tui.market_actions import MARKET_ACTIONS
from tui.model_actions import MODEL_ACTIONS
from tui.program_actions import PROGRAM_ACTIONS
from tui.prompt_actions import PROMPT_ACTIONS
from tui.signal_actions import SIGNAL_ACTIONS
from tui.trader_actions import TRADER_ACTIONS

__all__ = [
    "ACTIONS",
    "PANE_TITLES",
    "Action",
    "Context",
    "Risk",
    "action_named",
    "actions_in",
    "bindings_for",
    "shown_keys",
]

_C = Context


def _workspace(name: str, keys: tuple[str, ...], label: str, help: str, *, in_footer: bool = True) -> Action:
    return Action(f"workspace.{name}", keys, _C.ANYWHERE, label, help, in_footer=in_footer)


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
        _C.ANYWHERE,
        "Buy",
        "Buy the selected symbol for the selected trader",
        Risk.ARM,
        True,
    ),
    Action(
        "order.sell",
        ("s",),
        _C.ANYWHERE,
        "Sell",
        "Sell the selected symbol for the selected trader",
        Risk.ARM,
        True,
    ),
    Action(
        "command.open",
        ("colon",),
        _C.ANYWHERE,
        "Command",
        "Type a command, such as buy 0.5 btc @ 67000",
        Risk.ARM,
        True,
    ),
    Action(
        "orders.cancel_all",
        ("C",),
        _C.ANYWHERE,
        "Cancel all",
        "Cancel all open orders of the selected trader",
        Risk.CONFIRM,
    ),
    Action(
        "desk.kill",
        ("K",),
        _C.ANYWHERE,
        "Kill switch",
        "Stop every entry on the desk, or allow entries again",
        Risk.CONFIRM,
        True,
        footer_label="Kill",
    ),
    _workspace("desk", ("d", "f2"), "Desk", "Go to the desk: traders, positions, orders, chat"),
    _workspace("market", ("m", "f3"), "Market", "Go to the market: chart, order book, trades, flow"),
    _workspace("signals", ("S", "f4"), "Signals", "Go to the signals: conditions, pools, what they fired"),
    _workspace("programs", ("A", "f5"), "Programs", "Go to the programs: write, test and bind algorithms"),
    _workspace("backtests", ("B", "f6"), "Backtests", "Go to the backtests: run, sweep and compare"),
    _workspace(
        "prompts",
        ("O", "f7"),
        "Prompts",
        "Go to the prompts: write, preview and bind templates",
        in_footer=False,
    ),
    _workspace(
        "models", ("M", "f8"), "Models", "Go to the models: connections, keys and the vault", in_footer=False
    ),
    _workspace(
        "assistants",
        ("H", "f9"),
        "Assistants",
        "Go to the assistants: ask, and decide on what they propose",
        in_footer=False,
    ),
    _workspace("arena", ("f10",), "Arena", "Go to the arena: who does best, and why", in_footer=False),
    Action("replay.pause", ("space",), _C.ANYWHERE, "Pause", "Pause or resume the replay", in_footer=True),
    Action("replay.step", ("full_stop",), _C.ANYWHERE, "Step", "Move a paused replay on by one step"),
    Action(
        "replay.faster",
        ("plus", "equals_sign"),
        _C.ANYWHERE,
        "Faster",
        "Double the replay's speed, up to 600×",
    ),
    Action("replay.slower", ("minus",), _C.ANYWHERE, "Slower", "Halve the replay's speed, down to 1×"),
    Action(
        "symbol.next",
        ("right_curly_bracket",),
        _C.ANYWHERE,
        "Next symbol",
        "Select the next symbol",
    ),
    Action(
        "symbol.previous",
        ("left_curly_bracket",),
        _C.ANYWHERE,
        "Previous symbol",
        "Select the symbol before",
    ),
    Action("trader.next", ("n",), _C.ANYWHERE, "Next trader", "Select the next trader"),
    Action(
        "trader.pause", ("p",), _C.ANYWHERE, "Pause trader", "Pause the selected trader, or start it again"
    ),
    Action(
        "trader.flatten",
        ("X",),
        _C.ANYWHERE,
        "Flatten",
        "Cancel all orders and close all positions of the selected trader",
        Risk.CONFIRM,
        True,
    ),
    Action("trader.trigger", ("t",), _C.ANYWHERE, "Trigger", "Let the selected trader decide now"),
    Action(
        "view.scope",
        ("a",),
        _C.DESK,
        "One/all",
        "Chat and curve: the selected trader, or all",
    ),
    Action("curve.shorter", ("left_square_bracket",), _C.DESK, "Shorter", "Asset curve: a shorter span"),
    Action("curve.longer", ("right_square_bracket",), _C.DESK, "Longer", "Asset curve: a longer span"),
    *pane_actions(_C.DESK, "pane."),
    Action("pane.next", ("tab",), _C.ANYWHERE, "Next pane", "Go to the next pane"),
    Action("pane.previous", ("shift+tab",), _C.ANYWHERE, "Previous pane", "Go to the previous pane"),
    Action(
        "pane.zoom",
        ("z",),
        _C.ANYWHERE,
        "Zoom",
        "Give the focused pane the whole screen, or back",
        in_footer=True,
    ),
    Action("list.down", ("down", "j"), _C.TABLES, "Down", "Move down"),
    Action("list.up", ("up", "k"), _C.TABLES, "Up", "Move up"),
    Action("list.first", ("home", "g"), _C.TABLES, "First", "Go to the first row"),
    Action("list.last", ("end", "G"), _C.TABLES, "Last", "Go to the last row, and follow the end"),
    Action("list.choose", ("enter",), _C.TABLES, "Choose", "Choose the row: its trader or its symbol"),
    Action("theme.next", ("T",), _C.ANYWHERE, "Theme", "Switch to the next theme"),
    Action(
        "help.open",
        ("question_mark", "f1"),
        _C.ANYWHERE,
        "Help",
        "Show all keys and commands",
        in_footer=True,
    ),
    Action("palette.open", ("ctrl+p",), _C.ANYWHERE, "Palette", "Find anything by name"),
    Action("app.quit", ("q",), _C.ANYWHERE, "Quit", "End the desk; everything is kept", in_footer=True),
    *TRADER_ACTIONS,
    *CHAT_ACTIONS,
    *MARKET_ACTIONS,
    *SIGNAL_ACTIONS,
    *PROGRAM_ACTIONS,
    *BACKTEST_ACTIONS,
    *PROMPT_ACTIONS,
    *MODEL_ACTIONS,
    *ARENA_ACTIONS,
    *ASSISTANT_ACTIONS,
    *DECISION_ACTIONS,
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
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "question_mark": "?",
    "space": "space",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "shift+left": "⇧←",
    "shift+right": "⇧→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "f1": "F1",
    "f2": "F2",
    "f3": "F3",
    "f4": "F4",
    "f5": "F5",
    "f6": "F6",
    "f7": "F7",
    "f8": "F8",
    "f9": "F9",
    "f10": "F10",
    "slash": "/",
    "ctrl+g": "^g",
    "ctrl+l": "^l",
    "ctrl+n": "^n",
    "ctrl+o": "^o",
    "ctrl+p": "^p",
    "ctrl+r": "^r",
    "ctrl+t": "^t",
    "escape": "Esc",
}


def action_named(action_id: str) -> Action:
    """Return the action with that id."""
    return _BY_ID[action_id]


def actions_in(*contexts: Context) -> tuple[Action, ...]:
    """Return the actions of these contexts, in the table's order."""
    return tuple(action for action in ACTIONS if action.context in contexts)


def bindings_for(*contexts: Context) -> list[BindingType]:
    """Return Textual bindings that run the actions of these contexts on the screen shown."""
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
