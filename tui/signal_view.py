"""What the signals screen paints: one frozen picture of signals, pools, fires and alerts.

Values of signals are floats in the unit of their metric; they are shown with as many digits as
tell them apart, never with more than a person reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import msgspec

from engine.desk import Desk
from engine.errors import DeskError
from engine.model.account import TraderKind, TraderSummary
from engine.model.signal import (
    ConditionCheck,
    FiredSignal,
    PoolFire,
    PoolLogic,
    PoolState,
    PriceAlert,
    SignalDefinition,
    SignalPool,
    SignalState,
)
from tui import format as fmt
from tui.view import DeskView

MET, NOT_MET, UNKNOWN, SUSPENDED = "●", "○", "–", "‖"
MET_WORDS = {True: "met", False: "not met", None: "unknown"}
BAR_CELLS = 8
FIRES_SHOWN = 200
LOGIC_WORDS = {PoolLogic.AND: "all of them", PoolLogic.OR: "any of them"}

_DONE, _LEFT = "━", "─"
_BILLION, _MILLION, _TEN_THOUSAND = 1e9, 1e6, 1e4


class SignalView(msgspec.Struct, frozen=True):
    """Everything on the signals screen; `desk` is the rest of the desk at the same time.

    `listeners` has the traders each pool wakes by its id, `checks` the meaning and the unit of each
    condition by its text.
    """

    desk: DeskView = DeskView()
    definitions: tuple[SignalDefinition, ...] = ()
    pools: tuple[SignalPool, ...] = ()
    listeners: Mapping[int, tuple[int, ...]] = {}
    signal_states: tuple[SignalState, ...] = ()
    pool_states: tuple[PoolState, ...] = ()
    fires: tuple[PoolFire, ...] = ()
    alerts: tuple[PriceAlert, ...] = ()
    checks: Mapping[str, ConditionCheck] = {}

    @property
    def now_ms(self) -> int:
        """Market time."""
        return self.desk.market.now_ms

    def signal(self, signal_id: int) -> SignalDefinition | None:
        """Return a signal by id."""
        return next((item for item in self.definitions if item.signal_id == signal_id), None)

    def pool(self, pool_id: int) -> SignalPool | None:
        """Return a pool by id."""
        return next((item for item in self.pools if item.pool_id == pool_id), None)

    def signal_name(self, signal_id: int) -> str:
        """Return a signal's name, or its number while the name is not known."""
        signal = self.signal(signal_id)
        return signal.name if signal else f"#{signal_id}"

    def signal_state(self, signal_id: int, symbol: str) -> SignalState | None:
        """Return how a signal stands on a symbol."""
        return next(
            (item for item in self.signal_states if (item.signal_id, item.symbol) == (signal_id, symbol)),
            None,
        )

    def pool_state(self, pool_id: int, symbol: str) -> PoolState | None:
        """Return how a pool stands on a symbol."""
        return next(
            (item for item in self.pool_states if (item.pool_id, item.symbol) == (pool_id, symbol)), None
        )

    def pools_using(self, signal_id: int) -> tuple[SignalPool, ...]:
        """Return the pools a signal is a member of."""
        return tuple(pool for pool in self.pools if signal_id in pool.signal_ids)

    def listener_names(self, pool_id: int) -> tuple[str, ...]:
        """Return the names of the traders a pool wakes."""
        return tuple(self.desk.trader_name(trader_id) for trader_id in self.listeners.get(pool_id, ()))

    def unit(self, condition: str) -> str:
        """Return the unit a condition's value is in, "" while it is not known."""
        check = self.checks.get(condition)
        return check.unit if check else ""

    def symbols_of(self, pool: SignalPool) -> tuple[str, ...]:
        """Return the symbols a pool watches: its own, or all of the desk."""
        return pool.symbols or tuple(item.symbol for item in self.desk.instruments)

    def last_fire_with(self, signal_id: int, symbol: str) -> int | None:
        """Return when a pool last fired on a symbol with this signal among its members."""
        times = (
            fire.ts_ms
            for fire in reversed(self.fires)
            if fire.symbol == symbol and any(item.signal_id == signal_id for item in fire.signals)
        )
        return next(times, None)


class SignalReader:
    """Reads the desk's signals into a picture; a condition is checked once in its life."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._checks: dict[str, ConditionCheck] = {}
        self._view = SignalView()

    def read(self, view: DeskView) -> SignalView:
        """Return the picture that goes with a picture of the desk; the same object while it is equal."""
        signals = self._desk.signals
        definitions, pools = signals.definitions(), signals.pools()
        picture = SignalView(
            desk=view,
            definitions=definitions,
            pools=pools,
            listeners={pool.pool_id: signals.listeners(pool.pool_id) for pool in pools},
            signal_states=signals.signal_states(),
            pool_states=signals.pool_states(),
            fires=signals.fires(limit=FIRES_SHOWN),
            alerts=signals.price_alerts(),
            checks={item.condition: check for item in definitions if (check := self._check(item.condition))},
        )
        if picture != self._view:
            self._view = picture
        return self._view

    def _check(self, condition: str) -> ConditionCheck | None:
        if condition not in self._checks:
            try:
                self._checks[condition] = self._desk.signals.check(condition)
            except DeskError:
                # A kept condition can name a factor that is gone since; its state says so.
                return None
        return self._checks[condition]


def can_listen(trader: TraderSummary) -> bool:
    """Tell whether a pool can wake a trader: one that is traded by hand does not decide."""
    return trader.kind is not TraderKind.MANUAL


def number(value: float | None) -> str:
    """Return a signal's value with the digits a person reads: `67,210.4`, `28.40`, `1.25M`, `0.0021`."""
    if value is None or math.isnan(value):
        return fmt.ABSENT
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    for least, letter in ((_BILLION, "B"), (_MILLION, "M")):
        if size >= least:
            return f"{value / least:,.2f}{letter}"
    if size >= _TEN_THOUSAND or value == int(value):
        return f"{value:,.1f}".removesuffix(".0")
    if size >= 1:
        return f"{value:,.2f}"
    return f"{value:.4f}" if size >= 0.001 else f"{value:.2g}"


def threshold(value: float | None) -> str:
    """Return a number a person wrote, without digits they did not write: `30`, `0.9`."""
    text = number(value)
    return text.rstrip("0").rstrip(".") if "." in text and text[-1].isdigit() else text


def with_unit(value: float | None, unit: str, number: Callable[[float | None], str] = number) -> str:
    """Return a value with its unit where that is one sign: `-0.42%`; longer units stand elsewhere."""
    text = number(value)
    return f"{text}%" if unit == "%" and text != fmt.ABSENT else text


def nearness(state: SignalState) -> float | None:
    """Return how near a signal is to being met, from 0 (far) to 1 (met).

    The distance is measured against the larger of value and target, so that it reads the same for
    a price and for an index.
    """
    if state.met:
        return 1.0
    if state.met is None or state.distance is None or state.value is None:
        return None
    scale = max(abs(state.value), abs(state.target or 0.0))
    if not scale or not math.isfinite(scale) or not math.isfinite(state.distance):
        return 0.0
    return max(0.0, min(1.0, 1 - state.distance / scale))


def bar(share: float | None, cells: int = BAR_CELLS) -> str:
    """Return a share as a short bar, blank while it is not known; only a whole one looks whole."""
    if share is None:
        return " " * cells
    done = cells if share >= 1 else min(cells - 1, int(share * cells))
    return _DONE * done + _LEFT * (cells - done)


def met_glyph(met: bool | None) -> str:
    """Return the glyph of met, not met or unknown."""
    return UNKNOWN if met is None else MET if met else NOT_MET


def met_role(met: bool | None) -> str:
    """Return the colour role that goes with the glyph."""
    return "stale" if met is None else "accent" if met else "muted"


def fired_signals_text(signals: tuple[FiredSignal, ...]) -> str:
    """Return the members of a fire with their values: `RSI low 28.40, Volume 2.10M`."""
    return ", ".join(f"{item.name} {number(item.value)}" for item in signals)


def duration(seconds: int) -> str:
    """Return a span of time in its two largest units: `45s`, `5m`, `1h 30m`, `7d`."""
    parts = []
    for length, letter in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count}{letter}")
    return " ".join(parts[:2]) or "0s"


def pool_members_text(view: SignalView, pool: SignalPool) -> str:
    """Return which signals a pool fires on: `RSI low and Volume up`."""
    names = [view.signal_name(signal_id) for signal_id in pool.signal_ids]
    return f" {pool.logic} ".join(names) or "no signals"


def trigger_verdict(view: SignalView, pool: SignalPool, symbol: str) -> str:
    """Return whether a pool would wake its traders if it were met on a symbol now, and if not why not."""
    if not pool.enabled:
        return "no: the pool is switched off"
    state = view.pool_state(pool.pool_id, symbol)
    if state is None:
        return f"no: it does not watch {symbol}"
    if state.is_suspended:
        return f"no: the feed of {symbol} is stale, so the pool is suspended"
    if state.met is None:
        return f"unknown: {state.why_unknown or 'not evaluated yet'}"
    if state.met:
        return "no: met already, fires anew once it was not · r resets it"
    silent_ms = 0
    if state.fired_ms is not None:
        silent_ms = state.fired_ms + pool.cooldown_seconds * 1000 - view.now_ms
    if silent_ms > 0:
        return f"not for {duration(-(-silent_ms // 1000))}: it cools down after its last fire"
    names = view.listener_names(pool.pool_id)
    if not names:
        return "it would fire, but no trader listens; w chooses who does"
    return f"yes, once it is met: it wakes {', '.join(names)}"
