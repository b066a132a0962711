"""What the same trades would have come to in another order, and with other luck in which occurred.

Each trade is what it made on the account as it was when the trade began, so that orders compound.
Shuffling the trades keeps where they end and changes the way there: the drawdown. Drawing as many
trades with replacement changes both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.model.backtest import BacktestTrade

DEFAULT_ORDERS = 1_000
MOST_ORDERS = 100_000
_VALUES_AT_ONCE = 2_000_000


class Spread(msgspec.Struct, frozen=True):
    """A distribution by its percentiles."""

    p5: float
    p25: float
    p50: float
    p75: float
    p95: float


class TradeOrderLuck(msgspec.Struct, frozen=True, kw_only=True):
    """How a run's trades fare in `orders` random orders, and drawn anew as often.

    `drawdown_pct` is of the shuffled trades, per cent and 0 or less, measured from trade to trade, so
    p5 is among the worst; `resampled_drawdown_pct` and `resampled_equity` are of those drawn with
    replacement. `loss_share` is how many of those end below the cash they began with.
    """

    trades: int
    orders: int
    seed: int
    drawdown_pct: Spread
    resampled_drawdown_pct: Spread
    resampled_equity: Spread
    loss_share: float


def trade_order_luck(
    trades: Sequence[BacktestTrade], cash: float, seed: int = 0, orders: int = DEFAULT_ORDERS
) -> TradeOrderLuck | None:
    """Return how the closed trades would have fared otherwise; None for fewer than two of them.

    The same arguments give the same answer. Raises `InvalidInput` for `cash` of 0 or less and for
    `orders` outside 1 to 100,000.
    """
    import numpy as np

    if not cash > 0:
        raise InvalidInput.of("cash", cash, "use an amount above 0")
    if not 1 <= orders <= MOST_ORDERS:
        raise InvalidInput.of("orders", orders, f"use 1 to {MOST_ORDERS:,}")
    growth = account_growth(trades, cash)
    if len(growth) < 2:
        return None
    generator = np.random.default_rng(seed)
    shuffled: list[NDArray[np.float64]] = []
    resampled: list[NDArray[np.float64]] = []
    ends: list[NDArray[np.float64]] = []
    at_once = max(1, _VALUES_AT_ONCE // len(growth))
    for first in range(0, orders, at_once):
        shape = (min(at_once, orders - first), len(growth))
        drawdowns, _ = _drawdowns_and_ends(generator.permuted(np.broadcast_to(growth, shape), axis=1))
        shuffled.append(drawdowns)
        drawdowns, end = _drawdowns_and_ends(generator.choice(growth, size=shape))
        resampled.append(drawdowns)
        ends.append(end)
    final = np.concatenate(ends)
    return TradeOrderLuck(
        trades=len(growth),
        orders=orders,
        seed=seed,
        drawdown_pct=_spread(np.concatenate(shuffled) * 100),
        resampled_drawdown_pct=_spread(np.concatenate(resampled) * 100),
        resampled_equity=_spread(final * cash),
        loss_share=float((final < 1).mean()),
    )


def account_growth(trades: Sequence[BacktestTrade], cash: float) -> NDArray[np.float64]:
    """Return for each closed trade the factor by which it changed the account it began with.

    The account is `cash` and what trades closed by the entry had made; factors end at 0, which is ruin.
    """
    import numpy as np

    closed = [
        (trade.entry_ms, trade.exit_ms, float(trade.pnl)) for trade in trades if trade.exit_ms is not None
    ]
    closed.sort(key=lambda trade: trade[1])
    entries = np.array([entry for entry, _, _ in closed], dtype=np.int64)
    exits = np.array([exit_ms for _, exit_ms, _ in closed], dtype=np.int64)
    pnl = np.array([made for _, _, made in closed], dtype=np.float64)
    account = np.concatenate(([cash], cash + pnl.cumsum()))[np.searchsorted(exits, entries, side="right")]
    change = np.divide(pnl, account, out=np.full(len(pnl), -1.0), where=account > 0)
    factors: NDArray[np.float64] = np.maximum(1 + change, 0.0)
    return factors


def _drawdowns_and_ends(factors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each row's deepest drawdown (a fraction, 0 or less) and what 1 has become at its end."""
    import numpy as np

    equity = factors.cumprod(axis=1)
    peak = np.maximum(np.maximum.accumulate(equity, axis=1), 1.0)
    return np.minimum((equity / peak).min(axis=1) - 1, 0.0), equity[:, -1]


def _spread(values: NDArray[np.float64]) -> Spread:
    import numpy as np

    return Spread(*np.percentile(values, (5, 25, 50, 75, 95)).tolist())
