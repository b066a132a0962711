"""Each layer taken out in turn lets an attack through that the whole sandbox holds.

Layer 0, the checks of an editor, is no boundary: every attack of `test_attacks.py` is contained
without it. All attacks here are harmless where they break through: one fork, an ignored signal,
200 MB.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from engine import child_process
from engine.errors import StrategyFailed
from engine.model.account import TraderKind
from engine.model.trigger import Trigger, TriggerKind
from engine.settings import SandboxSettings
from engine.strategies.decision import validate_decisions
from engine.strategies.programs import connection
from engine.strategies.programs import host as host_module
from engine.strategies.programs.batch import Answer, BatchReply, BatchRequest
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.packing import unpack
from engine.strategies.programs.strategy import ProgramStrategy
from engine.strategies.programs.validation import check_source
from engine.trading import decider as decider_module
from tests.strategies.programs.attacks import breakouts
from tests.strategies.programs.attacks.arena import (
    LIMITS,
    Arena,
    Trial,
    batch,
    still_waits,
)
from tests.strategies.programs.attacks.attack import Attack, Breach, Ending, program
from tests.strategies.programs.attacks.attacks import ATTACKS
from tests.strategies.programs.attacks.denials_of_service import LOOP, MEMORY_BOMB
from tests.strategies.programs.attacks.machine import Machine
from tests.strategies.programs.attacks.machine_attacks import (
    ENVIRONMENT,
    INHERITED_DESCRIPTORS,
    MANY_DESCRIPTORS,
    MANY_GIGABYTES,
    SETUID_PROGRAM,
    WRITTEN_FILE,
)
from tests.strategies.programs.attacks.mutants import (
    CredulousConnection,
    Layer,
    MutantHost,
    MutantSubprocess,
    UntypedConnection,
    pickled_unpack,
    untyped_unpack,
)
from tests.strategies.programs.attacks.reply_attacks import HUGE_REPLY, PICKLE, STDOUT_FLOOD, WRONG_TYPES
from tests.strategies.programs.attacks.walks_and_imports import OBJECT_WALKS
from tests.trading.one_trader import TRADER, OneTrader

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at the machine through /proc")
in_one_loop = pytest.mark.asyncio(loop_scope="session")

type ArenaWithout = Callable[..., Arena]

SLOW_NEIGHBOUR = program('for _ in range(30_000_000):\n    pass\nprint("done")')


@pytest.fixture(autouse=True)
def mutable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a process be started without some layers; those with all of them are not concerned."""
    monkeypatch.setattr(child_process, "subprocess", MutantSubprocess)
    monkeypatch.setattr(host_module, "KILL_AFTER_SECONDS", 2.0)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def without(runtime_dir: Path, machine: Machine) -> AsyncIterator[ArenaWithout]:
    """Return an arena without some layers, one process for each set of them."""
    hosts: dict[frozenset[Layer], SandboxHost] = {}

    def arena_without(*layers: Layer) -> Arena:
        missing = frozenset(layers)
        if missing not in hosts:
            hosts[missing] = MutantHost(runtime_dir, missing)
        return Arena(hosts[missing], machine)

    yield arena_without
    for host in hosts.values():
        await host.close()


# --- layer 0: the checks of an editor ------------------------------------------------------------


def test_the_editors_checks_are_no_boundary() -> None:
    """They object to some attacks and not to others, and all are contained: nothing rests upon them."""
    bare = "class Strategy:\n    def should_trade(self, data):\n        {}\n        return Decision('hold')\n"
    by_format, loop = OBJECT_WALKS[3].body, "while data.get_price('BTC') or True:\n            pass"
    assert not check_source(bare.format(by_format)).errors
    assert not check_source(bare.format(loop)).errors
    assert check_source(bare.format("import subprocess")).errors


# --- layer 1: the guest --------------------------------------------------------------------------

BREAKING = [attack for attack in ATTACKS if attack.breach is not None]


@pytest.mark.parametrize("attack", BREAKING, ids=lambda attack: attack.name)
@in_one_loop
async def test_without_the_guest_an_attack_breaks_through(
    without: ArenaWithout, attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_module, "KILL_AFTER_SECONDS", 0.2)
    arena = without(Layer.GUEST)
    limits = LIMITS if attack.breach is Breach.HOST_LOST else SandboxLimits(seconds=10)
    trial = await arena.attempt(attack, limits=limits)
    assert attack.breach in trial.breaches, trial.said[:2000]
    if attack.breach is Breach.NEIGHBOUR:
        await arena.end_process()


# --- layer 2: the process around it --------------------------------------------------------------

JAIL = [
    (ENVIRONMENT, Layer.ENVIRONMENT, Breach.ENVIRONMENT),
    (OBJECT_WALKS[3], Layer.ENVIRONMENT, Breach.ENVIRONMENT),
    (OBJECT_WALKS[4], Layer.ENVIRONMENT, Breach.ENVIRONMENT),
    (INHERITED_DESCRIPTORS, Layer.DESCRIPTORS, Breach.SECRET),
    (WRITTEN_FILE, Layer.RLIMITS, Breach.WRITTEN),
    (MANY_DESCRIPTORS, Layer.RLIMITS, Breach.DESCRIPTORS),
    (MANY_GIGABYTES, Layer.RLIMITS, Breach.MAPPED),
    (SETUID_PROGRAM, Layer.NO_NEW_PRIVS, Breach.OTHER_USER),
]


@pytest.mark.parametrize(
    ("attack", "part", "breach"), JAIL, ids=[f"{part}: {attack.name}" for attack, part, _ in JAIL]
)
@in_one_loop
async def test_the_process_holds_what_the_guest_would_not(
    without: ArenaWithout, machine: Machine, attack: Attack, part: Layer, breach: Breach
) -> None:
    if attack is SETUID_PROGRAM and not machine.can_plant_setuid:
        pytest.skip("only root can leave a program that runs as another user")
    assert breach not in (await without(part).attempt(attack)).breaches
    assert breach not in (await without(Layer.GUEST).attempt(attack)).breaches
    trial = await without(Layer.GUEST, part).attempt(attack)
    assert breach in trial.breaches, trial.said[:2000]


# --- layer 3: the protocol -----------------------------------------------------------------------


async def outcome_of(call: Coroutine[Any, Any, BatchReply]) -> BatchReply | StrategyFailed:
    try:
        return await call
    except StrategyFailed as failure:
        return failure


def orders(reply: BatchReply | StrategyFailed) -> bool:
    """Tell whether a reply is believed to order something, down to the last check."""
    return isinstance(reply, BatchReply) and any(
        validate_decisions(each.decision, symbols=("BTC",), max_leverage=10) for each in reply.decisions
    )


async def broken_out(arena: Arena, source: str) -> BatchReply | StrategyFailed:
    await arena.host.ready()
    return await outcome_of(
        arena.host.run_batch(batch(source, "broken out", arena.machine), SandboxLimits(seconds=2))
    )


@pytest_asyncio.fixture(loop_scope="session")
async def plain(runtime_dir: Path, machine: Machine) -> AsyncIterator[Arena]:
    """An arena of its own without the guest: its client differs."""
    host = MutantHost(runtime_dir, frozenset({Layer.GUEST}))
    yield Arena(host, machine)
    await host.close()


@pytest.mark.parametrize("checks", [True, False])
@in_one_loop
async def test_without_the_number_of_the_call_an_answer_goes_to_another_program(
    plain: Arena, monkeypatch: pytest.MonkeyPatch, checks: bool
) -> None:
    if not checks:
        monkeypatch.setattr(host_module, "SandboxConnection", CredulousConnection)
    await plain.host.ready()
    victim = asyncio.create_task(
        outcome_of(
            plain.host.run_batch(batch(SLOW_NEIGHBOUR, "victim", plain.machine), SandboxLimits(seconds=10))
        )
    )
    await asyncio.sleep(0.1)
    attacker = await broken_out(plain, breakouts.ANSWER_TO_NOBODY)
    believed = await victim
    assert orders(believed) is not checks
    if checks:
        assert isinstance(attacker, StrategyFailed)
        assert isinstance(believed, BatchReply)
        assert believed.output == ((0, "done\n"),)


@pytest.mark.parametrize("checks", [True, False])
@in_one_loop
async def test_without_types_an_answer_of_wrong_types_is_believed(
    plain: Arena, monkeypatch: pytest.MonkeyPatch, checks: bool
) -> None:
    if not checks:
        monkeypatch.setattr(host_module, "SandboxConnection", UntypedConnection)
    reply = await broken_out(plain, breakouts.ANSWER_OF_WRONG_TYPES)
    assert orders(reply) is not checks


@pytest.mark.parametrize("checks", [True, False])
@in_one_loop
async def test_without_types_a_reply_of_wrong_types_is_believed(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, checks: bool
) -> None:
    if not checks:
        monkeypatch.setattr(host_module, "unpack", untyped_unpack)
    trial = await arena.attempt(WRONG_TYPES)
    assert (trial.ending is Ending.FAILED) is checks
    assert ("decided='1'" in trial.said) is not checks


@pytest.mark.parametrize("checks", [True, False])
@in_one_loop
async def test_a_reply_that_were_unpickled_would_act(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, checks: bool
) -> None:
    if not checks:
        monkeypatch.setattr(host_module, "unpack", unpack_all_but_the_first(pickled_unpack))
    trial = await arena.attempt(PICKLE)
    assert (Breach.CREATED in trial.breaches) is not checks


def unpack_all_but_the_first(
    mutant: Callable[[str, BatchRequest], BatchReply],
) -> Callable[[str, BatchRequest], BatchReply]:
    def unpacked(text: str, request: BatchRequest) -> BatchReply:
        return unpack(text, request) if text.startswith("{") else mutant(text, request)

    return unpacked


@pytest.mark.parametrize("checks", [True, False])
@in_one_loop
async def test_without_a_longest_frame_the_desk_takes_in_whatever_is_sent(
    plain: Arena, monkeypatch: pytest.MonkeyPatch, checks: bool
) -> None:
    taken: list[int] = []

    def measured(text: str, request: BatchRequest) -> BatchReply:
        taken.append(len(text))
        return unpack(text, request)

    monkeypatch.setattr(host_module, "unpack", measured)
    if not checks:
        monkeypatch.setattr(connection, "_LONGEST_ANSWER_BYTES", 2**40)
    await broken_out(plain, breakouts.OVERLONG_ANSWER)
    assert (max(taken, default=0) > 64_000_000) is not checks


@pytest.mark.parametrize("checks", [True, False])
@in_one_loop
async def test_without_a_longest_frame_the_desk_waits_for_what_never_comes(
    plain: Arena, monkeypatch: pytest.MonkeyPatch, checks: bool
) -> None:
    if not checks:
        monkeypatch.setattr(connection, "_LONGEST_ANSWER_BYTES", 2**40)
    ended = await broken_out(plain, breakouts.UNFINISHED_ANSWER)
    assert isinstance(ended, StrategyFailed)
    assert ("died" in ended.message) is checks


# --- layer 4: the breaker ------------------------------------------------------------------------


@pytest.mark.parametrize("breaks", [True, False])
@in_one_loop
async def test_without_the_breaker_a_program_that_always_fails_is_asked_for_ever(
    arena: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks: bool
) -> None:
    if not breaks:
        monkeypatch.setattr(decider_module, "FAILURES_BEFORE_STOPPING", 1_000_000)
    one = OneTrader(tmp_path / "home", msgspec.structs.replace(TRADER, kind=TraderKind.PROMPT))
    session = f"always fails, breaker {breaks}"
    strategy = ProgramStrategy(
        arena.host, session, program("1 / 0"), {}, SandboxSettings(), lambda query, now_ms: Answer()
    )
    one.decider.attach(strategy)
    deciding = asyncio.create_task(one.decider.run())
    for _ in range(6):
        one.decider.wake(Trigger(kind=TriggerKind.MANUAL, symbol="BTC", ts_ms=one.clock.now_ms()))
        await one.decider.at_rest()
    deciding.cancel()
    await asyncio.gather(deciding, return_exceptions=True)
    one.store.close()
    assert arena.host.failures(session) == (3 if breaks else 6)
    assert one.decider.listens is not breaks


# --- the limits ----------------------------------------------------------------------------------


@in_one_loop
async def test_without_its_time_limit_a_guest_costs_every_program_the_process(
    without: ArenaWithout, arena: Arena
) -> None:
    assert Breach.HOST_LOST not in (await arena.attempt(LOOP)).breaches
    assert Breach.HOST_LOST in (await without(Layer.TIME).attempt(LOOP)).breaches


@in_one_loop
async def test_without_the_desks_own_time_limit_a_loop_is_waited_for(
    runtime_dir: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = MutantHost(runtime_dir, frozenset({Layer.TIME}))
    await host.ready()
    monkeypatch.setattr(host_module, "KILL_AFTER_SECONDS", 60.0)
    assert await still_waits(host, batch(LOOP.source, "loop", machine), LIMITS.seconds + 2.5)
    await host.close()


@in_one_loop
async def test_without_its_memory_limit_a_guest_takes_what_it_wants(
    without: ArenaWithout, arena: Arena
) -> None:
    patient = SandboxLimits(seconds=5)
    assert Breach.MEMORY not in (await arena.attempt(MEMORY_BOMB, limits=patient)).breaches
    unlimited = await without(Layer.MEMORY).attempt(MEMORY_BOMB, limits=patient)
    assert Breach.MEMORY in unlimited.breaches


def printed(trial: Trial) -> int:
    return sum(len(text) for reply in trial.replies for _, text in reply.output)


@in_one_loop
async def test_without_its_output_limit_a_program_that_prints_much_decides_nothing(
    without: ArenaWithout, arena: Arena
) -> None:
    limited = await arena.attempt(STDOUT_FLOOD, limits=SandboxLimits(seconds=5))
    assert limited.ending is Ending.ANSWERED
    assert 60_000 < printed(limited) < 70_000
    unlimited = await without(Layer.OUTPUT).attempt(STDOUT_FLOOD, limits=SandboxLimits(seconds=5))
    assert unlimited.ending is Ending.FAILED


@pytest.mark.parametrize("checks", [True, False])
@in_one_loop
async def test_without_its_reply_limit_the_desk_takes_in_megabytes(
    without: ArenaWithout, arena: Arena, monkeypatch: pytest.MonkeyPatch, checks: bool
) -> None:
    taken: list[int] = []

    def measured(text: str, request: BatchRequest) -> BatchReply:
        taken.append(len(text))
        return unpack(text, request)

    monkeypatch.setattr(host_module, "unpack", measured)
    await (arena if checks else without(Layer.REPLY_SIZE)).attempt(HUGE_REPLY)
    assert (max(taken) > 2_000_000) is not checks
