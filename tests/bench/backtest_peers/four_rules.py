"""Why engines that make the same trades end with different money: four rules, and a simulator of them.

An engine must say at which price an order fills, how much of the cash "all" is, what a position open at
the end is worth and how a size is rounded. `simulate` walks through the crossings of the yardstick in
exact decimals under any choice of the four; `steps_between` changes one rule after the other and says
what each is worth.
"""

from __future__ import annotations

import enum
from decimal import ROUND_DOWN, Decimal

import msgspec
import numpy as np
import polars as pl
import talib

CASH = Decimal(1_000_000)
FEE = Decimal("0.0005")
MINUTE_MS = 60_000


class Fill(enum.StrEnum):
    """The price of an order that a closed candle leads to."""

    NEXT_OPEN = "fills at the next open"
    SIGNAL_CLOSE = "fills at the close of the signal's candle"


class All(enum.StrEnum):
    """The notional that all the cash buys."""

    FEE_RESERVED = "the entry's fee is reserved"
    NOTHING_RESERVED = "no fee is reserved"
    THREE_FEES_RESERVED = "three fees are reserved"


class Last(enum.StrEnum):
    """The worth of a position that is open at the end."""

    MARKED = "valued at the last close"
    CLOSED_AT_CLOSE = "closed at the last close, for a fee"
    CLOSED_AT_OPEN = "closed at the last open, for a fee"


class Rules(msgspec.Struct, frozen=True):
    """An engine's choice of the four; `lot` is the step of a size, None for no rounding."""

    fill: Fill = Fill.NEXT_OPEN
    all_: All = All.FEE_RESERVED
    last: Last = Last.MARKED
    lot: Decimal | None = Decimal("1e-8")


OURS = Rules()


class RoundTrip(msgspec.Struct, frozen=True):
    """An entry and an exit: UTC milliseconds and prices."""

    entry_ms: int
    exit_ms: int
    entry_price: float
    exit_price: float


class Simulated(msgspec.Struct, frozen=True):
    """The closed round trips under some rules, and the equity at the end."""

    trips: tuple[RoundTrip, ...]
    equity: Decimal


class Step(msgspec.Struct, frozen=True):
    """A rule as another engine has it, and what following it adds to the equity."""

    rule: str
    worth: Decimal


class Crossings:
    """Candles, and the rows at whose close RSI(14) has crossed: below 30 (true) or above 70 (false)."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.t_ms = frame["t_ms"].to_numpy()
        self.open = frame["open"].to_numpy()
        self.close = frame["close"].to_numpy()
        rsi = talib.RSI(self.close, 14)
        before = np.concatenate([[np.nan], rsi[:-1]])
        low, high = (before >= 30) & (rsi < 30), (before <= 70) & (rsi > 70)
        rows = np.flatnonzero(low | high)
        self.rows: list[tuple[int, bool]] = list(zip(rows.tolist(), low[rows].tolist(), strict=True))


def simulate(candles: Crossings, rules: Rules) -> Simulated:
    """Buy with all the cash at each crossing below 30 while flat, sell at each above 70 while long."""
    cash, held = CASH, Decimal(0)
    entered: tuple[int, float] | None = None
    trips: list[RoundTrip] = []
    for row, is_low in candles.rows:
        if is_low is (entered is not None):
            continue
        filled = _fill(candles, row, rules.fill)
        if filled is None:
            break
        at_ms, price = filled
        exact = _decimal(price)
        if entered is None:
            entered = filled
            held = _size(cash, exact, rules)
            cash -= held * exact * (1 + FEE)
        else:
            trips.append(RoundTrip(entered[0], at_ms, entered[1], price))
            cash += held * exact * (1 - FEE)
            entered, held = None, Decimal(0)
    return Simulated(tuple(trips), cash + _worth(candles, held, rules.last))


def steps_between(candles: Crossings, ours: Rules, theirs: Rules) -> tuple[Step, ...]:
    """Return what each rule that differs is worth, changed one after the other from ours to theirs."""
    steps: list[Step] = []
    rules, equity = ours, simulate(candles, ours).equity
    for name, words in (
        ("fill", str(theirs.fill)),
        ("all_", str(theirs.all_)),
        ("last", f"the last position is {theirs.last}"),
        ("lot", "sizes are not rounded" if theirs.lot is None else f"sizes are rounded to {theirs.lot}"),
    ):
        if getattr(rules, name) == getattr(theirs, name):
            continue
        rules = msgspec.structs.replace(rules, **{name: getattr(theirs, name)})
        changed = simulate(candles, rules).equity
        steps.append(Step(words, changed - equity))
        equity = changed
    return tuple(steps)


def _fill(candles: Crossings, row: int, rule: Fill) -> tuple[int, float] | None:
    """Return when and at which price a crossing at the close of `row` fills, None after the last open."""
    at_ms = int(candles.t_ms[row]) + MINUTE_MS
    if rule is Fill.SIGNAL_CLOSE:
        return at_ms, float(candles.close[row])
    return (at_ms, float(candles.open[row + 1])) if row + 1 < len(candles.open) else None


def _size(cash: Decimal, price: Decimal, rules: Rules) -> Decimal:
    match rules.all_:
        case All.FEE_RESERVED:
            size = cash / (price * (1 + FEE))
        case All.NOTHING_RESERVED:
            size = cash / price
        case All.THREE_FEES_RESERVED:
            size = cash * (1 - 3 * FEE) / price
    return size if rules.lot is None else size.quantize(rules.lot, rounding=ROUND_DOWN)


def _worth(candles: Crossings, held: Decimal, rule: Last) -> Decimal:
    match rule:
        case Last.MARKED:
            return held * _decimal(float(candles.close[-1]))
        case Last.CLOSED_AT_CLOSE:
            return held * _decimal(float(candles.close[-1])) * (1 - FEE)
        case Last.CLOSED_AT_OPEN:
            return held * _decimal(float(candles.open[-1])) * (1 - FEE)


def _decimal(price: float) -> Decimal:
    return Decimal(repr(price))
