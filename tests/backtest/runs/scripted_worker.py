"""The process of a run, with a backtest that does what its program's text says in one word.

Everything but the simulation is the product's: how the process starts, talks, writes and ends.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from engine.backtest.runs import worker  # noqa: E402
