"""What the first frame needs, and what it must not wait for."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "sqlalchemy",
    "sqlmodel",
    "alembic",
    "httpx",
    "numpy",
    "talib",
    "plotext",
    "eryx",
    "psycopg",
    "markdown_it",
    "pygments",
    "textual.widgets._data_table",
    "textual.widgets._markdown",
    "textual.widgets._text_area",
    "tui.screens.ticket",
    "tui.screens.help",
    "tui.screens.confirm",
    "tui.screens.palette",
    "tui.panes.command_bar",
    "tui.screens.market",
    "tui.screens.signals",
    "tui.screens.backtests",
    "engine.backtest",
    "tui.widgets.candle_raster",
    "tui.screens.news",
    "tui.screens.factors",
    "tui.screens.regime_thresholds",
    "tui.factor_view",
    "tui.news_view",
)


def test_importing_the_app_brings_in_nothing_heavy() -> None:
    script = "import sys, tui.app; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not set(HEAVY) & set(loaded.splitlines())
