"""Puts the desk together from its settings and from what the store remembers."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from engine.clock import Clock, ReplayClock, WallClock
from engine.errors import InvalidSetting, StoreFailed
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.market_state import MarketState
from engine.market.periods import DAY_MS, Period
from engine.market.regime.live import Regimes
from engine.market.replay.player import ReplayPlayer
from engine.market.replay.sources import open_tape
from engine.market.replay.tape import Tape
from engine.model.account import TraderConfig, TraderKind, TraderStatus
from engine.model.backtest import BacktestRun
from engine.model.event import Alert, ReplayState, Severity, Topic
from engine.model.instrument import Instrument
from engine.model.news import NewsItem, NewsSource
from engine.model.program import BindingState, Program, ProgramVersion
from engine.settings import DEFAULT_SPEED, Settings, ensure_port_is_free
from engine.store.changes import Change, Setting, TraderState, Wallet
from engine.store.restore import DeskState, EquityCurve, StoredTrader
from engine.store.store import Store
from engine.strategies.programs.stock import stock_programs
from engine.streams import Bus
from engine.trading.bindings import Bindings
from engine.trading.default_traders import (
    STOCK_PROGRAM,
    default_binding,
    default_pools,
    default_signals,
    default_traders,
)
from engine.trading.feed_watch import FeedWatch
from engine.trading.floor import TradingFloor
from engine.trading.journal import MARKET_TIME_KEY, DeskJournal
from engine.trading.kill_switch import KillSwitch
from engine.trading.ordinals import Ordinals
from engine.trading.program_book import ProgramBook
from engine.trading.prompt_book import PromptBook
from engine.trading.signal_assembly import open_signal_floor, stored_regimes
from engine.trading.signal_floor import SignalFloor
from engine.trading.trader_factory import TraderFactory
from engine.trading.traders import Traders
from engine.trading.trigger_log import TriggerLog
from engine.trading.waking import Roster, Waking

REPLAY_SPEED_KEY = "replay.speed"
REPLAY_PAUSED_KEY = "replay.paused"
REPLAY_SOURCE_KEY = "replay.source"
DESK_ID_KEY = "desk.id"
HISTORY_BEFORE_START_MS = 2 * DAY_MS


class DeskParts(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The parts of a desk that is open and does not run yet."""

    home: Path
    store: Store
    clock: ReplayClock
    tape: Tape
    player: ReplayPlayer
    market: MarketState
    instruments: Mapping[str, Instrument]
    journal: DeskJournal
    traders: Traders
    factory: TraderFactory
    feed: FeedWatch
    former_traders: Mapping[int, TraderConfig]
    """Deleted traders, for what remembers them."""
    state: DeskState
    """Everything that was restored."""
    prompts: PromptBook
    bindings: Bindings
    backtest_runs: tuple[BacktestRun, ...]
    kill_switch: KillSwitch
    regimes: Regimes
    floor: TradingFloor
    signals: SignalFloor
    roster: Roster
    problems: tuple[str, ...]
    """What was stored and cannot be used any more, in words."""
    news_sources: tuple[NewsSource, ...]
    news: tuple[NewsItem, ...]
    first_changes: tuple[Change, ...]
    """What opening changed, to be written once the desk runs: writing costs an import."""


def assemble(home: Path, settings: Settings, bus: Bus, pacing: Clock | None = None) -> DeskParts:
    """Open the home and rebuild the desk as it was, or a new one with three traders.

    Raises `StoreFailed`, `HomeLocked` or `InvalidSetting`; the home is free again then.
    """
    ensure_port_is_free(settings.prompts.rules_port)
    store = Store.open(home, settings.database_url, on_failure=lambda error: _tell(bus, error))
    try:
        return _Assembly(home, store, settings, bus, pacing).parts()
    except BaseException:
        store.close()
        raise


def _tell(bus: Bus, error: StoreFailed) -> None:
    bus.publish_edge(Topic.ALERTS, Alert(Severity.ERROR, error.message, 0))


class _Assembly:
    """The steps of putting a desk together, in the order the constructor and `parts` take them."""

    def __init__(self, home: Path, store: Store, settings: Settings, bus: Bus, pacing: Clock | None) -> None:
        self._home = home
        self._pacing = pacing
        self._store = store
        self._settings = settings
        self._bus = bus
        self._tape = open_tape(settings.replay.source, INSTRUMENTS)
        self._instruments = {symbol: INSTRUMENTS[symbol] for symbol in self._tape.symbols}
        self._first_changes: list[Change] = []
        today = WallClock().now_ms() // DAY_MS * DAY_MS
        self._state = store.restore(spent_since_ms=today)
        if not self._state.traders:
            self._state = self._first_state()
        self._check_source()
        resume_ms = int(self._state.settings.get(MARKET_TIME_KEY, 0)) + 1
        self._start_ms = max(resume_ms, self._tape.start_ms + HISTORY_BEFORE_START_MS)
        if self._tape.source == "raw":
            self._start_ms = max(resume_ms, self._tape.start_ms)
        self._clock = ReplayClock(self._start_ms - 1)
        self._journal = DeskJournal(store, self._clock)
        self._player: ReplayPlayer | None = None
        self._kill_switch = KillSwitch(store, self._state.settings)
        self._ordinals = Ordinals(self._state.settings[DESK_ID_KEY], self._state.settings)
        self._trigger_log = TriggerLog(self._state.fires, bus, self._journal.write)

    def parts(self) -> DeskParts:
        """Return everything, connected."""
        market = self._market()
        feed = FeedWatch(market, lambda: self._player.state if self._player else ReplayState.STARTING)
        problems: list[str] = []
        regimes = stored_regimes(market, self._state.settings, problems)
        prompts = PromptBook(self._state.prompts)
        self._first_changes += prompts.first_prompts(self._clock.now_ms())
        factory = TraderFactory(
            market=market,
            feed=feed,
            bus=self._bus,
            journal=self._journal,
            clock=self._clock,
            instruments=self._instruments,
            ordinals=self._ordinals,
            kill_switch=self._kill_switch,
            answers=self._trigger_log,
            regimes=regimes,
            prompt_version=prompts.version_of,
        )
        traders = self._open_traders(factory)
        signals = open_signal_floor(
            state=self._state,
            market=market,
            symbols=self._tape.symbols,
            regimes=regimes,
            log=self._trigger_log,
            bus=self._bus,
            write=self._journal.write,
            problems=problems,
        )
        roster = Roster(
            Waking(factory.prompt_decider(trader))
            for trader in traders
            if trader.config.kind is TraderKind.PROMPT
        )
        bindings = self._bindings(traders, roster)
        signals.attach(roster)
        floor = TradingFloor(market, traders, roster, signals, self._journal, self._bus, self._tape.step_ms)
        self._player = self._open_player(floor, traders)
        return DeskParts(
            home=self._home,
            store=self._store,
            clock=self._clock,
            tape=self._tape,
            player=self._player,
            market=market,
            instruments=self._instruments,
            journal=self._journal,
            traders=traders,
            factory=factory,
            feed=feed,
            former_traders={
                stored.config.trader_id: stored.config
                for stored in self._state.traders
                if stored.config.deleted
            },
            state=self._state,
            prompts=prompts,
            bindings=bindings,
            backtest_runs=self._state.backtest_runs,
            kill_switch=self._kill_switch,
            regimes=regimes,
            floor=floor,
            signals=signals,
            roster=roster,
            problems=tuple(problems),
            news_sources=self._state.news_sources,
            news=self._state.news,
            first_changes=tuple(self._first_changes),
        )

    def _first_state(self) -> DeskState:
        desk_id = Setting(key=DESK_ID_KEY, value=secrets.token_hex(8))
        source = Setting(key=REPLAY_SOURCE_KEY, value=self._tape.source)
        traders = [_new_trader(config) for config in default_traders(self._tape.symbols)]
        for trader in traders:
            if trader.wallet is not None:
                self._first_changes += (trader.config, trader.state, trader.wallet)
        programs = tuple(
            Program(program_id=number, name=name, code=code)
            for number, (name, code) in enumerate(stock_programs().items(), start=1)
        )
        versions = tuple(
            ProgramVersion(program_id=program.program_id, version=1, code=program.code, saved_ms=0)
            for program in programs
        )
        numbers = {program.name: program.program_id for program in programs}
        binding = default_binding(numbers[STOCK_PROGRAM])
        signals, pools = default_signals(), default_pools()
        self._first_changes += (desk_id, source, *programs, *versions, binding, *signals, *pools)
        return DeskState(
            traders=tuple(traders),
            programs=programs,
            bindings=(binding,),
            signals=signals,
            pools=pools,
            settings={desk_id.key: desk_id.value, source.key: source.value},
        )

    def _check_source(self) -> None:
        """A home's market time only moves forward, so it stays with the recording it began with."""
        begun = self._state.settings.get(REPLAY_SOURCE_KEY, self._tape.source)
        if begun != self._tape.source:
            raise InvalidSetting(
                f"replay.source: this home replays {begun}, not {self._tape.source};"
                " choose another home with --home DIR",
                field="replay.source",
                value=self._tape.source,
                allowed=begun,
            )

    def _market(self) -> MarketState:
        configs = [trader.config for trader in self._state.traders if not trader.config.deleted]
        periods = {Period(config.period) for config in configs}
        market = MarketState(self._instruments, periods, self._clock)
        for symbol in self._instruments:
            market.warm_up(symbol, self._tape.history(symbol, self._start_ms))
        market.recall(self._tape.past(self._start_ms))
        market.restore(self._tape.market_at(self._start_ms - 1))
        return market

    def _open_player(self, floor: TradingFloor, traders: Traders) -> ReplayPlayer:
        remembered = self._state.settings
        speed = self._settings.replay.speed
        was_paused = speed is None and remembered.get(REPLAY_PAUSED_KEY) == str(True)
        if speed is None:
            speed = float(remembered.get(REPLAY_SPEED_KEY, DEFAULT_SPEED))
        at_rest = _rest_of(traders) if self._settings.replay.lockstep else None
        player = ReplayPlayer(self._tape, self._clock, floor, speed, self._pacing, at_rest)
        player.seek(self._start_ms)
        if was_paused:
            player.pause()
        return player

    def _open_traders(self, factory: TraderFactory) -> Traders:
        traders = Traders()
        for stored in self._state.traders:
            if not stored.config.deleted:
                trader, changes = factory.open(stored, self._state)
                self._first_changes += changes
                traders.add(trader)
        return traders

    def _bindings(self, traders: Traders, roster: Roster) -> Bindings:
        bindings = Bindings(
            book=ProgramBook(self._state.programs, self._state.bindings),
            roster=roster,
            traders=traders,
            answers=self._trigger_log,
            ordinals=self._ordinals,
            clock=self._clock,
            publish=self._tell_of_binding,
        )
        self._first_changes += bindings.restore(self._state.binding_health)
        return bindings

    def _tell_of_binding(self, state: BindingState) -> None:
        self._bus.publish_level(Topic.PROGRAMS, ("binding", state.binding.binding_id), state)


def _rest_of(traders: Traders) -> Callable[[], Awaitable[None]]:
    """Return what waits until no trader has anything left to decide."""

    async def at_rest() -> None:
        for trader in traders:
            for decider in trader.deciders:
                await decider.at_rest()

    return at_rest


def _new_trader(config: TraderConfig) -> StoredTrader:
    from array import array

    return StoredTrader(
        config=config,
        state=TraderState(trader_id=config.trader_id, status=TraderStatus.ACTIVE),
        wallet=Wallet(trader_id=config.trader_id, cash=config.initial_capital),
        equity=EquityCurve(array("q"), array("d")),
    )
