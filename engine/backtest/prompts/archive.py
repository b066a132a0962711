"""What prompt backtests came to, one file each: `prompt_runs/<run_id>.msgpack` in the home."""

from __future__ import annotations

from pathlib import Path

import msgspec

from engine.durable_files import make_folder_durably, write_durably
from engine.errors import StoreFailed
from engine.model.backtest import BacktestResult
from engine.model.prompt_backtest import PromptBacktestRequest, ReplayItem, ReplayRequest
from engine.secrecy.redaction import redact_value

PROMPT_RUNS_FOLDER = "prompt_runs"


class KeptSnapshots(msgspec.Struct, frozen=True, tag="snapshots"):
    """A run over snapshots: what was asked for, and what it came to once it is over."""

    request: PromptBacktestRequest
    result: BacktestResult | None = None


class KeptReplay(msgspec.Struct, frozen=True, tag="replay"):
    """A replay: what was asked for, its items as far as they are, and whose decision each was."""

    request: ReplayRequest
    items: tuple[ReplayItem, ...]
    trader_ids: tuple[int, ...]


type KeptRun = KeptSnapshots | KeptReplay


class PromptRunArchive:
    """The files of all prompt backtests of a home; every method blocks."""

    def __init__(self, home: Path) -> None:
        self._root = home / PROMPT_RUNS_FOLDER

    def write(self, run_id: str, kept: KeptRun) -> None:
        """Keep a run as it is now; raises `StoreFailed`."""
        data = msgspec.msgpack.encode(redact_value(kept))
        try:
            make_folder_durably(self._root)
        except OSError as error:
            raise StoreFailed(f"{self._root}: {error.strerror}", path=str(self._root)) from error

        def fill(path: Path) -> None:
            path.write_bytes(data)

        write_durably(self._path(run_id), fill)

    def read(self, run_id: str) -> KeptRun:
        """Return a run as it was kept last; raises `StoreFailed`."""
        path = self._path(run_id)
        try:
            return msgspec.msgpack.decode(path.read_bytes(), type=KeptSnapshots | KeptReplay)
        except (OSError, msgspec.MsgspecError) as error:
            reason = getattr(error, "strerror", None) or error
            raise StoreFailed(f"{path}: cannot be read ({reason})", path=str(path)) from error

    def remove(self, run_id: str) -> None:
        """Remove what is kept of a run; raises `StoreFailed`."""
        path = self._path(run_id)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreFailed(f"{path}: {error.strerror}", path=str(path)) from error

    def _path(self, run_id: str) -> Path:
        return self._root / f"{run_id}.msgpack"
