"""One attack on one sandbox host, and everything that came of it."""

from __future__ import annotations

import asyncio
import enum
import os
import signal
import struct

import msgspec

from engine.errors import StrategyFailed
from engine.strategies.programs.batch import (
    BatchReply,
    BatchRequest,
    ConfirmedBooks,
    MarketColumns,
    TriggerColumns,
)
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from tests.strategies.programs.attacks.attack import Attack, Breach, Ending, program
from tests.strategies.programs.attacks.machine import Machine, forget_peak

LIMITS = SandboxLimits(seconds=0.25)
START_MS = 1_750_000_000_000
BACKTEST_TRIGGERS = 4

NEIGHBOUR = program('import math\nprint(math.sqrt(4.0), len("ab"), sorted([2, 1]))')
NEIGHBOUR_SAYS = "2.0 2 [1, 2]\n"


class Way(enum.StrEnum):
    """How a program is called."""

    LIVE = "live"
    BACKTEST = "backtest"


class Trial(msgspec.Struct, frozen=True):
    """What an attack came to; `said` is everything of it that reached the desk."""

    ending: Ending
    breaches: frozenset[Breach]
    said: str
    replies: tuple[BatchReply, ...]


def batch(source: str, session: str, machine: Machine, way: Way = Way.LIVE) -> BatchRequest:
    """Return a batch for a program with one symbol."""
    triggers = 1 if way is Way.LIVE else BACKTEST_TRIGGERS
    price = struct.pack(f"<{triggers}d", *[100.0] * triggers)
    times = [START_MS + 60_000 * number for number in range(triggers)]
    return BatchRequest(
        session=session,
        source=source,
        params=machine.params(),
        trader_id=1,
        environment="testnet",
        trading_mode="paper" if way is Way.LIVE else "backtest",
        max_leverage=10,
        default_leverage=1,
        period="5m",
        symbols=("BTC",),
        triggers=TriggerColumns(ts_ms=struct.pack(f"<{triggers}q", *times)),
        markets={"BTC": MarketColumns(mark=price, bid=price, ask=price, tick_size=0.1)},
        answers={},
        books=ConfirmedBooks(cash="1000", used_margin="0"),
        volume="" if way is Way.LIVE else str(machine.volume),
    )


class Arena:
    """A sandbox host on a machine full of traps."""

    def __init__(self, host: SandboxHost, machine: Machine) -> None:
        self.host = host
        self.machine = machine

    async def attempt(self, attack: Attack, way: Way = Way.LIVE, limits: SandboxLimits = LIMITS) -> Trial:
        """Let an attack do its worst, look at the machine, and ask another program how it is."""
        await self.host.ready()
        request = batch(attack.source, f"{attack.name} {way}", self.machine, way)
        before = self.host.pid
        forget_peak(before)
        self.machine.reset(before)
        replies: list[BatchReply] = []
        said, ending = "", Ending.ANSWERED
        try:
            for _ in range(attack.calls):
                replies.append(await self.host.run_batch(request, limits))
        except StrategyFailed as failure:
            ending = Ending.TIMED_OUT if "timed_out" in failure.details else Ending.FAILED
            said = failure.message
        said += repr(replies)
        breaches = self.machine.sprung(said, self.host.pid)
        if await self.neighbour_says() != NEIGHBOUR_SAYS:
            breaches.add(Breach.NEIGHBOUR)
        return Trial(ending, frozenset(breaches), said, tuple(replies))

    async def end_process(self) -> None:
        """Have the process replaced, for what was done to it lasts."""
        assert self.host.pid is not None
        os.kill(self.host.pid, signal.SIGKILL)
        await self.call(batch(NEIGHBOUR, "last", self.machine))  # notices that it is gone
        await self.host.ready()

    async def call(self, request: BatchRequest) -> BatchReply | StrategyFailed:
        """Call a program once, whatever comes of it."""
        try:
            return await self.host.run_batch(request, LIMITS)
        except StrategyFailed as failure:
            return failure

    async def neighbour_says(self) -> str:
        """Run a well-behaved program in a session of its own."""
        request = batch(NEIGHBOUR, "neighbour", self.machine)
        reply = await self.host.run_batch(request, SandboxLimits(seconds=2.0))
        return "".join(text for _, text in reply.output)

    async def neighbours_say(self, count: int) -> list[str]:
        """Run the well-behaved program some times, one after the other."""
        return [await self.neighbour_says() for _ in range(count)]


async def still_waits(host: SandboxHost, request: BatchRequest, seconds: float) -> bool:
    """Tell whether a call is unanswered so long after it began; it is left behind."""
    call = asyncio.create_task(host.run_batch(request, LIMITS))
    done, _ = await asyncio.wait({call}, timeout=seconds)
    call.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    return not done
