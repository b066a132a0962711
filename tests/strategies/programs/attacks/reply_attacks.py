"""Attacks on the desk through what it reads back: the reply, its size, its depth, its types."""

from __future__ import annotations

from tests.strategies.programs.attacks.attack import ANSWERED, FAILED, Attack, Breach, Ending, Group

_LOST = frozenset({Breach.HOST_LOST})
_MAY_FAIL = ANSWERED | FAILED


def _forgery(name: str, forged: str, *, ends: frozenset[Ending] = FAILED, listed: bool = False) -> Attack:
    """Replace the guest half's entry, which WebAssembly does not forbid, and be called through it."""
    body = f"forged = {forged}\nanswer_with(forged)"
    return Attack(
        name=name, group=Group.REPLY, body=body, breach=None, ends=ends, calls=2, listed=listed
    )


PICKLE = Attack(
    name="pickle",
    group=Group.REPLY,
    body="""
import base64, os, pickle
class Payload:
    def __reduce__(self):
        return os.mkdir, (data.params["drop"] + "/unpickled",)
answer_with(base64.b64encode(pickle.dumps(Payload())).decode())
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
HUGE_REPLY = _forgery("forged: huge", 'REPLY | {"output": [(0, "x" * 2_000_000)]}')
WRONG_TYPES = _forgery("forged: wrong types", 'REPLY | {"decided": "1", "account": 2}', listed=True)

REPLIES = (
    PICKLE,
    Attack(
        name="a million levels of nesting",
        group=Group.REPLY,
        body="""
nested = []
for _ in range(1_000_000):
    nested = [nested]
answer_with(nested)
""",
        breach=None,
        ends=FAILED,
        costs=_LOST,
        calls=2,
    ),
    Attack(
        name="a 200 MB text",
        group=Group.REPLY,
        body='return Decision("hold", reason="x" * (data.params["most_mb"] * 1_000_000))',
        breach=Breach.MEMORY,
        ends=_MAY_FAIL,
    ),
    STDOUT_FLOOD,
    HUGE_REPLY,
    WRONG_TYPES,
    _forgery("forged: nothing", "None"),
    _forgery("forged: more decided than asked", 'REPLY | {"decided": 1_000_000}'),
    _forgery("forged: less than nothing decided", 'REPLY | {"decided": -1}'),
    _forgery("forged: no progress", 'REPLY | {"decided": 0}'),
    _forgery("forged: a trigger that was not asked", 'REPLY | {"decisions": [(1_000_000, BUY)]}'),
    _forgery("forged: a trigger before the first", 'REPLY | {"decisions": [(-1, BUY)]}'),
    _forgery("forged: one trigger many times", 'REPLY | {"decisions": [(0, BUY)] * 1000}'),
    _forgery("forged: output of no trigger", 'REPLY | {"output": [(-1, "x")]}'),
    _forgery(
        "forged: a reason that is not there", 'REPLY | {"hold_reasons": ["a"], "hold_reason_of": [7]}'
    ),
    _forgery("forged: books it was given", 'REPLY | {"decided": 0, "wants_books": True}'),
    _forgery("forged: a failure of no trigger", """REPLY | {"failures": [{"index": 5, "kind": "x", "message": "",
    "line": None, "column": None, "code": "", "function": "", "traceback": ""}] * 2}"""),
)
