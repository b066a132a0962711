"""Whatever a program does ends in one clear sentence and in nothing else."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from engine.errors import ReplyUnusable, StrategyFailed
from engine.model.decision import Operation
from engine.settings import SandboxSettings
from engine.strategies.base import StrategyReply
from engine.strategies.programs.batch import Answer, DataQuery
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.strategy import ProgramStrategy
from tests.strategies.programs.conftest import HELD, LIMITS, Ran, RunBody, one, program
from tests.strategies.programs.recorded import Recording

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOLD = 'return Decision("hold")'


def no_data(query: DataQuery, now_ms: int) -> Answer:
    return Answer()


BUY = "Decision('buy', 'BTC', target_portion_of_balance={portion}, leverage=2, max_price=70000.0)"


def error_of(ran: Ran) -> str:
    assert ran.decision == ""
    return ran.sentence


async def decide(
    host: SandboxHost, recording: Recording, source: str, texts: list[str] | None = None
) -> StrategyReply:
    strategy = ProgramStrategy(host, f"bound {source}", source, {}, SandboxSettings(seconds=0.5), no_data)
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
        await run(body, session="spinner", params={"spin": True}, limits=SandboxLimits(seconds=0.1))
    reply = await run(body, session="spinner", params={"spin": False})
    assert reply.decision == HELD


async def test_an_exception_names_the_line_of_the_program_and_nothing_of_the_host(run: RunBody) -> None:
    reply = await run("x = 0\nprint('before')\nreturn 1 / x")
    assert error_of(reply) == "line 5: ZeroDivisionError: division by zero in `return 1 / x`"
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
    text = error_of(await run(body))
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
    assert sentence in error_of(await run(body))


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
        ("None", "a Decision must be returned; the program returned NoneType"),
        ("'buy'", "a Decision must be returned; the program returned str"),
        ("{'operation': 'hold'}", "a Decision must be returned; the program returned dict"),
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


HONEST = (
    "{'decided': 1, 'decisions': [], 'failures': [], 'hold_reasons': [], 'hold_reason_of': '',"
    " 'output': [], 'reads': [], 'input_data': '', 'needs': None, 'wants_books': False,"
    " 'waits': False, 'guest_us': 1}"
)


async def test_a_program_may_say_what_the_guest_half_would_have_said(
    host: SandboxHost, recording: Recording
) -> None:
    """The proof that the forgeries below arrive."""
    assert (await forging(host, recording, HONEST))[1].decisions[0].operation is Operation.HOLD


@pytest.mark.parametrize(
    "changed",
    [
        "{'decisions': [[0, 'x' * 100_000]]}",
        "{'decisions': [[0, '[' * 30_000]]}",
        """{'decisions': [[0, '{"operation":"buy","symbol":"BTC","account":1}']]}""",
        """{'decisions': [[0, '{"operation":"buy","symbol":"BTC","max_price":NaN}']]}""",
        "{'decisions': [[0, 7]]}",
        "{'decisions': [[1, '{}']]}",
        "{'decisions': [[0, '{}'], [0, '{}']]}",
        "{'decisions': [[-1, '{}']]}",
        "{'decided': 2}",
        "{'decided': -1}",
        "{'decided': 0}",
        "{'decided': 0, 'wants_books': True}",
        "{'hold_reason_of': 'AAAAAA=='}",
        "{'hold_reasons': ['x'], 'hold_reason_of': 'BQAAAA=='}",
        "{'needs': ['klines', 'x' * 100_000, '', '', 0]}",
        "{'account': 2}",
        "{'input_data': 'x' * 2_000_000}",
        "None",
    ],
)
async def test_a_program_that_forges_the_reply_gains_nothing(
    host: SandboxHost, recording: Recording, changed: str
) -> None:
    """It replaces the guest half's own entry, which WebAssembly does not forbid."""
    forged = "None" if changed == "None" else f"{HONEST} | {changed}"
    with pytest.raises(StrategyFailed):
        await forging(host, recording, forged)


async def test_a_program_that_asks_for_the_same_for_ever_is_stopped(
    host: SandboxHost, recording: Recording
) -> None:
    asks = f"{HONEST} | {{'decided': 0, 'needs': ['klines', 'BTC', '', '1h', 100]}}"
    with pytest.raises(StrategyFailed):
        await forging(host, recording, asks)


async def forging(host: SandboxHost, recording: Recording, forged: str) -> list[StrategyReply]:
    """Run a program twice that replaces the guest half's entry in its first run."""
    body = f"forged = {forged}\n"
    body += "import __main__\n__main__._eryx_user_globals['__batch__'] = lambda *_: forged\n" + HOLD
    strategy = ProgramStrategy(host, f"forges {forged}", program(body), {}, SandboxSettings(), no_data)
    return [await strategy.decide(recording.context(), lambda text: None) for _ in range(2)]


async def test_deep_nesting_that_kills_the_sandbox_is_a_failure_and_the_next_call_works(
    run: RunBody,
) -> None:
    bomb = f"a = []\nfor _ in range(1_000_000): a = [a]\ndel a\n{HOLD}"
    with pytest.raises(StrategyFailed, match="sandbox died"):
        await run(bomb, limits=SandboxLimits(seconds=2))
    assert (await run(HOLD)).decision == HELD


async def test_the_others_get_their_answer_when_one_program_kills_the_sandbox(run: RunBody) -> None:
    bomb = f"a = []\nfor _ in range(1_000_000): a = [a]\ndel a\n{HOLD}"
    slow = f"for _ in range(2_000_000): pass\n{HOLD}"
    limits = SandboxLimits(seconds=2)
    outcomes = await asyncio.gather(
        run(slow, session="bystander", limits=limits),
        run(bomb, limits=limits),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], Ran)
    assert isinstance(outcomes[1], StrategyFailed)


async def test_what_a_program_patches_stays_in_its_own_session(run: RunBody) -> None:
    patch = f"import builtins, math\nmath.sqrt = builtins.len = lambda *_: 666\n{HOLD}"
    look = f"print(math.sqrt(4), len('ab'))\n{HOLD}"
    await run(patch, session="patcher")
    assert (await run(look, session="neighbour")).output == "2.0 2\n"


async def test_a_program_remembers_nothing_between_runs(run: RunBody) -> None:
    body = f"Strategy.count = getattr(Strategy, 'count', 0) + 1\nprint(Strategy.count)\n{HOLD}"
    outputs = [(await run(body, session="forgetful")).output for _ in range(3)]
    assert outputs == ["1\n"] * 3


async def test_a_spinning_program_delays_neither_the_event_loop_nor_another_program(run: RunBody) -> None:
    await run(HOLD, session="prompt one")
    spinning = asyncio.create_task(run("while True: pass", limits=SandboxLimits(seconds=1)))
    lags, calls = [], []
    while not spinning.done():
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        lags.append(time.perf_counter() - before - 0.005)
        before = time.perf_counter()
        await run(HOLD, session="prompt one")
        calls.append(time.perf_counter() - before)
    with pytest.raises(StrategyFailed):
        await spinning
    assert len(calls) > 20
    assert sorted(lags)[len(lags) // 2] < 0.005
    assert sorted(calls)[len(calls) // 2] < 0.02


async def test_a_source_and_an_input_beyond_the_limits_are_not_sent(
    host: SandboxHost, recording: Recording
) -> None:
    request = one(recording.context(), "#" * 300_000)
    with pytest.raises(StrategyFailed, match="at most 262144 are run"):
        await host.run_batch(request, LIMITS)
    wide = {DataQuery("klines", "BTC"): Answer(numbers={"t": bytes(5_000_000)})}
    request = msgspec.structs.replace(one(recording.context(), program(HOLD)), answers=wide)
    with pytest.raises(StrategyFailed, match="at most 4194304 are sent"):
        await host.run_batch(request, LIMITS)


async def test_failures_are_counted_for_each_program(run: RunBody, host: SandboxHost) -> None:
    limits = SandboxLimits(seconds=0.1)
    await run("return 1 / 0", session="counted", limits=limits)
    with pytest.raises(StrategyFailed):
        await run("while True: pass", session="counted", limits=limits)
    await run(HOLD, session="counted", limits=limits)
    assert host.failures("counted") == 2
    assert host.failures("never run") == 0
