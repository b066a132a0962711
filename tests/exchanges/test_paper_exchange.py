"""The paper exchange as a venue: commands, reports, and what it remembers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import Conflict, InvalidOrder, NotFound, OrderRejected
from engine.exchanges.base import Exchange, OrderReport, VenueReport
from engine.exchanges.instruments import INSTRUMENTS
from engine.exchanges.paper import PaperExchange
from engine.exchanges.wallet import PaperWallet, open_wallet
from engine.model.order import OrderStatus, Side
from engine.model.quote import Quote
from tests.exchanges.paper_market import CAPITAL, a_wallet, an_order, btc_quote, d, fills_in, recorded_quotes


class Venue:
    """A paper exchange with a market that the test moves and a listener that keeps everything."""

    def __init__(self, wallet: PaperWallet | None = None) -> None:
        self.quotes = {"BTC": btc_quote()}
        self.units: list[tuple[VenueReport, ...]] = []
        self.paper = PaperExchange(wallet or a_wallet(), self.quotes.get, self.units.append)
        self.exchange: Exchange = self.paper

    def move(self, quote: Quote) -> None:
        self.quotes[quote.symbol] = quote
        self.paper.on_quote(quote)


async def test_placing_returns_the_order_and_reports_it_once() -> None:
    venue = Venue()
    order = await venue.exchange.place_order(an_order("a", Side.BUY, "0.1", status=OrderStatus.SENT))
    assert order.status is OrderStatus.FILLED
    assert len(venue.units) == 1
    assert [r.order for r in venue.units[0] if isinstance(r, OrderReport)] == [order]


async def test_a_repeated_client_order_id_returns_the_order_already_there() -> None:
    venue = Venue()
    resting = await venue.exchange.place_order(an_order("a", Side.BUY, "0.1", price=d(66000)))
    assert await venue.exchange.place_order(an_order("a", Side.BUY, "0.3")) == resting
    filled = await venue.exchange.place_order(an_order("b", Side.BUY, "0.1"))
    assert await venue.exchange.place_order(an_order("b", Side.BUY, "0.1")) == filled
    assert len(venue.units) == 2


async def test_a_refusal_raises_reports_nothing_and_is_remembered() -> None:
    venue = Venue()
    with pytest.raises(OrderRejected, match="insufficient margin"):
        await venue.exchange.place_order(an_order("a", Side.BUY, "1"))
    assert venue.units == []
    found = await venue.exchange.find_order("a")
    assert found is not None
    assert found.status is OrderStatus.REJECTED
    assert venue.paper.wallet.cash == CAPITAL


async def test_an_order_before_the_first_quote_is_refused() -> None:
    with pytest.raises(OrderRejected, match="ETH has no quote yet"):
        await Venue().exchange.place_order(an_order("a", Side.BUY, "1", symbol="ETH"))


async def test_cancelling_is_idempotent_and_an_unknown_id_is_not_found() -> None:
    venue = Venue()
    await venue.exchange.place_order(an_order("a", Side.BUY, "0.1", price=d(66000)))
    first = await venue.exchange.cancel_order("a")
    assert first.status is OrderStatus.CANCELLED
    assert await venue.exchange.cancel_order("a") == first
    with pytest.raises(NotFound):
        await venue.exchange.cancel_order("nobody")
    assert await venue.exchange.find_order("nobody") is None


async def test_amending_a_resting_order_and_only_that() -> None:
    venue = Venue()
    await venue.exchange.place_order(an_order("a", Side.BUY, "0.1", price=d(66000)))
    assert (await venue.exchange.amend_order("a", d("0.2"), None)).quantity == d("0.2")
    with pytest.raises(InvalidOrder):
        await venue.exchange.amend_order("a", None, d("66000.05"))
    await venue.exchange.cancel_order("a")
    with pytest.raises(Conflict, match="already cancelled"):
        await venue.exchange.amend_order("a", d("0.3"), None)


async def test_what_happens_by_itself_arrives_as_one_unit_per_event() -> None:
    venue = Venue()
    await venue.exchange.place_order(an_order("a", Side.BUY, "0.1", stop_loss=d(66000)))
    venue.move(btc_quote("66500", "66500.1"))
    assert len(venue.units) == 1
    venue.move(btc_quote("65990", "65990.1"))
    assert [fill.client_order_id for fill in fills_in(venue.units[1])] == ["a-sl"]
    found = await venue.exchange.find_order("a-sl")
    assert found is not None
    assert found.status is OrderStatus.FILLED


async def test_funding_moves_the_account() -> None:
    venue = Venue()
    await venue.exchange.place_order(an_order("a", Side.SELL, "0.1"))
    venue.paper.on_funding("BTC", d("0.0001"), d(67000), 9_000)
    assert venue.paper.account({"BTC": d(67000)}).funding == d("0.67")


async def test_a_wallet_written_down_and_opened_again_goes_on_the_same() -> None:
    """Stop after every minute of a recorded hour, or never: the same trades under the same numbers."""

    async def run(reopen: Callable[[Venue], Venue]) -> tuple[PaperWallet, list[VenueReport]]:
        venue = Venue()
        reports: list[VenueReport] = []
        for number, quote in enumerate(recorded_quotes("BTC", 30_000, 60)):
            venue.move(quote)
            if number % 20 == 0:
                side = Side.BUY if number % 40 == 0 else Side.SELL
                protection = INSTRUMENTS["BTC"].round_price(quote.mark * (1 - side.sign * d("0.0005")))
                await venue.exchange.place_order(an_order(f"o{number}", side, "0.05", stop_loss=protection))
            reports += [report for unit in venue.units for report in unit]
            venue.units.clear()
            venue = reopen(venue)
        return venue.paper.wallet, reports

    def written_down(venue: Venue) -> Venue:
        wallet = venue.paper.wallet
        reopened = Venue(
            open_wallet(
                trader_id=1,
                instruments=INSTRUMENTS,
                cash=wallet.cash,
                default_leverage=2,
                positions=wallet.positions,
                orders=wallet.open_orders,
                realized_pnl=wallet.realized_pnl,
                fees=wallet.fees,
                funding=wallet.funding,
                next_trade_number=wallet.next_trade_number,
            )
        )
        reopened.quotes = venue.quotes
        reopened.paper = PaperExchange(reopened.paper.wallet, reopened.quotes.get, reopened.units.append)
        reopened.exchange = reopened.paper
        return reopened

    uninterrupted = await run(lambda venue: venue)
    assert await run(written_down) == uninterrupted
    assert fills_in(tuple(uninterrupted[1]))


def test_an_order_the_venue_never_had_is_not_restored() -> None:
    intent = an_order("a", Side.BUY, "0.1", price=d(66000), status=OrderStatus.UNKNOWN)
    assert open_wallet(trader_id=1, instruments=INSTRUMENTS, cash=CAPITAL, orders=[intent]).symbols == {}
