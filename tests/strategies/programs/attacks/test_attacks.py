"""Every attack of the table is contained: live, and from within a backtest with its volume."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import Counter

import pytest

from engine.errors import ReplyUnusable, StrategyFailed
from engine.strategies.decision import validate_decisions
from engine.strategies.programs.host import SandboxLimits
from tests.strategies.programs.attacks.arena import LIMITS, NEIGHBOUR_SAYS, Arena, Way, batch
from tests.strategies.programs.attacks.attack import Attack, Breach, Ending, Group, program
from tests.strategies.programs.attacks.attacks import ATTACKS
from tests.strategies.programs.attacks.denials_of_service import DENIALS_OF_SERVICE

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks at the machine through /proc"),
]


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


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("attack", ATTACKS, ids=named)
async def test_it_is_contained(arena: Arena, attack: Attack, way: Way) -> None:
    trial = await arena.attempt(attack, way)
    assert trial.breaches <= attack.costs, trial.said[:2000]
    assert trial.ending in attack.ends, trial.said[:2000]
    for reply in trial.replies:
        for decided in reply.decisions:
            with pytest.raises(ReplyUnusable):
                validate_decisions(decided.decision, symbols=("BTC",), max_leverage=10)


async def test_the_event_loop_keeps_its_beat_under_every_denial_of_service_at_once(arena: Arena) -> None:
    """The beat is compared with that of the same loop left alone: the machine is shared."""
    await arena.host.ready()

    async def beats(until: asyncio.Future[object]) -> list[float]:
        loop, lags = asyncio.get_running_loop(), []
        while not until.done():
            due = loop.time() + 0.01
            await asyncio.sleep(0.01)
            lags.append(loop.time() - due)
        return sorted(lags)

    def p99(lags: list[float]) -> float:
        return lags[len(lags) * 99 // 100]

    calm = await beats(asyncio.ensure_future(asyncio.sleep(1)))
    attackers = [attack for attack in DENIALS_OF_SERVICE if not attack.costs]
    calls = asyncio.gather(
        *(
            arena.host.run_batch(
                batch(attack.source, f"beat {attack.name}", arena.machine), SandboxLimits(seconds=1)
            )
            for attack in attackers
        ),
        return_exceptions=True,
    )
    under_attack = await beats(calls)
    assert all(isinstance(end, StrategyFailed) or end.failures for end in calls.result())
    assert len(under_attack) > 50
    assert p99(under_attack) < 0.010 + p99(calm)


async def test_a_decision_that_was_tampered_with_does_not_pass_the_rules(arena: Arena) -> None:
    """What WebAssembly does not forbid: a program that writes its own decisions' JSON."""
    tampered = (
        '{"operation": "buy", "symbol": "ETH", "target_portion_of_balance": 1, "leverage": 1, "max_price": 1}',
        '{"operation": "buy", "symbol": "BTC", "target_portion_of_balance": 9, "leverage": 1, "max_price": 1}',
        '{"operation": "buy", "symbol": "BTC", "target_portion_of_balance": 1, "leverage": 99, "max_price": 1}',
        '{"operation": "buy", "symbol": "BTC", "target_portion_of_balance": 1, "leverage": 1}',
        '{"operation": "buy", "symbol": "BTC", "target_portion_of_balance": NaN, "leverage": 1, "max_price": 1}',
        '{"operation": "hold", "account": 2}',
        '{"operation": "withdraw"}',
        "[" * 30_000,
        "x" * 100_000,
        "",
    )
    forged = [(0, decision) for decision in tampered]
    for index, decision in enumerate(forged):
        body = f'answer_with(REPLY | {{"decisions": [{decision!r}]}})'
        request = batch(program(body), f"tamperer {index}", arena.machine)
        await arena.host.run_batch(request, LIMITS)
        reply = await arena.host.run_batch(request, LIMITS)
        with pytest.raises(ReplyUnusable):
            validate_decisions(reply.decisions[0].decision, symbols=("BTC",), max_leverage=10)


async def test_a_program_that_asks_again_for_what_it_was_given_is_stopped(arena: Arena) -> None:
    """Else it would be asked for ever."""
    body = """data._batch.needs = ("klines", "BTC", "", "5m", 100)"""
    request = batch(program(body), "asks again", arena.machine)
    first = await arena.host.run_batch(request, LIMITS)
    assert first.needs
    raise AssertionError


async def test_five_attackers_do_not_change_what_a_neighbour_says(arena: Arena) -> None:
    attackers = list(itertools.islice((each for each in ATTACKS if not each.costs), 5))
    calls = [
        arena.host.run_batch(batch(each.source, f"crowd {each.name}", arena.machine), LIMITS)
        for each in attackers
    ]
    says, *_ = await asyncio.gather(arena.neighbours_say(10), *calls, return_exceptions=True)
    assert says == [NEIGHBOUR_SAYS] * 10


__all__ = ["Breach", "Ending"]
