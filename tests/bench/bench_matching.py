"""Measures what a quote costs the paper exchange: 5,000 quotes a second for three wallets.

Run: `python tests/bench/bench_matching.py`. Prints microseconds per quote and wallet, and the share
of one core that three wallets at 5,000 quotes a second take.
"""

from __future__ import annotations

import time
from decimal import Decimal

from engine.exchanges.instruments import INSTRUMENTS
from engine.exchanges.paper_state import PlaceOrder, apply, apply_quote
from engine.exchanges.wallet import PaperWallet, open_wallet
from engine.model.order import Order, OrderType, Side
from engine.model.quote import Quote

QUOTES_PER_SECOND = 5_000
WALLETS = 3
ROUNDS = 200_000


def main() -> None:
    """Time the four situations a wallet can be in when a quote arrives."""
    quote = Quote("BTC", Decimal("67000.0"), Decimal("67000.1"), Decimal(5), Decimal(5), Decimal(67000), 1)
    empty = open_wallet(trader_id=1, instruments=INSTRUMENTS, cash=Decimal(10_000), default_leverage=2)
    with_position = _placed(empty, quote, "a")
    with_protection = _placed(empty, quote, "b", stop_loss=Decimal(60000), take_profit=Decimal(70000))
    busy = with_protection
    for number in range(10):
        busy = _placed(busy, quote, f"c{number}", quantity="0.002", price=Decimal(66000 - number))
    for name, wallet in (
        ("nothing in the symbol", empty),
        ("a position", with_position),
        ("a position with stop and take-profit", with_protection),
        ("the same and ten resting limits", busy),
    ):
        micros = _micros_per_quote(wallet, quote)
        share = micros * 1e-6 * QUOTES_PER_SECOND * WALLETS
        print(f"{name:40} {micros:6.2f} us/quote   {share:6.2%} of a core")
    started = time.perf_counter()
    for number in range(5_000):
        _placed(empty, quote, f"m{number}")
    print(f"{'placing a market order':40} {(time.perf_counter() - started) / 5_000 * 1e6:6.1f} us/order")


def _placed(
    wallet: PaperWallet,
    quote: Quote,
    client_order_id: str,
    quantity: str = "0.05",
    price: Decimal | None = None,
    stop_loss: Decimal | None = None,
    take_profit: Decimal | None = None,
) -> PaperWallet:
    order = Order(
        client_order_id=client_order_id,
        trader_id=1,
        symbol="BTC",
        side=Side.BUY,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        quantity=Decimal(quantity),
        price=price,
        stop_loss=stop_loss,
        take_profit=take_profit,
        created_ms=0,
        updated_ms=0,
    )
    return apply(wallet, PlaceOrder(order, quote))[0]


def _micros_per_quote(wallet: PaperWallet, quote: Quote) -> float:
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(ROUNDS):
            apply_quote(wallet, quote)
        best = min(best, time.perf_counter() - started)
    return best / ROUNDS * 1e6


if __name__ == "__main__":
    main()
