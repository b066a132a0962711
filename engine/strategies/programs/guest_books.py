"""A program's account inside the sandbox: as the desk confirmed it, or which way it is forecast to stand.

Shipped as text and executed in the guest after `guest_data.py`; the engine never imports it.
"""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_data import WantsBooks

_real_gmtime = time.gmtime
_real_strftime = time.strftime


class Books:
    """The account over a batch.

    `sides` is always known; the rest only while `confirmed`: from the desk's word until the program
    orders something or time reaches `until_ms`.
    """

    def __init__(self) -> None:
        self.sides: dict[str, str] = {}
        self.confirmed = False
        self.until_ms: int | None = None
        self.cash = Decimal(0)
        self.used_margin = Decimal(0)
        self.rows: dict[str, Any] = {}
        self.trades: list[Any] = []
        self.orders: list[Any] = []
        self.wants: Any = None
        """The batch to tell when the program looks at what is not known."""

    def confirm(self, sent: dict[str, Any]) -> None:
        """Take the desk's word."""
        self.confirmed = True
        self.until_ms = sent["until_ms"]
        self.cash = Decimal(sent["cash"])
        self.used_margin = Decimal(sent["used_margin"])
        self.rows = {row[0]: _position_values(row) for row in sent["positions"]}
        self.sides = {row[0]: row[1] for row in sent["positions"]}
        self.trades = sent["recent_trades"]
        self.orders = sent["open_orders"]

    def check(self, now_ms: int) -> None:
        """Return while the account is known exactly; raises `WantsBooks` otherwise."""
        if not self.confirmed or (self.until_ms is not None and now_ms >= self.until_ms):
            self.wants.wanted_books = True
            raise WantsBooks

    def ordered(self, operation: str, symbol: str, portion: float | None) -> None:
        """Forecast what an order makes of the sides."""
        self.confirmed = False
        if operation == "buy":
            self.sides[symbol] = "long"
        elif operation == "sell":
            self.sides[symbol] = "short"
        elif portion == 1:
            self.sides.pop(symbol, None)


def _position_values(row: list[Any]) -> tuple[Any, ...]:
    symbol, side, size, entry, leverage, margin, liquidation, opened_ms = row
    signed = Decimal(size) if side == "long" else -Decimal(size)
    return (symbol, side, signed, Decimal(entry), leverage, Decimal(margin), liquidation, opened_ms)


def utc_text(ts_ms: int) -> str:
    """Return a time as people read it."""
    return _real_strftime("%Y-%m-%d %H:%M:%S UTC", _real_gmtime(ts_ms // 1000))


def duration_text(seconds: int) -> str:
    """Return a duration such as `2h 30m`."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}h {minutes}m" if hours else f"{minutes}m"
