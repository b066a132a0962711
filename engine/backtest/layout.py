"""What of a run its parameters do not change: the market, the triggers, the answers to questions.

A sweep makes it once and runs a hundred programs on it.
"""

from __future__ import annotations

import msgspec

from engine.backtest.history import LoadedHistory
from engine.backtest.market.base import RunMarket
from engine.backtest.market.candle_market import CandleMarket
from engine.backtest.market.tape_market import TapeMarket
from engine.backtest.request_check import check_request_fields, range_of
from engine.backtest.triggers import TriggerTimes, find_fires, lay_out
from engine.market.factors.library import FactorLibrary
from engine.model.backtest import BacktestRequest, Recording
from engine.signals.history.condition_arrays import ConditionArrays, SignalData
from engine.strategies.programs.data.funding import FundingHistory
from engine.strategies.programs.data.history import HistoryData, SymbolHistory


class RunLayout:
    """A request on a history, laid out; raises `InvalidInput` for what cannot be run."""

    def __init__(self, request: BacktestRequest, history: LoadedHistory) -> None:
        check_request_fields(request)
        self._request = _without_program(request)
        self._history = history
        self.start_ms, self.end_ms = range_of(request, history)
        self.market = _market_of(request, history)
        factors = FactorLibrary()
        signal_data = {
            symbol: SignalData.of_minutes(rows, factors, history.base)
            for symbol, rows in history.candles.items()
        }
        arrays = {symbol: ConditionArrays(data) for symbol, data in signal_data.items()}
        self.times: TriggerTimes = lay_out(
            find_fires(request.pools, arrays, factors, self.start_ms, self.end_ms),
            lambda symbol: self.market.bars(symbol).open_ms,
            request.symbols,
            request.schedule_seconds,
            self.start_ms,
            self.end_ms,
        )
        self.data = HistoryData(
            {
                symbol: SymbolHistory(
                    minutes=data.minutes,
                    flow=data.flow,
                    factors=factors,
                    funding=_known_funding(symbol, history),
                    base=history.base,
                    closed=arrays[symbol].closed,
                )
                for symbol, data in signal_data.items()
            }
        )

    def serves(self, request: BacktestRequest, history: LoadedHistory) -> bool:
        """Tell whether another request differs only in its program and what that is given."""
        return history is self._history and _without_program(request) == self._request


def _without_program(request: BacktestRequest) -> BacktestRequest:
    return msgspec.structs.replace(request, source="", name="", program_id=0, program_version=0, params={})


def _known_funding(symbol: str, history: LoadedHistory) -> FundingHistory:
    """Return the settlements a program may look back at; the replay shows none of its recording's."""
    return FundingHistory.none() if history.tape is not None else history.funding[symbol]


def _market_of(request: BacktestRequest, history: LoadedHistory) -> RunMarket:
    if isinstance(request.history, Recording) and history.tape is not None:
        return TapeMarket(history.tape, history.candles)
    return CandleMarket(history.candles, history.base, history.instruments, request.slippage)
