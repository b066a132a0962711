"""The history a backtest runs on: candles, funding and the rules of what trades, checked and joined."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.backtest.funding import funding_from_file, funding_of_schedule
from engine.errors import InvalidInput
from engine.exchanges.instruments import INSTRUMENTS, instrument_of
from engine.market.candles.series import CandleSeries
from engine.market.history.candle_store import CANDLES_FOLDER, CandleStore
from engine.market.history.gaps import gaps_of
from engine.market.history.row_checks import check_rows, check_spacing
from engine.market.history.series_key import SeriesKey
from engine.market.history.table_files import read_table
from engine.market.periods import Period, parse_period
from engine.market.replay.candle_tape import CandleTape
from engine.market.replay.tape import funding_schedule_of
from engine.model.backtest import BacktestRequest, CandleFiles, Recording, StoredCandles
from engine.model.instrument import Instrument
from engine.strategies.programs.data.funding import FundingHistory
from engine.text import count, safe_line

if TYPE_CHECKING:
    from collections.abc import Sequence

UNRULED_STEP = Decimal("1e-10")
"""The price step without a venue: finer than any price that is written down."""
UNRULED_LOT = Decimal("1e-8")
_UNRULED_MAINTENANCE = Decimal("0.005")
_UNRULED_FUNDING_HOURS = 8
_UNBOUNDED = Decimal("1e15")


class LoadedHistory(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Everything a run reads, by symbol; candles are closed ones of `base`, oldest first.

    `tape` is the recording that shows them second by second, where there is one. `instruments` carry
    the run's fees.
    """

    symbols: tuple[str, ...]
    base: Period
    candles: dict[str, CandleSeries]
    funding: dict[str, FundingHistory]
    instruments: dict[str, Instrument]
    tape: CandleTape | None = None
    warnings: tuple[str, ...] = ()
    load_s: float = 0.0


def load_history(request: BacktestRequest, home: Path | None = None) -> LoadedHistory:
    """Read what a request names; raises `InvalidInput` or `NotFound` naming file, row and field.

    `home` is where the candle store is, which only `StoredCandles` needs.
    """
    started = time.perf_counter()
    if not request.symbols:
        raise InvalidInput.of("symbols", "none", "name at least one")
    if len(set(request.symbols)) < len(request.symbols):
        raise InvalidInput.of("symbols", ", ".join(request.symbols), "name each once")
    base = parse_period(request.period)
    instruments = {symbol: _instrument(symbol, request) for symbol in request.symbols}
    tape: CandleTape | None = None
    match request.history:
        case CandleFiles():
            candles = {symbol: _from_files(symbol, request.history, base) for symbol in request.symbols}
            funding = _funding_files(request.history, request.symbols)
        case StoredCandles(venue):
            candles = {symbol: _from_store(home, venue, symbol, base) for symbol in request.symbols}
            funding = dict.fromkeys(request.symbols, FundingHistory.none())
        case Recording(source):
            tape, candles, base = _recorded(source, request.symbols)
            funding = {
                symbol: funding_of_schedule(
                    funding_schedule_of(symbol, instruments), tape.start_ms, tape.end_ms
                )
                for symbol in request.symbols
            }
    return LoadedHistory(
        symbols=request.symbols,
        base=base,
        candles=candles,
        funding=funding,
        instruments=instruments,
        tape=tape,
        warnings=tuple(_gap_warnings(candles, base)),
        load_s=time.perf_counter() - started,
    )


def _instrument(symbol: str, request: BacktestRequest) -> Instrument:
    if request.venue or isinstance(request.history, Recording):
        if symbol not in INSTRUMENTS:
            of = f"{request.venue} has" if request.venue else "the recording has"
            raise InvalidInput.of("symbols", safe_line(symbol, 40), f"{of} {', '.join(INSTRUMENTS)}")
        known = instrument_of(symbol)
    else:
        known = _without_rules(symbol)
    taker = known.taker_fee if request.taker_fee is None else request.taker_fee
    maker = known.maker_fee if request.maker_fee is None else request.maker_fee
    return msgspec.structs.replace(known, taker_fee=taker, maker_fee=maker)


def _without_rules(symbol: str) -> Instrument:
    """Return an instrument of no venue: any price and size, the fees of Binance USD-M."""
    like = next(iter(INSTRUMENTS.values()))
    return Instrument(
        symbol=symbol,
        venue_symbol=symbol,
        base=symbol,
        quote=like.quote,
        tick_size=UNRULED_STEP,
        lot_size=UNRULED_LOT,
        min_quantity=UNRULED_LOT,
        max_quantity=_UNBOUNDED,
        min_notional=Decimal(0),
        max_leverage=125,
        maintenance_margin_rate=_UNRULED_MAINTENANCE,
        maker_fee=like.maker_fee,
        taker_fee=like.taker_fee,
        funding_interval_hours=_UNRULED_FUNDING_HOURS,
        price_band=_UNBOUNDED,
    )


def _from_files(symbol: str, history: CandleFiles, base: Period) -> CandleSeries:
    paths = [path for of_symbol, path in history.candles if of_symbol == symbol]
    if not paths:
        named = ", ".join(sorted({name for name, _ in history.candles})) or "none"
        raise InvalidInput.of("candles", f"no file for {symbol}", f"files are given for {named}")
    parts = []
    for path in paths:
        rows = read_table(Path(path))
        check_spacing(rows.open_ms, base, path)
        check_rows(rows, base, path)
        parts.append((path, rows))
    return parts[0][1] if len(parts) == 1 else _joined(parts)


def _joined(parts: Sequence[tuple[str, CandleSeries]]) -> CandleSeries:
    """Return the rows of several files in time order; rows that two files have must be the same."""
    ordered = sorted(parts, key=lambda part: int(part[1].open_ms[0]))
    joined = ordered[0][1]
    for path, rows in ordered[1:]:
        overlap = np.isin(rows.open_ms, joined.open_ms)
        if overlap.any():
            mine = _rows_of(joined, np.isin(joined.open_ms, rows.open_ms))
            theirs = _rows_of(rows, overlap)
            differs = np.any(mine != theirs, axis=0)
            if differs.any():
                row = int(np.flatnonzero(overlap)[int(np.argmax(differs))])
                raise InvalidInput.of(
                    f"{path}: row {row + 1}",
                    f"other values at t_ms {int(rows.open_ms[row])} than another file has",
                    "files that overlap must agree",
                )
            rows = CandleSeries(*(column[~overlap] for column in _columns(rows)))
        joined = CandleSeries(
            *(np.concatenate(pair) for pair in zip(_columns(joined), _columns(rows), strict=True))
        )
        order = np.argsort(joined.open_ms, kind="stable")
        joined = CandleSeries(*(column[order] for column in _columns(joined)))
    return joined


def _columns(rows: CandleSeries) -> tuple[np.ndarray, ...]:
    return (rows.open_ms, rows.open, rows.high, rows.low, rows.close, rows.volume)


def _rows_of(rows: CandleSeries, which: np.ndarray) -> np.ndarray:
    return np.stack([column[which] for column in _columns(rows)[1:]])


def _from_store(home: Path | None, venue: str, symbol: str, base: Period) -> CandleSeries:
    if home is None:
        raise InvalidInput.of("history", "the candle store", "it needs a home folder")
    return CandleStore(home / CANDLES_FOLDER).read(SeriesKey(venue, symbol, base)).rows


def _recorded(source: str, symbols: tuple[str, ...]) -> tuple[CandleTape, dict[str, CandleSeries], Period]:
    from engine.samples import load_all_candles

    if source != "candles":
        raise InvalidInput.of("history", source, "the recording to run on is called candles")
    tape = CandleTape(load_all_candles(), INSTRUMENTS)
    for symbol in symbols:
        if symbol not in tape.symbols:
            raise InvalidInput.of("symbols", symbol, f"the recording has {', '.join(tape.symbols)}")
    # What closes with the tape's last moment is history only for whoever looks after it.
    candles = {symbol: tape.history(symbol, tape.end_ms + 1) for symbol in symbols}
    return tape, candles, Period.M1


def _funding_files(history: CandleFiles, symbols: tuple[str, ...]) -> dict[str, FundingHistory]:
    rates = dict.fromkeys(symbols, FundingHistory.none())
    for symbol, path in history.funding:
        if symbol not in rates:
            raise InvalidInput.of("funding", f"a file for {symbol}", f"the run has {', '.join(symbols)}")
        if [name for name, _ in history.funding].count(symbol) > 1:
            raise InvalidInput.of("funding", f"several files for {symbol}", "one of each symbol")
        rates[symbol] = funding_from_file(Path(path))
    return rates


def _gap_warnings(candles: dict[str, CandleSeries], base: Period) -> list[str]:
    found = []
    for symbol, rows in candles.items():
        gaps = gaps_of(rows.open_ms, base)
        if gaps:
            missing = sum(gap.missing for gap in gaps)
            found.append(
                f"{symbol}: {count(missing, f'{base} candle')} missing in {count(len(gaps), 'gap')};"
                " what wakes the program in a gap is decided where the history goes on"
            )
    return found
