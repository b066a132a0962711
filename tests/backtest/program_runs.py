"""Runs of programs in the real sandbox, on histories wild enough to try everything in them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from engine.backtest import program_asker
from engine.backtest.history import LoadedHistory
from engine.backtest.prepared_run import RunOutcome
from engine.backtest.program_asker import ProgramAsker
from engine.backtest.run import run_backtest
from engine.model.backtest import TriggerLine
from engine.strategies.programs.host import SandboxHost
from tests.backtest.made_history import Bar, D, at, history, request, series, settlements

FEES = (D("0.0005"), D("0.0002"))

SIMPLE = """
class Strategy:
    def should_trade(self, data):
        closes = [each.close for each in data.get_klines("BTC", "1m", 3)]
        if len(closes) < 3:
            return Decision("hold", reason="warming up")
        price = data.get_price("BTC")
        if closes[-1] > closes[0] and not data.positions:
            return Decision("buy", "BTC", 0.9, max_price=price * 1.01, reason="up")
        if closes[-1] < closes[0] and data.positions:
            return Decision("close", "BTC", 1.0, min_price=price * 0.99, reason="down")
        return Decision("hold")
"""


def walk(seed: int, count: int, start: int = 1000) -> list[Bar]:
    """A wild market, the same for the same seed."""
    chance = random.Random(seed)
    found: list[Bar] = []
    last = start
    for _ in range(count):
        opened = last + (chance.randint(-8, 8) if chance.random() < 0.3 else 0)
        last = opened + chance.randint(-12, 12)
        high, low = max(opened, last) + chance.randint(0, 8), min(opened, last) - chance.randint(0, 8)
        found.append((opened / 10, high / 10, low / 10, last / 10))
    return found


def wild(seed: int, symbols: Sequence[str] = ("BTC", "ETH"), count: int = 90) -> LoadedHistory:
    """A history of several symbols with holes in it, fees and funding now and then."""
    chance = random.Random(seed)
    candles, funding = {}, {}
    for number, symbol in enumerate(symbols):
        gap = chance.randint(10, 60)
        minutes = [minute for minute in range(count) if not gap <= minute < gap + number * 4]
        candles[symbol] = series(walk(seed * 7 + number, len(minutes)), minutes)
        due = [(at(minute), chance.choice([0.01, -0.005])) for minute in chance.sample(range(count), 5)]
        funding[symbol] = settlements(*due)
    return history(candles, funding=funding, fees=FEES)


def lines(outcome: RunOutcome) -> tuple[TriggerLine, ...]:
    return outcome.log.lines(0, len(outcome.log))[1]


async def run(source: str, past: LoadedHistory, sandbox: SandboxHost, **changes: object) -> RunOutcome:
    return await run_backtest(request(source, past, **changes), past, sandbox)


async def one_at_a_time(
    monkeypatch: pytest.MonkeyPatch, source: str, past: LoadedHistory, sandbox: SandboxHost, **changes: object
) -> RunOutcome:
    """The run that forecasts nothing: every trigger is a batch of its own, with true books."""
    with monkeypatch.context() as patch:
        patch.setattr(program_asker, "FIRST_BATCH", 1)
        patch.setattr(program_asker, "SMALLEST_BATCH", 1)
        patch.setattr(ProgramAsker, "_send_ahead", lambda self, sent, reply: None)
        return await run_backtest(request(source, past, **changes), past, sandbox)


def assert_the_same(one: RunOutcome, other: RunOutcome) -> None:
    for mine, theirs in zip(lines(one), lines(other), strict=True):
        assert mine == theirs
    assert one.result.trades == other.result.trades
    assert one.result.final_equity == other.result.final_equity
    assert one.result.failures == other.result.failures
    assert one.result.result_hash == other.result.result_hash
