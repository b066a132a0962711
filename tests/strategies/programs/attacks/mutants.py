"""Sandboxes with layers taken out, so that the attacks show what each layer holds."""

from __future__ import annotations

import asyncio
import base64
import enum
import json
import pickle
import subprocess
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import msgspec

from engine.strategies.programs import sandbox_process
from engine.strategies.programs.batch import BatchReply, BatchRequest
from engine.strategies.programs.connection import SandboxConnection
from engine.strategies.programs.host import SandboxHost
from engine.strategies.programs.sandbox_process import Answer, RunReply, frame_length


class Layer(enum.StrEnum):
    """What can be taken out of the process and of the way it is started."""

    GUEST = "guest"
    ENVIRONMENT = "environment"
    DESCRIPTORS = "descriptors"
    RLIMITS = "rlimits"
    NO_NEW_PRIVS = "no_new_privs"
    TIME = "time"
    MEMORY = "memory"
    OUTPUT = "output"
    REPLY_SIZE = "reply size"


_MUTANT = str(Path(__file__).with_name("mutant_process.py"))
_without: ContextVar[frozenset[Layer]] = ContextVar("without", default=frozenset())


class MutantSubprocess:
    """Stands in for the module `subprocess` where the engine starts its child processes."""

    DEVNULL = subprocess.DEVNULL

    @staticmethod
    def Popen(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        layers = _without.get()
        if layers:
            script = command.index(sandbox_process.__file__)
            after = [*command[script + 1 :], sandbox_process.__file__, *sorted(layers)]
            command = [*command[:script], _MUTANT, *after]
        if Layer.ENVIRONMENT in layers:
            options["env"] = None
        if Layer.DESCRIPTORS in layers:
            options["close_fds"] = False
        return subprocess.Popen(command, **options)


class MutantHost(SandboxHost):
    """A sandbox host whose process lacks some layers; the code that starts and asks it is the real one."""

    def __init__(self, runtime_dir: Path, without: frozenset[Layer]) -> None:
        super().__init__(runtime_dir)
        self._layers = without

    async def _open(self) -> SandboxConnection:
        _without.set(self._layers)
        return await super()._open()


class CredulousConnection(SandboxConnection):
    """A client that gives any answer to whoever has waited longest."""

    async def _read(self) -> None:
        try:
            while True:
                answer = await self._next_answer()
                if isinstance(answer, RunReply) and self._waiting:
                    self._waiting.pop(min(self._waiting)).set_result(answer)
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.MsgspecError):
            pass
        finally:
            self._end(by_itself=True)


class UntypedConnection(SandboxConnection):
    """A client that takes the fields of an answer as they come."""

    async def _next_answer(self) -> Answer:
        length = frame_length(await self._process.reader.readexactly(4))
        fields = msgspec.msgpack.decode(await self._process.reader.readexactly(length))
        if fields.pop("type") == "ready":
            return sandbox_process.Ready(**fields)
        return RunReply(**fields)


def untyped_unpack(text: str, request: BatchRequest) -> BatchReply:
    """Read a reply as it comes."""
    fields = json.loads(text)
    known = {name: fields[name] for name in BatchReply.__struct_fields__ if name in fields}
    return BatchReply(**known)


def pickled_unpack(text: str, request: BatchRequest) -> BatchReply:
    """Read a reply the way that runs whatever is in it."""
    pickle.loads(base64.b64decode(json.loads(text)))
    return BatchReply(decided=1)
