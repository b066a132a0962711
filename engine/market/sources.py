"""The markets a desk can replay, by name."""

from __future__ import annotations

from engine.errors import InvalidSetting
from engine.market.tape import Tape


def open_tape(source: str) -> Tape:
    """Return the shipped recording called `source`: `candles` or `raw`.

    Raises `InvalidSetting` for another name.
    """
    if source == "candles":
        from engine.market.candle_tape import CandleTape
        from engine.samples import load_all_candles

        return CandleTape(load_all_candles())
    if source == "raw":
        from engine.market.raw_frames import RawTape
        from engine.samples import RAW_SAMPLE

        return RawTape(RAW_SAMPLE)
    raise InvalidSetting.of("replay.source", source, "allowed is candles or raw")
