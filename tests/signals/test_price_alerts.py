"""A price alert goes off once, at the first mark beyond its price."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.model.signal import AlertDirection, PriceAlert
from engine.signals.price_alerts import PriceAlertBook

ABOVE, BELOW = AlertDirection.ABOVE, AlertDirection.BELOW
prices = st.integers(1, 60).map(Decimal)
alerts = st.lists(
    st.tuples(st.sampled_from(["BTC", "ETH"]), st.sampled_from([ABOVE, BELOW]), prices), max_size=12
)


def alert(alert_id: int, direction: AlertDirection, price: Decimal | str, symbol: str = "BTC") -> PriceAlert:
    return PriceAlert(
        alert_id=alert_id, symbol=symbol, direction=direction, price=Decimal(price), created_ms=0
    )


def test_it_goes_off_beyond_its_price_and_only_once() -> None:
    book = PriceAlertBook([alert(1, ABOVE, "70000"), alert(2, BELOW, "60000")])
    assert book.on_mark("BTC", Decimal(70000), 1) == ()
    assert book.on_mark("ETH", Decimal(90000), 2) == ()
    (fired,) = book.on_mark("BTC", Decimal("70000.1"), 3)
    assert (fired.alert_id, fired.fired_ms) == (1, 3)
    assert book.on_mark("BTC", Decimal(80000), 4) == ()
    assert len(book) == 1


def test_it_goes_off_at_once_if_the_mark_is_beyond_already() -> None:
    book = PriceAlertBook()
    book.on_mark("BTC", Decimal(50000), 1)
    book.add(alert(1, BELOW, "60000"))
    assert [each.alert_id for each in book.on_mark("BTC", Decimal(50000), 2)] == [1]


def test_what_is_over_or_deleted_does_not_wait() -> None:
    waiting = alert(1, ABOVE, "1")
    book = PriceAlertBook(
        [msgspec.structs.replace(waiting, fired_ms=3), msgspec.structs.replace(waiting, deleted=True)]
    )
    assert len(book) == 0
    book.add(waiting)
    book.remove(1)
    assert book.on_mark("BTC", Decimal(2), 1) == ()


@given(alerts, st.lists(st.tuples(st.sampled_from(["BTC", "ETH"]), prices), max_size=30))
def test_every_alert_goes_off_at_the_first_mark_beyond_it(
    wanted: list[tuple[str, AlertDirection, Decimal]], marks: list[tuple[str, Decimal]]
) -> None:
    all_alerts = [alert(i, direction, price, symbol) for i, (symbol, direction, price) in enumerate(wanted)]
    book = PriceAlertBook(all_alerts)
    fired: dict[int, int | None] = {}
    for ts_ms, (symbol, mark) in enumerate(marks):
        for each in book.on_mark(symbol, mark, ts_ms):
            assert each.alert_id not in fired
            fired[each.alert_id] = each.fired_ms
    for each in all_alerts:
        beyond = [
            ts_ms
            for ts_ms, (symbol, mark) in enumerate(marks)
            if symbol == each.symbol and (mark > each.price if each.direction is ABOVE else mark < each.price)
        ]
        assert fired.get(each.alert_id) == (beyond[0] if beyond else None)
