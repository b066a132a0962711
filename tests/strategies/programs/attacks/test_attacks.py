"""Every attack of the table is contained: live, and from within a backtest with its volume."""

from __future__ import annotations

import asyncio
import struct
import sys
import time
from collections import Counter
from collections.abc import Coroutine

import msgspec
import pytest

from engine.errors import ReplyUnusable, StrategyFailed
from engine.strategies.decision import validate_decisions
from engine.strategies.programs import host as host_module
from engine.strategies.programs.batch import Answer, DataQuery
from engine.strategies.programs.host import SandboxLimits
from tests.strategies.programs.attacks.arena import LIMITS, NEIGHBOUR_SAYS, Arena, Way, batch
from tests.strategies.programs.attacks.attack import Attack, Group, program
from tests.strategies.programs.attacks.attacks import ATTACKS
from tests.strategies.programs.attacks.denials_of_service import DENIALS_OF_SERVICE, LOOP, MEMORY_BOMB
from tests.strategies.programs.attacks.reply_attacks import HUGE_REPLY, MANY_READS, UNSAFE_READS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at the machine through /proc")
in_one_loop = pytest.mark.asyncio(loop_scope="session")


OF_A_BACKTEST = (Group.FILE, Group.REPLY, Group.PERSISTENCE, Group.JAIL, Group.VOLUME)
"""What a mounted folder or many triggers could make different."""
TRIALS = [
    *((attack, Way.LIVE) for attack in ATTACKS if attack.group is not Group.VOLUME),
    *((attack, Way.BACKTEST) for attack in ATTACKS if attack.group in OF_A_BACKTEST),
    (LOOP, Way.BACKTEST),
    (MEMORY_BOMB, Way.BACKTEST),
]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the guest's own limits the time they need on a busy machine, so that it is they that hold."""
    monkeypatch.setattr(host_module, "KILL_AFTER_SECONDS", 5.0)


def named(attack: Attack) -> str:
    return f"{attack.group}: {attack.name}"


def test_the_table_has_the_attacks_of_the_design() -> None:
    listed = Counter(attack.group for attack in ATTACKS if attack.listed)
    assert listed.total() == 48
    assert listed == {
        Group.OBJECT_WALK: 10,
        Group.IMPORT: 9,
        Group.FILE: 4,
        Group.NETWORK: 3,
        Group.PROCESS: 4,
        Group.NATIVE_CRASH: 1,
        Group.REPLY: 5,
        Group.DENIAL_OF_SERVICE: 11,
        Group.PERSISTENCE: 1,
    }
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize(("attack", "way"), TRIALS, ids=[f"{way} {named(each)}" for each, way in TRIALS])
@in_one_loop
async def test_it_is_contained(arena: Arena, attack: Attack, way: Way) -> None:
    trial = await arena.attempt(attack, way)
    assert trial.breaches <= attack.costs, trial.said[:2000]
    assert trial.ending in attack.ends, trial.said[:2000]
    for reply in trial.replies:
        for decided in reply.decisions:
            with pytest.raises(ReplyUnusable):
                validate_decisions(decided.decision, symbols=("BTC",), max_leverage=10)


async def lags_while(work: Coroutine[object, object, object]) -> list[float]:
    """Return how late each beat of the event loop was until `work` ended, in seconds."""
    loop, lags = asyncio.get_running_loop(), []
    task = asyncio.ensure_future(work)
    while not task.done():
        due = loop.time() + 0.01
        await asyncio.sleep(0.01)
        lags.append(loop.time() - due)
    await task
    return lags


def p99(lags: list[float]) -> float:
    return sorted(lags)[len(lags) * 99 // 100]


@in_one_loop
async def test_the_event_loop_keeps_its_beat_under_every_denial_of_service(arena: Arena) -> None:
    """What the machine itself does to an idle loop is allowed for, and it may have a bad second."""
    attackers = [attack for attack in DENIALS_OF_SERVICE if not attack.costs]

    async def attack_all() -> None:
        for attack in attackers:
            await arena.call(batch(attack.source, f"beat {attack.name}", arena.machine))

    rounds = []
    for _ in range(3):
        await arena.host.ready()
        calm = await lags_while(asyncio.sleep(1))
        under_attack = await lags_while(attack_all())
        assert len(under_attack) > 50
        rounds.append(p99(under_attack) - p99(calm))
        if rounds[-1] < 0.010:
            break
    assert min(rounds) < 0.010


@pytest.mark.parametrize("attack", [MANY_READS, UNSAFE_READS, HUGE_REPLY], ids=named)
@in_one_loop
async def test_the_event_loop_does_not_work_through_a_reply_that_is_all_work(
    arena: Arena, attack: Attack
) -> None:
    """Counted in its own thread's time, which a busy machine does not change."""
    request = batch(attack.source, f"all work {attack.name}", arena.machine)
    await arena.call(request)
    before = time.thread_time()
    await arena.call(request)
    spent = time.thread_time() - before
    assert spent < 0.01


@in_one_loop
async def test_a_decision_that_was_tampered_with_does_not_pass_the_rules(arena: Arena) -> None:
    """What WebAssembly does not forbid: a program that writes its own decisions' JSON."""
    buy = (
        '{"operation": "buy", "symbol": "BTC", "target_portion_of_balance": 1, "leverage": 1, "max_price": 1}'
    )
    tampered = (
        buy.replace("BTC", "ETH"),
        buy.replace('balance": 1', 'balance": 9'),
        buy.replace('balance": 1', 'balance": NaN'),
        buy.replace('leverage": 1', 'leverage": 99'),
        buy.replace('price": 1', 'price": null'),
        buy.replace('"leverage"', '"account": 2, "leverage"'),
        '{"operation": "withdraw"}',
        "[" * 30_000,
        "x" * 100_000,
        "",
    )
    for index, decision in enumerate(tampered):
        body = f'answer_with(lambda reply: reply | {{"decisions": [(0, {decision!r})]}})'
        request = batch(program(body), f"tamperer {index}", arena.machine)
        await arena.host.run_batch(request, LIMITS)
        reply = await arena.host.run_batch(request, LIMITS)
        with pytest.raises(ReplyUnusable):
            validate_decisions(reply.decisions[0].decision, symbols=("BTC",), max_leverage=10)


@in_one_loop
async def test_a_program_that_asks_again_for_what_it_was_given_is_stopped(arena: Arena) -> None:
    """Else it would be asked for ever."""
    query = DataQuery("klines", "BTC", period="5m", count=100)
    body = 'answer_with(lambda reply: reply | {"decided": 0, "needs": ["klines", "BTC", "", "5m", 100]})'
    request = batch(program(body), "asks again", arena.machine)
    await arena.host.run_batch(request, LIMITS)
    assert (await arena.host.run_batch(request, LIMITS)).needs == (query,)
    nothing = dict.fromkeys("tohlcv", b"")
    given = Answer(numbers=nothing, visible=struct.pack("<q", 0))
    answered = msgspec.structs.replace(request, answers={query: given})
    with pytest.raises(StrategyFailed, match="no answer that can be read"):
        await arena.host.run_batch(answered, LIMITS)


@in_one_loop
async def test_a_backtest_finds_no_batch_in_its_volume_neither_this_one_nor_the_next(arena: Arena) -> None:
    """Else it could read there what is to come."""
    body = """
for number in range(2000):
    try:
        print("found", len(open(f"/history/batch-{number}.bin", "rb").read()))
    except OSError:
        pass
print(open("/history/kept").read())
"""
    request = batch(program(body), "reader", arena.machine, Way.BACKTEST)
    patient = SandboxLimits(seconds=10)
    for reply in await asyncio.gather(*(arena.host.run_batch(request, patient) for _ in range(4))):
        assert {text for _, text in reply.output} == {"kept\n"}
    assert not list(arena.machine.volume.glob("batch-*"))


@in_one_loop
async def test_attackers_do_not_change_what_a_neighbour_says_beside_them(arena: Arena) -> None:
    attackers = [attack for attack in DENIALS_OF_SERVICE if not attack.costs][:5]
    calls = [arena.call(batch(each.source, f"crowd {each.name}", arena.machine)) for each in attackers]
    says, *ends = await asyncio.gather(arena.neighbours_say(5), *calls)
    assert says == [NEIGHBOUR_SAYS] * 5
    assert any(isinstance(end, StrategyFailed) for end in ends)
