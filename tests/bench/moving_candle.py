"""The market screen in a terminal while nothing but the last price moves, as it really moved.

Run by `bench_candles` in a pseudo terminal; writes its figures to the file MOVING_CANDLE_FIGURES names.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import msgspec

from engine.model.event import ReplayState
from engine.settings import Settings
from tests.tui.recorded_books import RUNNING
from tests.tui.recorded_desk import RecordedDesk
from tui.action import Context
from tui.app import DeskApp
from tui.screens.market import MarketScreen
from tui.terminal.driver import desk_driver
from tui.terminal.frame_driver import FrameDriver

MOVES = 40
TICK_S = 0.25
SMALLER = 8
"""Minute closes move this many times as far as prices do between two ticks of the screen."""


def write_down(figures: dict[str, list[float]]) -> None:
    Path(os.environ["MOVING_CANDLE_FIGURES"]).write_text(json.dumps(figures))


async def measure(app: DeskApp, desk: RecordedDesk) -> None:
    await asyncio.sleep(1.0)
    await app.open_workspace(Context.MARKET)
    await asyncio.sleep(2.0)
    screen, driver = app.shown_workspace, app._driver
    assert isinstance(screen, MarketScreen)
    assert isinstance(driver, FrameDriver)
    closes = desk.markets.minutes("BTC").close[-MOVES - 1 :]
    last = float(closes[-1])
    figures: dict[str, list[float]] = {"cpu_ms": [], "bytes": [], "still_cpu_ms": [], "still_bytes": []}
    for move in range(MOVES):
        for kind in ("still_", ""):
            if not kind:
                desk.markets.last_price["BTC"] = round(last + float(closes[move] - closes[-1]) / SMALLER, 1)
            sent, started = driver.statistics.bytes_sent, time.process_time()
            screen.paint_tick()
            await asyncio.sleep(TICK_S)
            figures[f"{kind}cpu_ms"].append((time.process_time() - started) * 1e3)
            figures[f"{kind}bytes"].append(driver.statistics.bytes_sent - sent)
    write_down(figures)
    app.exit()


def main() -> None:
    desk = RecordedDesk()
    desk.status = msgspec.structs.replace(RUNNING, replay=ReplayState.PAUSED, feed_age_ms=None)
    # One tick in an hour: what is measured are the ticks asked for here.
    app = DeskApp(desk, Settings(), driver_class=desk_driver(), frames_per_second=1 / 3600)

    async def start() -> None:
        app.run_worker(measure(app, desk), group="bench")

    app._start_desk = start
    app.run(mouse=False)


if __name__ == "__main__":
    main()
