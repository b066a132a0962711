"""What is believed of the account while a program runs ahead, by the desk and by the guest alike."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.forecast import Forecast
from engine.model.decision import Decision
from engine.model.order import Side
from engine.strategies.programs.guest_books import Books
from tests.backtest.made_history import order

SIDES = {"long": Side.BUY, "short": Side.SELL}
ORDERS = st.builds(
    order,
    st.sampled_from(["buy", "sell", "close"]),
    st.sampled_from(["BTC", "ETH"]),
    portion=st.sampled_from(["0.5", "1"]),
)


def as_sent(held: Mapping[str, Side], forecast: Forecast) -> dict[str, object]:
    words = {side: word for word, side in SIDES.items()}
    return {
        "cash": "1",
        "used_margin": "0",
        "positions": [(symbol, words[side], *["1"] * 6) for symbol, side in held.items()],
        "recent_trades": [],
        "open_orders": [],
        "until_ms": None,
        "futile_orders": forecast.found_futile,
    }


def standing(**sides: Side) -> Forecast:
    forecast = Forecast()
    forecast.begin(sides)
    return forecast


@pytest.mark.parametrize(
    ("decision", "left"),
    [
        (order("buy", quantity="1"), {"BTC": Side.BUY, "ETH": Side.SELL}),
        (order("sell", quantity="1"), {"BTC": Side.SELL, "ETH": Side.SELL}),
        (order("close"), {"ETH": Side.SELL}),
        (order("close", portion="0.5"), {"BTC": Side.BUY, "ETH": Side.SELL}),
        (order("close", quantity="1"), {"BTC": Side.BUY, "ETH": Side.SELL}),
    ],
    ids=["buy", "sell", "close", "close half", "close a quantity"],
)
def test_an_order_is_believed_to_do_what_it_says(decision: Decision, left: dict[str, Side]) -> None:
    forecast = standing(BTC=Side.BUY, ETH=Side.SELL)
    forecast.follow(decision)
    assert forecast.sides == left


def test_an_order_that_had_no_effect_is_believed_to_have_none_once_the_guest_was_told() -> None:
    forecast, buy = standing(), order("buy", portion="1")
    forecast.learn(buy, had_effect=False)
    assert not forecast.is_futile(buy)
    forecast.begin({})
    assert forecast.found_futile == (("buy", "BTC"),)
    assert forecast.is_futile(buy)
    forecast.follow(buy)
    assert not forecast.sides
    assert forecast.is_futile(buy)
    assert not forecast.is_futile(order("buy", "ETH", portion="1"))
    assert not forecast.is_futile(order("sell", portion="1"))


def test_another_order_may_change_everything() -> None:
    forecast, buy = standing(), order("buy", portion="1")
    forecast.learn(buy, had_effect=False)
    forecast.begin({})
    forecast.follow(order("sell", "ETH", portion="1"))
    assert not forecast.is_futile(buy)
    assert forecast.found_futile == (("buy", "BTC"),)
    forecast.learn(order("sell", "ETH", portion="1"), had_effect=True)
    assert not forecast.found_futile


def test_the_true_books_stay_as_they_were() -> None:
    held = {"BTC": Side.BUY}
    forecast = Forecast()
    forecast.begin(held)
    forecast.follow(order("close"))
    assert held == {"BTC": Side.BUY}


@given(st.lists(st.tuples(ORDERS, st.booleans(), st.booleans()), max_size=12), st.sampled_from([*Side, None]))
def test_the_guest_believes_the_same(story: list[tuple[Decision, bool, bool]], holding: Side | None) -> None:
    forecast, books = Forecast(), Books()
    held = {} if holding is None else {"BTC": holding}
    is_told = True
    for decision, had_effect, tells_again in story:
        if is_told:
            forecast.begin(held)
            books.confirm(as_sent(held, forecast), 0)
        portion = float(decision.portion) if decision.quantity is None else None
        is_futile = forecast.is_futile(decision)
        assert books.ordered(str(decision.operation), decision.symbol, portion) is not is_futile
        forecast.follow(decision)
        forecast.learn(decision, had_effect=had_effect)
        assert {symbol: SIDES[side] for symbol, side in books.sides.items()} == forecast.sides
        is_told = tells_again
