"""Nothing after a time changes anything before it: not a decision, a fill, an equity point or a line."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.backtest.equity import EquityTimeline, bar_closes, closing_marks
from engine.backtest.history import LoadedHistory, load_history
from engine.backtest.honesty import altered_after
from engine.backtest.prepared_run import PreparedRun
from engine.market.candles.series import CandleSeries
from engine.market.periods import MINUTE_MS
from engine.market.replay.candle_tape import CandleTape
from engine.exchanges.instruments import INSTRUMENTS
from engine.model.backtest import BacktestRequest, Recording
from engine.model.fill import Fill
from engine.samples import RecordedCandles, load_all_candles
from engine.strategies.programs.data.funding import FundingHistory
from engine.strategies.programs.host import SandboxHost
from tests.backtest.made_history import D, at, pool, request
from tests.backtest.test_program_runs import wild

pytestmark = pytest.mark.asyncio(loop_scope="session")

CURIOUS = '''
class Strategy:
    """Looks at everything there is, and lets all of it decide."""

    def should_trade(self, data):
        told, total = [], 0.0
        for symbol in data.symbols:
            for value in self.looked_at(data, symbol):
                told.append(value)
                total += value if value is not None and value == value else 0.0
        account = (data.total_equity, data.available_balance, len(data.open_orders), len(data.recent_trades))
        words = {"reason": f"{hash_of(told)} {hash_of(account)}"}
        symbol = data.symbols[int(total * 1000) % len(data.symbols)]
        price = data.get_price(symbol)
        if int(total * 7000) % 3 == 0:
            return Decision("hold", **words)
        if symbol in data.positions:
            return Decision("close", symbol, 1.0, max_price=price * 1.01, min_price=price * 0.99, **words)
        if int(total * 3000) % 2:
            return Decision("buy", symbol, 0.3, max_price=price * 1.01, stop_loss_price=price * 0.99,
                            take_profit_price=price * 1.01, **words)
        return Decision("sell", symbol, 0.3, min_price=price * 0.99, time_in_force="Gtc", leverage=5, **words)

    def looked_at(self, data, symbol):
        price = data.get_price(symbol)
        yield price
        for each in data.get_klines(symbol, "1m", 4) + data.get_klines(symbol, "5m", 2):
            yield from (each.timestamp / 1e9, each.open, each.high, each.low, each.close, each.volume)
        for name in ("RSI14", "EMA20", "ATR14"):
            yield data.get_indicator(symbol, name, "1m").get("value")
        for metric in ("FUNDING", "CVD", "PRICE_CHANGE"):
            yield from (each for each in data.get_flow(symbol, metric, "5m").values() if type(each) is float)
        yield from (each for each in data.get_market_data(symbol).values() if type(each) is float)
        yield data.get_price_change(symbol, "15m").get("change_percent")
        regime = data.get_regime(symbol, "5m")
        yield None if regime is None else regime.conf


def hash_of(values):
    total = 0
    for value in values:
        total = (total * 31 + int((value or 0.0) * 1e6)) % 1000003
    return total
'''


class Seen(msgspec.Struct, frozen=True):
    """Everything a run had come to before a time."""

    decisions: list[tuple[int, int, str]]
    fills: list[Fill]
    funding: list[tuple[int, object]]
    lines: list[object]
    equity: list[float]


async def seen_before(
    request: BacktestRequest, history: LoadedHistory, sandbox: SandboxHost, cut_ms: int
) -> Seen:
    """Run over a whole history and keep what was known before `cut_ms`; decisions at it as well."""
    run = PreparedRun(request, history)
    asker = run.asker(sandbox)
    await asker.ask_all(lambda progress: None, lambda: False)
    outcome = run.outcome(asker, 0.0)
    account, notes = run.account, run.notes
    timeline = EquityTimeline(account.changes, request.symbols)
    closes = bar_closes(run.market, request.symbols, run.start_ms, run.end_ms)
    marks = {symbol: closing_marks(run.market, symbol, closes) for symbol in request.symbols}
    log = [line for line in outcome.log.lines(0, len(outcome.log))[1] if line.ts_ms < cut_ms]
    assert outcome.result.trades
    return Seen(
        decisions=[
            (int(ts_ms), int(notes.operation[row]), notes.reason_text(row))
            for row, ts_ms in enumerate(run.times.at_ms)
            if ts_ms <= cut_ms
        ],
        fills=[fill for fill in account.fills if fill.ts_ms < cut_ms],
        funding=[(paid.ts_ms, paid.amount) for paid in account.funding if paid.ts_ms < cut_ms],
        lines=list(log),
        equity=timeline.over(closes, marks)[0][closes <= cut_ms].tolist(),
    )


def altered_funding(rates: FundingHistory, cut_ms: int) -> FundingHistory:
    later = rates.ts_ms >= cut_ms
    return FundingHistory(rates.ts_ms, np.where(later, -2 * rates.rate, rates.rate), rates.interval_hours)


def altered_history(past: LoadedHistory, cut_ms: int) -> LoadedHistory:
    """Turn everything after a time into something else: candles, their volumes, funding."""
    return msgspec.structs.replace(
        past,
        candles={symbol: altered_after(rows, cut_ms, MINUTE_MS) for symbol, rows in past.candles.items()},
        funding={symbol: altered_funding(rates, cut_ms) for symbol, rates in past.funding.items()},
    )


POOLS = (
    pool("price crosses above 100 on 1m", "rsi14 > 60 on 1m", name="up"),
    pool("volume > 3 on 3m", name="busy", symbols=("ETH",), cooldown=300),
)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("minute", [0, 7, 31, 58, 80])
async def test_no_candle_and_no_rate_after_a_time_changes_anything_before_it(
    sandbox: SandboxHost, seed: int, minute: int
) -> None:
    """Error 1 of the contract's section 7.3, for candle files."""
    past = wild(20 + seed)
    asked = request(CURIOUS, past, pools=POOLS, schedule_seconds=180, cash=D(1000))
    cut_ms = at(minute)
    before = await seen_before(asked, past, sandbox, cut_ms)
    after = await seen_before(asked, altered_history(past, cut_ms), sandbox, cut_ms)
    assert before == after
