"""What the engine says, in the screen's words."""

from __future__ import annotations

import pytest

from engine.errors import DeskError, InvalidOrder
from engine.model.order import OrderStatus, OrderType, TimeInForce
from tui.wording import ORDER_TYPE_LABELS, STATUS_LABELS, TIME_IN_FORCE_LABELS, plain_words, refusal_text


def test_everything_the_engine_names_has_a_word_on_the_screen() -> None:
    assert set(ORDER_TYPE_LABELS) == set(OrderType)
    assert set(STATUS_LABELS) == set(OrderStatus)
    assert set(TIME_IN_FORCE_LABELS) == set(TimeInForce)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "stop_loss: 69000 is on the wrong side; the stop of a buy must be below its entry 67013.20000",
            "stop: 69,000 is on the wrong side; the stop of a buy must be below its entry 67,013.2",
        ),
        (
            "reduce_only: true has nothing to reduce; there is no BTC position",
            "reduce-only: has nothing to reduce; there is no BTC position",
        ),
        (
            "trigger_price: 1 is on the wrong side; a take_profit_market sell needs a trigger above 94012",
            "trigger price: 1 is on the wrong side; a take profit sell needs a trigger above 94,012",
        ),
        ("time_in_force: post_only does not fit", "in force: post-only does not fit"),
        (
            "trader's limit of 20,000.00, on 2025-05-06 at 16:1000",
            "trader's limit of 20,000.00, on 2025-05-06 at 16:1000",
        ),
        ("order: 3-1746-12345 is not open", "order: 3-1746-12345 is not open"),
    ],
)
def test_a_refusal_has_no_internal_names_and_readable_numbers(said: str, shown: str) -> None:
    assert refusal_text(InvalidOrder(said)) == shown
    assert refusal_text(DeskError(shown)) == shown


def test_only_a_field_in_front_of_its_sentence_is_renamed() -> None:
    assert plain_words("the model set stop_loss: somewhere") == "the model set stop: somewhere"
    assert plain_words("nonstop_loss:5") == "nonstop_loss:5"
