"""The markets a desk can replay, by name."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import InvalidSetting
from engine.market.replay.tape import Tape
from engine.model.instrument import Instrument


def open_tape(source: str, instruments: Mapping[str, Instrument] = {}) -> Tape:
    """Return the shipped recording called `source`: `candles` or `raw`.

    `instruments` say how often each symbol settles funding, by its name; one not among them does
    every 8 hours. Raises `InvalidSetting` for another name.
    """
    if source == "candles":
        from engine.market.replay.candle_tape import CandleTape
        from engine.samples import load_all_candles

        return CandleTape(load_all_candles(), instruments)
    if source == "raw":
        from engine.market.replay.raw_frames import RawTape
        from engine.samples import RAW_SAMPLE

        return RawTape(RAW_SAMPLE, instruments)
    raise InvalidSetting.of("replay.source", source, "allowed is candles or raw")
