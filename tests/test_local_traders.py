"""The life of a trader, from being made to being put away, and its way to another desk as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.errors import Conflict, DeskError, InvalidInput, NotFound, OrderDenied
from engine.local_desk import LocalDesk
from engine.model.account import ModelPolicy, RiskLimits, TraderConfig, TraderKind, TraderStatus
from engine.model.arena import Dimension
from engine.model.decision import DecisionStatus
from engine.model.event import Topic
from engine.model.order import OrderRequest, OrderType, Side
from engine.model.trader_file import TraderFile
from engine.settings import PromptSettings, ReplaySettings, Settings
from engine.streams import Bus

FAST = Settings(replay=ReplaySettings(speed=600), prompts=PromptSettings(tokens_per_second=10_000))
NEW = TraderConfig(
    trader_id=0,
    name="Newcomer",
    kind=TraderKind.PROMPT,
    initial_capital=Decimal(5_000),
    symbols=("BTC", "ETH"),
    strategy="default",
    period="1h",
)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[LocalDesk]:
    opened = await LocalDesk.open(tmp_path, FAST, Bus())
    quotes = opened.stream([Topic.QUOTES])
    await opened.start()
    await anext(quotes)
    await opened.set_replay(paused=True)
    quotes.close()
    try:
        yield opened
    finally:
        await opened.close()


async def decided(desk: LocalDesk, trader_id: int, count: int = 1) -> None:
    """Return once a trader has decided so often and thinks no more."""
    published = desk.stream([Topic.ACCOUNTS])
    while len(made := desk.decisions(trader_id)) < count or made[-1].status is DecisionStatus.STARTED:
        await anext(published)
    published.close()


async def buy(desk: LocalDesk, trader_id: int, symbol: str = "BTC") -> None:
    await desk.place_order(
        OrderRequest(
            trader_id=trader_id, symbol=symbol, side=Side.BUY, type=OrderType.MARKET, quantity=Decimal("0.01")
        )
    )


async def test_a_trader_is_made_paused_and_decides_once_it_is_started(desk: LocalDesk) -> None:
    made = await desk.roster.create(NEW)
    assert (made.trader_id, made.model) == (4, "nightdesk-rules")
    summary = desk.traders()[3]
    assert (summary.status, summary.account.equity) == (TraderStatus.PAUSED, Decimal(5_000))
    with pytest.raises(Conflict, match="paused"):
        await desk.trigger(4)
    await desk.start_trader(4)
    await desk.trigger(4, "BTC")
    await decided(desk, 4)
    (record,) = desk.decisions(4)
    assert record.status is not DecisionStatus.FAILED, record.outcome
    assert (record.strategy, record.model) == ("default", "nightdesk-rules")
    assert record.regime


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"name": "manual"}, Conflict, "name: manual is taken"),
        ({"name": " "}, InvalidInput, "name"),
        ({"initial_capital": Decimal("NaN")}, InvalidInput, "initial_capital"),
        ({"initial_capital": Decimal(0)}, InvalidInput, "initial_capital"),
        ({"symbols": ()}, InvalidInput, "symbols"),
        ({"symbols": ("[/foo]",)}, NotFound, "symbols: [/foo]"),
        ({"strategy": "nothing"}, NotFound, "there is no nothing"),
        ({"connection_id": 9}, NotFound, "connection_id"),
        ({"pool_ids": (99,)}, NotFound, "pool"),
        ({"period": "7m"}, InvalidInput, "period"),
        ({"schedule_seconds": -1}, InvalidInput, "schedule_seconds"),
        ({"limits": RiskLimits(max_leverage=126)}, InvalidInput, "limits.max_leverage"),
        ({"limits": RiskLimits(max_leverage=1)}, InvalidInput, "limits.default_leverage"),
        ({"limits": RiskLimits(max_notional=Decimal("inf"))}, InvalidInput, "limits.max_notional"),
        ({"policy": ModelPolicy(repairs=2)}, InvalidInput, "policy.repairs"),
        ({"policy": ModelPolicy(temperature=float("nan"))}, InvalidInput, "policy.temperature"),
    ],
)
async def test_what_cannot_be_a_trader_is_refused_by_name(
    desk: LocalDesk, changes: dict[str, object], error: type[DeskError], words: str
) -> None:
    with pytest.raises(error) as caught:
        await desk.roster.create(msgspec.structs.replace(NEW, **changes))
    assert words in caught.value.message
    assert len(desk.traders()) == 3


async def test_an_edit_counts_from_the_next_order_on_and_keeps_what_a_trader_is(desk: LocalDesk) -> None:
    manual = desk.roster.configs()[2]
    await buy(desk, 3)
    tight = msgspec.structs.replace(manual.limits, max_notional=Decimal(10))
    await desk.roster.set_limits(3, tight)
    with pytest.raises(OrderDenied, match=r"10\.00 notional"):
        await buy(desk, 3)
    with pytest.raises(Conflict, match="kind"):
        await desk.roster.edit(msgspec.structs.replace(manual, kind=TraderKind.PROMPT))
    with pytest.raises(Conflict, match="BTC has a position"):
        await desk.roster.edit(msgspec.structs.replace(manual, symbols=("ETH",)))
    edited = await desk.roster.edit(msgspec.structs.replace(manual, symbols=("BTC",), name="By hand"))
    assert (edited.limits, desk.traders()[2].name) == (manual.limits, "By hand")


async def test_disabled_trading_lets_nothing_in_and_everything_out(desk: LocalDesk) -> None:
    await buy(desk, 3)
    await desk.roster.set_trading(3, enabled=False)
    with pytest.raises(OrderDenied) as denied:
        await buy(desk, 3)
    assert denied.value.details["reason"] == "trading_disabled"
    await desk.close_position(3, "BTC")
    assert desk.positions(3) == ()
    await desk.roster.set_trading(3, enabled=True)
    await buy(desk, 3)


async def test_a_hidden_trader_leaves_the_list_and_trades_on(desk: LocalDesk) -> None:
    await desk.roster.set_hidden(3, hidden=True)
    assert [trader.trader_id for trader in desk.traders()] == [1, 2]
    assert [config.trader_id for config in desk.roster.configs(include_hidden=False)] == [1, 2]
    await buy(desk, 3)
    assert len(desk.positions(3)) == 1
    assert (await desk.pause_trader(3)).status is TraderStatus.PAUSED


async def test_a_deleted_trader_stays_away_after_a_restart_and_its_history_stays(
    desk: LocalDesk, tmp_path: Path
) -> None:
    await buy(desk, 3)
    with pytest.raises(Conflict, match="holds BTC"):
        await desk.roster.delete(3)
    await desk.close_position(3, "BTC")
    await desk.roster.delete(3)
    await decided(desk, 2)
    await desk.roster.delete(2)
    await desk.roster.delete(1)
    assert desk.traders() == ()
    assert desk.programs.bindings() == ()
    await desk.roster.create(NEW)
    await desk.close()
    again = await LocalDesk.open(tmp_path, FAST, Bus())
    try:
        assert [trader.trader_id for trader in again.traders()] == [4]
        former = again.roster.configs(include_deleted=True)
        assert [(config.trader_id, config.deleted) for config in former[:3]] == [
            (1, True),
            (2, True),
            (3, True),
        ]
        assert len(await again.arena.chat(trader_id=2)) == 1
    finally:
        await again.close()


async def test_a_trader_moves_to_another_desk_with_its_history(desk: LocalDesk, tmp_path: Path) -> None:
    await decided(desk, 2)
    await buy(desk, 2)
    await desk.close_position(2, "BTC")
    file = await desk.roster.export(2)
    assert msgspec.json.decode(msgspec.json.encode(file), type=TraderFile) == file
    assert file.prompt
    preview = await desk.roster.preview_import(file)
    assert (preview.problems, preview.fills, preview.duplicates) == ((), len(file.fills), len(file.fills))
    with pytest.raises(Conflict, match="Rulebook is taken"):
        await desk.roster.import_trader(file)
    summary = await desk.roster.import_trader(file, "Moved")
    assert (summary.trader_id, summary.status) == (4, TraderStatus.PAUSED)
    before = desk.traders()[1].account
    assert summary.account.cash == before.cash
    assert summary.account.fees == before.fees
    assert [each.outcome for each in desk.decisions(4)] == [each.outcome for each in desk.decisions(2)]
    stories = [await desk.arena.story(each.decision_id) for each in desk.decisions(4)]
    assert all(order.trader_id == 4 for story in stories for order in story.orders)
    assert await desk.roster.export(2) == msgspec.structs.replace(file, exported_ms=file.exported_ms)


async def test_a_file_that_contradicts_itself_is_refused_whole(desk: LocalDesk) -> None:
    await buy(desk, 3)
    file = await desk.roster.export(3)
    for wrong, words in (
        (msgspec.structs.replace(file, format=9), "format: 9"),
        (msgspec.structs.replace(file, orders=()), "belongs to no order"),
        (msgspec.structs.replace(file, fills=file.fills * 2), "given twice"),
    ):
        with pytest.raises(InvalidInput, match=words):
            await desk.roster.import_trader(wrong, "Wrong")
    assert len(desk.traders()) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fee": Decimal("NaN")}, "figures"),
        ({"realized_pnl": Decimal("-Infinity")}, "figures"),
        ({"price": Decimal("1e30")}, "figures"),
        ({"ts_ms": 10**19}, "figures"),
        ({"ts_ms": -1}, "figures"),
        ({"quantity": Decimal(0)}, "fills"),
        ({"price": Decimal(-5)}, "fills"),
    ],
)
async def test_a_file_with_impossible_figures_is_refused_whole(
    desk: LocalDesk, changes: dict[str, object], words: str
) -> None:
    await buy(desk, 3)
    file = await desk.roster.export(3)
    wrong = msgspec.structs.replace(file, fills=(msgspec.structs.replace(file.fills[0], **changes),))
    assert words in (await desk.roster.preview_import(wrong)).problems[0]
    with pytest.raises(InvalidInput, match=words):
        await desk.roster.import_trader(wrong, "Wrong")
    assert len(desk.traders()) == 3


async def test_the_texts_of_a_file_are_made_safe(desk: LocalDesk) -> None:
    await decided(desk, 2)
    file = await desk.roster.export(2)
    hostile = msgspec.structs.replace(
        file.decisions[0], reply="\x1b[2J[/foo]", outcome="\x1b]0;owned\x07done"
    )
    await desk.roster.import_trader(msgspec.structs.replace(file, decisions=(hostile,)), "Moved")
    (kept,) = desk.decisions(4)
    assert (kept.reply, kept.outcome) == ("[/foo]", "done")


async def test_trades_of_a_deleted_trader_keep_its_name(desk: LocalDesk) -> None:
    await buy(desk, 3)
    await desk.close_position(3, "BTC")
    await desk.roster.delete(3)
    assert "Manual" in {row.key for row in await desk.arena.attribution(Dimension.ACCOUNT)}
