"""What is checked of a run before it is taken: everything that can be without reading its history."""

from __future__ import annotations

from engine.backtest.request_check import check_request_fields
from engine.backtest.sweep.cluster_executor import parse_cluster
from engine.backtest.sweep.combinations import check_sweep_fields
from engine.errors import InvalidInput
from engine.market.factors.library import FactorLibrary
from engine.market.periods import parse_period
from engine.model.backtest import BacktestRequest, SweepRequest
from engine.signals.conditions.grammar import parse_condition


def check_backtest(request: BacktestRequest) -> None:
    """Raise `InvalidInput` for the first thing no run could use."""
    if not request.source.strip():
        raise InvalidInput.of("source", "empty", "give the text of a program")
    parse_period(request.period)
    check_request_fields(request)
    factors = FactorLibrary()
    for pool in request.pools:
        for signal in pool.signals:
            parse_condition(signal.condition, factors)


def check_sweep(request: SweepRequest) -> None:
    """Raise `InvalidInput` for the first thing no sweep could use."""
    check_backtest(request.request)
    check_sweep_fields(request)
    if request.cluster:
        parse_cluster(request.cluster)
