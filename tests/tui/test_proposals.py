"""What a risky command says before it happens, what it asks the desk for, and what it proves."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.errors import Conflict, NotFound, OrderDenied
from engine.model.order import OrderRequest, Side
from engine.model.preview import OrderPreview
from tests.tui.recorded_desk import RecordedDesk
from tui.bridge import DeskBridge
from tui.commands import (
    CancelOrders,
    ClosePosition,
    Command,
    EngageKillSwitch,
    Flatten,
    PlaceOrder,
    ReleaseKillSwitch,
    RemovePriceAlerts,
    ShowHelp,
)
from tui.proposals import TOLERANCE, Proposal, propose
from tui.view import Selection

D = Decimal


def proposal_of(desk: RecordedDesk, command: Command, trader_id: int = 3) -> Proposal:
    bridge = DeskBridge(desk)
    view, _ = bridge.refresh(Selection(trader_id=trader_id))
    proposal = propose(command, view, bridge)
    assert proposal is not None
    return proposal


def test_a_harmless_command_needs_no_proposal(desk: RecordedDesk) -> None:
    bridge = DeskBridge(desk)
    view, _ = bridge.refresh(Selection())
    assert propose(ShowHelp(), view, bridge) is None
    assert propose(RemovePriceAlerts(3), view, bridge) is None


def test_an_order_names_the_trader_first(desk: RecordedDesk) -> None:
    proposal = proposal_of(desk, PlaceOrder(side=Side.BUY, symbol="BTC", quantity=D("0.5")))
    assert proposal.sentence == "Manual: BUY 0.500 BTC market"
    assert (proposal.price, proposal.notional) == (D("67014.1"), D("33507.05"))


async def test_cancelling_counts_the_orders_and_says_when_there_are_none(desk: RecordedDesk) -> None:
    proposal = proposal_of(desk, CancelOrders(), trader_id=1)
    assert proposal.sentence == "Reversion: cancel 2 open orders."
    assert proposal.warning == "2 stops and take profits among them."
    await proposal.run()
    assert desk.calls == [("cancel_orders", 1, None)]
    with pytest.raises(NotFound, match="Manual: no open orders in BTC"):
        proposal_of(desk, CancelOrders("BTC"))
    with pytest.raises(NotFound, match="Rules: no open orders"):
        proposal_of(desk, CancelOrders(), trader_id=2)


async def test_everyone_is_all_traders(desk: RecordedDesk) -> None:
    cancel = proposal_of(desk, CancelOrders(everyone=True))
    assert cancel.sentence == "Reversion, Rules and Manual: cancel 3 open orders."
    await cancel.run()
    flatten = proposal_of(desk, Flatten(everyone=True))
    assert "close 3 positions" in flatten.sentence
    await flatten.run()
    assert desk.calls == [("cancel_orders", None, None), ("flatten", None)]


async def test_flattening_proves_that_the_trader_is_flat(desk: RecordedDesk) -> None:
    proposal = proposal_of(desk, Flatten())
    assert proposal.sentence == "Manual: cancel 1 open order and close 1 position at the market."
    assert await proposal.run() == "Manual is flat: 0 positions closed"
    desk.position_list = desk.open_orders = ()
    desk.trader_list = tuple(msgspec.structs.replace(item, open_orders=0) for item in desk.trader_list)
    with pytest.raises(NotFound, match="no positions and no open orders"):
        proposal_of(desk, Flatten())


async def test_the_kill_switch_is_neither_engaged_nor_released_twice(desk: RecordedDesk) -> None:
    with pytest.raises(Conflict, match="is not on"):
        proposal_of(desk, ReleaseKillSwitch())
    # The desk's own alert says it; a second sentence for one key would only repeat it.
    assert await proposal_of(desk, EngageKillSwitch()).run() == ""
    with pytest.raises(Conflict, match="on already"):
        proposal_of(desk, EngageKillSwitch())
    assert await proposal_of(desk, ReleaseKillSwitch()).run() == "kill switch off: traders can enter again"


async def test_taking_back_all_price_alerts_is_asked_about_and_counts_them(desk: RecordedDesk) -> None:
    proposal = proposal_of(desk, RemovePriceAlerts(None))
    assert proposal.sentence == "Remove 3 price alerts, 2 of them still waiting."
    assert await proposal.run() == "3 price alerts gone"
    assert desk.signals.price_alerts() == ()
    with pytest.raises(NotFound, match="no price alerts"):
        proposal_of(desk, RemovePriceAlerts(None))


class KilledDesk(RecordedDesk):
    def preview_order(self, request: OrderRequest) -> OrderPreview:
        raise OrderDenied("the kill switch is engaged", reason="kill_switch")


def test_under_the_kill_switch_a_way_out_of_a_position_is_named() -> None:
    with pytest.raises(OrderDenied, match="close sol, or add reduce") as caught:
        proposal_of(KilledDesk(), PlaceOrder(side=Side.SELL, symbol="SOL", quantity=D(1)))
    assert caught.value.details["reason"] == "kill_switch"
    with pytest.raises(OrderDenied) as caught:
        proposal_of(KilledDesk(), PlaceOrder(side=Side.BUY, symbol="SOL", quantity=D(1)))
    assert "reduce" not in caught.value.message


def test_a_position_that_is_not_there_cannot_be_closed(desk: RecordedDesk) -> None:
    with pytest.raises(NotFound, match="Manual has none in BTC"):
        proposal_of(desk, ClosePosition("BTC"))


@pytest.mark.parametrize(("share", "moved"), [("0", False), ("0.9", False), ("1.1", True), ("-1.1", True)])
def test_a_proposal_has_moved_beyond_the_tolerance_only(desk: RecordedDesk, share: str, moved: bool) -> None:
    reviewed = proposal_of(desk, PlaceOrder(side=Side.BUY, symbol="BTC", quantity=D(1)))
    assert reviewed.price is not None
    price = reviewed.price * (1 + TOLERANCE * D(share))
    assert msgspec.structs.replace(reviewed, price=price).has_moved_from(reviewed) is moved
    assert msgspec.structs.replace(reviewed, price=None).has_moved_from(reviewed)
