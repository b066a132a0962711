"""Builders of orders, wallets and recorded quotes for the exchange's tests."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from engine.exchanges.base import FillReport, OrderReport, VenueReport
from engine.exchanges.instruments import INSTRUMENTS
from engine.exchanges.paper_state import PlaceOrder, apply
from engine.exchanges.wallet import PaperWallet, open_wallet
from engine.model.fill import Fill
from engine.model.order import Order, OrderType, Side
from engine.model.quote import BookLevel, BookSnapshot, Quote
from engine.samples import MINUTE_MS, RecordedCandles, load_candles

BTC = INSTRUMENTS["BTC"]
CAPITAL = Decimal(10_000)


def d(text: str | int) -> Decimal:
    return Decimal(text)


def btc_quote(
    bid: str = "67000.0", ask: str = "67000.1", *, mark: str = "", size: str = "5", ts_ms: int = 1_000
) -> Quote:
    return Quote("BTC", d(bid), d(ask), d(size), d(size), d(mark or bid), ts_ms)


def btc_book(bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> BookSnapshot:
    def levels(rows: list[tuple[str, str]]) -> tuple[BookLevel, ...]:
        return tuple(BookLevel(d(price), d(quantity)) for price, quantity in rows)

    return BookSnapshot("BTC", levels(bids), levels(asks), 1_000)


def an_order(client_order_id: str, side: Side, quantity: str | Decimal, **fields: Any) -> Order:
    """A market order, or a limit order when it has a price, or whatever `type` says."""
    fields.setdefault("type", OrderType.LIMIT if fields.get("price") is not None else OrderType.MARKET)
    fields.setdefault("symbol", "BTC")
    return Order(
        client_order_id=client_order_id,
        trader_id=1,
        side=side,
        quantity=Decimal(quantity),
        created_ms=0,
        updated_ms=0,
        **fields,
    )


def a_wallet(cash: Decimal = CAPITAL, leverage: int = 2) -> PaperWallet:
    return open_wallet(trader_id=1, instruments=INSTRUMENTS, cash=cash, default_leverage=leverage)


def place(
    wallet: PaperWallet, order: Order, quote: Quote, book: BookSnapshot | None = None
) -> tuple[PaperWallet, tuple[VenueReport, ...]]:
    return apply(wallet, PlaceOrder(order, quote, book))


def fills_in(reports: tuple[VenueReport, ...]) -> list[Fill]:
    return [report.fill for report in reports if isinstance(report, FillReport)]


def last_state(reports: tuple[VenueReport, ...], client_order_id: str) -> Order:
    states = [
        r.order for r in reports if isinstance(r, OrderReport) and r.order.client_order_id == client_order_id
    ]
    assert states, f"nothing was reported of {client_order_id}"
    return states[-1]


@functools.cache
def recorded(symbol: str) -> RecordedCandles:
    return load_candles(symbol)


def recorded_quotes(symbol: str, start: int, minutes: int, stride: int = 1) -> Iterator[Quote]:
    """Open, low, high and close of every `stride`-th recorded minute as quotes one tick wide."""
    candles = recorded(symbol)
    instrument = INSTRUMENTS[symbol]
    price_unit = Decimal(1).scaleb(-candles.sample.price_decimals)
    volume_unit = Decimal(1).scaleb(-candles.sample.volume_decimals)
    for row in range(start, min(start + minutes, len(candles.open)), stride):
        traded_a_second = instrument.round_quantity_down(int(candles.volume[row]) * volume_unit / 60)
        size = max(traded_a_second, instrument.lot_size)
        for step, column in enumerate((candles.open, candles.low, candles.high, candles.close)):
            mark = instrument.round_price(int(column[row]) * price_unit)
            ts_ms = candles.start_ms + row * MINUTE_MS + step * 15_000
            yield Quote(symbol, mark, mark + instrument.tick_size, size, size, mark, ts_ms)
