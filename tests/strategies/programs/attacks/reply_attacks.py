"""Attacks on the desk through what it reads back: the reply, its size, its depth, its types."""

from __future__ import annotations

from tests.strategies.programs.attacks.attack import ANSWERED, FAILED, TIMED_OUT, Attack, Breach, Group

_LOST = frozenset({Breach.HOST_LOST})


def _forgery(name: str, change: str, *, listed: bool = False) -> Attack:
    """Replace the guest half's entry, which WebAssembly does not forbid, and be called through it."""
    body = f"answer_with(lambda reply: {change})"
    return Attack(name=name, group=Group.REPLY, body=body, breach=None, ends=FAILED, calls=2, listed=listed)


PICKLE = Attack(
    name="pickle",
    group=Group.REPLY,
    body="""
import base64, os, pickle
class Payload:
    def __reduce__(self):
        return os.makedirs, (data.params["drop"] + "/unpickled", 0o777, True)
answer_with(lambda reply: base64.b64encode(pickle.dumps(Payload())).decode())
""",
    breach=None,
    ends=FAILED,
    calls=2,
)
STDOUT_FLOOD = Attack(
    name="stdout flood",
    group=Group.REPLY,
    body='for _ in range(10):\n    print("x" * 1_000_000)',
    breach=None,
)
HUGE_REPLY = _forgery("forged: huge", 'reply | {"output": [(0, "x" * 2_000_000)]}')
MANY_READS = _forgery("forged: reads without number", 'reply | {"reads": [("", "")] * 40_000}')
UNSAFE_READS = Attack(
    name="forged: texts that are all work",
    group=Group.REPLY,
    body="""
import json
dumps = json.dumps
json.dumps = lambda *given, **named: dumps(*given, **named | {"ensure_ascii": False})
answer_with(lambda reply: reply | {"reads": [("", "é" * 8000)] * 30})
""",
    breach=None,
    calls=2,
    listed=False,
)
"""As much as the desk accepts, every character of it work."""
WRONG_TYPES = _forgery("forged: wrong types", 'reply | {"decided": "1", "account": 2}', listed=True)

REPLIES = (
    PICKLE,
    Attack(
        name="a million levels of nesting",
        group=Group.REPLY,
        body="""
nested = []
for _ in range(1_000_000):
    nested = [nested]
answer_with(lambda reply: nested)
""",
        breach=None,
        ends=FAILED | TIMED_OUT,
        costs=_LOST,
        calls=2,
    ),
    Attack(
        name="a 200 MB text",
        group=Group.REPLY,
        body='return Decision("hold", reason="x" * (data.params["most_mb"] * 1_000_000))',
        breach=Breach.MEMORY,
        ends=ANSWERED,
    ),
    STDOUT_FLOOD,
    HUGE_REPLY,
    MANY_READS,
    UNSAFE_READS,
    WRONG_TYPES,
    _forgery("forged: nothing", "None"),
    _forgery("forged: more decided than asked", 'reply | {"decided": 1_000_000}'),
    _forgery("forged: less than nothing decided", 'reply | {"decided": -1}'),
    _forgery("forged: no progress", 'reply | {"decided": 0}'),
    _forgery("forged: a trigger that was not asked", 'reply | {"decisions": [(1_000_000, BUY)]}'),
    _forgery("forged: a trigger before the first", 'reply | {"decisions": [(-1, BUY)]}'),
    _forgery("forged: one trigger many times", 'reply | {"decisions": [(0, BUY)] * 1000}'),
    _forgery("forged: output of no trigger", 'reply | {"output": [(-1, "x")]}'),
    _forgery(
        "forged: a reason that is not there", 'reply | {"hold_reasons": ["a"], "hold_reason_of": "BwAAAA=="}'
    ),
    _forgery("forged: books it was given", 'reply | {"decided": 0, "wants_books": True}'),
    _forgery(
        "forged: a failure of no trigger",
        """reply | {"failures": [{"index": 5, "kind": "", "message": "", "line": None, "column": None,
    "code": "", "function": "", "traceback": ""}]}""",
    ),
    _forgery("forged: reasons without number", 'reply | {"hold_reasons": [""] * 100_000}'),
    _forgery("forged: half a surrogate pair", r'reply | {"output": [(0, "\ud800")]}'),
    _forgery(
        "forged: reasons that are no numbers", 'reply | {"hold_reasons": ["a"], "hold_reason_of": "AAA="}'
    ),
    _forgery("forged: a question nobody asks", 'reply | {"needs": ["klines", "x" * 100_000, "", "", 0]}'),
    _forgery("forged: an infinite number", 'reply | {"guest_us": float("inf")}'),
)
