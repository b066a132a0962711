"""What went wrong in a program, told in its own lines and in nothing of what runs it.

Shipped as text and executed in the guest after `guest_decision.py`; the engine never imports it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType, TracebackType

    from engine.strategies.programs.guest_decision import ProgramError

MAX_MESSAGE = 300
MAX_FRAMES = 20
PROGRAM_FILE = "<program>"


def described(error: BaseException, lines: list[str]) -> dict[str, Any]:
    """Return kind, message, place and traceback of an error; lines and columns count from 1."""
    try:
        message = str(error)[:MAX_MESSAGE]
    except BaseException:
        message = ""
    kind = "" if isinstance(error, ProgramError) else type(error).__name__[:80]
    line: int | None = None
    column: int | None = None
    function, traceback = "", ""
    if isinstance(error, SyntaxError) and error.filename == PROGRAM_FILE:
        line, column, message = error.lineno, error.offset, str(error.msg)[:MAX_MESSAGE]
    elif frames := _program_frames(error.__traceback__):
        line, column, function = frames[-1]
        shown = [
            f"line {number}, in {name[:80]}\n    {_line(lines, number)}"
            for number, _, name in frames[-MAX_FRAMES:]
        ]
        traceback = "\n".join([*shown, ": ".join(part for part in (kind, message) if part)])
    return {
        "kind": kind,
        "message": message,
        "line": line,
        "column": column,
        "code": _line(lines, line) if line else "",
        "function": function[:80],
        "traceback": traceback,
    }


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1].strip()[:200] if 0 < number <= len(lines) else ""


def _program_frames(traceback: TracebackType | None) -> list[tuple[int, int | None, str]]:
    frames = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename == PROGRAM_FILE:
            frames.append((traceback.tb_lineno, _column(code, traceback.tb_lasti), code.co_name))
        traceback = traceback.tb_next
    return frames


def _column(code: CodeType, instruction: int) -> int | None:
    start = next(islice(code.co_positions(), instruction // 2, None), (None, None, None, None))[2]
    return None if start is None else start + 1
