"""Measures what a prompt trader's decision costs beside the model: gate, render, validate, orders, disk.

Run: `python -m tests.bench.bench_decision_cycle [DECISIONS]`. A real store, the paper exchange and the
stock prompt; the model answers at once, buying and closing in turn. Prints milliseconds for a decision
(median and 99th percentile), from its trigger to its last write; 20 ms is allowed.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from engine.language_models.base import ModelRequest
from engine.model.prompt import Prompt
from engine.model.trigger import Trigger, TriggerKind
from engine.strategies.prompts.gate import open_gate
from engine.strategies.prompts.strategy import PromptStrategy
from engine.strategies.prompts.templates import stock_template
from tests.models.scripted_model import ScriptedModel
from tests.strategies.prompts.fixed_views import FixedViews
from tests.trading.one_trader import OneTrader

ALLOWED_MS = 20.0


async def measured(home: Path, decisions: int) -> list[float]:
    """Return the milliseconds of each decision."""
    one = OneTrader(home)
    buy = {"operation": "buy", "symbol": "BTC", "target_portion_of_balance": 0.1, "leverage": 2}
    close = {"operation": "close", "symbol": "BTC", "target_portion_of_balance": 1, "min_price": 59_000}
    guards = {"max_price": 61_000, "stop_loss_price": 58_000, "take_profit_price": 70_000}

    def answer(_: ModelRequest) -> str:
        return json.dumps(close if one.books.positions else buy | guards)

    model, prompt = ScriptedModel(answer=answer), stock_template("default")
    strategy = PromptStrategy(
        model=lambda context, purpose: model,
        template=lambda: Prompt(prompt_id=1, name=prompt.name, text=prompt.text),
        views=FixedViews(),
        gate=open_gate,
    )
    one.decider.attach(strategy)
    deciding = asyncio.create_task(one.decider.run())
    taken = []
    for _ in range(decisions + 1):
        await one.clock.advance(5)
        for symbol, price in (("BTC", 60_000), ("ETH", 3_000), ("SOL", 150)):
            one.quote(symbol, Decimal(price))
        started = time.perf_counter()
        one.decider.wake(Trigger(kind=TriggerKind.MANUAL, symbol="BTC", ts_ms=one.clock.now_ms()))
        await one.decider.at_rest()
        taken.append((time.perf_counter() - started) * 1000)
    deciding.cancel()
    await asyncio.gather(deciding, return_exceptions=True)
    recent = one.runtime.log.recent()
    executed = sum(bool(record.order_ids) for record in recent)
    await one.store.aclose()
    print(f"{executed} of the last {len(recent)} decisions traded; the last: {recent[-1].outcome}")
    return taken[1:]  # the first waits for what is imported once


def main() -> None:
    """Measure, print, and fail above what is allowed."""
    decisions = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as home:
        taken = asyncio.run(measured(Path(home), decisions))
    p99 = statistics.quantiles(taken, n=100)[98]
    print(f"a decision beside its model: median {statistics.median(taken):.1f} ms, p99 {p99:.1f} ms")
    if p99 > ALLOWED_MS:
        sys.exit(f"above the {ALLOWED_MS:g} ms allowed")


if __name__ == "__main__":
    main()
