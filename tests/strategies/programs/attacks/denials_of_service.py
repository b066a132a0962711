"""Attacks on the machine's time and memory, and on programs that run after them."""

from __future__ import annotations

from tests.strategies.programs.attacks.attack import (
    ANSWERED,
    FAILED,
    TIMED_OUT,
    Attack,
    Breach,
    Ending,
    Group,
)

_EITHER = ANSWERED | TIMED_OUT


def _denial(
    name: str,
    body: str,
    *,
    breach: Breach | None = Breach.HOST_LOST,
    ends: frozenset[Ending] = TIMED_OUT,
    costs: frozenset[Breach] = frozenset(),
) -> Attack:
    return Attack(name=name, group=Group.DENIAL_OF_SERVICE, body=body, breach=breach, ends=ends, costs=costs)


LOOP = _denial("loop", "while True:\n    pass")
MEMORY_BOMB = _denial(
    "memory bomb",
    """
held = []
for _ in range(data.params["most_mb"]):
    held.append(bytearray(b"x" * 1_000_000))
""",
    breach=Breach.MEMORY,
    ends=_EITHER,
)

DENIALS_OF_SERVICE = (
    LOOP,
    _denial(
        "loop that catches everything",
        """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    ),
    _denial(
        "loop that ignores signals",
        """
import signal
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
""",
    ),
    _denial("sleep", "import time\ntime.sleep(1000)"),
    MEMORY_BOMB,
    _denial(
        "recursion",
        "sys.setrecursionlimit(10**9)\ndef dive():\n    return dive()\ndive()",
        breach=None,
        ends=_EITHER | FAILED,
        costs=frozenset({Breach.HOST_LOST}),
    ),
    _denial("huge power", "return 9 ** 9 ** 9", ends=_EITHER),
    _denial(
        "huge integer as text",
        'sys.set_int_max_str_digits(0)\nint("9" * 10_000_000)',
        ends=_EITHER,
    ),
    _denial(
        "huge list", 'held = [0] * (data.params["most_mb"] * 131_072)', breach=Breach.MEMORY, ends=ANSWERED
    ),
    _denial("runaway regex", 'import re\nre.match("(a+)+$", "a" * 40 + "b")'),
    _denial(
        "evil __str__",
        """
class Evil(Exception):
    def __str__(self):
        while True:
            pass
raise Evil
""",
    ),
)

PERSISTENCE = (
    Attack(
        name="patched math",
        group=Group.PERSISTENCE,
        body="import builtins, math\nmath.sqrt = builtins.sorted = lambda *given: 666",
        breach=Breach.NEIGHBOUR,
    ),
)
