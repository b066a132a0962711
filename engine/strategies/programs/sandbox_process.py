"""The sandbox host: a process of its own that runs programs inside Eryx, and the frames it speaks.

Started as `python -I sandbox_process.py PARENT_PID CACHE_DIR` with an empty environment, it reads
length-prefixed msgpack frames from stdin and answers each on stdout: one `Ready` or `Refused` when
it has warmed up, then one `RunReply` for each `RunRequest`, by `seq`. It imports nothing of the
engine; the engine imports the frames from here, so that both halves share one definition.

Two walls stand around a program. Inside is WebAssembly: no network, no files, so much memory and time.
Outside is this process: no environment, no descriptors but its pipes, no new privileges, no file
it could write, a bound on the memory of all programs together, a low priority, and death with its
parent. `RLIMIT_NPROC` is left alone: it counts the user's threads everywhere, and Eryx starts two
for every session.
"""

from __future__ import annotations

import enum
import os
import struct
import sys
import threading
from binascii import b2a_base64
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import msgspec

if TYPE_CHECKING:
    import eryx

MAX_REQUEST_BYTES = 4 * 1024 * 1024
MAX_REPLY_BYTES = 512 * 1024
"""What the first trigger of a batch may answer, and what is no trigger's own."""
MAX_REPLY_BYTES_PER_TRIGGER = 4 * 1024
MAX_SESSIONS = 24
DATA_ALLOWANCE_BYTES = 1024 * 1024 * 1024
"""What all programs together may map beyond what the warmed-up runtime has mapped."""

GUEST_FILES = (
    *("guest_data.py", "guest_books.py", "guest_records.py", "guest_decision.py", "guest_api.py"),
    *("guest_batch.py", "guest_errors.py", "guest_clock.py", "guest_program.py", "guest_prelude.py"),
)
"""The guest half, in the order its texts are executed in a new session."""

HISTORY_MOUNT = "/history"
"""Where a guest sees the folder of columns that a backtest shares with it, read-only."""

_LENGTH = struct.Struct(">I")
_LIVE_SESSIONS = 2 * MAX_SESSIONS  # while every thread replaces one
_OPEN_FILES = 32 + 2 * _LIVE_SESSIONS  # Eryx holds two descriptors for each
_NICENESS = 10
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_SIGKILL = 9


class Outcome(enum.StrEnum):
    """How a call ended, as far as the process can tell."""

    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    OVERSIZE = "oversize"


class RunRequest(msgspec.Struct, frozen=True):
    """Let one program decide one batch.

    `packet` is the batch for the guest's `__batch__`; it is empty if the batch is in `packet_file` of
    the folder `volume`, which the guest reads and this process then deletes. With neither the program
    is only loaded, into a new session. `reply_bytes` is the most that may come back. A changed `source`,
    `memory_mb` or `volume` gives the program a new session as well.
    """

    seq: int
    program_id: str
    source: str
    packet: bytes
    timeout_ms: int
    memory_mb: int
    reply_bytes: int
    volume: str = ""
    packet_file: str = ""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The runtime is warm; requests may come."""

    eryx_version: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The process cannot serve, and says why before it ends."""

    reason: str


class RunReply(msgspec.Struct, frozen=True, tag="run"):
    """The end of one call; `result` is the JSON the guest left behind, still untrusted."""

    seq: int
    outcome: Outcome
    result: str
    guest_us: int


Answer = Ready | Refused | RunReply


def frame(message: RunRequest | Answer) -> bytes:
    """Return a message as its length (four bytes, big endian) and its msgpack."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


def frame_length(prefix: bytes) -> int:
    """Return the length of the body that follows a frame's four-byte prefix."""
    (length,) = _LENGTH.unpack(prefix)
    return int(length)


class _SessionFactory(Protocol):
    def create_session(
        self,
        *,
        resource_limits: eryx.ResourceLimits,
        volumes: Sequence[tuple[str, str, bool]] | None = None,
    ) -> eryx.Session: ...


class Programs:
    """One Eryx session a program, loaded once; a session that failed is dropped, never reused."""

    def __init__(self, factory: _SessionFactory, guest_sources: tuple[str, ...]) -> None:
        self._factory = factory
        self._guest_sources = guest_sources
        self._guard = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}
        self._sessions: OrderedDict[str, tuple[tuple[str, int, str], eryx.Session]] = OrderedDict()

    def run(self, request: RunRequest) -> RunReply:
        """Run one program once, waiting for an earlier call of the same program."""
        with self._guard:
            busy = self._busy.setdefault(request.program_id, threading.Lock())
        with busy:
            return self._run(request)

    def _run(self, request: RunRequest) -> RunReply:
        import eryx

        only_loads = not request.packet and not request.packet_file
        if only_loads:
            self._drop(request.program_id)
        try:
            session = self._session(request)
            if only_loads:
                return RunReply(request.seq, Outcome.ANSWERED, "", 0)
            session.execution_timeout_ms = request.timeout_ms
            outcome = _decided(session, request)
        except eryx.TimeoutError:
            self._drop(request.program_id)
            return RunReply(request.seq, Outcome.TIMED_OUT, "", request.timeout_ms * 1000)
        except (eryx.EryxError, MemoryError, OSError):
            self._drop(request.program_id)
            return RunReply(request.seq, Outcome.CRASHED, "", 0)
        result = outcome.result_json or ""
        guest_us = int(outcome.duration_ms * 1000)
        if len(result) > request.reply_bytes // 4 and len(result.encode()) > request.reply_bytes:
            self._drop(request.program_id)
            return RunReply(request.seq, Outcome.OVERSIZE, "", guest_us)
        return RunReply(request.seq, Outcome.ANSWERED, result, guest_us)

    def _session(self, request: RunRequest) -> eryx.Session:
        identity = (request.source, request.memory_mb, request.volume)
        with self._guard:
            known, session = self._sessions.get(request.program_id, (None, None))
            if session is not None and known == identity:
                self._sessions.move_to_end(request.program_id)
                return session
        session = self._loaded_session(request)
        with self._guard:
            self._sessions[request.program_id] = (identity, session)
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def _loaded_session(self, request: RunRequest) -> eryx.Session:
        import eryx

        limits = eryx.ResourceLimits(
            execution_timeout_ms=request.timeout_ms,
            max_memory_bytes=request.memory_mb * 1024 * 1024,
            max_callback_invocations=0,
            max_vfs_bytes=1,
        )
        volumes = [(request.volume, HISTORY_MOUNT, True)] if request.volume else None
        session = self._factory.create_session(resource_limits=limits, volumes=volumes)
        for source in self._guest_sources:
            session.execute(source)
        session.execute(f"__load__({request.source!r})")
        return session

    def _drop(self, program_id: str) -> None:
        with self._guard:
            self._sessions.pop(program_id, None)


def _decided(session: eryx.Session, request: RunRequest) -> eryx.ExecuteResult:
    """Hand the batch over and let the program decide it.

    A file is gone before any line of the program runs, so that a program finds nothing in its volume.
    Every argument is the `repr` of a plain string: a literal, whatever characters it holds.
    """
    if not request.packet_file:
        return session.execute(f"result = __batch__({b2a_base64(request.packet, newline=False).decode()!r})")
    try:
        session.execute(f"__receive__({f'{HISTORY_MOUNT}/{request.packet_file}'!r})")
    finally:
        Path(request.volume, request.packet_file).unlink(missing_ok=True)
    return session.execute("result = __batch__('')")


def load_runtime(cache_dir: Path) -> _SessionFactory:
    """Return a factory of sessions with memory limits, warmed up.

    Eryx unpacks its compiled runtime below the temporary folder; `cache_dir` stands in for it, so
    that nobody else can plant one. The factory reads that file instead of compiling its own (10 s).
    """
    os.environ["TMPDIR"] = str(cache_dir)
    os.environ["ERYX_POOL_INSTANCES"] = str(_LIVE_SESSIONS)
    os.environ["ERYX_POOL_KEEP_RESIDENT_MB"] = "0"  # a dropped session gives its memory back
    import eryx

    unpacked = cache_dir / "eryx-embedded"
    runtime = f"runtime-{eryx.__version__}-*.cwasm"
    if not any(unpacked.glob(runtime)):
        eryx.Session()
    found = sorted(unpacked.glob(runtime))
    factory = eryx.SandboxFactory.load(found[0]) if found else eryx.SandboxFactory()
    factory.create_session(resource_limits=eryx.ResourceLimits()).execute("import datetime, json, math")
    return factory


def private_folder(path: Path) -> Path:
    """Return `path`, created for this user alone; raises `PermissionError` if others could write it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    owned = path.stat()
    if owned.st_uid != os.getuid() or owned.st_mode & 0o022:
        raise PermissionError(f"{path} must belong to this user and be writable by nobody else")
    return path


def shed_privileges(parent: int) -> None:
    """Give up what a sandbox host never needs, before any program's code is read."""
    os.umask(0o077)
    os.nice(_NICENESS)
    _set_limit("RLIMIT_CORE", 0)
    _set_limit("RLIMIT_NOFILE", _OPEN_FILES)
    if sys.platform == "linux":
        import ctypes

        prctl = ctypes.CDLL(None, use_errno=True).prctl
        if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl failed")
    if os.getppid() != parent:
        raise ProcessLookupError("the desk ended before its sandbox host had started")


def cap_resources() -> None:
    """Forbid writing files, and cap the memory of all programs together, once the runtime is warm."""
    _set_limit("RLIMIT_FSIZE", 0)
    status = Path("/proc/self/status")
    if status.exists():
        mapped_kb = next(
            int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmData")
        )
        _set_limit("RLIMIT_DATA", mapped_kb * 1024 + DATA_ALLOWANCE_BYTES)


def _set_limit(name: str, value: int) -> None:
    import resource

    kind: int = getattr(resource, name)
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def serve(programs: Programs, requests: BinaryIO, answers: BinaryIO, writing: threading.Lock) -> None:
    """Answer requests until stdin closes, each program in a thread of its own."""
    decoder = msgspec.msgpack.Decoder(RunRequest)

    def answer(request: RunRequest) -> None:
        reply = frame(programs.run(request))
        with writing:
            answers.write(reply)
            answers.flush()

    with ThreadPoolExecutor(MAX_SESSIONS) as threads:
        while len(prefix := requests.read(_LENGTH.size)) == _LENGTH.size:
            length = frame_length(prefix)
            if length > MAX_REQUEST_BYTES:
                os._exit(3)
            threads.submit(answer, decoder.decode(requests.read(length)))
        # The desk is gone: a program that still spins must not hold the process.
        os._exit(0)


def main() -> None:
    """Warm up, lock down, serve."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        shed_privileges(int(sys.argv[1]))
        guest_sources = tuple(Path(__file__).with_name(name).read_text("utf-8") for name in GUEST_FILES)
        factory = load_runtime(private_folder(Path(sys.argv[2])))
        cap_resources()
        import eryx
    except Exception as error:
        answers.write(frame(Refused(f"{type(error).__name__}: {error}")))
        answers.flush()
        raise SystemExit(1) from error
    answers.write(frame(Ready(eryx.__version__)))
    answers.flush()
    serve(Programs(factory, guest_sources), sys.stdin.buffer, answers, threading.Lock())


if __name__ == "__main__":
    main()
