"""What a moving last candle costs: CPU and bytes of a paint tick of the whole market screen.

`uv run python -m tests.bench.bench_candles`. Each tick goes through the compositor, the encoder and a
pseudo terminal that answers; beside it stands a tick at which nothing changed. Then the drawing alone.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from statistics import median

import msgspec

from engine.model.chart import ChartRequest
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.terminal.session import Session
from tui.widgets.candle_picture import CandlePicture
from tui.widgets.candle_raster import draw_chart

SIZES = ((80, 24), (120, 40), (200, 60))
CPU_LIMIT_MS = 8.0
BYTES_LIMIT = 1024
DRAWINGS = 40


def through_the_terminal(width: int, height: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.json"
        os.environ["MOVING_CANDLE_FIGURES"] = str(path)
        session = Session("tests.bench.moving_candle", width, height)
        try:
            session.read_until(path.exists, timeout_s=120)
            session.read_for(0.2)
        finally:
            session.close()
        figures = {name: sorted(values) for name, values in json.loads(path.read_text()).items()}
    cpu, sent = figures["cpu_ms"], figures["bytes"]
    print(
        f"{width}x{height}: a tick {median(cpu):.1f} ms CPU (worst {cpu[-1]:.1f}) / {CPU_LIMIT_MS} limit ="
        f" {median(cpu) / CPU_LIMIT_MS:.2f}; {median(sent):.0f} B (worst {sent[-1]:.0f})"
        f" / {BYTES_LIMIT} limit = {median(sent) / BYTES_LIMIT:.2f}; nothing changed:"
        f" {median(figures['still_cpu_ms']):.1f} ms, {figures['still_bytes'][-1]:.0f} B"
    )


def drawing_alone(width: int, height: int) -> None:
    request = ChartRequest(
        symbol="BTC", period="5m", indicators=("EMA20", "BOLL", "RSI14", "MACD"), limit=400
    )
    chart = RecordedDesk().markets.chart(request)
    picture = CandlePicture(candles=chart.candles, lines=chart.lines, period_ms=300_000, tick=Decimal("0.1"))
    ground = draw_chart(picture, width, height).ground
    anew, moved = [], []
    for number in range(DRAWINGS):
        last = msgspec.structs.replace(chart.candles[-1], close=chart.candles[-1].close + number % 5)
        after = msgspec.structs.replace(picture, candles=(*chart.candles[:-1], last))
        started = time.process_time()
        draw_chart(after, width, height)
        middle = time.process_time()
        ground = draw_chart(after, width, height, before=ground).ground
        anew.append((middle - started) * 1e3)
        moved.append((time.process_time() - middle) * 1e3)
    print(f"{width}x{height}: drawn anew {median(anew):.1f} ms, last candle moved {median(moved):.1f} ms")


def main() -> None:
    for size in SIZES:
        through_the_terminal(*size)
    for size in SIZES:
        drawing_alone(*size)


if __name__ == "__main__":
    main()
