"""The guest half: what a program finds when it runs, and how its answer leaves the sandbox.

Shipped as text and executed by CPython 3.14 in WebAssembly, once for each session; the engine never
imports it. `__load__(source)` compiles the program, `__run__(context, series)` executes it afresh,
builds its class, calls `should_trade(data)` once and returns a plain dict: `decision` (JSON text),
`output` (what it printed) and `error`. Nothing a program keeps in a module-level name survives to
its next run. Its clock stands at the context's time, and `random` is seeded from the trigger.
The names of `guest_api.py` are already there when this text runs.
"""

from __future__ import annotations

import builtins
import datetime as _datetime
import json
import math
import sys
import time
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_api import (
        ActionType,
        Decision,
        Kline,
        MarketData,
        Order,
        Position,
        Trade,
    )

MAX_OUTPUT_CHARACTERS = 64 * 1024
MAX_REASON = 400
MAX_MESSAGE = 300
PROGRAM_FILE = "<program>"

_NUMBER_FIELDS = (
    "target_portion_of_balance",
    "leverage",
    "max_price",
    "min_price",
    "take_profit_price",
    "stop_loss_price",
)
_TEXT_FIELDS = (
    "operation",
    "symbol",
    "time_in_force",
    "tp_execution",
    "sl_execution",
    "reason",
    "trading_strategy",
)


class _Output:
    """Collects what a program prints, up to a limit."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._room = MAX_OUTPUT_CHARACTERS
        self.encoding = "utf-8"

    def write(self, text: str) -> int:
        if self._room > 0:
            self._pieces.append(text[: self._room])
        self._room -= len(text)
        return len(text)

    def flush(self) -> None:
        return None

    def text(self) -> str:
        cut = "" if self._room >= 0 else "\n[output cut at 64 KB]"
        return "".join(self._pieces) + cut


class _ContextDatetime(_datetime.datetime):
    """`datetime` whose present is the context's time."""

    @classmethod
    def now(cls, tz: _datetime.tzinfo | None = None) -> _ContextDatetime:
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> _ContextDatetime:
        return cls.fromtimestamp(time.time(), _datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> _ContextDatetime:
        return cls.fromtimestamp(time.time())


class _ContextDate(_datetime.date):
    """`date` whose today is the context's."""

    @classmethod
    def today(cls) -> _ContextDate:
        return cls.fromtimestamp(time.time())


class _Program:
    """The program of this session: its compiled source, or why it does not compile."""

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines()
        self.uses_random = "random" in source
        self.code: CodeType | None = None
        self.error: dict[str, Any] | None = None
        try:
            self.code = compile(source, PROGRAM_FILE, "exec")
        except BaseException as error:
            self.error = _described(error, self.lines)

    def decide(self, context: dict[str, Any], series: dict[str, str]) -> str:
        assert self.code is not None
        namespace: dict[str, Any] = {
            "__name__": "program",
            "__builtins__": builtins,
            "math": math,
            "time": time,
            "Decision": Decision,
            "ActionType": ActionType,
            "MarketData": MarketData,
            "Kline": Kline,
            "Position": Position,
            "Trade": Trade,
            "Order": Order,
            "log": print,
        }
        exec(self.code, namespace)
        strategy = _strategy_class(namespace)()
        data = MarketData(context, series)
        if callable(getattr(strategy, "init", None)):
            strategy.init(data.params)
        return _answer(strategy.should_trade(data), data)


class _ProgramError(Exception):
    """Something about the program that no line of it raised."""


def _strategy_class(namespace: dict[str, Any]) -> Any:
    found = [
        value
        for value in namespace.values()
        if isinstance(value, type)
        and value.__module__ == "program"
        and callable(getattr(value, "should_trade", None))
    ]
    if not found:
        raise _ProgramError("no class with a should_trade(self, data) method was found")
    if len(found) > 1:
        names = ", ".join(value.__name__ for value in found)
        raise _ProgramError(f"exactly one class may have should_trade, found {names}")
    return found[0]


def _answer(decision: Any, data: MarketData) -> str:
    """Return the decision as JSON, refusing what no decision can be; the engine judges the rest."""
    if not isinstance(decision, Decision):
        raise _ProgramError(f"should_trade must return a Decision, it returned {type(decision).__name__}")
    fields: dict[str, Any] = {}
    for name in _TEXT_FIELDS:
        value = getattr(decision, name)
        if not isinstance(value, str):
            raise _ProgramError(f"Decision.{name} must be text, not {type(value).__name__}")
        fields[name] = value
    for name in _NUMBER_FIELDS:
        value = getattr(decision, name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise _ProgramError(f"Decision.{name} must be a finite number, not {str(value)[:40]}")
        fields[name] = value
    fields["reason"] = fields["reason"][:MAX_REASON]
    fields.setdefault("leverage", data.default_leverage)
    if fields["operation"].lower() == ActionType.HOLD:
        fields = {name: fields[name] for name in ("operation", "symbol", "reason", "trading_strategy")}
    return json.dumps({name: value for name, value in fields.items() if value != ""})


def _described(error: BaseException, lines: list[str]) -> dict[str, Any]:
    """Return kind, message, line number and that line of the program, and nothing of the prelude."""
    try:
        message = str(error)[:MAX_MESSAGE]
    except BaseException:
        message = ""
    if isinstance(error, SyntaxError) and error.filename == PROGRAM_FILE:
        line, message = error.lineno, str(error.msg)
    else:
        line = _last_program_line(error.__traceback__)
    code = lines[line - 1].strip()[:200] if line and line <= len(lines) else ""
    kind = "" if isinstance(error, _ProgramError) else type(error).__name__
    return {"kind": kind[:80], "message": message, "line": line, "code": code}


def _last_program_line(traceback: TracebackType | None) -> int | None:
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == PROGRAM_FILE:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _set_present(now_ms: int, seed: int) -> None:
    """Stop the clocks at the context's time, and seed `random` if the program has it."""
    seconds = now_ms / 1000
    time.time = lambda: seconds
    time.time_ns = lambda: now_ms * 1_000_000
    time.monotonic = time.perf_counter = time.time
    if _program.uses_random:
        import random

        random.seed(seed)


_program = _Program("")
vars(_datetime).update(datetime=_ContextDatetime, date=_ContextDate)


def __load__(source: str) -> None:
    """Compile the session's program; an error is kept for the runs to report."""
    global _program
    _program = _Program(source)


def __run__(context_json: str, series: dict[str, str]) -> dict[str, Any]:
    """Run the program once and return `decision`, `output` and `error`."""
    output = _Output()
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = output
    decision, error = "", _program.error
    try:
        if error is None:
            context = json.loads(context_json)
            _set_present(context["now_ms"], context["seed"])
            decision = _program.decide(context, series)
    except BaseException as raised:
        error = _described(raised, _program.lines)
    finally:
        sys.stdout, sys.stderr = stdout, stderr
    return {"decision": decision, "output": output.text(), "error": error}
