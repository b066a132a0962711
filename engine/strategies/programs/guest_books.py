"""A program's account inside the sandbox: as the desk confirmed it, or which way it is forecast to stand.

Shipped as text and executed in the guest after `guest_data.py`; the engine never imports it. Amounts
are decimals, so that every float a program sees is the one that the desk's own arithmetic gives.
"""

from __future__ import annotations

import time
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_data import WantsBooks

_EXACT = Context(prec=28)  # the desk's, and no program can change it
_gmtime = time.gmtime
_strftime = time.strftime


class Books:
    """The account over the batches of a session.

    `sides` is always known; the rest only while confirmed: from the desk's word until the program
    orders something or time reaches `until_ms`. `wanted` is set when a program looks beyond.
    """

    def __init__(self) -> None:
        self.sides: dict[str, str] = {}
        self.wanted = False
        self.is_known = False
        """Whether there is anything to go on; a new session has nothing."""
        self._is_confirmed = False
        self._until_ms: int | None = None
        self._cash = Decimal(0)
        self._used_margin = Decimal(0)
        self._positions: dict[str, tuple[Any, ...]] = {}
        self._trades: list[Any] = []
        self._orders: list[Any] = []
        self._futile: set[tuple[str, str]] = set()

    def confirm(self, sent: dict[str, Any], now_ms: int) -> None:
        """Take the desk's word; it holds at `now_ms` at least."""
        self._is_confirmed = self.is_known = True
        until_ms = sent["until_ms"]
        self._until_ms = None if until_ms is None else max(until_ms, now_ms + 1)
        self._cash, self._used_margin = Decimal(sent["cash"]), Decimal(sent["used_margin"])
        self._positions = {row[0]: _with_decimals(row) for row in sent["positions"]}
        self.sides = {row[0]: row[1] for row in sent["positions"]}
        self._trades, self._orders = sent["recent_trades"], sent["open_orders"]
        self._futile = {(operation, symbol) for operation, symbol in sent["futile_orders"]}

    def check(self, now_ms: int) -> None:
        """Return while the account is known exactly; raises `WantsBooks` otherwise."""
        if not self._is_confirmed or (self._until_ms is not None and now_ms >= self._until_ms):
            self.wanted = True
            raise WantsBooks

    def ordered(self, operation: str, symbol: str, portion: float | None) -> bool:
        """Forecast what an order makes of the sides; `portion` is that of a close.

        Return whether it is forecast to have an effect at all.
        """
        if (operation, symbol) in self._futile:
            return False
        self._futile.clear()
        self._is_confirmed = False
        if operation == "buy":
            self.sides[symbol] = "long"
        elif operation == "sell":
            self.sides[symbol] = "short"
        elif operation == "close" and portion == 1:
            self.sides.pop(symbol, None)
        return True

    def position(self, symbol: str, now_ms: int) -> tuple[Any, ...]:
        """Return signed size, entry price, leverage, liquidation price and opening time."""
        self.check(now_ms)
        return self._positions[symbol]

    def unrealized_pnl(self, symbol: str, mark: float, now_ms: int) -> Decimal:
        """Return the profit of a position at `mark`, 0 while that is unknown."""
        size, entry = self.position(symbol, now_ms)[:2]
        if mark != mark:
            return Decimal(0)
        return _EXACT.multiply(size, _EXACT.subtract(Decimal(repr(mark)), entry))

    def equity(self, marks: dict[str, float], now_ms: int) -> float:
        """Return cash and unrealised profit."""
        self.check(now_ms)
        unrealized = Decimal(0)
        for symbol in self._positions:
            mark = marks.get(symbol, float("nan"))
            unrealized = _EXACT.add(unrealized, self.unrealized_pnl(symbol, mark, now_ms))
        return float(_EXACT.add(self._cash, unrealized))

    def available(self, now_ms: int) -> float:
        """Return what a new position may use."""
        self.check(now_ms)
        return float(_EXACT.subtract(self._cash, self._used_margin))

    def used_margin(self, now_ms: int) -> float:
        """Return what positions and resting orders set aside."""
        self.check(now_ms)
        return float(self._used_margin)

    def trades(self, now_ms: int) -> list[Any]:
        """Return the last fills, newest first."""
        self.check(now_ms)
        return self._trades

    def orders(self, now_ms: int) -> list[Any]:
        """Return the orders that wait."""
        self.check(now_ms)
        return self._orders


def _with_decimals(row: list[Any]) -> tuple[Any, ...]:
    _, side, size, entry, leverage, _, liquidation, opened_ms = row
    signed = Decimal(size) if side == "long" else -Decimal(size)
    return signed, Decimal(entry), leverage, liquidation, opened_ms


def utc_text(ts_ms: int) -> str:
    """Return a time as people read it."""
    return _strftime("%Y-%m-%d %H:%M:%S UTC", _gmtime(ts_ms // 1000))


def duration_text(seconds: int) -> str:
    """Return a duration such as `2h 30m`."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}h {minutes}m" if hours else f"{minutes}m"
