"""The desk on a market of a chosen number of quotes a second, to be measured from outside.

`uv run python -m tests.bench.desk_under_load HOME QUOTES_PER_SECOND`; with NIGHTDESK_BENCH_LOG=FILE the
lags of both event loops are written there.

The recorded candles, played at 600x at most; above 1,800 quotes a second each recorded second is cut
into several quotes. Everything else is the desk as it ships.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import msgspec

from engine import assembly
from engine.clock import Clock
from engine.local_desk import LocalDesk
from engine.market.replay.candle_tape import CandleTape
from engine.market.replay.sources import open_tape
from engine.market.replay.tape import Moment, Tape
from engine.model.instrument import Instrument
from engine.model.quote import Quote
from engine.settings import ReplaySettings, Settings
from engine.streams import Bus
from tests.bench.loop_lag import LoopLag

FASTEST = 600


class DenseTape(CandleTape):
    """A candle tape with several quotes in each second, the later ones a little smaller."""

    quotes_per_second = 1

    def moments(self, from_ms: int) -> Iterator[Moment]:
        """Yield every recorded moment and its repetitions within the second."""
        for moment in super().moments(from_ms):
            yield moment
            quotes = [event for event in moment.events if isinstance(event, Quote)]
            for part in range(1, self.quotes_per_second):
                ts_ms = moment.ts_ms + part * 1000 // self.quotes_per_second
                yield Moment(ts_ms, tuple(_smaller(quote, ts_ms, part) for quote in quotes))


def _smaller(quote: Quote, ts_ms: int, part: int) -> Quote:
    return msgspec.structs.replace(quote, ts_ms=ts_ms, bid_quantity=quote.bid_quantity / (part + 1))


def play(rate: float) -> float:
    """Put the dense tape in the desk's place for its market; return the speed that gives `rate`."""
    symbols = len(open_tape("candles").symbols)
    DenseTape.quotes_per_second = max(1, round(rate / (FASTEST * symbols)))

    def open_dense_tape(source: str, instruments: Mapping[str, Instrument]) -> Tape:
        from engine.samples import load_all_candles

        return DenseTape(load_all_candles(), instruments)

    assembly.__dict__["open_tape"] = open_dense_tape
    return min(FASTEST, rate / symbols / DenseTape.quotes_per_second)


def measure_loops(launch: ModuleType, log: Path) -> None:
    """Write both loops' lags, and what orders by hand took meanwhile, to `log` once a second."""
    run = launch._run

    async def measured(*arguments: object) -> object:
        meters = [LoopLag(asyncio.get_running_loop(), "screen")]

        def watch() -> None:
            while not (loop := next(iter(_engine_loops), None)):
                time.sleep(0.05)
            meters.append(LoopLag(loop, "engine"))
            while True:
                time.sleep(1)
                merged = {name: value for meter in meters for name, value in meter.report().items()}
                log.write_text(json.dumps(merged))

        threading.Thread(target=watch, daemon=True).start()
        return await run(*arguments)

    open_desk = LocalDesk.open

    async def opened(
        home: Path,
        settings: Settings,
        bus: Bus,
        pacing: Clock | None = None,
        passphrase_fd: int | None = None,
    ) -> LocalDesk:
        _engine_loops.append(asyncio.get_running_loop())
        return await open_desk(home, settings, bus, pacing, passphrase_fd)

    launch.__dict__["_run"] = measured
    patch.object(LocalDesk, "open", opened).start()


_engine_loops: list[asyncio.AbstractEventLoop] = []


def main() -> int:
    """Run the desk on this terminal."""
    home, rate = Path(sys.argv[1]), float(sys.argv[2])
    speed = play(rate)
    os.environ.setdefault("TEXTUAL_FPS", "240")
    from tui import launch

    if log := os.environ.get("NIGHTDESK_BENCH_LOG"):
        measure_loops(launch, Path(log))
    settings = Settings(replay=ReplaySettings(speed=speed))
    return launch.run_screen(home, settings, theme=None, frames_per_second=5)


if __name__ == "__main__":
    sys.exit(main())
