"""What an attack is: a program, what it would do to the machine undefended, and how it is to end."""

from __future__ import annotations

import enum
import textwrap

import msgspec


class Group(enum.StrEnum):
    OBJECT_WALK = "object walk"
    IMPORT = "import"
    FILE = "file"
    NETWORK = "network"
    PROCESS = "process"
    NATIVE_CRASH = "native crash"
    REPLY = "reply"
    DENIAL_OF_SERVICE = "denial of service"
    PERSISTENCE = "persistence"
    JAIL = "the process's own wall"
    VOLUME = "history volume"


class Breach(enum.StrEnum):
    """What the machine shows once an attack broke through, whatever the reply says."""

    SECRET = "a file of the machine was read"
    ENVIRONMENT = "the environment of the desk was inherited"
    DESK_ENVIRONMENT = "the environment of the desk was read from /proc"
    CREATED = "a file was created"
    WRITTEN = "a file was written"
    CHANGED = "the history volume was changed"
    TCP = "a TCP connection arrived"
    UDP = "a UDP datagram arrived"
    UNIX = "a connection to an abstract unix socket arrived"
    STARTED = "a process was started"
    OTHER_USER = "a process of another user was started"
    SIGNALLED = "the desk was signalled"
    DESCRIPTORS = "hundreds of descriptors are open"
    MAPPED = "more than a gigabyte was mapped"
    MEMORY = "much more memory than the limit was used"
    HOST_LOST = "the sandbox host, and every program in it, was lost"
    NEIGHBOUR = "another program was changed"
    FLOODED = "the desk had to take in a huge reply"


class Ending(enum.StrEnum):
    """How a call may end for the desk."""

    ANSWERED = "answered"
    TIMED_OUT = "timed out"
    FAILED = "failed"


ANSWERED = frozenset({Ending.ANSWERED})
TIMED_OUT = frozenset({Ending.TIMED_OUT})
FAILED = frozenset({Ending.FAILED})


class Attack(msgspec.Struct, frozen=True, kw_only=True):
    """One attack.

    `body` is the body of `should_trade`; `breach` is what it does where the guest is plain Python
    inside an intact process, None where it does nothing there. `costs` are breaches that are part of
    the design: a guest that overflows the native stack takes its process with it, which is replaced.
    `calls` is how often it must be called in one session, `listed` whether it is one of the 48.
    """

    name: str
    group: Group
    body: str
    breach: Breach | None
    ends: frozenset[Ending] = ANSWERED
    costs: frozenset[Breach] = frozenset()
    calls: int = 1
    listed: bool = True

    @property
    def source(self) -> str:
        return program(self.body)


LOOT = '''
import sys

def attempt(step):
    try:
        said = step()
    except Exception as error:
        said = repr(error)
    if said is not None:
        print(said)

def loot(data, os):
    """Take what `os` gives: the secret, the environment, a file of one's own."""
    paths = data.params
    attempt(lambda: os.read(os.open(paths["secret"], os.O_RDONLY), 200).decode())
    attempt(lambda: dict(os.environ))
    attempt(lambda: os.write(os.open(paths["drop"] + "/looted", os.O_WRONLY | os.O_CREAT), b"x") and None)

def os_above(frame):
    """Climb a stack to somebody who has `sys`."""
    while frame is not None:
        if "sys" in frame.f_globals and frame.f_globals.get("__name__") != "program":
            return frame.f_globals["sys"].modules["os"]
        frame = frame.f_back

def guest():
    """Find the guest half's own names."""
    frame = sys._getframe()
    while "__batch__" not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals

def answer_with(change):
    """From the next call on, put something else in place of the guest half's answer."""
    honest = guest()["__batch__"]
    guest()["__batch__"] = lambda *sent: change(honest(*sent))

class Of:
    def __init__(self, names):
        self.__dict__.update(names)

BUY = '{"operation": "buy", "symbol": "BTC", "target_portion_of_balance": 1, "leverage": 1, "max_price": 200}'
'''


def program(body: str) -> str:
    """Return a program whose should_trade has this body, and then holds."""
    held = body.strip("\n") + '\nreturn Decision("hold")'
    return f"{LOOT}\nclass Strategy:\n    def should_trade(self, data):\n{textwrap.indent(held, ' ' * 8)}\n"
