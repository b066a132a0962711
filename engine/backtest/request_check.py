"""What a request must be before anything is loaded, and the range it covers once it is."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from engine.backtest.history import LoadedHistory
from engine.backtest.metrics.value_text import utc_text
from engine.errors import InvalidInput
from engine.exchanges.matching import MARKET_TAKE_BOUND
from engine.model.backtest import BacktestRequest
from engine.text import safe_line
from engine.trading.program_book import MAX_SCHEDULE_SECONDS
from engine.trading.signal_book import MAX_COOLDOWN_SECONDS

HIGHEST_FEE = Decimal("0.1")
HIGHEST_SLIPPAGE = MARKET_TAKE_BOUND - Decimal("0.01")
"""With more a stop could not trade: a market order stays within its bound of the mark."""
LOWEST_CASH = Decimal("0.01")
HIGHEST_CASH = Decimal("1e12")
LARGEST_WHOLE_NUMBER = 2**63 - 1
"""What a whole number can be that travels to the program."""
VENUES = ("", "paper", "binance")
AFTER_LAST_MS = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * 1000


def check_request_fields(request: BacktestRequest) -> None:
    """Raise `InvalidInput` for the first field that no run could use."""
    if not request.cash.is_finite() or not LOWEST_CASH <= request.cash <= HIGHEST_CASH:
        raise InvalidInput.of("cash", request.cash, f"from {LOWEST_CASH} to {HIGHEST_CASH:,f}")
    for field, fee in (("taker_fee", request.taker_fee), ("maker_fee", request.maker_fee)):
        if fee is not None:
            _check_share(field, fee, -HIGHEST_FEE, HIGHEST_FEE)
    _check_share("slippage", request.slippage, Decimal(0), HIGHEST_SLIPPAGE)
    if request.venue not in VENUES:
        raise InvalidInput.of("venue", safe_line(request.venue, 40), f"{', '.join(VENUES[1:])}, or none")
    if not 0 <= request.schedule_seconds <= MAX_SCHEDULE_SECONDS:
        allowed = f"0 (none) to {MAX_SCHEDULE_SECONDS} seconds"
        raise InvalidInput.of("schedule_seconds", request.schedule_seconds, allowed)
    if abs(request.seed) > LARGEST_WHOLE_NUMBER:
        raise InvalidInput.of("seed", request.seed, f"a whole number up to {LARGEST_WHOLE_NUMBER}")
    for name, value in request.params.items():
        if isinstance(value, int) and abs(value) > LARGEST_WHOLE_NUMBER:
            allowed = f"a whole number up to {LARGEST_WHOLE_NUMBER}"
            raise InvalidInput.of(f"params.{safe_line(name, 40)}", value, allowed)
    if not request.pools and not request.schedule_seconds:
        raise InvalidInput.of("pools", "none", "give signals, a schedule or both: nothing wakes the program")
    for pool in request.pools:
        if not 0 <= pool.cooldown_seconds <= MAX_COOLDOWN_SECONDS:
            allowed = f"0 to {MAX_COOLDOWN_SECONDS} seconds"
            raise InvalidInput.of(f"pools: {pool.name}: cooldown_seconds", pool.cooldown_seconds, allowed)
        for symbol in pool.symbols:
            if symbol not in request.symbols:
                raise InvalidInput.of(
                    "pools", f"{symbol} in {pool.name}", f"the run has {', '.join(request.symbols)}"
                )
    for field, value in (("start_ms", request.start_ms), ("end_ms", request.end_ms)):
        if value is not None and not 0 <= value < AFTER_LAST_MS:
            raise InvalidInput.of(field, time_told(value), "a time of 1970 to 2099")
    if request.start_ms is not None and request.end_ms is not None and request.end_ms <= request.start_ms:
        allowed = f"the dates are reversed: the start is {time_told(request.start_ms)}"
        raise InvalidInput.of("end_ms", time_told(request.end_ms), allowed)


def _check_share(field: str, share: Decimal, lowest: Decimal, highest: Decimal) -> None:
    if not share.is_finite() or not lowest <= share <= highest:
        allowed = f"from {_percent(lowest)} to {_percent(highest)}"
        raise InvalidInput.of(field, _percent(share), allowed)


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %" if share.is_finite() else str(share)


def time_told(ts_ms: int) -> str:
    """Return a time as an error shows it, however far off it is."""
    try:
        return f"{utc_text(ts_ms)} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{ts_ms} ms"


def range_of(request: BacktestRequest, history: LoadedHistory) -> tuple[int, int]:
    """Return when a run begins and ends, in the history's own time.

    Without dates it is all that every symbol has; it ends with a whole candle. Raises `InvalidInput`
    for dates outside it, or a history too short to trade on.
    """
    length = history.base.length_ms
    first_ms = max(int(rows.open_ms[0]) for rows in history.candles.values())
    end_ms = min(int(rows.open_ms[-1]) + length for rows in history.candles.values())
    if history.tape is not None:
        first_ms = max(first_ms, history.tape.start_ms)
    if end_ms - first_ms < 2 * length:
        count = max(0, (end_ms - first_ms) // length)
        raise InvalidInput.of(
            "candles",
            f"a history of {count}",
            "at least 2 that all symbols have, or there is nothing to trade on",
        )
    for field, value, last_ms in (
        ("start_ms", request.start_ms, end_ms - length),
        ("end_ms", request.end_ms, end_ms),
    ):
        if value is not None and not first_ms <= value <= last_ms:
            raise InvalidInput.of(
                field, time_told(value), f"the history goes from {time_told(first_ms)} to {time_told(end_ms)}"
            )
    start_ms = first_ms if request.start_ms is None else request.start_ms
    end_ms = end_ms if request.end_ms is None else request.end_ms
    end_ms -= (end_ms - history.base.anchor_ms) % length
    if end_ms - start_ms < length:
        raise InvalidInput.of("end_ms", time_told(end_ms), f"a {history.base} candle or more after the start")
    return start_ms, end_ms
