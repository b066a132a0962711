"""Puts the desk's signals together from what the store remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from engine.errors import InvalidSetting
from engine.market.factors.library import FactorLibrary
from engine.market.market_state import MarketState
from engine.market.regimes import Regimes
from engine.model.factor import FactorCategory, FactorDefinition
from engine.model.regime import RegimeThresholds
from engine.signals.condition_arrays import SignalData
from engine.signals.grammar import parse_condition
from engine.signals.signal_evaluator import SignalEvaluator
from engine.store.changes import Change
from engine.store.restore import DeskState
from engine.streams import Bus
from engine.trading.signal_book import SignalBook
from engine.trading.signal_floor import SignalFloor
from engine.trading.trigger_log import TriggerLog

REGIME_THRESHOLDS_KEY = "regime.thresholds"


def stored_regimes(market: MarketState, settings: Mapping[str, str]) -> Regimes:
    """Return the regimes by the thresholds that were kept, or the default ones."""
    kept = settings.get(REGIME_THRESHOLDS_KEY)
    try:
        thresholds = msgspec.json.decode(kept, type=RegimeThresholds) if kept else RegimeThresholds()
    except msgspec.MsgspecError as error:
        raise InvalidSetting.of(REGIME_THRESHOLDS_KEY, kept, f"it cannot be read: {error}") from error
    return Regimes(market, thresholds)


def open_signal_floor(
    *,
    state: DeskState,
    market: MarketState,
    symbols: tuple[str, ...],
    regimes: Regimes,
    log: TriggerLog,
    bus: Bus,
    write: Callable[[Change], None],
) -> SignalFloor:
    """Return the signals and pools of the desk, warmed up on the market's history."""
    factors = FactorLibrary(
        FactorDefinition(
            name=factor.name,
            category=FactorCategory.CUSTOM,
            expression=factor.expression,
            meaning=factor.meaning,
        )
        for factor in state.factors
        if not factor.deleted
    )
    book = SignalBook(
        state.signals, state.pools, symbols, lambda text: str(parse_condition(text, floor.factors))
    )
    evaluator = SignalEvaluator(
        symbols,
        lambda symbol: SignalData(market.minutes(symbol), market.flow_series(symbol), floor.factors),
        state.pool_edges,
        factors,
    )
    floor = SignalFloor(
        market=market,
        book=book,
        evaluator=evaluator,
        factors=factors,
        regimes=regimes,
        log=log,
        alerts=state.price_alerts,
        bus=bus,
        write=write,
    )
    evaluator.load(book.signals, book.pools)
    return floor
