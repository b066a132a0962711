"""The desk as its users meet it: commands, queries, a restart that finds everything where it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.desk import Desk, EquitySpan
from engine.desk_thread import DeskThread
from engine.errors import Conflict, HomeLocked, InvalidSetting, NotFound, OrderDenied, Unavailable
from engine.local_desk import LocalDesk
from engine.model.account import TraderStatus
from engine.model.decision import DecisionRecord, DecisionStage, DecisionStatus
from engine.model.event import ReplayState, Topic
from engine.model.order import Order, OrderRequest, OrderStatus, OrderType, Side
from engine.settings import PromptSettings, ReplaySettings, Settings
from engine.streams import Bus

FAST = Settings(replay=ReplaySettings(speed=600), prompts=PromptSettings(tokens_per_second=10_000))
MANUAL = 3


@asynccontextmanager
async def open_desk(home: Path, settings: Settings = FAST) -> AsyncIterator[LocalDesk]:
    desk = await LocalDesk.open(home, settings, Bus())
    quotes = desk.stream([Topic.QUOTES])
    await desk.start()
    await anext(quotes)
    await desk.set_replay(paused=True)
    quotes.close()
    try:
        yield desk
    finally:
        await desk.close()


def market_buy(quantity: str = "0.05", **changes: object) -> OrderRequest:
    base = OrderRequest(
        trader_id=MANUAL, symbol="BTC", side=Side.BUY, type=OrderType.MARKET, quantity=Decimal(quantity)
    )
    return msgspec.structs.replace(base, **changes)


async def test_a_new_home_has_three_traders_with_ten_thousand_each(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        assert [trader.kind for trader in desk.traders()] == ["program", "prompt", "manual"]
        assert {trader.account.equity for trader in desk.traders()} == {Decimal(10_000)}
        assert [ticker.quote.symbol for ticker in desk.tickers()] == ["BTC", "ETH", "SOL"]
        assert all(ticker.change_24h is not None for ticker in desk.tickers())


async def first_decision(desk: LocalDesk, trader_id: int) -> DecisionRecord:
    """Return a trader's first decision once it has come to its end."""
    published = desk.stream([Topic.ACCOUNTS])
    while not (made := desk.decisions(trader_id)) or made[0].status is DecisionStatus.STARTED:
        await anext(published)
    published.close()
    return made[0]


def picture(desk: LocalDesk) -> tuple[object, ...]:
    """Return everything a person sees of the desk."""
    return (
        desk.orders(),
        desk.fills(),
        desk.market().now_ms,
        desk.positions(),
        [trader.account for trader in desk.traders()],
        [(trader.status, trader.sparkline, trader.seq) for trader in desk.traders()],
        desk.tickers(),
        desk.equity(MANUAL, EquitySpan.ALL),
    )


async def test_everything_is_where_it_was_after_a_restart(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        touch = desk.tickers()[0].quote
        await desk.place_order(market_buy(stop_loss=touch.bid - 2000, take_profit=touch.bid + 2000))
        await desk.place_order(market_buy(type=OrderType.LIMIT, price=touch.bid - 1000))
        await desk.pause_trader(1)
        await desk.step_replay()
        await first_decision(desk, 2)
        before = picture(desk)
    desk = await LocalDesk.open(tmp_path, Settings(), Bus())
    try:
        assert picture(desk) == before
        assert desk.traders()[0].status is TraderStatus.PAUSED
        assert desk.market().replay is ReplayState.PAUSED
    finally:
        await desk.close()


async def test_a_prompt_trader_decides_over_the_rules_model_and_everything_is_recorded(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path) as desk:
        record = await first_decision(desk, 2)
        calls = await desk.models.calls(record.decision_id)
        story = await desk.arena.story(record.decision_id)
    assert record.outcome == "" or record.status is not DecisionStatus.FAILED, record.outcome
    assert (record.strategy, record.strategy_version, record.model) == ("default", 1, "nightdesk-rules")
    assert record.stage in (DecisionStage.DONE, DecisionStage.RISK)
    assert record.tokens > 0
    assert "# Prices" in record.prompt
    assert record.reasoning
    assert [(call.purpose, call.subject, call.trader_id) for call in calls] == [
        ("decision", record.decision_id, 2)
    ]
    assert calls[0].usage.total == record.tokens
    assert story.calls == calls


async def test_a_paused_desk_can_be_left_after_a_restart_before_the_market_moves(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.place_order(market_buy(stop_loss=desk.tickers()[0].quote.bid - 2000))
    desk = await LocalDesk.open(tmp_path, Settings(), Bus())
    await desk.start()
    try:
        assert desk.market().replay is ReplayState.PAUSED
        await desk.flatten()
        assert desk.positions() == ()
        assert desk.orders() == ()
    finally:
        await desk.close()


async def test_the_kill_switch_survives_a_restart_and_only_a_person_releases_it(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        resting = await desk.place_order(
            market_buy(type=OrderType.LIMIT, price=desk.tickers()[0].quote.bid - 1000)
        )
        await desk.engage_kill_switch()
        assert resting.client_order_id not in {order.client_order_id for order in desk.orders()}
    async with open_desk(tmp_path) as desk:
        assert desk.market().kill_switch
        with pytest.raises(OrderDenied, match="kill switch"):
            await desk.place_order(market_buy())
        await desk.release_kill_switch()
        assert (await desk.place_order(market_buy())).status is OrderStatus.FILLED


async def test_flatten_leaves_neither_orders_nor_positions(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        bid = desk.tickers()[0].quote.bid
        await desk.place_order(market_buy(stop_loss=bid - 2000))
        await desk.place_order(market_buy(type=OrderType.LIMIT, price=bid - 1000))
        await desk.flatten()
        assert desk.positions() == ()
        assert desk.orders() == ()


async def test_half_a_position_can_be_closed(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.place_order(market_buy("0.05"))
        await desk.close_position(MANUAL, "BTC", Decimal("0.5"))
        assert desk.positions()[0].quantity == Decimal("0.025")
        with pytest.raises(NotFound, match="no position in ETH"):
            await desk.close_position(MANUAL, "ETH")


async def test_a_preview_agrees_with_the_fill_that_follows(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        preview = desk.preview_order(market_buy())
        order = await desk.place_order(market_buy())
        (position,) = desk.positions()
        assert order.average_price is not None
        assert round(preview.expected_price, 6) == round(order.average_price, 6)
        assert preview.fee == order.fee
        assert preview.position_after == position.quantity
        assert preview.liquidation_price == position.liquidation_price


async def test_what_cannot_be_done_says_why(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        with pytest.raises(NotFound, match="there are 1, 2, 3"):
            await desk.pause_trader(9)
        with pytest.raises(Conflict, match="manual trader"):
            await desk.trigger(MANUAL)
        with pytest.raises(NotFound, match="not open"):
            await desk.cancel_order("nd-nothing")
        with pytest.raises(InvalidSetting, match="allowed is 1 to 600"):
            await desk.set_replay(speed=601)
        await desk.pause_trader(1)
        with pytest.raises(Conflict, match="start it first"):
            await desk.trigger(1)


async def test_a_second_desk_on_the_same_home_is_refused_and_a_home_keeps_its_recording(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path):
        with pytest.raises(HomeLocked):
            await LocalDesk.open(tmp_path, FAST, Bus())
    with pytest.raises(InvalidSetting, match="this home replays candles"):
        await LocalDesk.open(tmp_path, Settings(replay=ReplaySettings(source="raw")), Bus())
    async with open_desk(tmp_path):
        pass


async def test_resting_entries_are_cancelled_at_the_end_when_configured_and_stops_stay(
    tmp_path: Path,
) -> None:
    settings = msgspec.structs.replace(FAST, on_quit="cancel")
    async with open_desk(tmp_path, settings) as desk:
        bid = desk.tickers()[0].quote.bid
        await desk.place_order(market_buy(stop_loss=bid - 2000))
        await desk.place_order(market_buy(type=OrderType.LIMIT, price=bid - 1000))
    desk = await LocalDesk.open(tmp_path, Settings(), Bus())
    try:
        assert [order.type for order in desk.orders()] == [OrderType.STOP_MARKET]
    finally:
        await desk.close()


async def test_the_desk_on_its_own_thread_answers_like_the_one_here(tmp_path: Path) -> None:
    desk: Desk
    desk = thread = DeskThread(tmp_path, FAST)
    assert desk.market().replay is ReplayState.STARTING
    with pytest.raises(Unavailable):
        await desk.place_order(market_buy())
    quotes = desk.stream([Topic.QUOTES])
    await thread.start()
    try:
        await anext(quotes)
        await desk.set_replay(paused=True)
        orders: list[Order] = [await desk.place_order(market_buy("0.01")) for _ in range(3)]
        assert desk.positions()[0].quantity == Decimal("0.03")
        assert {order.status for order in orders} == {OrderStatus.FILLED}
        with pytest.raises(OrderDenied):
            await desk.place_order(market_buy("10"))
    finally:
        await thread.stop()
    with pytest.raises(Unavailable):
        await desk.flatten()


async def test_a_desk_thread_that_cannot_start_says_why(tmp_path: Path) -> None:
    async with open_desk(tmp_path):
        thread = DeskThread(tmp_path, FAST)
        with pytest.raises(HomeLocked):
            await asyncio.wait_for(thread.start(), 10)
        await thread.stop()
