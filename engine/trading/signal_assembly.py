"""Puts the desk's signals together from what the store remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from engine.errors import DeskError
from engine.market.factors.library import FactorLibrary
from engine.market.market_state import MarketState
from engine.market.regime.live import Regimes
from engine.model.factor import FactorCategory, FactorDefinition
from engine.model.regime import RegimeThresholds
from engine.model.signal import SignalDefinition, SignalPool
from engine.signals.conditions.grammar import parse_condition
from engine.signals.history.condition_arrays import SignalData
from engine.signals.live.evaluator import SignalEvaluator
from engine.store.changes import Change, CustomFactor
from engine.store.restore import DeskState
from engine.streams import Bus
from engine.trading.signal_book import SignalBook
from engine.trading.signal_floor import SignalFloor
from engine.trading.trigger_log import TriggerLog

REGIME_THRESHOLDS_KEY = "regime.thresholds"


def stored_regimes(market: MarketState, settings: Mapping[str, str], problems: list[str]) -> Regimes:
    """Return the regimes by the thresholds that were kept, or by the default ones.

    Kept ones that cannot be used are left aside; `problems` is told.
    """
    kept = settings.get(REGIME_THRESHOLDS_KEY)
    if kept is not None:
        try:
            return Regimes(market, msgspec.json.decode(kept, type=RegimeThresholds))
        except (msgspec.MsgspecError, DeskError) as error:
            problems.append(f"the regime thresholds kept are left aside for the default ones: {error}")
    return Regimes(market, RegimeThresholds())


def open_signal_floor(
    *,
    state: DeskState,
    market: MarketState,
    symbols: tuple[str, ...],
    regimes: Regimes,
    log: TriggerLog,
    bus: Bus,
    write: Callable[[Change], None],
    problems: list[str],
) -> SignalFloor:
    """Return the signals and pools of the desk, warmed up on the market's history.

    A stored factor, signal or pool that cannot be read any more is left aside, not in the way of the
    others: `problems` is told which and why.
    """
    factors = _stored_factors(state.factors, problems)
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
    evaluator.load(*_readable(book, factors, symbols, problems))
    return floor


def _stored_factors(stored: Iterable[CustomFactor], problems: list[str]) -> FactorLibrary:
    library = FactorLibrary()
    left = [factor for factor in stored if not factor.deleted]
    refusals: dict[str, str] = {}
    while left:
        waiting: list[CustomFactor] = []
        for factor in left:
            definition = FactorDefinition(
                name=factor.name,
                category=FactorCategory.CUSTOM,
                expression=factor.expression,
                meaning=factor.meaning,
            )
            try:
                library = library.with_factor(definition)
            except DeskError as error:  # it may refer to one that comes later
                refusals[factor.name] = error.message
                waiting.append(factor)
        if len(waiting) == len(left):
            problems += (f"factor {each.name} is left aside: {refusals[each.name]}" for each in waiting)
            break
        left = waiting
    return library


def _readable(
    book: SignalBook, factors: FactorLibrary, symbols: tuple[str, ...], problems: list[str]
) -> tuple[list[SignalDefinition], list[SignalPool]]:
    signals = []
    for signal in book.signals:
        try:
            parse_condition(signal.condition, factors)
        except DeskError as error:
            problems.append(f"signal {signal.name} is left aside: {error.message}")
        else:
            signals.append(signal)
    known = {signal.signal_id for signal in signals}
    pools = []
    for pool in book.pools:
        strange = [symbol for symbol in pool.symbols if symbol not in symbols]
        if strange or not known.issuperset(pool.signal_ids):
            why = f"it watches {', '.join(strange)}" if strange else "one of its signals is"
            problems.append(f"pool {pool.name} is left aside: {why}")
        else:
            pools.append(pool)
    return signals, pools
