"""What a program could send in the sandbox host's name, once it had broken out of its guest."""

from __future__ import annotations

from tests.strategies.programs.attacks.attack import program

_OUT = """
frame = sys._getframe()
while "writing" not in frame.f_locals:
    frame = frame.f_back
pipe, process = frame.f_locals["answers"], frame.f_globals
request = frame.f_locals["request"]
def send(sent):
    with frame.f_locals["writing"]:
        pipe.write(sent)
        pipe.flush()
def answer(seq, result):
    return process["frame"](process["RunReply"](seq, process["Outcome"].ANSWERED, result, 1))
import json, struct, time
order = {"decided": 1, "decisions": [(0, BUY)], "failures": [], "hold_reasons": [], "hold_reason_of": "",
    "output": [], "reads": [], "input_data": "", "needs": None, "wants_books": False, "waits": False,
    "guest_us": 1}
"""

ANSWER_TO_NOBODY = program(_OUT + "send(answer(0, json.dumps(order)))\ntime.sleep(0.5)")
"""An order under a number that nobody asked with: whose answer it is depends on who reads it."""

ANSWER_OF_WRONG_TYPES = program(
    _OUT
    + """
import msgspec
fields = {"type": "run", "seq": request.seq, "outcome": "answered", "result": json.dumps(order)}
fields["guest_us"] = "soon"
body = msgspec.msgpack.encode(fields)
send(struct.pack(">I", len(body)) + body)
time.sleep(0.5)
"""
)

OVERLONG_ANSWER = program(
    _OUT
    + """
send(answer(request.seq, json.dumps(order | {"output": [(0, "x" * (64 * 1024 * 1024))]})))
time.sleep(0.5)
"""
)

UNFINISHED_ANSWER = program(_OUT + 'send(struct.pack(">I", 3_000_000_000) + b"x")\ntime.sleep(0.5)')
