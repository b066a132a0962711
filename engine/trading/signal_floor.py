"""Where signals meet the traders: what closes on the market goes in, wake-ups come out.

At the end of a market moment every candle and flow sample that has closed in it is taken in time
order, and the close of each sample is one checkpoint. A fire is written to the log, handed to each
trader that listens to its pool, and stored with what became of it. Price alerts look at every mark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from engine.errors import DeskError
from engine.market.candles.builder import PeriodCandle
from engine.market.factors.library import FactorLibrary
from engine.market.feed_guard import FeedTrouble
from engine.market.market_state import MarketState
from engine.market.periods import Period
from engine.market.regime.live import Regimes
from engine.model.event import Alert, Severity, Topic
from engine.model.flow import SAMPLE_MS, FlowSample
from engine.model.signal import PoolFire, PriceAlert, TriggerDelivery, TriggerOutcome
from engine.model.trigger import Trigger, TriggerKind
from engine.signals.conditions.condition import Condition, uses_factor
from engine.signals.conditions.grammar import parse_condition
from engine.signals.live.evaluator import SignalEvaluator
from engine.signals.price_alerts import PriceAlertBook
from engine.store.changes import Change
from engine.streams import Bus
from engine.trading.signal_book import SignalBook
from engine.trading.trigger_log import TriggerLog, trigger_detail
from engine.trading.waking import Roster, Waking

LOGGED_REGIME_PERIOD = Period.M5


class _Closing(msgspec.Struct):
    """What closes at one time on one symbol."""

    candles: tuple[PeriodCandle, ...] = ()
    sample: FlowSample | None = None


class SignalFloor:
    """The desk's signals at work; `write` stores a change with the market moment."""

    def __init__(
        self,
        *,
        market: MarketState,
        book: SignalBook,
        evaluator: SignalEvaluator,
        factors: FactorLibrary,
        regimes: Regimes,
        log: TriggerLog,
        alerts: Iterable[PriceAlert],
        bus: Bus,
        write: Callable[[Change], None],
    ) -> None:
        self.book = book
        self.evaluator = evaluator
        self.factors = factors
        self.log = log
        self.price_alerts = PriceAlertBook(alerts)
        self._known_alerts = {alert.alert_id: alert for alert in alerts}
        self._market = market
        self._regimes = regimes
        self._bus = bus
        self._write = write
        self._roster = Roster()
        self._closed: list[tuple[str, tuple[PeriodCandle, ...]]] = []
        self._next_sample_ms = 0

    @property
    def known_alerts(self) -> Mapping[int, PriceAlert]:
        """Every price alert by its id, fired and deleted ones as well."""
        return self._known_alerts

    def attach(self, roster: Roster) -> None:
        """Name whom fires may wake, and wake those that a fire before a kill still owes."""
        self._roster = roster
        for waking in roster.all:
            owed = self.log.unanswered(waking.trader_id, waking.binding_id)
            if owed is not None:
                waking.wake(_trigger_of(owed))

    def on_candles(self, symbol: str, closed: tuple[PeriodCandle, ...]) -> None:
        """Take the candles that a closed minute closes."""
        if closed:
            self._closed.append((symbol, closed))

    def on_mark(self, symbol: str, mark: Decimal, ts_ms: int) -> None:
        """Take a mark price; tell of the alerts that go off at it."""
        for alert in self.price_alerts.on_mark(symbol, mark, ts_ms):
            self.keep_alert(alert)
            message = f"alert {alert.alert_id}: {symbol} is {alert.direction} {alert.price:,f}, now {mark:,f}"
            self._bus.publish_edge(Topic.ALERTS, Alert(Severity.WARNING, message, ts_ms))

    def keep_alert(self, alert: PriceAlert) -> None:
        """Remember an alert as it is now, for good."""
        self._known_alerts[alert.alert_id] = alert
        self._write(alert)

    def end_moment(self, ts_ms: int) -> None:
        """Evaluate the checkpoints of a moment that ends, and store what has changed."""
        if not self._closed and ts_ms < self._next_sample_ms:
            return
        self._next_sample_ms = ts_ms - ts_ms % SAMPLE_MS + SAMPLE_MS
        closed, self._closed = self._closed, []
        closings: defaultdict[tuple[int, str], _Closing] = defaultdict(_Closing)
        for symbol, candles in closed:
            closings[candles[0].close_ms, symbol].candles += candles
        for symbol, sample in self._market.take_flow(ts_ms):
            closings[sample.close_ms, symbol].sample = sample
        if not closings:
            return
        self.tell_feed_changes()
        for (close_ms, symbol), closing in sorted(closings.items(), key=lambda item: item[0]):
            self._take(symbol, close_ms, closing)
        for edge in self.evaluator.take_changed_edges():
            self._write(edge)

    def tell_feed_changes(self) -> None:
        """Suspend the signals of feeds that have gone silent, resume those that are back, and say so."""
        for change in self._market.take_feed_changes():
            if change.trouble is FeedTrouble.STALE:
                act = self.evaluator.resume if change.is_over else self.evaluator.suspend
                act(change.symbol)
            severity = Severity.INFO if change.is_over else Severity.WARNING
            self._bus.publish_edge(Topic.ALERTS, Alert(severity, change.message, change.ts_ms))

    def use_factors(self, factors: FactorLibrary) -> None:
        """Compute factors as this library has them from now on."""
        before, self.factors = self.factors, factors
        try:
            self.evaluator.use_factors(factors)
        except BaseException:
            self.factors = before
            raise

    def parse(self, condition: str) -> Condition:
        """Return a condition as it is written; raises `InvalidInput` pointing at what is wrong."""
        return parse_condition(condition, self.factors)

    def signals_using_factor(self, name: str) -> tuple[str, ...]:
        """Return the names of the signals that look at a factor."""
        return tuple(signal.name for signal in self.book.signals if self._uses(signal.condition, name))

    def listeners(self, pool_id: int) -> tuple[int, ...]:
        """Return the traders a pool wakes."""
        return self._roster.traders_listening_to(pool_id)

    def _uses(self, text: str, factor: str) -> bool:
        try:
            condition = self.parse(text)
        except DeskError:
            return False  # it was left aside, and uses nothing
        return uses_factor(condition) and f"factor:{factor} " in f"{condition} "

    def _take(self, symbol: str, ts_ms: int, closing: _Closing) -> None:
        self.evaluator.on_candles(symbol, closing.candles)
        if closing.sample is None:
            return  # candles alone are looked at with the next sample
        self.evaluator.on_flow(symbol, closing.sample)
        for fire in self.evaluator.evaluate(symbol, ts_ms):
            regime = self._regimes.reading(symbol, LOGGED_REGIME_PERIOD).regime
            pool = self.book.pool(fire.pool_id)
            self.log.record(pool, symbol, fire.ts_ms, fire.signals, regime.value, self._deliver)

    def _deliver(self, fire: PoolFire) -> tuple[TriggerDelivery, ...]:
        trigger = _trigger_of(fire)
        return tuple(
            _delivery(waking, waking.wake(trigger))
            for waking in self._roster.all
            if waking.is_active and waking.listens_to(fire.pool_id) and waking.trades(fire.symbol)
        )


def _trigger_of(fire: PoolFire) -> Trigger:
    return Trigger(
        kind=TriggerKind.SIGNAL,
        symbol=fire.symbol,
        ts_ms=fire.ts_ms,
        signal=fire.pool_name,
        detail=trigger_detail(fire.signals),
        fire_id=fire.fire_id,
        logic=fire.logic,
        signals=fire.signals,
    )


def _delivery(waking: Waking, refusal: str) -> TriggerDelivery:
    outcome = TriggerOutcome.SKIPPED if refusal else TriggerOutcome.WOKEN
    return TriggerDelivery(waking.trader_id, outcome, refusal, binding_id=waking.binding_id)
