"""Fifty models streaming fifty tokens a second each: the lag of the event loop that listens to them.

The simulated server runs in a process of its own, as real ones do.

Run: python -m tests.bench.bench_models
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import time
from multiprocessing.connection import Connection

from engine.clock import WallClock
from engine.language_models.connection_book import ConnectionBook
from engine.language_models.endpoint import RulesEndpoint
from engine.language_models.gateway import Gateway
from engine.language_models.vendors import origin
from engine.model.account import ModelPolicy
from engine.model.language_model import CallPurpose, ModelCall
from engine.secrecy.secret import Secret
from engine.settings import PromptSettings
from tests.language_models.desk_of_models import Keys, connection_to, question
from tests.models.vendor_simulator import KEY, ModelSimulator, Spoken

STREAMS = 50
TOKENS_PER_SECOND = 50
SECONDS = 20
HEARTBEAT = 0.005


def serve(port: Connection) -> None:
    """Run the simulated server until the other end hangs up."""
    said = Spoken(reasoning=("word ",) * (TOKENS_PER_SECOND * SECONDS))

    async def run() -> None:
        async with ModelSimulator("deepseek", rate=TOKENS_PER_SECOND, answer=lambda _: said) as simulator:
            port.send(simulator.base_url)
            await asyncio.to_thread(port.poll, None)

    asyncio.run(run())


async def no_rules() -> RulesEndpoint:
    raise AssertionError("nobody asks the rules model here")


def gateway_to(base_url: str, calls: list[ModelCall]) -> Gateway:
    connection = connection_to(base_url, max_concurrent=STREAMS)
    keys = Keys()
    gateway = Gateway(
        book=ConnectionBook([connection]),
        vault=keys,
        settings=PromptSettings(max_concurrent=STREAMS),
        policies=lambda trader_id: ModelPolicy(),
        record=calls.append,
        spent=(),
        rules=no_rules,
        wall=WallClock(),
        tell=lambda state: None,
    )
    keys.put("connection:1", "api_key", Secret(KEY), origin(base_url))
    return gateway


async def lags(seconds: float) -> list[float]:
    """Return how late the event loop came to each beat of a clock."""
    found = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        await asyncio.sleep(HEARTBEAT)
        found.append(time.perf_counter() - start - HEARTBEAT)
    return sorted(found)


def percentiles(found: list[float]) -> str:
    middle, late, last = found[len(found) // 2], found[len(found) * 99 // 100], found[-1]
    return f"p50 {middle * 1000:.2f} ms, p99 {late * 1000:.2f} ms, worst {last * 1000:.2f} ms"


async def measure(base_url: str) -> None:
    calls: list[ModelCall] = []
    heard = 0

    def hear(delta: str) -> None:
        nonlocal heard
        heard += 1

    idle = await lags(3)
    gateway = gateway_to(base_url, calls)
    models = [
        gateway.model_for(1, purpose=CallPurpose.DECISION, trader_id=number + 1) for number in range(STREAMS)
    ]
    asked = [asyncio.create_task(model.ask(question(), on_reasoning=hear)) for model in models]
    # What opening fifty connections takes is measured apart from what listening to them does.
    await asyncio.sleep(2)
    cpu, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    busy = await lags(SECONDS - 4)
    used, elapsed = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - started
    replies = await asyncio.gather(*asked)
    await gateway.close()
    worked = used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime
    waits = sorted(reply.first_token_ms or 0 for reply in replies)
    print(f"{STREAMS} streams of {TOKENS_PER_SECOND} tokens/s for {SECONDS} s, {heard} pieces heard")
    print(f"loop lag, nothing to do   {percentiles(idle)}")
    print(f"loop lag, listening       {percentiles(busy)}; {worked / elapsed:.0%} of one core")
    print(f"first token after {waits[len(waits) // 2]} ms (median), {waits[-1]} ms (last)")
    assert len(calls) == STREAMS
    assert heard == STREAMS * TOKENS_PER_SECOND * SECONDS


def main() -> None:
    here, there = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    asyncio.run(measure(here.recv()))
    here.send(None)
    server.join(5)


if __name__ == "__main__":
    main()
