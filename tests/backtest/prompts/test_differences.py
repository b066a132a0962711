"""What would have changed: every field that counts, none that does not."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.backtest.prompts.differences import change_type, differences, is_undone, summary_of
from engine.model.decision import Decision, Operation
from engine.model.order import TimeInForce
from engine.model.prompt_backtest import ReplayItem, ReplayItemStatus

BUY = Decision(
    operation=Operation.BUY,
    symbol="BTC",
    portion=Decimal("0.5"),
    leverage=2,
    max_price=Decimal(100),
    take_profit=Decimal(120),
    stop_loss=Decimal(90),
    reason="because",
)
SELL = msgspec.structs.replace(BUY, operation=Operation.SELL)
CLOSE = Decision(operation=Operation.CLOSE, symbol="BTC", portion=Decimal(1), min_price=Decimal(90))
HOLD = Decision(operation=Operation.HOLD)
ETH = msgspec.structs.replace(BUY, symbol="ETH")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("portion", Decimal("0.51")),
        ("quantity", Decimal(1)),
        ("leverage", 3),
        ("max_price", Decimal("100.01")),
        ("min_price", Decimal(1)),
        ("take_profit", None),
        ("stop_loss", Decimal(89)),
        ("time_in_force", TimeInForce.GTC),
        ("operation", Operation.SELL),
        ("symbol", "ETH"),
    ],
)
def test_each_field_that_differs_is_named(field: str, value: object) -> None:
    assert differences([BUY], [msgspec.structs.replace(BUY, **{field: value})]) == (field,)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BUY, msgspec.structs.replace(BUY, reason="another", trading_strategy="words")),
        (BUY, msgspec.structs.replace(BUY, max_price=Decimal("100.00000000001"))),
        (HOLD, msgspec.structs.replace(HOLD, symbol="BTC", portion=Decimal(1))),
        (CLOSE, msgspec.structs.replace(CLOSE, leverage=5)),
    ],
)
def test_what_is_not_carried_out_makes_no_difference(before: Decision, after: Decision) -> None:
    assert differences([before], [after]) == ()


def test_several_decisions_are_compared_by_symbol() -> None:
    assert differences([BUY, ETH], [ETH, BUY]) == ()
    assert differences([BUY, ETH], [BUY]) == ("operation",)
    assert differences([BUY], [HOLD]) == ("operation",)
    assert differences([], [HOLD]) == ()
    assert differences([BUY, ETH], [SELL, msgspec.structs.replace(ETH, leverage=1)]) == (
        "operation",
        "leverage",
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([BUY], [HOLD], "buy_to_hold"),
        ([BUY], [BUY], "buy_to_buy"),
        ([], [SELL], "none_to_sell"),
        ([BUY, msgspec.structs.replace(SELL, symbol="ETH")], [CLOSE], "buy+sell_to_close"),
    ],
)
def test_the_change_is_told_by_operations(before: list[Decision], after: list[Decision], told: str) -> None:
    assert change_type(before, after) == told


def test_undone_is_held_or_the_other_side() -> None:
    assert is_undone([BUY], [HOLD])
    assert is_undone([BUY], [SELL])
    assert is_undone([BUY], [ETH])
    assert not is_undone([BUY], [msgspec.structs.replace(BUY, portion=Decimal("0.1"))])
    assert not is_undone([BUY, ETH], [ETH])
    assert not is_undone([HOLD], [BUY])


def _item(number: int, changed: Decision, pnl: str | None, **fields: object) -> ReplayItem:
    item = ReplayItem(
        decision_id=str(number),
        status=ReplayItemStatus.COMPLETED,
        original=(BUY,),
        changed=(changed,),
        changes=differences([BUY], [changed]),
        realized_pnl=None if pnl is None else Decimal(pnl),
    )
    return msgspec.structs.replace(item, **fields)


def test_the_summary_counts_losses_avoided_and_profits_missed() -> None:
    summary = summary_of(
        [
            _item(1, HOLD, "-10"),
            _item(2, SELL, "-2.5"),
            _item(3, HOLD, "4"),
            _item(4, BUY, "-100"),
            _item(5, HOLD, None),
            _item(6, HOLD, "0"),
            _item(7, HOLD, "-7", status=ReplayItemStatus.FAILED),
            _item(8, HOLD, "-7", status=ReplayItemStatus.PENDING),
        ]
    )
    assert (summary.total, summary.completed, summary.failed) == (8, 6, 1)
    assert (summary.changed, summary.unchanged) == (5, 1)
    assert (summary.avoided_loss_count, summary.avoided_loss) == (2, Decimal("12.5"))
    assert (summary.missed_profit_count, summary.missed_profit) == (1, Decimal(4))
