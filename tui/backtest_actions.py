"""What can be done on the backtests screen: rows of the one table of actions."""

from __future__ import annotations

from tui.action import Action, Context, Risk, pane_actions

_C = Context


def _offered(id: str, key: str, context: Context, label: str, help: str, risk: Risk = Risk.FREE) -> Action:
    return Action(id, (key,), context, label, help, risk, in_footer=True)


BACKTEST_ACTIONS: tuple[Action, ...] = (
    _offered("run.new", "N", _C.RUNS, "New", "Backtest a program or a binding", Risk.ARM),
    _offered(
        "run.change", "e", _C.RUNS, "Again", "Backtest once more what the cursor is on, changed", Risk.ARM
    ),
    _offered("run.sweep", "W", _C.RUNS, "Sweep", "Run what the cursor is on over many parameters", Risk.ARM),
    _offered("run.mark", "c", _C.RUNS, "Compare", "Mark the run; two or more that are marked are compared"),
    _offered("run.cancel", "x", _C.RUNS, "Cancel", "Stop the run under the cursor", Risk.CONFIRM),
    _offered("run.resume", "r", _C.RUNS, "Resume", "Run an interrupted or cancelled run to its end"),
    _offered("run.delete", "D", _C.RUNS, "Delete", "Delete the run and its result", Risk.CONFIRM),
    _offered("run.sort", "o", _C.RUNS, "Sort", "Sort by time, return, drawdown or Sharpe ratio"),
    _offered("run.report", "R", _C.RUNS, "Report", "Say how to write the run's report as a page"),
    _offered(
        "trades.before",
        "left_square_bracket",
        _C.RUN_TRADES,
        "Before",
        "Show the page of trades before this one",
    ),
    _offered("trades.after", "right_square_bracket", _C.RUN_TRADES, "After", "Show the next page of trades"),
    _offered(
        "triggers.before",
        "left_square_bracket",
        _C.TRIGGERS,
        "Before",
        "Show the page of the log before this one",
    ),
    _offered("triggers.after", "right_square_bracket", _C.TRIGGERS, "After", "Show the next page of the log"),
    _offered("triggers.filter", "o", _C.TRIGGERS, "Only", "Show all triggers, or those of one operation"),
    *pane_actions(Context.BACKTEST_DESK, "backtests.pane."),
)
