"""Attacks from within a backtest, whose guest sees a folder of the machine: out of it, and upon it."""

from __future__ import annotations

from tests.strategies.programs.attacks.attack import Attack, Group


def _attack(name: str, body: str) -> Attack:
    return Attack(name=name, group=Group.VOLUME, body=body, breach=None, listed=False)


_TRY_EACH = """
import os
for path in {paths}:
    attempt(lambda: os.listdir(path))
    attempt(lambda: open(path).read())
    attempt(lambda: os.readlink(path))
"""

VOLUME_ATTACKS = (
    _attack(
        "read above the volume",
        _TRY_EACH.format(
            paths="""(
    "/history/..", "/history/../secret", "/history/../neighbour/candles.bin",
    "/history/../../../../etc/passwd",
    "/history//../secret", "/history/./../secret", "../history/../secret", "/", "/proc/self/environ",
)"""
        ),
    ),
    _attack(
        "follow planted links",
        _TRY_EACH.format(
            paths="""(
    "/history/link", "/history/folder-link", "/history/folder-link/secret", "/history/relative-link",
)"""
        ),
    ),
    _attack(
        "make links",
        """
import os
for make in (os.symlink, os.link):
    for target in (data.params["secret"], "../secret", "/etc/passwd", "/history/kept"):
        attempt(lambda: make(target, "/history/made"))
        attempt(lambda: open("/history/made").read())
""",
    ),
    _attack(
        "write into the volume",
        """
import os
attempt(lambda: open("/history/new", "w").write("x") and None)
attempt(lambda: open("/history/kept", "r+").write("x") and None)
attempt(lambda: open("/history/kept", "a").write("x") and None)
attempt(lambda: os.truncate("/history/kept", 0))
attempt(lambda: os.unlink("/history/kept"))
attempt(lambda: os.rename("/history/kept", "/history/moved"))
attempt(lambda: os.mkdir("/history/made"))
attempt(lambda: os.utime("/history/kept", (1, 1)))
attempt(lambda: os.chmod("/history/kept", 0o777))
for name in os.listdir("/history") if os.path.isdir("/history") else ():
    attempt(lambda: os.unlink("/history/" + name))
""",
    ),
    _attack(
        "another run's volume",
        _TRY_EACH.format(
            paths="""(
    "/neighbour", "/neighbour/candles.bin", data.params["neighbour"],
    data.params["neighbour"] + "/candles.bin",
)"""
        ),
    ),
)
