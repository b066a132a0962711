"""Attacks on what the machine has: files, network, processes; and on the process around the guest."""

from __future__ import annotations

from tests.strategies.programs.attacks.attack import ANSWERED, FAILED, Attack, Breach, Group


def _attack(name: str, group: Group, breach: Breach | None, body: str, *, listed: bool = True) -> Attack:
    return Attack(name=name, group=group, body=body, breach=breach, listed=listed)


FILES = (
    _attack("/etc/passwd", Group.FILE, Breach.SECRET, 'print(open("/etc/passwd").read())'),
    _attack("planted secret", Group.FILE, Breach.SECRET, 'print(open(data.params["secret"]).read())'),
    _attack(
        "environment in /proc",
        Group.FILE,
        Breach.DESK_ENVIRONMENT,
        'print(open(f"/proc/{data.params["desk"]}/environ").read())',
    ),
    _attack(
        "write a file",
        Group.FILE,
        Breach.CREATED,
        'with open(data.params["drop"] + "/written", "w") as file:\n    file.write("x")',
    ),
)

NETWORK = (
    _attack(
        "TCP",
        Group.NETWORK,
        Breach.TCP,
        'import _socket\n_socket.socket(2, 1).connect(("127.0.0.1", data.params["tcp"]))',
    ),
    _attack(
        "UDP",
        Group.NETWORK,
        Breach.UDP,
        'import socket\nsocket.socket(2, 2).sendto(b"x", ("127.0.0.1", data.params["udp"]))',
    ),
    _attack(
        "abstract unix socket",
        Group.NETWORK,
        Breach.UNIX,
        'import socket\nsocket.socket(1, 1).connect("\\0" + data.params["unix"])',
    ),
)

PROCESSES = (
    _attack("system", Group.PROCESS, Breach.STARTED, 'import os\nos.system("sleep 2 &")'),
    _attack(
        "fork bomb",
        Group.PROCESS,
        Breach.STARTED,
        """
import os
for _ in range(3):  # as many as prove it
    if os.fork() == 0:
        os._exit(0)
""",
    ),
    _attack(
        "thread",
        Group.PROCESS,
        Breach.SECRET,
        """
import os, threading
thread = threading.Thread(target=loot, args=(data, os))
thread.start()
thread.join()
""",
    ),
    _attack(
        "kill the desk",
        Group.PROCESS,
        Breach.SIGNALLED,
        'import os\nos.kill(data.params["desk"], data.params["signal"])',
    ),
)

NATIVE_CRASHES = (
    Attack(
        name="code object",
        group=Group.NATIVE_CRASH,
        body="""
code = (lambda: 0).__code__.replace(co_code=bytes([100, 255] * 4), co_consts=())
exec(code)
import ctypes
ctypes.string_at(0)
""",
        breach=Breach.HOST_LOST,
        ends=ANSWERED | FAILED,
    ),
)

ENVIRONMENT = _attack("os.environ", Group.JAIL, None, "import os\nprint(dict(os.environ))", listed=False)
WRITTEN_FILE = _attack(
    "fill a file",
    Group.JAIL,
    Breach.CREATED,
    'with open(data.params["drop"] + "/filled", "w") as file:\n    file.write("x" * 10_000)',
    listed=False,
)
INHERITED_DESCRIPTORS = _attack(
    "inherited descriptors",
    Group.JAIL,
    None,
    """
import os
for number in range(3, 64):
    try:
        print(os.pread(number, 200, 0))
    except OSError:
        pass
""",
    listed=False,
)
MANY_DESCRIPTORS = _attack(
    "a thousand descriptors",
    Group.JAIL,
    None,
    'sys.held = []\nfor _ in range(1000):\n    sys.held.append(open("/dev/null"))',
    listed=False,
)
MANY_GIGABYTES = _attack(
    "map gigabytes",
    Group.JAIL,
    None,
    "import mmap\nsys.held = mmap.mmap(-1, 1_300_000_000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
    listed=False,
)
SETUID_PROGRAM = _attack(
    "set-user-id program",
    Group.JAIL,
    Breach.STARTED,
    'import subprocess\nsubprocess.Popen([data.params["setuid"], "1"])',
    listed=False,
)
JAIL = (
    ENVIRONMENT,
    WRITTEN_FILE,
    INHERITED_DESCRIPTORS,
    MANY_DESCRIPTORS,
    MANY_GIGABYTES,
    SETUID_PROGRAM,
)
