"""Attacks that look for a way to `os`: over objects, and over modules that came with another."""

from __future__ import annotations

from tests.strategies.programs.attacks.attack import Attack, Breach, Group


def _walk(name: str, body: str, breach: Breach | None = Breach.SECRET) -> Attack:
    return Attack(name=name, group=Group.OBJECT_WALK, body=body, breach=breach)


def _import(name: str, body: str, breach: Breach = Breach.SECRET) -> Attack:
    return Attack(name=name, group=Group.IMPORT, body=body, breach=breach)


_MODULES = "_batch.__class__.__init__.__globals__[sys].modules[os].environ"

OBJECT_WALKS = (
    _walk(
        "__subclasses__",
        """
closer = next(each for each in object.__subclasses__() if each.__name__ == "_wrap_close")
loot(data, Of(closer.__init__.__globals__))
""",
    ),
    _walk(
        "gi_frame",
        """
def climb():
    found.append(os_above(climbing.gi_frame.f_back))
    yield
found = []
climbing = climb()
next(climbing)
loot(data, found[0])
""",
    ),
    _walk(
        "tb_frame",
        """
try:
    1 / 0
except ZeroDivisionError as error:
    loot(data, os_above(error.__traceback__.tb_frame))
""",
    ),
    _walk("str.format", f'print("{{0.{_MODULES}}}".format(data))', None),
    _walk("format_map", f'print("{{data.{_MODULES}}}".format_map({{"data": data}}))', None),
    _walk(
        "match class",
        """
match data:
    case MarketData(_batch=object(__class__=object(__init__=object(__globals__=names)))):
        loot(data, names["sys"].modules["os"])
""",
    ),
    _walk(
        "except*",
        """
try:
    raise ExceptionGroup("many", [ValueError()])
except* ValueError as many:
    loot(data, os_above(many.__traceback__.tb_frame))
""",
    ),
    _walk(
        "getattr with made-up names",
        """
of = data
for name in ("_ba" + "tch", "__cl" + "ass__", "__in" + "it__", "__glo" + "bals__"):
    of = getattr(of, name)
loot(data, of["sys"].modules["os"])
""",
    ),
    _walk("sys._getframe", "loot(data, os_above(sys._getframe()))"),
    _walk(
        "gc.get_objects",
        """
import gc
gc.unfreeze()
found = [each for each in gc.get_objects() if type(each) is type(sys) and each.__name__ == "os"]
loot(data, found[0])
""",
    ),
)

IMPORTS = (
    _import("os", "import os\nloot(data, os)"),
    _import("ctypes", 'import ctypes\nctypes.CDLL(None).system(b"sleep 2 &")', Breach.STARTED),
    _import("subprocess", 'import subprocess\nsubprocess.Popen(["sleep", "2"])', Breach.STARTED),
    _import(
        "socket", 'import socket\nsocket.create_connection(("127.0.0.1", data.params["tcp"]), 1)', Breach.TCP
    ),
    _import("statistics.sys.modules", 'import statistics\nloot(data, statistics.sys.modules["os"])'),
    _import("json.codecs.open", 'import json\nprint(json.codecs.open(data.params["secret"]).read())'),
    _import(
        "numpy.ctypeslib",
        'import numpy.ctypeslib\nnumpy.ctypeslib.ctypes.CDLL(None).system(b"sleep 2 &")',
        Breach.STARTED,
    ),
    _import("numpy.fromfile", 'import numpy\nprint(numpy.fromfile(data.params["secret"], "u1").tobytes())'),
    _import(
        "numpy.lib._datasource",
        'import numpy.lib._datasource as source\nprint(source.open(data.params["secret"]).read())',
    ),
)
