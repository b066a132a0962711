"""What a request must be before anything is loaded, and the range it covers once it is."""

from __future__ import annotations

from decimal import Decimal

from engine.backtest.history import LoadedHistory
from engine.errors import InvalidInput
from engine.model.backtest import BacktestRequest
from engine.text import safe_line

HIGHEST_FEE = Decimal("0.1")
HIGHEST_SLIPPAGE = Decimal("0.2")
HIGHEST_CASH = Decimal("1e12")
VENUES = ("", "paper", "binance")


def check_request_fields(request: BacktestRequest) -> None:
    """Raise `InvalidInput` for the first field that no run could use."""
    if not request.cash.is_finite() or not 0 < request.cash <= HIGHEST_CASH:
        raise InvalidInput.of("cash", request.cash, f"above 0 up to {HIGHEST_CASH:f}")
    for field, fee in (("taker_fee", request.taker_fee), ("maker_fee", request.maker_fee)):
        if fee is not None and (not fee.is_finite() or not -HIGHEST_FEE <= fee <= HIGHEST_FEE):
            raise InvalidInput.of(field, fee, f"a fraction from -{HIGHEST_FEE} to {HIGHEST_FEE}")
    if not request.slippage.is_finite() or not 0 <= request.slippage <= HIGHEST_SLIPPAGE:
        raise InvalidInput.of("slippage", request.slippage, f"a fraction from 0 to {HIGHEST_SLIPPAGE}")
    if request.venue not in VENUES:
        raise InvalidInput.of("venue", safe_line(request.venue, 40), f"{', '.join(VENUES[1:])}, or none")
    if request.schedule_seconds < 0:
        raise InvalidInput.of("schedule_seconds", request.schedule_seconds, "0 (none) or more")
    if not request.pools and not request.schedule_seconds:
        raise InvalidInput.of("pools", "none", "give signals, a schedule or both: nothing wakes the program")
    for pool in request.pools:
        for symbol in pool.symbols:
            if symbol not in request.symbols:
                raise InvalidInput.of(
                    "pools", f"{symbol} in {pool.name}", f"the run has {', '.join(request.symbols)}"
                )
    if request.start_ms is not None and request.end_ms is not None and request.end_ms <= request.start_ms:
        raise InvalidInput.of(
            "end_ms", request.end_ms, f"after start_ms, {request.start_ms}: the dates are reversed"
        )


def range_of(request: BacktestRequest, history: LoadedHistory) -> tuple[int, int]:
    """Return when a run begins and ends, in the history's own time.

    Without dates it is all that every symbol has. Raises `InvalidInput` for dates outside it, or a
    history too short to trade on.
    """
    length = history.base.length_ms
    first_ms = max(int(rows.open_ms[0]) for rows in history.candles.values())
    end_ms = min(int(rows.open_ms[-1]) + length for rows in history.candles.values())
    if history.tape is not None:
        first_ms = max(first_ms, history.tape.start_ms)
    if end_ms - first_ms < 2 * length:
        raise InvalidInput.of(
            "candles", "fewer than two that all symbols have", "there is nothing to trade on"
        )
    for field, value in (("start_ms", request.start_ms), ("end_ms", request.end_ms)):
        if value is not None and not first_ms <= value <= end_ms:
            raise InvalidInput.of(field, value, f"the history goes from {first_ms} to {end_ms}")
    start_ms = first_ms if request.start_ms is None else request.start_ms
    return start_ms, end_ms if request.end_ms is None else request.end_ms
