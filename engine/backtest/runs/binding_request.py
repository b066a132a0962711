"""A binding as a backtest: the same program, parameters, pools, schedule and limits on recorded history."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.account import TraderConfig
from engine.model.backtest import BacktestPool, BacktestRequest, PoolSignal
from engine.model.program import Binding, Program
from engine.model.signal import SignalDefinition, SignalPool

PAPER = "paper"


def request_of_binding(
    binding: Binding,
    program: Program,
    trader: TraderConfig,
    pools: Iterable[SignalPool],
    signals: Iterable[SignalDefinition],
) -> BacktestRequest:
    """Return the backtest of a binding on the desk's own recording.

    As on the desk, a pool or signal that is switched off or deleted wakes nobody, and a pool without
    symbols listens on all of the trader's.
    """
    known = {signal.signal_id: signal for signal in signals if signal.enabled and not signal.deleted}
    listened = {pool.pool_id: pool for pool in pools if pool.enabled and not pool.deleted}
    return BacktestRequest(
        source=program.code,
        name=program.name,
        program_id=program.program_id,
        program_version=program.version,
        binding_id=binding.binding_id,
        params={**program.params, **binding.params},
        symbols=trader.symbols,
        period=trader.period,
        pools=tuple(
            _pool(listened[pool_id], known, trader.symbols)
            for pool_id in binding.pool_ids
            if pool_id in listened and _listens(listened[pool_id], known, trader.symbols)
        ),
        schedule_seconds=binding.schedule_seconds,
        cash=trader.initial_capital,
        venue="" if binding.exchange == PAPER else binding.exchange,
        limits=trader.limits,
    )


def _listens(pool: SignalPool, known: dict[int, SignalDefinition], symbols: tuple[str, ...]) -> bool:
    """Tell whether a pool can wake the trader: it has a signal, and a symbol the trader has."""
    return any(signal_id in known for signal_id in pool.signal_ids) and (
        not pool.symbols or any(symbol in symbols for symbol in pool.symbols)
    )


def _pool(pool: SignalPool, known: dict[int, SignalDefinition], symbols: tuple[str, ...]) -> BacktestPool:
    members = [known[signal_id] for signal_id in pool.signal_ids if signal_id in known]
    return BacktestPool(
        name=pool.name,
        signals=tuple(PoolSignal(member.name, member.condition) for member in members),
        logic=pool.logic,
        symbols=tuple(symbol for symbol in pool.symbols if symbol in symbols),
        cooldown_seconds=pool.cooldown_seconds,
    )
