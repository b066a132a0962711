"""How numbers, times and lists are written in prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal

from engine.market.periods import MINUTE_MS
from engine.strategies.context import StrategyContext, SymbolContext

NOT_AVAILABLE = "N/A"
CANDLE_HEADING = "candles, oldest first: time open high low close volume"


def per_symbol(context: StrategyContext, render: Callable[[SymbolContext], str]) -> str:
    """Return a line for each symbol of the trader."""
    return lines_or_none(f"{item.symbol}: {render(item) or NOT_AVAILABLE}" for item in context.symbols)


def lines_or_none(lines: Iterable[str]) -> str:
    """Return lines under each other, `none` without any."""
    return "\n".join(lines) or "none"


def candle_line(open_ms: int, *prices: float) -> str:
    """Return open time, open, high, low, close and volume as one line."""
    return " ".join((utc(open_ms), *(f"{price:.10g}" for price in prices)))


def utc(ts_ms: int) -> str:
    """Return a time as people and models read it."""
    return datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def span(milliseconds: int) -> str:
    """Return how long something took, such as `2h 30m`."""
    minutes = max(0, milliseconds) // MINUTE_MS
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes % 60}m" if hours else f"{minutes}m"


def percent(fraction: float | None) -> str:
    """Return a fraction as signed percent."""
    return NOT_AVAILABLE if fraction is None else f"{fraction:+.2%}"


def money(amount: Decimal) -> str:
    """Return an amount in the quote currency."""
    return f"{amount:.2f}"


def price(value: Decimal) -> str:
    """Return a price: a quoted one as it is, a computed one without the digits that mean nothing."""
    return f"{value:.8g}"


def number(value: float | None) -> str:
    """Return a measured number with the digits that mean something."""
    return NOT_AVAILABLE if value is None else f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"


def numbers(values: Iterable[float | None]) -> str:
    """Return a list of numbers."""
    return f"[{', '.join(map(number, values))}]"
