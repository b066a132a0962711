"""Where runs are kept: one folder each, `backtests/<run_id>/` in the home.

A backtest's folder has `request.json`, `triggers.bin` and, written last, `result.msgpack`. A sweep's
has `trials.bin` besides, to which each finished run is appended as it ends, so that a sweep that was
cut off goes on where it was. `scratch/` is what the run's process may fill; it goes with the process.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.backtest.runs.frames import LENGTH, frame_length
from engine.durable_files import make_folder_durably, write_durably
from engine.errors import StoreFailed
from engine.model.backtest import BacktestRequest, BacktestResult, SweepRequest, SweepResult

if TYPE_CHECKING:
    from engine.backtest.sweep.trials import TrialOutcome
    from engine.backtest.trigger_log import TriggerLog

BACKTESTS_FOLDER = "backtests"
BACKTEST_PREFIX = "bt"
SWEEP_PREFIX = "sw"
_REQUEST, _RESULT, _TRIGGERS, _TRIALS, _SCRATCH = (
    "request.json",
    "result.msgpack",
    "triggers.bin",
    "trials.bin",
    "scratch",
)


class RunFolder:
    """The folder of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.path.name

    @property
    def is_sweep(self) -> bool:
        """Whether the run is a sweep."""
        return self.run_id.startswith(f"{SWEEP_PREFIX}-")

    @property
    def has_result(self) -> bool:
        """Whether the run has ended with a result."""
        return (self.path / _RESULT).exists()

    def write_request(self, request: BacktestRequest | SweepRequest) -> None:
        """Keep what was asked for; raises `StoreFailed`."""
        self._write(_REQUEST, msgspec.json.format(msgspec.json.encode(request)))

    def request(self) -> BacktestRequest:
        """Return what a backtest was asked for; raises `StoreFailed`."""
        return self._read(_REQUEST, lambda data: msgspec.json.decode(data, type=BacktestRequest))

    def sweep_request(self) -> SweepRequest:
        """Return what a sweep was asked for; raises `StoreFailed`."""
        return self._read(_REQUEST, lambda data: msgspec.json.decode(data, type=SweepRequest))

    def write_outcome(self, result: BacktestResult, log: TriggerLog) -> None:
        """Keep what a backtest came to: both files, or after a kill neither counts; raises `StoreFailed`."""
        self._write(_TRIGGERS, log.to_bytes())
        self._write(_RESULT, msgspec.msgpack.encode(result))

    def result(self) -> BacktestResult:
        """Return what a backtest came to; raises `StoreFailed`."""
        return self._read(_RESULT, lambda data: msgspec.msgpack.decode(data, type=BacktestResult))

    def trigger_log(self) -> TriggerLog:
        """Return the trigger log of a backtest; raises `StoreFailed`."""
        from engine.backtest.trigger_log import TriggerLog

        return self._read(_TRIGGERS, TriggerLog.from_bytes)

    def write_sweep(self, result: SweepResult) -> None:
        """Keep what a sweep came to; raises `StoreFailed`."""
        self._write(_RESULT, msgspec.msgpack.encode(result))

    def sweep_result(self) -> SweepResult:
        """Return what a sweep came to; raises `StoreFailed`."""
        return self._read(_RESULT, lambda data: msgspec.msgpack.decode(data, type=SweepResult))

    def trials(self) -> list[TrialOutcome]:
        """Return the runs of a sweep that have ended."""
        path = self.path / _TRIALS
        return _whole_trials(path.read_bytes())[0] if path.exists() else []

    @contextmanager
    def finished_trials(self) -> Iterator[tuple[list[TrialOutcome], Callable[[TrialOutcome], None]]]:
        """Give the runs of a sweep that have ended, and a way to add to them."""
        path = self.path / _TRIALS
        path.touch()
        with path.open("r+b") as file:
            trials, good = _whole_trials(file.read())
            file.truncate(good)  # the end of it was being written when the process was killed
            file.seek(good)

            def keep(outcome: TrialOutcome) -> None:
                body = msgspec.msgpack.encode(outcome)
                file.write(LENGTH.pack(len(body)) + body)
                file.flush()

            yield trials, keep

    def forget_result(self) -> None:
        """Remove the result of a run that is to be repeated; raises `StoreFailed`."""
        with _told_as_store_failure(self.path):
            (self.path / _RESULT).unlink(missing_ok=True)

    def fresh_scratch(self) -> Path:
        """Return an empty scratch folder; raises `StoreFailed`."""
        self.remove_scratch()
        with _told_as_store_failure(self.path):
            (self.path / _SCRATCH).mkdir(mode=0o700)
        return self.path / _SCRATCH

    def remove_scratch(self) -> None:
        """Remove what the process of the run left behind, as far as it can be removed."""
        shutil.rmtree(self.path / _SCRATCH, ignore_errors=True)
        with suppress(OSError):
            for leftover in self.path.glob(".*.tmp"):
                leftover.unlink()

    def _write(self, name: str, data: bytes) -> None:
        write_durably(self.path / name, lambda path: _write_bytes(path, data))

    def _read[T](self, name: str, decode: Callable[[bytes], T]) -> T:
        path = self.path / name
        try:
            return decode(path.read_bytes())
        except (OSError, msgspec.MsgspecError) as error:
            reason = getattr(error, "strerror", None) or error
            raise StoreFailed(f"{path}: cannot be read ({reason})", path=str(path)) from error


class RunArchive:
    """The folders of all runs of a home."""

    def __init__(self, home: Path) -> None:
        self.root = home / BACKTESTS_FOLDER

    def folder(self, run_id: str) -> RunFolder:
        """Return the folder of a run, which need not exist."""
        return RunFolder(self.root / run_id)

    def create(self, prefix: str, after: int) -> RunFolder:
        """Make the folder of a new run, whose number is above `after` and has no folder yet.

        Raises `StoreFailed`.
        """
        with _told_as_store_failure(self.root):
            make_folder_durably(self.root)
            number = after + 1
            while (path := self.root / f"{prefix}-{number:03d}").exists():
                number += 1
            make_folder_durably(path)
        return RunFolder(path)

    def remove(self, run_id: str) -> None:
        """Remove a run's folder; raises `StoreFailed`."""
        with _told_as_store_failure(self.root / run_id), suppress(FileNotFoundError):
            shutil.rmtree(self.root / run_id)


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _whole_trials(data: bytes) -> tuple[list[TrialOutcome], int]:
    """Return the outcomes that were written whole, and where they end."""
    from engine.backtest.sweep.trials import TrialOutcome

    trials: list[TrialOutcome] = []
    position = 0
    while position + LENGTH.size <= len(data):
        start = position + LENGTH.size
        try:
            end = start + frame_length(data[position:start])
            if end > len(data):
                break
            trials.append(msgspec.msgpack.decode(data[start:end], type=TrialOutcome))
        except (msgspec.MsgspecError, ValueError):
            break
        position = end
    return trials, position


@contextmanager
def _told_as_store_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror or error}", path=str(path)) from error
