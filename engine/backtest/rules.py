"""The sentences that every report prints, since results without them cannot be compared."""

from __future__ import annotations

from engine.backtest.history import LoadedHistory
from engine.model.backtest import BacktestRequest, Recording


def rules_of(request: BacktestRequest, history: LoadedHistory) -> tuple[str, ...]:
    """Return the rules a run followed, in words."""
    instrument = history.instruments[history.symbols[0]]
    taker, maker = instrument.taker_fee * 100, instrument.maker_fee * 100
    if isinstance(request.history, Recording):
        inside = "Inside a minute prices follow the replay's path, one quote a second."
    else:
        inside = (
            "Inside a candle the worse extreme comes first: a stop wins over a target; gaps fill at the open."
        )
    sizes = (
        f"Sizes are rounded down to the lot of {instrument.lot_size.normalize():f}."
        if request.venue or isinstance(request.history, Recording)
        else "No lot, tick or minimum notional applies."
    )
    settled = sum(len(rates.ts_ms) for rates in history.funding.values())
    funding = f"Funding is paid at {settled:,} settlements." if settled else "No funding is paid."
    return (
        "An order fills at the next available price after its trigger"
        f" (slippage {request.slippage * 100:f} %).",
        f"The fee is reserved when all is sized (taker {taker:f} %, maker {maker:f} %).",
        "An open position is valued at the last mark.",
        sizes,
        inside,
        funding,
        "Sharpe is of daily UTC equity returns, times the square root of 365.",
    )
