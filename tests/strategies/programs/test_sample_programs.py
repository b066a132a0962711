"""The stock programs and every example of the guide, run in the sandbox over the recording."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from engine.market.periods import HOUR_MS
from engine.model.decision import Operation
from engine.model.fill import Fill, Liquidity
from engine.model.order import Side
from engine.model.position import Position
from engine.model.program import Parameter, ProgramRun
from engine.settings import SandboxSettings
from engine.signals.conditions.metric_names import built_in_factors
from engine.strategies.context import StrategyContext
from engine.strategies.programs import authoring
from engine.strategies.programs.batch import Answer, DataQuery, MarketColumns
from engine.strategies.programs.data.funding import FundingHistory
from engine.strategies.programs.data.history import HistoryData, SymbolHistory
from engine.strategies.programs.host import SandboxHost
from engine.strategies.programs.stock import stock_programs
from engine.strategies.programs.strategy import ProgramStrategy
from tests.signals.market import flow_of, minutes_of
from tests.strategies.programs.recorded import SYMBOLS, Recording

pytestmark = pytest.mark.asyncio(loop_scope="session")

MINUTES = 14_400
MOMENTS = range(300, 2800, 7)
LEAST_MOMENTS = 40
"""How many are looked at even if the program acts at the first."""
EXAMPLES = [text for _, text in re.findall(r"```(python|rust)\n(.*?)```", authoring.guide(), re.DOTALL)]
SAMPLES = {f"guide {number}": source for number, source in enumerate(EXAMPLES)} | stock_programs()

PARAMETERS: dict[str, dict[str, Parameter]] = {
    "class FundingCarry": {"yearly_percent": 12},
    "class FlowImbalance": {"ratio": 0.5},
    "class MacdInTrends": {"slow_period": "15m"},
    "class ScaleOut": {"first": 0.005},
}
"""Thresholds that the recorded days reach."""


@pytest.fixture(scope="module")
def answers(recording: Recording) -> Callable[[StrategyContext], Callable[[DataQuery, int], Answer]]:
    """What a program is told at a moment of the recording."""
    record = {symbol: minutes_of(symbol, MINUTES) for symbol in SYMBOLS}
    history = HistoryData(
        {
            symbol: SymbolHistory(
                minutes, flow_of(symbol, MINUTES), built_in_factors(), FundingHistory.none()
            )
            for symbol, minutes in record.items()
        }
    )

    def at(context: StrategyContext) -> Callable[[DataQuery, int], Answer]:
        quotes = {
            each.symbol: MarketColumns(
                mark=np.float64(each.mark).tobytes(),
                bid=np.float64(each.bid).tobytes(),
                ask=np.float64(each.ask).tobytes(),
                tick_size=float(each.tick_size),
            )
            for each in context.symbols
        }

        def answer(query: DataQuery, now_ms: int) -> Answer:
            return history.answer(query, np.array([now_ms]), quotes.get(query.symbol))

        return answer

    return at


def held(context: StrategyContext, symbol: str, quantity: str, gain: float) -> Position:
    """A position that was opened ten hours ago and has gained so much since, as a share."""
    (mark,) = (each.mark for each in context.symbols if each.symbol == symbol)
    way = 1 if Decimal(quantity) > 0 else -1
    return Position(
        trader_id=7,
        symbol=symbol,
        quantity=Decimal(quantity),
        entry_price=(mark / Decimal(str(1 + way * gain))).quantize(Decimal("0.01")),
        leverage=2,
        isolated_margin=Decimal(500),
        mark_price=mark,
        liquidation_price=None,
        opened_ms=context.now_ms - 10 * HOUR_MS,
    )


def situations(recording: Recording, index: int) -> list[StrategyContext]:
    """The same moment without a position, with a long that gained, and with a long and a short."""
    free = recording.context(index)
    long = held(free, "BTC", "0.02", 0.03)
    opening = Fill(
        trade_id="t1",
        client_order_id="c0",
        trader_id=7,
        symbol="BTC",
        side=Side.BUY,
        price=long.entry_price,
        quantity=long.quantity,
        fee=Decimal(1),
        liquidity=Liquidity.TAKER,
        realized_pnl=Decimal(0),
        ts_ms=long.opened_ms,
    )
    both = (held(free, "BTC", "0.02", -0.06), held(free, "ETH", "-0.5", 0.01))
    return [
        free,
        recording.context(index, positions=(long,), recent_fills=(opening,), trigger_symbol="BTC"),
        recording.context(index, positions=both),
    ]


@pytest.mark.parametrize("name", SAMPLES)
async def test_it_runs_everywhere_and_acts_somewhere(
    name: str,
    host: SandboxHost,
    recording: Recording,
    answers: Callable[[StrategyContext], Callable[[DataQuery, int], Answer]],
) -> None:
    """No run fails, every decision passes the validator, and not all of them are to wait."""
    source = SAMPLES[name]
    params = next((each for head, each in PARAMETERS.items() if head in source), {})
    operations: set[Operation] = set()
    for number, index in enumerate(MOMENTS):
        if number >= LEAST_MOMENTS and operations - {Operation.HOLD}:
            break
        for context in situations(recording, index):
            strategy = ProgramStrategy(
                host,
                name,
                source,
                params,
                SandboxSettings(seconds=5),
                answers(context),
            )
            run: ProgramRun = await strategy.run_once(context)
            assert run.error is None, run.error.traceback or run.error.sentence()
            (decision,) = run.decisions
            operations.add(decision.operation)
    assert operations - {Operation.HOLD}, "it only ever waits"
