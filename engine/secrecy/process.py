"""The process that holds secrets: closed to the user's other processes, and silent when it breaks.

`protect_process` is for programs of the desk, at their start; a program that embeds the engine decides
for itself. After it the log, the tracebacks of every thread and what the interpreter could not raise are
written without secrets and without the values of local variables.
"""

from __future__ import annotations

import contextlib
import logging
import resource
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

from engine.secrecy.redaction import redact

_PR_SET_DUMPABLE = 4


def protect_process() -> None:
    """Keep memory out of core dumps and from debuggers, and secrets out of logs and tracebacks.

    A second call does nothing more. What the system does not offer (Linux alone knows `prctl`) is left out.
    """
    _leave_no_core()
    _be_undumpable()
    redact_logs()
    sys.excepthook = _print_exception
    threading.excepthook = _print_thread_exception
    sys.unraisablehook = _print_unraisable


def redact_logs() -> None:
    """Take secrets out of every log record of the process, its traceback included."""
    logging.setLogRecordFactory(RedactedRecord)


class RedactedRecord(logging.LogRecord):
    """A log record whose message and traceback hold no secret, whatever prints them."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.exc_info and self.exc_info[0] is not None:
            # A formatter prints the traceback it finds here, and makes one only where there is none.
            self.exc_text = redact("".join(traceback.format_exception(*self.exc_info)).rstrip("\n"))

    def getMessage(self) -> str:
        """Return the message with its arguments, redacted."""
        return redact(super().getMessage())


def _leave_no_core() -> None:
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _be_undumpable() -> None:
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _print_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    print(redact("".join(traceback.format_exception(kind, error, trace))), end="", file=sys.stderr)


def _print_thread_exception(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_type is SystemExit or failed.exc_value is None:
        return
    name = failed.thread.name if failed.thread else "unknown"
    print(f"Exception in thread {name}:", file=sys.stderr)
    _print_exception(failed.exc_type, failed.exc_value, failed.exc_traceback)


def _print_unraisable(failed: sys.UnraisableHookArgs) -> None:
    print(f"{failed.err_msg or 'Exception ignored'}:", file=sys.stderr)
    if failed.exc_value is not None:
        _print_exception(failed.exc_type, failed.exc_value, failed.exc_traceback)
