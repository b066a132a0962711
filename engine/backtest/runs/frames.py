"""What the desk and the process of a run say to each other: one task in, then progress and one end.

Each message is its length (four bytes, big endian) and its msgpack.
"""

from __future__ import annotations

import struct

import msgspec

from engine.errors import DeskError
from engine.model.backtest import (
    BacktestProgress,
    BacktestRequest,
    BacktestStatus,
    SweepRequest,
    TriggerDetail,
)

LENGTH = struct.Struct(">I")
LONGEST_FRAME_BYTES = 256 * 1024 * 1024


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Where a process that starts with nothing finds things.

    `home` is the desk's, `scratch` a folder for temporary files, `environment` the variables it knows.
    """

    home: str
    scratch: str
    environment: dict[str, str] = {}


class BacktestTask(msgspec.Struct, frozen=True, tag="backtest"):
    """Run a backtest and leave its result and trigger log in `folder`."""

    request: BacktestRequest
    folder: str
    surroundings: Surroundings


class SweepTask(msgspec.Struct, frozen=True, tag="sweep"):
    """Run what is missing of the sweep in `folder`, and leave its result there."""

    request: SweepRequest
    folder: str
    surroundings: Surroundings


class InspectTask(msgspec.Struct, frozen=True, tag="inspect"):
    """Look at one line of a backtest's trigger log."""

    request: BacktestRequest
    index: int
    surroundings: Surroundings


type Task = BacktestTask | SweepTask | InspectTask


class Step(msgspec.Struct, frozen=True, tag="step"):
    """The run has got so far."""

    progress: BacktestProgress


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """The run is over and its result kept; this is what the history of runs says of it."""

    status: BacktestStatus
    metrics: dict[str, float | None]
    total_trades: int
    final_equity: float | None
    total_pnl: float | None
    result_hash: str
    error: str = ""


class Inspected(msgspec.Struct, frozen=True, tag="inspected"):
    """What was asked about a trigger."""

    detail: TriggerDetail


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The run could not be carried out: a `DeskError` by its code, or anything else with an empty one."""

    code: str
    message: str
    details: dict[str, str] = {}

    @classmethod
    def of(cls, error: Exception) -> Failed:
        """Return the frame for an error."""
        if isinstance(error, DeskError):
            return cls(error.code, error.message, error.details)
        return cls("", f"the run broke: {type(error).__name__}: {error}")

    def error(self) -> DeskError:
        """Return the error again, as the class that its code belongs to."""
        return _error_class(DeskError, self.code)(self.message, **self.details)


type Answer = Step | Finished | Inspected | Failed


def frame(message: Task | Answer) -> bytes:
    """Return a message as it travels."""
    body = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(body)) + body


def frame_length(prefix: bytes) -> int:
    """Return the length of the body that follows a four-byte prefix; raises `ValueError` for junk."""
    (length,) = LENGTH.unpack(prefix)
    if length > LONGEST_FRAME_BYTES:
        raise ValueError(f"a frame of {length} bytes")
    return int(length)


def _error_class(root: type[DeskError], code: str) -> type[DeskError]:
    for kind in root.__subclasses__():
        if kind.code == code:
            return kind
        found = _error_class(kind, code)
        if found.code == code:
            return found
    return root
