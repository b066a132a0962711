"""What can be done on the signals screen: rows of the one table of actions.

`n` selects the next trader anywhere, so `N` makes whatever the focused pane lists.
"""

from __future__ import annotations

from tui.action import Action, Context, Risk, pane_actions

_C = Context
SIGNAL_ACTIONS: tuple[Action, ...] = (
    Action("signal.new", ("N",), _C.SIGNALS, "New", "Define a new signal", Risk.ARM, in_footer=True),
    Action(
        "signal.edit",
        ("e",),
        _C.SIGNALS,
        "Edit",
        "Change the signal under the cursor",
        Risk.ARM,
        in_footer=True,
    ),
    Action(
        "signal.delete",
        ("D",),
        _C.SIGNALS,
        "Delete",
        "Delete the signal under the cursor; a pool that uses it must let it go first",
        Risk.CONFIRM,
        in_footer=True,
    ),
    Action(
        "signal.toggle",
        ("v",),
        _C.SIGNALS,
        "On/off",
        "Switch the signal under the cursor off, or on again",
        in_footer=True,
    ),
    Action(
        "signal.test",
        ("y",),
        _C.SIGNALS,
        "Test",
        "Say what the signal's value is now, whether it is met, and what it would set off",
        in_footer=True,
    ),
    Action(
        "pool.new",
        ("N",),
        _C.POOLS,
        "New",
        "Put signals together into a new pool",
        Risk.ARM,
        in_footer=True,
    ),
    Action(
        "pool.edit", ("e",), _C.POOLS, "Edit", "Change the pool under the cursor", Risk.ARM, in_footer=True
    ),
    Action(
        "pool.listeners",
        ("w",),
        _C.POOLS,
        "Wakes",
        "Choose which traders the pool under the cursor wakes",
        Risk.ARM,
        in_footer=True,
    ),
    Action(
        "pool.toggle",
        ("v",),
        _C.POOLS,
        "On/off",
        "Switch the pool under the cursor off, or on again",
        in_footer=True,
    ),
    Action(
        "pool.test",
        ("y",),
        _C.POOLS,
        "Test",
        "Say how each of the pool's signals stands now, and whether it would fire",
        in_footer=True,
    ),
    Action(
        "pool.reset",
        ("r",),
        _C.POOLS,
        "Reset",
        "Forget what the pool has seen, so that it fires anew if it is met",
        Risk.CONFIRM,
        in_footer=True,
    ),
    Action(
        "pools.reset",
        ("R",),
        _C.POOLS,
        "Reset all",
        "Forget what every pool has seen",
        Risk.CONFIRM,
    ),
    Action(
        "pool.delete",
        ("D",),
        _C.POOLS,
        "Delete",
        "Delete the pool under the cursor; traders that listen must be let go first",
        Risk.CONFIRM,
        in_footer=True,
    ),
    Action(
        "alert.new",
        ("N",),
        _C.ALERTS,
        "New",
        "Type a price alert for the selected symbol",
        Risk.ARM,
        in_footer=True,
    ),
    Action(
        "alert.delete",
        ("D",),
        _C.ALERTS,
        "Remove",
        "Take back the price alert under the cursor",
        Risk.CONFIRM,
        in_footer=True,
    ),
    Action(
        "preview.shorter",
        ("left_square_bracket",),
        _C.SIGNAL_DESK,
        "Shorter",
        "Preview over a shorter stretch of history",
    ),
    Action(
        "preview.longer",
        ("right_square_bracket",),
        _C.SIGNAL_DESK,
        "Longer",
        "Preview over a longer stretch of history",
    ),
    *pane_actions(Context.SIGNAL_DESK, "signals.pane."),
)
