"""What wakes one trader: the pools it listens to and its schedule, both on market time."""

from __future__ import annotations

import msgspec

from engine.model.account import TraderConfig
from engine.model.trigger import Trigger
from engine.signals.schedules import Schedule
from engine.trading.trader import TraderRuntime


class Waking:
    """Wakes one trader; any trigger that it takes starts its schedule anew."""

    def __init__(self, trader: TraderRuntime) -> None:
        self._trader = trader
        self._schedule = Schedule(trader.config.schedule_seconds, _last_trigger_ms(trader))

    @property
    def trader_id(self) -> int:
        """Who is woken."""
        return self._trader.config.trader_id

    @property
    def trader_name(self) -> str:
        """What people call the trader."""
        return self._trader.config.name

    def listens_to(self, pool_id: int) -> bool:
        """Tell whether a pool wakes the trader."""
        return pool_id in self._trader.config.pool_ids

    def trades(self, symbol: str) -> bool:
        """Tell whether a symbol is any business of the trader."""
        return symbol in self._trader.config.symbols

    def listen(self, pool_ids: tuple[int, ...]) -> TraderConfig:
        """Let exactly these pools wake the trader; return its new configuration, which is to be stored."""
        self._trader.config = msgspec.structs.replace(self._trader.config, pool_ids=pool_ids)
        return self._trader.config

    def wake(self, trigger: Trigger) -> str:
        """Hand a trigger on; return why the trader does not take it, or nothing when it does."""
        refusal = self._trader.wake(trigger)
        if not refusal:
            self._schedule.reset(trigger.ts_ms)
        return refusal

    def on_time(self, now_ms: int) -> None:
        """Wake the trader if its schedule is due."""
        trigger = self._schedule.fire(now_ms)
        if trigger is not None:
            self._trader.wake(trigger)


def _last_trigger_ms(trader: TraderRuntime) -> int:
    """Return when the trader last woke; 0, so that it is due at once, if it never did."""
    decisions = trader.log.recent()
    return decisions[-1].trigger.ts_ms if decisions else 0
