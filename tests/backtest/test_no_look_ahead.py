"""Nothing after a time changes anything before it: not a decision, a fill, an equity point or a line."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.backtest.equity import EquityTimeline, bar_closes, closing_marks
from engine.backtest.funding import funding_of_schedule
from engine.backtest.history import LoadedHistory
from engine.backtest.honesty import altered_after
from engine.backtest.prepared_run import PreparedRun
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.periods import MINUTE_MS, Period
from engine.market.replay.candle_tape import CandleTape
from engine.market.replay.tape import funding_schedule_of
from engine.model.backtest import BacktestRequest, Recording
from engine.model.fill import Fill
from engine.samples import RecordedCandles, load_candles
from engine.strategies.programs.data.funding import FundingHistory
from engine.strategies.programs.host import SandboxHost
from tests.backtest.made_history import D, at, history, pool, request, series
from tests.backtest.program_runs import lines, run, wild

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
    closed = int(closes.searchsorted(np.array([cut_ms]), side="right")[0])
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
        equity=timeline.over(closes, marks)[0][:closed].tolist(),
    )


def altered_funding(rates: FundingHistory, cut_ms: int) -> FundingHistory:
    later = rates.ts_ms > cut_ms
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


ROWS = 240
COLUMNS = ("open", "high", "low", "close", "volume")
PERIOD_MS = 8 * 60 * MINUTE_MS


def taped(recordings: list[RecordedCandles]) -> LoadedHistory:
    """A recording as a run reads it."""
    tape = CandleTape(recordings, INSTRUMENTS)
    instruments = {symbol: INSTRUMENTS[symbol] for symbol in tape.symbols}
    return LoadedHistory(
        symbols=tape.symbols,
        base=Period.M1,
        candles={symbol: tape.history(symbol, tape.end_ms + 1) for symbol in tape.symbols},
        funding={
            symbol: funding_of_schedule(funding_schedule_of(symbol, instruments), tape.start_ms, tape.end_ms)
            for symbol in tape.symbols
        },
        instruments=instruments,
        tape=tape,
    )


def recorded() -> list[RecordedCandles]:
    """Two symbols of the shipped recording around a settlement of funding."""
    found = []
    for symbol in ("BTC", "ETH"):
        whole = load_candles(symbol)
        first = (-whole.start_ms % PERIOD_MS) // MINUTE_MS + 3 * 480 - ROWS // 2
        columns = {name: getattr(whole, name)[first : first + ROWS] for name in COLUMNS}
        found.append(RecordedCandles(whole.sample, whole.start_ms + first * MINUTE_MS, **columns))
    return found


def mirrored_after(recording: RecordedCandles, cut_ms: int) -> RecordedCandles:
    """Turn the market upside down after a time; the price at which the minute there opens has been seen."""
    row = (cut_ms - recording.start_ms) // MINUTE_MS
    pivot = int(recording.open[row])
    turned = {
        name: np.concatenate((getattr(recording, name)[:row], 2 * pivot - getattr(recording, opposite)[row:]))
        for name, opposite in (("open", "open"), ("high", "low"), ("low", "high"), ("close", "close"))
    }
    volume = np.concatenate((recording.volume[:row], recording.volume[row:] * 3 + 1))
    return RecordedCandles(recording.sample, recording.start_ms, **turned, volume=volume)


@pytest.mark.parametrize("minute", [1, 60, 119, 120, 121, 200])
async def test_nothing_of_a_recording_after_a_time_changes_anything_before_it(
    sandbox: SandboxHost, minute: int
) -> None:
    """Error 1 of the contract's section 7.3, for the recording that is replayed second by second."""
    past = recorded()
    cut_ms = past[0].start_ms + minute * MINUTE_MS
    asked = BacktestRequest(
        source=CURIOUS,
        symbols=("BTC", "ETH"),
        history=Recording(),
        schedule_seconds=180,
        pools=(pool("rsi14 > 55 on 1m"), pool("price_change > 0.02 on 3m", cooldown=600)),
    )
    before = await seen_before(asked, taped(past), sandbox, cut_ms)
    altered = taped([mirrored_after(each, cut_ms) for each in past])
    assert before == await seen_before(asked, altered, sandbox, cut_ms)


FORMING = """
class Strategy:
    def should_trade(self, data):
        minute = data.get_klines("BTC", "1m", 1)
        five = data.get_klines("BTC", "5m", 1)
        price = data.get_price("BTC")
        seen = [each.timestamp for each in minute + five]
        return Decision("hold", reason=f"{price} {minute[-1].close if minute else None} {seen}")
"""


async def test_a_forming_candle_shows_only_what_had_formed(sandbox: SandboxHost) -> None:
    """Error 1 of the contract's section 7.3: its price is the open, and its close is nobody's yet."""
    bars = [(100 + n, 105 + n, 95 + n, 100.5 + n) for n in range(12)]
    past = history({"BTC": series(bars)})
    outcome = await run(FORMING, past, sandbox)
    for row, line in enumerate(lines(outcome)):
        price, close, *seen = line.reason.split(" ", 2)
        assert float(price) == bars[row][0] == line.price
        assert close == (str(bars[row - 1][3]) if row else "None")
        expected = [(at(row - 1)) // 1000] if row else []
        if row >= 5:
            expected.append(at(row - row % 5 - 5) // 1000)
        assert seen == [str(expected)]
