"""Parity: a recorded tape through the replay desk and through a backtest comes out the same, bit for bit.

The desk runs as it is, with its store, its traders and their strategies, in lockstep and as fast as it
goes; the backtest is made from the same configuration. Two days in every run; all that are shipped with
`NIGHTDESK_PARITY_DAYS=51`. The prompt trader's replies are recorded as the desk gets them, and the
backtest is given each for the very prompt it answered.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.backtest.account import BacktestAccount
from engine.backtest.history import load_history
from engine.backtest.market.tape_market import TapeMarket
from engine.backtest.replay import ReplayedRun, replay_program, replay_strategy
from engine.local_desk import LocalDesk
from engine.market.periods import DAY_MS, MINUTE_MS
from engine.model.account import TraderConfig
from engine.model.backtest import BacktestPool, BacktestRequest, PoolSignal, Recording
from engine.settings import PromptSettings, ReplaySettings, Settings
from engine.store.database import DATABASE_FILE
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.strategies.programs.host import SandboxHost
from engine.strategies.programs.stock import FIRST_PROGRAM, stock_programs
from engine.strategies.prompts.render import render_prompt
from engine.streams import Bus
from engine.trading.default_traders import default_binding, default_pools, default_signals, default_traders
from tests.backtest.recorded_replies import RecordedReplies

DAYS = float(os.environ.get("NIGHTDESK_PARITY_DAYS", "2"))
HISTORY_MS = 2 * DAY_MS
SYMBOLS = ("BTC", "ETH", "SOL")
SETTINGS = Settings(
    replay=ReplaySettings(speed=600, lockstep=True), prompts=PromptSettings(tokens_per_second=100_000)
)
