"""What of Python a program has: names that are simply there, modules, and what is refused and why."""

from __future__ import annotations

from engine.strategies.programs.api_table.shapes import Field

INJECTED = (
    Field("Decision", "class", "what `should_trade` returns"),
    Field("ActionType", "class", "`BUY`, `SELL`, `HOLD`, `CLOSE`, for `Decision(ActionType.BUY, …)`"),
    Field("MarketData", "class", "the class of `data`, for annotations"),
    Field("Position, Trade, Order, Kline, RegimeInfo", "classes", "the records in `data`, for annotations"),
    Field("math", "module", "`sqrt`, `log`, `exp`, `floor` and the rest"),
    Field("time", "module", "`time.time()` is the trigger's time, in backtests as well"),
    Field("log", "function", "the same as `print`: goes to the trader's reasoning"),
)
INJECTED_NAMES = frozenset(name for row in INJECTED for name in row.name.split(", "))

BUILTINS = (
    *("abs", "all", "any", "bool", "dict", "enumerate", "filter", "float", "int", "isinstance", "len"),
    *("list", "map", "max", "min", "print", "range", "reversed", "round", "set", "sorted", "str", "sum"),
    *("tuple", "type", "zip"),
)
"""Those a program needs; the rest of Python's are there too, except what is refused below."""

ALLOWED_MODULES = (
    *("__future__", "abc", "array", "bisect", "calendar", "cmath", "collections", "contextlib", "copy"),
    *("dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "heapq", "itertools"),
    *("json", "math", "numbers", "operator", "random", "re", "statistics", "string", "textwrap"),
    *("time", "types", "typing"),
)
"""Modules that work in the sandbox and give the same result every time."""

TYPING_MODULE = "nightdesk"
"""What the type stub is saved as; it exists for editors only, so it is imported under TYPE_CHECKING."""

_NO_SYSTEM = "a program has no files, processes or network; its data comes from `data`"
_NO_RUNTIME_CODE = "write the code out instead"
_NO_ATTRIBUTE_STRINGS = "write the attribute's name, as in `data.positions`"
_NO_ARRAYS = "use `data.get_indicator(...)`, `math` and `statistics`; lists take the place of arrays"
_NO_WAITING = "a program decides at once and ends; a schedule wakes it again"
_NO_CHANCE = "use `random`, which gives a backtest the same numbers every time"

REFUSED_IMPORTS = {
    **dict.fromkeys(
        (
            *("os", "sys", "subprocess", "shutil", "pathlib", "socket", "requests", "urllib", "http"),
            *("pickle", "marshal", "shelve", "ctypes", "multiprocessing", "importlib", "builtins"),
            *("httpx", "aiohttp", "websocket", "websockets", "ccxt", "sqlite3", "io", "tempfile", "glob"),
        ),
        _NO_SYSTEM,
    ),
    **dict.fromkeys(("numpy", "pandas", "scipy", "polars", "talib", "ta", "pandas_ta"), _NO_ARRAYS),
    **dict.fromkeys(("threading", "asyncio", "concurrent", "signal", "sched", "queue"), _NO_WAITING),
    **dict.fromkeys(("secrets", "uuid"), _NO_CHANCE),
    "logging": "write `log(...)` or `print(...)`",
    "inspect": "name what you need in the program itself",
    TYPING_MODULE: "its names are already there; for an editor, import it under `if TYPE_CHECKING:`",
}
NOT_A_MODULE = "these work in a program: " + ", ".join(
    name for name in ALLOWED_MODULES if not name.startswith("_")
)

REFUSED_CALLS = {
    **dict.fromkeys(("eval", "exec", "compile", "__import__"), _NO_RUNTIME_CODE),
    **dict.fromkeys(("open", "input"), _NO_SYSTEM),
    **dict.fromkeys(("getattr", "setattr", "delattr", "hasattr"), _NO_ATTRIBUTE_STRINGS),
    **dict.fromkeys(("globals", "locals", "vars"), "keep what you need in `self` or in variables"),
    **dict.fromkeys(("breakpoint", "exit", "quit"), 'return a Decision; to do nothing, Decision("hold")'),
}
