"""A sandbox host with a layer taken out, by the names of the layers after the usual arguments.

Started as `python -I mutant_process.py PARENT_PID CACHE_DIR PROCESS_FILE LAYER…`. It is the real
process file, loaded from its path, in which one thing each is replaced before its `main` runs.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import msgspec

_HARMLESS_PRCTL = 4  # PR_SET_DUMPABLE with 1 is how a process begins
_LONG_MS = 60_000
_PLENTY_MB = 2048


class PlainSession:
    """What an Eryx session does, done by this interpreter itself."""

    execution_timeout_ms = 0

    def __init__(self) -> None:
        self._globals: dict[str, Any] = {"__name__": "guest"}

    def execute(self, code: str) -> SimpleNamespace:
        started = time.monotonic()
        exec(code, self._globals)
        return SimpleNamespace(
            result_json=json.dumps(self._globals.get("result")),
            duration_ms=(time.monotonic() - started) * 1000,
        )


class PlainSessions:
    """Makes plain sessions."""

    def create_session(
        self, *, resource_limits: object, volumes: Sequence[tuple[str, str, bool]] | None = None
    ) -> PlainSession:
        return PlainSession()


def loaded(path: str) -> ModuleType:
    """Load the real process file under its own path, so that it finds the guest half beside it."""
    spec = importlib.util.spec_from_file_location("sandbox_process", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["sandbox_process"] = module
    spec.loader.exec_module(module)
    return module


def take_out(process: Any, layers: set[str]) -> None:
    """Replace in the process what stands for each layer."""
    if "guest" in layers:
        process.load_runtime = lambda cache_dir: PlainSessions()
    if "rlimits" in layers:
        process._set_limit = lambda name, value: None
    if "no_new_privs" in layers:
        process._PR_SET_NO_NEW_PRIVS = _HARMLESS_PRCTL
    if "output" in layers:
        read_text = Path.read_text
        uncut = "MAX_OUTPUT_CHARACTERS = 10**9"
        process.Path.read_text = lambda path, *words: read_text(path, *words).replace(
            "MAX_OUTPUT_CHARACTERS = 64 * 1024", uncut
        )
    changes: dict[str, int] = {}
    if "time" in layers:
        changes["timeout_ms"] = _LONG_MS
    if "memory" in layers:
        changes["memory_mb"] = _PLENTY_MB
    if "reply size" in layers:
        changes["reply_bytes"] = 2**30
    honest = process.Programs._run
    process.Programs._run = lambda programs, request: honest(
        programs, msgspec.structs.replace(request, **changes)
    )


if __name__ == "__main__":
    sandbox_process = loaded(sys.argv[3])
    take_out(sandbox_process, set(sys.argv[4:]))
    sandbox_process.main()
