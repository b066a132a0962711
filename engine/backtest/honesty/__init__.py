"""Whether a result means anything: significance, luck of order, look-ahead, over-fitting, warnings."""

from __future__ import annotations

from engine.backtest.honesty.look_ahead import (
    LookAheadFinding,
    altered_after,
    cut_times,
    first_difference,
    look_for_future,
)
from engine.backtest.honesty.sharpe_significance import (
    deflated_sharpe,
    deflated_sharpe_of_best,
    expected_highest_sharpe,
    probabilistic_sharpe,
)
from engine.backtest.honesty.trade_order import Spread, TradeOrderLuck, trade_order_luck
from engine.backtest.honesty.walk_forward import WalkForwardSplit, walk_forward_splits
from engine.backtest.honesty.warnings import run_warnings, sweep_warnings

__all__ = [
    "LookAheadFinding",
    "Spread",
    "TradeOrderLuck",
    "WalkForwardSplit",
    "altered_after",
    "cut_times",
    "deflated_sharpe",
    "deflated_sharpe_of_best",
    "expected_highest_sharpe",
    "first_difference",
    "look_for_future",
    "probabilistic_sharpe",
    "run_warnings",
    "sweep_warnings",
    "trade_order_luck",
    "walk_forward_splits",
]
