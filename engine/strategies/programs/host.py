"""The sandbox as the rest of the engine knows it: run a program once, whatever it does.

The process behind it is started in the background, replaced when it dies, and killed when a program
outlives its limit by more than a moment. A call changes nothing outside the sandbox, so when the
process dies with several calls in flight, those are repeated one after another: the program that
killed it is found, and the others get their answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
from collections import defaultdict, deque
from pathlib import Path

import msgspec

from engine.errors import StrategyFailed, Unavailable
from engine.strategies.programs.batch import BatchReply, BatchRequest
from engine.strategies.programs.connection import HostLost, SandboxConnection
from engine.strategies.programs.packing import pack, unpack
from engine.strategies.programs.sandbox_process import (
    MAX_REPLY_BYTES,
    MAX_REPLY_BYTES_PER_TRIGGER,
    MAX_REQUEST_BYTES,
    Outcome,
    RunReply,
    RunRequest,
)

MAX_SOURCE_BYTES = 256 * 1024
PACKET_FILE = "batch-{}.bin"
LARGEST_SENT_INLINE = 16 * 1024
"""A larger batch of a session with a volume travels as a file in it."""
KILL_AFTER_SECONDS = 1.0
"""How long past its limit a call may stay unanswered before the process is killed."""
LONGEST_READ_AT_ONCE = 32 * 1024
"""A longer answer is read in a thread: a hostile one takes a quarter of a second to make safe.

Not that of a batch with a volume: whoever runs those has a process for it, and waits for nothing else.
"""

FAILURE_WINDOW_SECONDS = 600.0
_FRAME_ALLOWANCE_BYTES = 1024


class SandboxLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of a program may use; `memory_mb` bounds its whole WebAssembly memory growth.

    A batch may take `seconds` for its first trigger and `further_seconds` more for each other one.
    """

    seconds: float = 1.0
    further_seconds: float = 0.002
    memory_mb: int = 64


class SandboxHost:
    """Runs programs in the sandbox process, one call at a time for each program, several at once.

    Belongs to the event loop it was started on and never blocks it, but for batches with a volume.
    """

    def __init__(self, cache_dir: Path | None = None) -> None:
        """Keep the unpacked runtime in `cache_dir`, by default the user's cache folder."""
        self._cache_dir = cache_dir
        self._connection: SandboxConnection | None = None
        self._starting: asyncio.Task[SandboxConnection] | None = None
        self._closing = False
        self._sequence = itertools.count(1)
        self._program_turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._repeat_turn = asyncio.Lock()
        self._calls: set[asyncio.Task[BatchReply]] = set()
        self._volumes: dict[str, tempfile.TemporaryDirectory[str]] = {}
        self._failures: defaultdict[str, deque[float]] = defaultdict(deque)

    @property
    def pid(self) -> int | None:
        """The sandbox process's id, None while there is none."""
        alive = self._connection is not None and not self._connection.closed
        return self._connection.pid if alive and self._connection is not None else None

    def start(self) -> None:
        """Start the process in the background; calls made meanwhile wait for it."""
        self._closing = False
        self._start_connection()

    async def ready(self) -> None:
        """Wait until the process can run programs; raises `Unavailable` when it cannot be started."""
        await self._connected()

    async def close(self) -> None:
        """End the process; calls in flight fail."""
        self._closing = True
        if self._starting is not None:
            self._starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, Unavailable):
                await self._starting
        if self._connection is not None:
            await self._connection.close()
        await asyncio.gather(*self._calls, return_exceptions=True)
        for volume in self._volumes.values():
            volume.cleanup()
        self._volumes.clear()

    def volume(self, session: str) -> str:
        """Return the folder through which large batches of a session travel; `close` removes it."""
        if session not in self._volumes:
            self._volumes[session] = tempfile.TemporaryDirectory(prefix="nightdesk-")
        return self._volumes[session].name

    async def open_session(self, session: str, source: str, limits: SandboxLimits, volume: str = "") -> None:
        """Load a program anew before it is first asked; whatever is wrong with it is said when it is.

        Nothing that earlier batches of the session left behind is there any more.
        """
        request = RunRequest(
            seq=next(self._sequence),
            program_id=session,
            source=source,
            packet=b"",
            timeout_ms=round(limits.seconds * 1000),
            memory_mb=limits.memory_mb,
            reply_bytes=0,
            volume=volume,
        )
        with contextlib.suppress(StrategyFailed, Unavailable):
            _check_size(request)
            async with self._program_turns[session]:
                await self._answered(request, b"")

    async def run_batch(self, request: BatchRequest, limits: SandboxLimits) -> BatchReply:
        """Let a program decide a batch of triggers.

        Calls of one `session` wait for each other and share a guest. Raises `StrategyFailed` when the
        program broke a limit (a time-out has `timed_out` among its details) or its sandbox died,
        `Unavailable` when there is no sandbox. An error inside the program is part of the reply, for its
        output matters too. Cancelling stops the waiting, not the call.
        """
        # Started at once: a backtest goes on with its own work while the program is at its next batch.
        loop = asyncio.get_running_loop()
        call = asyncio.Task(self._run_in_turn(request, limits), loop=loop, eager_start=True)
        self._calls.add(call)
        call.add_done_callback(self._forget)
        return await asyncio.shield(call)

    def count_failure(self, program_id: str) -> None:
        """Note that a run of `program_id` failed just now."""
        self._failures[program_id].append(asyncio.get_running_loop().time())

    def failures(self, program_id: str) -> int:
        """Return how many runs of `program_id` failed in the last ten minutes of the machine's time."""
        times = self._failures[program_id]
        oldest = asyncio.get_running_loop().time() - FAILURE_WINDOW_SECONDS
        while times and times[0] < oldest:
            times.popleft()
        return len(times)

    def _forget(self, call: asyncio.Task[BatchReply]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # retrieved, should nobody have waited for it

    async def _run_in_turn(self, batch: BatchRequest, limits: SandboxLimits) -> BatchReply:
        triggers = len(batch.triggers.ts_ms) // 8
        seconds = limits.seconds + limits.further_seconds * (triggers - 1)
        try:
            packet = pack(batch)
            is_large = bool(batch.volume) and len(packet) > LARGEST_SENT_INLINE
            request = self._request(batch, b"" if is_large else packet, triggers, seconds, limits)
            async with self._program_turns[batch.session]:
                reply = await self._answered(request, packet)
            if len(reply.result) > LONGEST_READ_AT_ONCE and not batch.volume:
                result = await asyncio.to_thread(_batch_reply, reply, batch, seconds)
            else:
                result = _batch_reply(reply, batch, seconds)
        except StrategyFailed:
            self.count_failure(batch.session)
            raise
        for _ in result.failures[:1]:
            self.count_failure(batch.session)
        return result

    def _request(
        self, batch: BatchRequest, packet: bytes, triggers: int, seconds: float, limits: SandboxLimits
    ) -> RunRequest:
        request = RunRequest(
            seq=next(self._sequence),
            program_id=batch.session,
            source=batch.source,
            packet=packet,
            timeout_ms=round(seconds * 1000),
            memory_mb=limits.memory_mb,
            reply_bytes=MAX_REPLY_BYTES + (triggers - 1) * MAX_REPLY_BYTES_PER_TRIGGER,
            volume=batch.volume,
        )
        _check_size(request)
        return request

    async def _answered(self, request: RunRequest, packet: bytes) -> RunReply:
        """Ask once, and once more alone if the process died with others in flight."""
        try:
            return await self._ask(request, packet)
        except HostLost as lost:
            if self._closing or lost.alone:
                raise StrategyFailed(self._lost_sentence()) from lost
        async with self._repeat_turn:
            try:
                repeated = msgspec.structs.replace(request, seq=next(self._sequence))
                return await self._ask(repeated, packet)
            except HostLost as lost:
                raise StrategyFailed(self._lost_sentence()) from lost

    async def _ask(self, request: RunRequest, packet: bytes) -> RunReply:
        """Ask; a batch that is shared through a folder lies there for this one question."""
        connection = await self._connected()
        if packet and not request.packet:
            request = msgspec.structs.replace(request, packet_file=PACKET_FILE.format(request.seq))
            _packet_path(request).write_bytes(packet)
        try:
            async with asyncio.timeout(request.timeout_ms / 1000 + KILL_AFTER_SECONDS):
                return await connection.ask(request)
        except TimeoutError:
            connection.kill()
            return RunReply(request.seq, Outcome.TIMED_OUT, "", request.timeout_ms * 1000)
        finally:
            if request.packet_file:
                _packet_path(request).unlink(missing_ok=True)
            if connection.closed and not self._closing:
                self._start_connection()

    def _lost_sentence(self) -> str:
        if self._closing:
            return "the desk is closing, the program's answer was not awaited"
        return "the sandbox died while the program ran (very deep nesting or recursion does that)"

    def _start_connection(self) -> None:
        if self._starting is not None and not self._starting.done():
            return
        if self._connection is None or self._connection.closed:
            self._starting = asyncio.create_task(self._open(), name="sandbox start")
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _open(self) -> SandboxConnection:
        if self._cache_dir is None:
            self._cache_dir = await asyncio.to_thread(default_cache_dir)
        opened = await SandboxConnection.open(self._cache_dir)
        lost, self._connection = self._connection, opened
        if lost is not None:
            await lost.close()
        return opened

    async def _connected(self) -> SandboxConnection:
        if self._closing:
            raise Unavailable("the sandbox is closed")
        if self._connection is not None and not self._connection.closed:
            return self._connection
        self._start_connection()
        assert self._starting is not None
        return await asyncio.shield(self._starting)


def default_cache_dir() -> Path:
    """Return where the sandbox runtime is unpacked unless another folder is named."""
    from platformdirs import user_cache_path

    return user_cache_path("nightdesk", appauthor=False)


def _packet_path(request: RunRequest) -> Path:
    return Path(request.volume, request.packet_file)


def _check_size(request: RunRequest) -> None:
    source_bytes = len(request.source.encode(errors="replace"))
    if source_bytes > MAX_SOURCE_BYTES:
        raise StrategyFailed(f"the program is {source_bytes} bytes long; at most {MAX_SOURCE_BYTES} are run")
    sent = source_bytes + len(request.packet) + _FRAME_ALLOWANCE_BYTES
    if sent > MAX_REQUEST_BYTES:
        raise StrategyFailed(f"the program's input is {sent} bytes; at most {MAX_REQUEST_BYTES} are sent")


def _batch_reply(reply: RunReply, batch: BatchRequest, seconds: float) -> BatchReply:
    match reply.outcome:
        case Outcome.TIMED_OUT:
            raise StrategyFailed(f"the program ran longer than its limit of {seconds:g} s", timed_out="true")
        case Outcome.CRASHED:
            raise StrategyFailed("the program ended its own interpreter or could not be loaded")
        case Outcome.OVERSIZE:
            raise StrategyFailed("the program answered more than the sandbox passes on")
    try:
        return unpack(reply.result, batch)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise StrategyFailed("the program left no answer that can be read") from error
