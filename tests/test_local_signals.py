"""Signals, pools, alerts and factors of a running desk: changed by commands, there again after a restart."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.account import TraderStatus
from engine.model.chart import ChartRequest
from engine.model.decision import DecisionStatus
from engine.model.event import Alert, Topic, TraderEvent
from engine.model.regime import RegimeThresholds
from engine.model.signal import AlertDirection, PoolLogic, SignalDefinition, SignalPool
from engine.model.trigger import TriggerKind
from engine.store.store import Store
from engine.trading.signal_floor import SignalFloor
from tests.test_local_desk import open_desk

DIP = SignalDefinition(signal_id=0, name="Dip", condition="price < BOLL_LOWER on 15m")


async def test_a_new_desk_listens_to_its_stock_pools(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        assert [pool.name for pool in desk.signals.pools()] == ["Oversold 5m", "Overbought 15m"]
        assert [desk.signals.listeners(pool.pool_id) for pool in desk.signals.pools()] == [(1,), (2,)]
        states = desk.signals.signal_states()
        assert {state.symbol for state in states} == {"BTC", "ETH", "SOL"}
        assert all(state.value is not None for state in states), "warmed up on recorded history"
        now = await desk.signals.test_signal("rsi14 crosses below 30 on 5m", "BTC")
        assert now.value == next(state.value for state in states if state.symbol == "BTC")


async def test_signals_pools_and_listeners_survive_a_restart(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        signal = await desk.signals.save_signal(DIP)
        pool = await desk.signals.save_pool(
            SignalPool(
                pool_id=0, name="Dips", signal_ids=(1, signal.signal_id), logic=PoolLogic.OR, symbols=("BTC",)
            )
        )
        await desk.signals.listen(1, (1, pool.pool_id))
        assert signal.condition == "price < boll_lower on 15m"
        definitions, pools = desk.signals.definitions(), desk.signals.pools()
    async with open_desk(tmp_path) as desk:
        assert (desk.signals.definitions(), desk.signals.pools()) == (definitions, pools)
        assert desk.signals.listeners(pool.pool_id) == (1,)
        assert (pool.pool_id, "BTC") in {
            (state.pool_id, state.symbol) for state in desk.signals.pool_states()
        }


async def test_what_is_used_cannot_be_deleted(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        with pytest.raises(Conflict, match="Oversold 5m"):
            await desk.signals.delete_signal(1)
        with pytest.raises(Conflict, match="Reverter"):
            await desk.signals.delete_pool(1)
        await desk.signals.listen(1, ())
        await desk.signals.delete_pool(1)
        await desk.signals.delete_signal(1)
        assert 1 not in {signal.signal_id for signal in desk.signals.definitions()}


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("rsi14 crosses below 130 on 5m", "130"),
        ("rsy14 > 30 on 5m", "rsi"),
        ("price > 1 on 7m", "7m"),
        ("factor:nothing > 1 on 1h", "nothing"),
        ("", "condition"),
    ],
)
async def test_a_bad_condition_is_refused_by_its_word(tmp_path: Path, condition: str, says: str) -> None:
    async with open_desk(tmp_path) as desk:
        with pytest.raises((InvalidInput, NotFound), match=says) as refusal:
            desk.signals.check(condition)
        assert "position" in refusal.value.details
        with pytest.raises((InvalidInput, NotFound)):
            await desk.signals.save_signal(msgspec.structs.replace(DIP, condition=condition))
        assert len(desk.signals.definitions()) == 2


async def test_a_price_alert_waits_goes_off_and_is_remembered(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        mark = desk.tickers()[0].quote.mark
        far = await desk.signals.add_price_alert("BTC", AlertDirection.ABOVE, mark * 2)
        near = await desk.signals.add_price_alert("BTC", AlertDirection.BELOW, mark * 2)
        assert far.fired_ms is None
        assert near.fired_ms is not None, "it is below already"
        with pytest.raises(InvalidInput, match=r"price: -1 .* above 0"):
            await desk.signals.add_price_alert("BTC", AlertDirection.ABOVE, Decimal(-1))
        for absurd in ("1e50", "1e999999", "123456789012345678901234567890.1", "NaN", "sNaN", "Infinity"):
            with pytest.raises(InvalidInput, match=r"price: .* above 0, at most 1,000,000,000,000"):
                await desk.signals.add_price_alert("BTC", AlertDirection.ABOVE, Decimal(absurd))
        with pytest.raises(InvalidInput, match="steps of"):
            await desk.signals.add_price_alert("BTC", AlertDirection.ABOVE, Decimal("70000.001"))
        with pytest.raises(NotFound, match="DOGE"):
            await desk.signals.add_price_alert("DOGE", AlertDirection.ABOVE, Decimal(1))
    async with open_desk(tmp_path) as desk:
        assert [alert.alert_id for alert in desk.signals.price_alerts()] == [far.alert_id, near.alert_id]
        await desk.signals.delete_price_alert(far.alert_id)
        assert [alert.alert_id for alert in desk.signals.price_alerts()] == [near.alert_id]
        with pytest.raises(NotFound):
            await desk.signals.delete_price_alert(far.alert_id)


async def test_a_factor_of_ones_own_can_drive_a_signal_and_then_not_be_deleted(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.markets.save_factor("push", "roc(close, 5) * 2", "twice the move of five candles")
        await desk.signals.save_signal(
            msgspec.structs.replace(DIP, name="Push", condition="factor:push > 0.02 on 5m")
        )
        with pytest.raises(Conflict, match="Push"):
            await desk.markets.delete_factor("push")
        effect = await desk.markets.factor_effectiveness("push", "BTC", "5m", horizon=3)
        assert effect.samples > 100
        with pytest.raises(InvalidInput, match="push"):
            await desk.markets.save_factor("push", "push + 1")
    async with open_desk(tmp_path) as desk:
        assert "push" in {factor.name for factor in desk.markets.factors()}
        assert [signal.name for signal in desk.signals.definitions()][-1] == "Push"


async def test_previews_and_analysis_look_at_history_up_to_now_only(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        preview = await desk.signals.preview_signal("rsi14 crosses below 30 on 5m", "BTC")
        assert preview.end_ms <= desk.market().now_ms
        assert preview.fires
        pool = await desk.signals.preview_pool(desk.signals.pools()[0], "BTC")
        assert [fire.ts_ms for fire in pool.fires] == [fire.ts_ms for fire in preview.fires]
        blind = await desk.signals.preview_signal("cvd > 1 on 5m", "BTC")
        assert (blind.unknown, blind.fires) == (blind.checkpoints, ())
        assert "needs trades" in blind.why_unknown
        analysis = await desk.signals.analyze("rsi14", "BTC")
        assert analysis.suggestions
        with pytest.raises(InvalidInput, match="days"):
            await desk.signals.analyze("rsi14", "BTC", days=31)


async def test_charts_regimes_and_thresholds(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        chart = desk.markets.chart(ChartRequest(symbol="BTC", period="15m", indicators=("BOLL", "RSI14")))
        assert {line.group for line in chart.lines} == {"BOLL", "RSI14"}
        assert all(candle.closed for candle in chart.candles[:-1])
        assert desk.markets.regime("BTC").price_only
        changed = await desk.markets.set_regime_thresholds(RegimeThresholds(calm_range_atr=0.4))
        with pytest.raises(InvalidInput, match="breakout_body"):
            await desk.markets.set_regime_thresholds(RegimeThresholds(breakout_body=2))
    async with open_desk(tmp_path) as desk:
        assert desk.markets.regime_thresholds() == changed


async def test_a_pool_cannot_have_a_signal_that_was_left_aside(tmp_path: Path) -> None:
    strange = msgspec.structs.replace(DIP, signal_id=9, name="Strange", condition="moonphase > 3 on 1h")
    async with open_desk(tmp_path) as desk:
        pools = desk.signals.pools()
    with closing(Store.open(tmp_path)) as store:
        store.write(strange).result()
    async with open_desk(tmp_path) as desk:
        pool = SignalPool(pool_id=0, name="Strange", signal_ids=(1, strange.signal_id))
        with pytest.raises(NotFound, match="signal 9"):
            await desk.signals.save_pool(pool)
        assert desk.signals.pools() == pools
        mended = msgspec.structs.replace(strange, condition="price > 1 on 1h")
        await desk.signals.save_signal(mended)
        kept = await desk.signals.save_pool(pool)
        assert (kept.pool_id, "BTC") in {
            (state.pool_id, state.symbol) for state in desk.signals.pool_states()
        }


async def test_a_persons_trigger_starts_the_schedule_anew(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        ends = desk.stream([Topic.DECISIONS])
        await desk.signals.listen(1, ())

        async def decided(count: int) -> list[TriggerKind]:
            while True:
                records = desk.decisions(1)
                if len(records) >= count and records[-1].status is not DecisionStatus.STARTED:
                    return [record.trigger.kind for record in records]
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(anext(ends), 0.2)

        await desk.step_replay()
        assert await decided(1) == ["scheduled"]
        for _ in range(10):
            await desk.step_replay()
        await desk.trigger(1)
        for _ in range(7):
            await desk.step_replay()
        await desk.trigger(1, "BTC")
        assert await decided(3) == ["scheduled", "manual", "manual"]


async def test_a_trader_whose_strategy_cannot_be_had_tries_again_when_it_is_started(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        pass
    with closing(Store.open(tmp_path)) as store:
        trader = next(each.config for each in store.restore().traders if each.config.trader_id == 2)
        store.write(msgspec.structs.replace(trader, strategy="gone")).result()
    async with open_desk(tmp_path) as desk:
        changes = desk.stream([Topic.TRADERS])

        async def statuses(count: int) -> list[TraderStatus]:
            seen: list[TraderStatus] = []
            while len(seen) < count:
                for edge in (await asyncio.wait_for(anext(changes), 10)).edges:
                    if isinstance(edge, TraderEvent) and edge.trader_id == trader.trader_id:
                        seen.append(edge.status)
            return seen

        if desk.traders()[1].status is not TraderStatus.ERROR:
            assert await statuses(1) == [TraderStatus.ERROR]
        changes.drain()
        await desk.start_trader(trader.trader_id)
        assert await statuses(2) == [TraderStatus.ACTIVE, TraderStatus.ERROR]


async def test_an_unknown_symbol_is_refused_by_name_wherever_it_is_asked_for(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        markets = desk.markets
        for ask in (
            lambda: desk.book("DO\x1b[31mGE"),
            lambda: markets.chart(ChartRequest(symbol="DOGE", period="1m")),
            lambda: markets.trades("DOGE"),
            lambda: markets.flow("DOGE"),
            lambda: markets.regime("DOGE"),
            lambda: desk.intelligence.snapshot("DOGE"),
        ):
            with pytest.raises(NotFound, match="symbol: DOGE is not known; there are BTC, ETH, SOL"):
                ask()
        with pytest.raises(NotFound, match="symbol: DOGE"):
            await markets.factor_effectiveness("roc10", "DOGE")
        with pytest.raises(NotFound, match="symbol: DOGE"):
            await desk.signals.test_signal("price > 1 on 1m", "DOGE")


async def test_what_a_person_does_after_the_market_feed_broke_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(floor: SignalFloor, ts_ms: int) -> None:
        raise ZeroDivisionError("a fault in the engine")

    async with open_desk(tmp_path) as desk:
        alerts = desk.stream([Topic.ALERTS])
        with monkeypatch.context() as patched:
            patched.setattr(SignalFloor, "end_moment", break_down)
            await desk.set_replay(paused=False)
            told = (await asyncio.wait_for(anext(alerts), 10)).edges
        assert [edge.message for edge in told if isinstance(edge, Alert)] == [
            "the market feed broke: ZeroDivisionError: a fault in the engine"
        ]
        await desk.pause_trader(1)
        kept = await desk.signals.save_signal(DIP)
    async with open_desk(tmp_path) as desk:
        assert desk.traders()[0].status is TraderStatus.PAUSED
        assert kept in desk.signals.definitions()
