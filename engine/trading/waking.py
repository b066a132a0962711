"""What wakes one trader: its signal and its schedule, both on market time."""

from __future__ import annotations

from engine.market.candle_builder import PeriodCandle
from engine.market.market_state import MarketState
from engine.signals.conditions import parse_condition
from engine.signals.evaluator import SignalEvaluator
from engine.signals.schedules import Schedule
from engine.trading.trader import TraderRuntime


class Waking:
    """Watches the market for one trader; any trigger starts its schedule anew."""

    def __init__(self, trader: TraderRuntime, market: MarketState) -> None:
        self._trader = trader
        self._evaluator = SignalEvaluator()
        self._schedule = Schedule(trader.config.schedule_seconds, _last_trigger_ms(trader))
        if trader.config.signal:
            condition = parse_condition(trader.config.signal)
            for symbol in trader.config.symbols:
                self._evaluator.watch(symbol, condition, market.history(symbol, condition.period))

    def on_candle(self, symbol: str, closed: PeriodCandle) -> None:
        """Take a closed candle; wake the trader if its signal fires there."""
        for trigger in self._evaluator.on_candle(symbol, closed):
            self._schedule.reset(trigger.ts_ms)
            self._trader.wake(trigger)

    def on_time(self, now_ms: int) -> None:
        """Wake the trader if its schedule is due."""
        trigger = self._schedule.fire(now_ms)
        if trigger is not None:
            self._trader.wake(trigger)


def _last_trigger_ms(trader: TraderRuntime) -> int:
    """Return when the trader last woke; 0, so that it is due at once, if it never did."""
    decisions = trader.log.recent()
    return decisions[-1].trigger.ts_ms if decisions else 0
