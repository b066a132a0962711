"""Whatever a program does ends in one clear sentence and in nothing else."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.errors import ReplyUnusable, StrategyFailed
from engine.settings import SandboxSettings
from engine.strategies.base import StrategyReply
from engine.strategies.programs.host import GuestReply, SandboxHost, SandboxLimits
from engine.strategies.programs.payload import Payload
from engine.strategies.programs.strategy import ProgramStrategy
from tests.strategies.programs.conftest import LIMITS, RunBody, program
from tests.strategies.programs.recorded import Recording

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOLD = 'return Decision("hold")'
BUY = "Decision('buy', 'BTC', target_portion_of_balance={portion}, leverage=2, max_price=70000.0)"


async def error_of(reply: GuestReply) -> str:
    assert reply.error is not None, reply
    assert reply.decision == ""
    return reply.error.sentence()


async def decide(
    host: SandboxHost, recording: Recording, source: str, texts: list[str] | None = None
) -> StrategyReply:
    strategy = ProgramStrategy(host, f"bound {source}", source, {}, SandboxSettings(seconds=0.5))
    listener = texts.append if texts is not None else lambda text: None
    return await strategy.decide(recording.context(), listener)


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "return 9 ** 9 ** 9",
        "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
        "import time as real\nreal.sleep(100)",
    ],
    ids=["loop", "loop that catches everything", "huge power", "runaway regex", "sleep"],
)
async def test_a_program_that_does_not_end_is_stopped_at_its_limit(run: RunBody, body: str) -> None:
    with pytest.raises(StrategyFailed, match=r"ran longer than its limit of 0\.2 s"):
        await run(body, limits=SandboxLimits(seconds=0.2))


async def test_after_a_time_out_the_same_program_runs_in_a_new_session(run: RunBody) -> None:
    body = "if data.params['spin']:\n    while True: pass\n" + HOLD
    with pytest.raises(StrategyFailed):
        await run(body, program_id="spinner", params={"spin": True}, limits=SandboxLimits(seconds=0.1))
    reply = await run(body, program_id="spinner", params={"spin": False})
    assert reply.decision == '{"operation": "hold"}'


async def test_an_exception_names_the_line_of_the_program_and_nothing_of_the_host(run: RunBody) -> None:
    reply = await run("x = 0\nprint('before')\nreturn 1 / x")
    assert await error_of(reply) == "line 5: ZeroDivisionError: division by zero in `return 1 / x`"
    assert reply.output == "before\n"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("def f(): return f()\nf()", "RecursionError"),
        ("x = bytearray(200_000_000)", "MemoryError"),
        ("x = []\nwhile True: x.append('x' * 1_000_000)", "MemoryError"),
        ("class E(Exception):\n    def __str__(self): raise E\nraise E", "line "),
        ("raise ValueError('x' * 1_000_000)", "ValueError: xxx"),
    ],
)
async def test_what_a_program_raises_is_reported_whatever_it_is(
    run: RunBody, body: str, sentence: str
) -> None:
    text = await error_of(await run(body))
    assert sentence in text
    assert len(text) <= 400


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("open('/etc/passwd').read()", "FileNotFoundError"),
        ("open('/python-stdlib/evil.py', 'w')", "PermissionError"),
        ("open('/data/x', 'wb').write(b'x' * 5_000_000)", "OSError"),
        ("import socket\nsocket.create_connection(('127.0.0.1', 80), 1)", "not-permitted"),
        ("import ctypes", "ModuleNotFoundError"),
        ("import subprocess\nsubprocess.run(['ls'])", "OSError"),
        ("import os\nos.system('ls')", "AttributeError"),
        ("import os\nos.kill(1, 9)", "AttributeError"),
        ("import os\nos.fork()", "AttributeError"),
        ("import threading\nthreading.Thread(target=print).start()", "RuntimeError"),
        ("import os\nreturn dict(os.environ)['HOME']", "KeyError"),
    ],
)
async def test_nothing_of_the_machine_is_there(run: RunBody, body: str, sentence: str) -> None:
    assert sentence in await error_of(await run(body))


async def test_the_environment_a_program_sees_is_not_the_desks(
    run: RunBody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTDESK_CANARY", "canary-value")
    reply = await run(f"import os\nprint(*os.environ)\n{HOLD}")
    assert reply.output
    assert all(name.startswith("PYTHON") for name in reply.output.split())


async def test_ten_megabytes_of_output_are_cut_and_the_decision_stands(
    host: SandboxHost, recording: Recording
) -> None:
    texts: list[str] = []
    source = program(f"for _ in range(10): print('x' * 1_000_000)\n{HOLD}")
    reply = await decide(host, recording, source, texts)
    assert len(reply.decisions) == 1
    (output,) = texts
    assert len(output) <= 64 * 1024
    assert output == reply.reasoning


async def test_output_is_safe_to_show(host: SandboxHost, recording: Recording) -> None:
    texts: list[str] = []
    source = program(f"print('\\x1b]0;OWNED\\x07\\x1b[2Jred \\x1b[31malert \\u202ecba')\n{HOLD}")
    await decide(host, recording, source, texts)
    assert texts == ["red alert cba\n"]


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("None", "must return a Decision, it returned NoneType"),
        ("'buy'", "must return a Decision, it returned str"),
        ("{'operation': 'hold'}", "must return a Decision, it returned dict"),
        (BUY.format(portion="float('nan')"), "target_portion_of_balance must be a finite number, not nan"),
        (BUY.format(portion="float('inf')"), "target_portion_of_balance must be a finite number, not inf"),
        (BUY.format(portion="'0.5'"), "target_portion_of_balance must be a finite number"),
        (BUY.format(portion="True"), "target_portion_of_balance must be a finite number"),
        ("Decision('hold', reason=['x'])", "Decision.reason must be text, not list"),
        ("Decision(None)", "Decision.operation must be text, not NoneType"),
    ],
)
async def test_a_return_value_that_is_no_decision_is_refused_by_name(
    host: SandboxHost, recording: Recording, expression: str, sentence: str
) -> None:
    with pytest.raises(StrategyFailed, match=sentence.replace("(", r"\(")):
        await decide(host, recording, program(f"return {expression}"))


@pytest.mark.parametrize(
    ("expression", "field"),
    [
        ("Decision('buy', 'DOGE', 0.5, 2, max_price=1.0)", "symbol"),
        ("Decision('buy', '../BTC', 0.5, 2, max_price=1.0)", "symbol"),
        (BUY.format(portion="2"), "target_portion_of_balance"),
        (BUY.format(portion="-0.5"), "target_portion_of_balance"),
        ("Decision('buy', 'BTC', 0.5, 1000, max_price=1.0)", "leverage"),
        ("Decision('buy', 'BTC', 0.5, 2)", "max_price"),
        ("Decision('moon', 'BTC', 0.5, 2)", "operation"),
    ],
)
async def test_a_decision_that_breaks_a_rule_is_refused_with_its_field(
    host: SandboxHost, recording: Recording, expression: str, field: str
) -> None:
    with pytest.raises(ReplyUnusable, match=field):
        await decide(host, recording, program(f"return {expression}"))


@pytest.mark.parametrize(
    "forged",
    [
        "{'decision': 'x' * 100_000, 'output': '', 'error': None}",
        "{'decision': '[' * 30_000, 'output': '', 'error': None}",
        """{'decision': '{"operation":"buy","symbol":"BTC","account":1}', 'output': '', 'error': None}""",
        """{'decision': '{"operation":"buy","symbol":"BTC","max_price":NaN}', 'output': '', 'error': None}""",
        "{'decision': 7, 'output': '', 'error': None}",
        "{'decision': '', 'output': '', 'error': None, 'account': 2}",
        "'x' * 2_000_000",
        "None",
    ],
    ids=["long", "deep", "extra field", "nan", "wrong type", "extra key", "huge", "nothing"],
)
async def test_a_program_that_forges_the_reply_gains_nothing(
    host: SandboxHost, recording: Recording, forged: str
) -> None:
    """It replaces the guest half's own entry, which WebAssembly does not forbid."""
    body = f"forged = {forged}\n"
    body += "import __main__\n__main__._eryx_user_globals['__run__'] = lambda *_: forged\n" + HOLD
    source = program(body)
    await decide(host, recording, source)
    with pytest.raises(StrategyFailed):
        await decide(host, recording, source)


async def test_deep_nesting_that_kills_the_sandbox_is_a_failure_and_the_next_call_works(
    run: RunBody,
) -> None:
    bomb = f"a = []\nfor _ in range(1_000_000): a = [a]\ndel a\n{HOLD}"
    with pytest.raises(StrategyFailed, match="sandbox died"):
        await run(bomb, limits=SandboxLimits(seconds=2))
    assert (await run(HOLD)).decision == '{"operation": "hold"}'


async def test_the_others_get_their_answer_when_one_program_kills_the_sandbox(run: RunBody) -> None:
    bomb = f"a = []\nfor _ in range(1_000_000): a = [a]\ndel a\n{HOLD}"
    slow = f"for _ in range(2_000_000): pass\n{HOLD}"
    limits = SandboxLimits(seconds=2)
    outcomes = await asyncio.gather(
        run(slow, program_id="bystander", limits=limits),
        run(bomb, limits=limits),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], GuestReply)
    assert isinstance(outcomes[1], StrategyFailed)


async def test_what_a_program_patches_stays_in_its_own_session(run: RunBody) -> None:
    patch = f"import builtins, math\nmath.sqrt = builtins.len = lambda *_: 666\n{HOLD}"
    look = f"print(math.sqrt(4), len('ab'))\n{HOLD}"
    await run(patch, program_id="patcher")
    assert (await run(look, program_id="neighbour")).output == "2.0 2\n"


async def test_a_program_remembers_nothing_between_runs(run: RunBody) -> None:
    body = f"Strategy.count = getattr(Strategy, 'count', 0) + 1\nprint(Strategy.count)\n{HOLD}"
    outputs = [(await run(body, program_id="forgetful")).output for _ in range(3)]
    assert outputs == ["1\n"] * 3


async def test_a_spinning_program_delays_neither_the_event_loop_nor_another_program(run: RunBody) -> None:
    await run(HOLD, program_id="prompt one")
    spinning = asyncio.create_task(run("while True: pass", limits=SandboxLimits(seconds=1)))
    lags, calls = [], []
    while not spinning.done():
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        lags.append(time.perf_counter() - before - 0.005)
        before = time.perf_counter()
        await run(HOLD, program_id="prompt one")
        calls.append(time.perf_counter() - before)
    with pytest.raises(StrategyFailed):
        await spinning
    assert len(calls) > 20
    assert sorted(lags)[len(lags) // 2] < 0.005
    assert sorted(calls)[len(calls) // 2] < 0.02


async def test_a_source_and_an_input_beyond_the_limits_are_not_sent(
    host: SandboxHost, payload: Payload
) -> None:
    with pytest.raises(StrategyFailed, match="at most 262144 are run"):
        await host.run("long", "#" * 300_000, payload, LIMITS)
    with pytest.raises(StrategyFailed, match="at most 1048576 are sent"):
        await host.run("wide", program(HOLD), Payload("{}", {"BTC": " " * 1_100_000}), LIMITS)


async def test_failures_are_counted_for_each_program(run: RunBody, host: SandboxHost) -> None:
    limits = SandboxLimits(seconds=0.1)
    await run("return 1 / 0", program_id="counted", limits=limits)
    with pytest.raises(StrategyFailed):
        await run("while True: pass", program_id="counted", limits=limits)
    await run(HOLD, program_id="counted", limits=limits)
    assert host.failures("counted") == 2
    assert host.failures("never run") == 0
