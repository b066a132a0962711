"""Price alerts in words: the proof after one is set, how far the price has to go, and taking one back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import NotFound
from engine.model.signal import AlertDirection, PriceAlert
from tests.tui.recorded_books import ticker
from tests.tui.recorded_desk import RecordedDesk
from tui.bridge import DeskBridge
from tui.commands import AddPriceAlert
from tui.price_alerts import add_alert, alert_proof, remove_alert, way_to_go, way_words
from tui.view import DeskView, Selection

D = Decimal
ABOVE, BELOW = AlertDirection.ABOVE, AlertDirection.BELOW


def view_of(desk: RecordedDesk) -> tuple[DeskView, DeskBridge]:
    bridge = DeskBridge(desk)
    view, _ = bridge.refresh(Selection())
    return view, bridge


def alert(direction: AlertDirection, price: str, symbol: str = "BTC") -> PriceAlert:
    return PriceAlert(alert_id=3, symbol=symbol, direction=direction, price=D(price), created_ms=0)


@pytest.mark.parametrize(
    ("direction", "price", "says"),
    [
        (ABOVE, "70000", "alert 3: BTC above 70,000.0, now 67,013.2 (+4.5% to go)"),
        (BELOW, "66999.8", "alert 3: BTC below 66,999.8, now 67,013.2 (-0.02% to go)"),
        (ABOVE, "140000", "alert 3: BTC above 140,000.0, now 67,013.2 (+109% to go)"),
        (BELOW, "70000", "alert 3: BTC below 70,000.0, now 67,013.2 (it is there already)"),
        (ABOVE, "70000.125", "alert 3: BTC above 70,000.125, now 67,013.2 (+4.5% to go)"),
    ],
)
def test_the_proof_says_the_price_now_and_the_way_to_go(
    desk: RecordedDesk, direction: AlertDirection, price: str, says: str
) -> None:
    view, _ = view_of(desk)
    assert alert_proof(view, alert(direction, price)) == says


def test_without_a_price_the_proof_says_so(desk: RecordedDesk) -> None:
    desk.ticker_list = ()
    view, _ = view_of(desk)
    assert alert_proof(view, alert(ABOVE, "70000")) == "alert 3: BTC above 70,000.0, no price yet"


def test_an_alert_waits_until_the_price_is_strictly_beyond_its_own() -> None:
    assert way_to_go(alert(ABOVE, "100"), D(100)) == 0
    assert way_to_go(alert(ABOVE, "100"), D(80)) == D("0.25")
    assert way_to_go(alert(BELOW, "100"), D(200)) == D("-0.5")
    assert way_to_go(alert(BELOW, "100"), D(99)) == 0
    assert way_to_go(alert(BELOW, "100"), None) is None


@pytest.mark.parametrize(
    ("way", "words"), [("0.25", "+25%"), ("-0.042", "-4.2%"), ("0.00042", "+0.04%"), ("12.5", "+1,250%")]
)
def test_a_way_has_the_decimals_that_matter(way: str, words: str) -> None:
    assert way_words(D(way)) == words


@pytest.mark.parametrize(("price", "direction"), [("70000", ABOVE), ("60000", BELOW)])
async def test_crossing_means_the_side_the_price_is_not_on(
    desk: RecordedDesk, price: str, direction: AlertDirection
) -> None:
    view, bridge = view_of(desk)
    proof = await add_alert(AddPriceAlert("BTC", None, D(price)), view, bridge)()
    assert desk.calls == [("add_price_alert", "BTC", direction, D(price))]
    assert proof.startswith(f"alert 100: BTC {direction} {D(price):,}")


def test_nothing_can_cross_before_there_is_a_price(desk: RecordedDesk) -> None:
    desk.ticker_list = (ticker("ETH", "3120.11", "3120.29", None),)
    view, bridge = view_of(desk)
    with pytest.raises(NotFound, match="BTC has no price yet; say > or <"):
        add_alert(AddPriceAlert("BTC", None, D(70000)), view, bridge)


async def test_taking_one_back_says_how_to_set_it_again(desk: RecordedDesk) -> None:
    view, bridge = view_of(desk)
    proof = await remove_alert(2, view, bridge)()
    assert proof == "alert 2 is gone: ETH below 3,050.00 · to undo: alert eth < 3050"
    with pytest.raises(NotFound, match="there is no alert 2; alerts shows them"):
        remove_alert(2, view, bridge)
