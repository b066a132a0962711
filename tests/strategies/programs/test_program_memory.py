"""A program remembers nothing from one trigger to the next, however quickly it is run."""

from __future__ import annotations

import ast

import msgspec
import pytest

from engine.strategies.programs.guest_program import module_keeps_nothing
from engine.strategies.programs.host import SandboxHost
from tests.strategies.programs.conftest import program
from tests.strategies.programs.test_batches import LIMITS, RSI, batch, printed, series

COUNTING = {
    "a list of the module": """
seen = []
class S:
    def should_trade(self, data):
        seen.append(1)
        print(len(seen))
        return Decision("hold")
""",
    "a list of the class": """
class S:
    seen = []
    def should_trade(self, data):
        self.seen.append(1)
        print(len(self.seen))
        return Decision("hold")
""",
    "a global": """
n = 0
def run(ctx):
    global n
    n += 1
    print(n)
""",
    "an attribute of the class": """
class S:
    n = 0
    def should_trade(self, data):
        S.n += 1
        print(S.n)
        return Decision("hold")
""",
    "an attribute through type()": """
class S:
    n = 0
    def should_trade(self, data):
        type(self).n += 1
        print(self.n)
        return Decision("hold")
""",
    "an attribute through __class__": """
class S:
    n = 0
    def should_trade(self, data):
        found = self.__class__
        found.n += 1
        print(found.n)
        return Decision("hold")
""",
    "a default argument": """
def run(ctx, seen=[]):
    seen.append(1)
    print(len(seen))
""",
    "a default of a method inside": """
def run(ctx):
    def count(seen=[]):
        seen.append(1)
        return len(seen)
    print(count())
""",
    "a function's attribute": """
def count():
    count.n = 1 + (count.n if "n" in dir(count) else 0)
    return count.n
def run(ctx):
    print(count())
""",
    "setattr": """
class S:
    n = 0
    def should_trade(self, data):
        setattr(S, "n", S.n + 1)
        print(S.n)
        return Decision("hold")
""",
    "a cache": """
import functools, itertools
ticks = itertools.count(1)
@functools.cache
def tick():
    return next(ticks)
def run(ctx):
    tick()
    print(next(ticks) - 1)
""",
    "a generator": """
numbers = (number for number in (1, 2, 3, 4))
def run(ctx):
    print(next(numbers))
""",
    "an instance": """
class S:
    n = 0
    def should_trade(self, data):
        self.n += 1
        print(self.n)
        return Decision("hold")
""",
    "the data": """
def run(ctx):
    ctx.params["n"] = 1
    ctx.symbols.append("X")
    print(len(ctx.params) + len(ctx.symbols) - 1)
""",
}


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("way", COUNTING)
async def test_nothing_is_remembered_from_one_trigger_to_the_next(host: SandboxHost, way: str) -> None:
    reply = await host.run_batch(batch("", source=COUNTING[way]), LIMITS)
    assert printed(reply) == ["1"] * 4, reply.failures


ONCE = "LOW, WORDS = 30, (1, 'a')\nclass Base:\n    LIMIT = 1\n" + program(
    """
rsi = data.get_indicator('BTC', 'RSI14', '1m')['value']
self.kept = rsi
if rsi < LOW:
    return Decision('buy', 'BTC', 0.5, max_price=200)
return Decision('hold', reason=f'{self.kept}')
"""
)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_module_that_keeps_nothing_is_executed_once_with_the_same_result(host: SandboxHost) -> None:
    """The same program twice, of which one has to be executed afresh."""
    answers = {RSI: series([float(index % 60) for index in range(2000)], range(1, 2001))}
    once = await host.run_batch(batch("", 2000, source=ONCE, answers=answers), LIMITS)
    afresh = await host.run_batch(batch("", 2000, source=ONCE + "\nseen = []\n", answers=answers), LIMITS)
    assert once.decided == 2000
    assert msgspec.structs.replace(once, guest_us=0) == msgspec.structs.replace(afresh, guest_us=0)


def test_what_is_executed_once() -> None:
    assert module_keeps_nothing(ast.parse(ONCE))
    assert not module_keeps_nothing(ast.parse(ONCE + "\nseen = []\n"))
    assert [way for way, source in COUNTING.items() if module_keeps_nothing(ast.parse(source))] == [
        "a default of a method inside",
        "an instance",
        "the data",
    ]
