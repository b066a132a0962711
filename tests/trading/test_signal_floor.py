"""What signals fire on the running desk is what a preview of the same history shows, also after a restart."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.clock import ReplayClock
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.market_state import MarketState
from engine.market.periods import DAY_MS, MINUTE_MS, Period
from engine.market.regime.live import Regimes
from engine.market.replay.candle_tape import CandleTape
from engine.model.event import Alert, Topic
from engine.model.regime import RegimeThresholds
from engine.model.signal import (
    AlertDirection,
    PoolEdge,
    PoolFire,
    PoolLogic,
    PriceAlert,
    SignalDefinition,
    SignalPool,
)
from engine.samples import load_all_candles
from engine.signals.history.condition_arrays import SignalData
from engine.signals.history.previews import preview_pool
from engine.store.changes import Change, CustomFactor
from engine.store.restore import DeskState
from engine.streams import Bus
from engine.trading.signal_assembly import REGIME_THRESHOLDS_KEY, open_signal_floor, stored_regimes
from engine.trading.signal_floor import SignalFloor
from engine.trading.trigger_log import TriggerLog

SIGNALS = tuple(
    SignalDefinition(signal_id=number, name=text, condition=text)
    for number, text in enumerate(
        (
            "rsi14 crosses below 30 on 5m",
            "price < boll_lower on 15m",
            "abs price_change > 0.4 on 1h",
            "macd golden_cross or death_cross on 15m",
            "volume > 2x average on 5m",
        ),
        start=1,
    )
)
POOLS = (
    SignalPool(pool_id=1, name="any", signal_ids=(1, 2, 4), logic=PoolLogic.OR),
    SignalPool(pool_id=2, name="both", signal_ids=(3, 5), symbols=("BTC",), cooldown_seconds=1800),
)
HISTORY_MS = 2 * DAY_MS
LENGTH_MS = 3 * DAY_MS


class Market:
    """Three days of recorded minutes, pushed through the desk's signals as moments."""

    def __init__(
        self,
        edges: tuple[PoolEdge, ...] = (),
        start_ms: int = 0,
        signals: tuple[SignalDefinition, ...] = SIGNALS,
        factors: tuple[CustomFactor, ...] = (),
    ) -> None:
        self.tape = CandleTape(load_all_candles())
        self.first_ms = self.tape.start_ms + HISTORY_MS
        self.start_ms = start_ms or self.first_ms
        self.clock = ReplayClock(self.start_ms - 1)
        instruments = {symbol: INSTRUMENTS[symbol] for symbol in self.tape.symbols}
        self.state = MarketState(instruments, (), self.clock)
        for symbol in instruments:
            self.state.warm_up(symbol, self.tape.history(symbol, self.start_ms))
        self.written: list[Change] = []
        self.bus = Bus()
        self.problems: list[str] = []
        self.floor: SignalFloor = open_signal_floor(
            state=DeskState(signals=signals, pools=POOLS, pool_edges=edges, factors=factors),
            market=self.state,
            symbols=self.tape.symbols,
            regimes=Regimes(self.state, RegimeThresholds()),
            log=TriggerLog((), self.bus, self.written.append),
            bus=self.bus,
            write=self.written.append,
            problems=self.problems,
        )

    def play(self, until_ms: int) -> None:
        for ts_ms in range(self.start_ms - self.start_ms % -MINUTE_MS, until_ms, MINUTE_MS):
            self.clock.set(ts_ms)
            for symbol in self.tape.symbols:
                history = self.tape.history(symbol, ts_ms + 1)
                self.floor.on_candles(symbol, self.state.on_candle(symbol, history.candle(-1)))
            self.floor.end_moment(ts_ms)

    def fires(self) -> list[tuple[int, str, int]]:
        fires = (change for change in self.written if isinstance(change, PoolFire))
        return [(fire.pool_id, fire.symbol, fire.ts_ms) for fire in fires]

    def edges(self) -> tuple[PoolEdge, ...]:
        kept = {
            (change.pool_id, change.symbol): change for change in self.written if isinstance(change, PoolEdge)
        }
        return tuple(kept.values())


@pytest.fixture(scope="module")
def played() -> Market:
    market = Market()
    market.play(market.first_ms + LENGTH_MS)
    return market


def test_the_desk_fires_where_the_preview_of_the_same_history_does(played: Market) -> None:
    fired = played.fires()
    assert len(fired) > 20
    for pool in POOLS:
        for symbol in pool.symbols or played.tape.symbols:
            data = SignalData(
                played.state.minutes(symbol), played.state.flow_series(symbol), played.floor.factors
            )
            by_id = {signal.signal_id: signal for signal in SIGNALS}
            preview = preview_pool(pool, by_id, symbol, data)
            expected = [fire.ts_ms for fire in preview.fires if fire.ts_ms >= played.first_ms]
            live = [ts_ms for pool_id, of, ts_ms in fired if (pool_id, of) == (pool.pool_id, symbol)]
            # What was met when the desk began counts as a fire in one, and as old news in neither.
            assert set(live[1:]) <= set(expected)
            assert set(expected[1:]) <= set(live)


@pytest.mark.parametrize("cut_minutes", [1, 777, 2001])
def test_a_restart_between_two_moments_changes_no_fire(played: Market, cut_minutes: int) -> None:
    before = Market()
    cut_ms = before.first_ms + cut_minutes * MINUTE_MS
    before.play(cut_ms)
    after = Market(before.edges(), cut_ms)
    after.play(before.first_ms + LENGTH_MS)
    assert before.fires() + after.fires() == played.fires()


def test_every_fire_carries_its_values_and_the_regime(played: Market) -> None:
    for change in played.written:
        if isinstance(change, PoolFire):
            assert change.signals
            assert all(signal.value is not None for signal in change.signals)
            assert change.regime


def test_only_edges_that_changed_are_stored(played: Market) -> None:
    edges = [change for change in played.written if isinstance(change, PoolEdge)]
    checkpoints = LENGTH_MS // MINUTE_MS * 4
    assert len(edges) < checkpoints / 3


def test_a_price_alert_goes_off_once_and_is_told_and_stored() -> None:
    market = Market()
    alerts = market.bus.subscribe([Topic.ALERTS])
    alert = PriceAlert(
        alert_id=1, symbol="BTC", direction=AlertDirection.ABOVE, price=Decimal(70_000), created_ms=0
    )
    market.floor.price_alerts.add(alert)
    market.floor.on_mark("BTC", Decimal(69_999), 1)
    market.floor.on_mark("ETH", Decimal(99_999), 2)
    assert market.written == []
    market.floor.on_mark("BTC", Decimal(70_001), 3)
    market.floor.on_mark("BTC", Decimal(70_002), 4)
    assert market.written == [msgspec.structs.replace(alert, fired_ms=3)]
    told = [edge.message for edge in alerts.drain().edges if isinstance(edge, Alert)]
    assert told == ["alert 1: BTC is above 70,000, now 70,001"]


def test_a_feed_that_goes_silent_suspends_its_signals_and_says_so() -> None:
    market = Market()
    alerts = market.bus.subscribe([Topic.ALERTS])
    market.play(market.first_ms + 5 * MINUTE_MS)
    alerts.drain()
    market.clock.set(market.first_ms + 20 * MINUTE_MS)
    market.floor.tell_feed_changes()
    assert all(state.is_suspended for state in market.floor.evaluator.pool_states())
    assert len(alerts.drain().edges) == len(market.tape.symbols)


def test_periods_of_all_signals_are_built() -> None:
    assert Market().floor.evaluator.periods == {Period.M5, Period.M15}


def test_what_cannot_be_read_any_more_is_left_aside_and_the_rest_works() -> None:
    strange = msgspec.structs.replace(SIGNALS[2], condition="moonphase > 3 on 1h")
    factors = (
        CustomFactor(name="second", expression="first * 2"),
        CustomFactor(name="first", expression="returns"),
        CustomFactor(name="lost", expression="gone + 1"),
    )
    market = Market(signals=(*SIGNALS[:2], strange, *SIGNALS[3:]), factors=factors)
    assert [problem.split(" is left aside")[0] for problem in market.problems] == [
        "factor lost",
        f"signal {strange.name}",
        "pool both",
    ]
    assert {state.pool_id for state in market.floor.evaluator.pool_states()} == {1}
    assert market.floor.signals_using_factor("first") == ()
    assert {"first", "second"} <= {factor.name for factor in market.floor.factors.definitions()}


@pytest.mark.parametrize("kept", ["junk", '{"breakout_body": 7}', '{"unknown": 1}'])
def test_thresholds_that_cannot_be_used_give_way_to_the_default_ones(kept: str) -> None:
    problems: list[str] = []
    regimes = stored_regimes(Market().state, {REGIME_THRESHOLDS_KEY: kept}, problems)
    assert regimes.thresholds == RegimeThresholds()
    assert "left aside" in problems[0]
