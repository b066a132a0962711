"""The peers: where their scripts are, how fast ours must be beside them, and by which rules they fill."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import msgspec

from tests.bench.backtest_peers.four_rules import All, Fill, Last, Rules

LONGEST_RUN_SECONDS = 3600
HERE = Path(__file__).parent


class PeerFailed(Exception):
    """A peer that could not be measured, and why."""


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """An engine to be compared with; a run of it takes at least `least_ratio` times one of ours.

    `name` is that of its folder; `is_slow` marks one whose five years take minutes.
    """

    name: str
    script: str
    least_ratio: float
    rules: Rules
    is_slow: bool = False


class PeerRun(msgspec.Struct, frozen=True):
    """What a script prints; `prices` are of entry and exit, as `times` are."""

    run_s: float
    trades: int
    times: tuple[tuple[int, int], ...]
    prices: tuple[tuple[float, float], ...]
    final_equity: float


PEERS = (
    Peer(name="backtesting", script="run_backtesting_py.py", least_ratio=10, rules=Rules()),
    Peer(name="vectorbt", script="run_vectorbt.py", least_ratio=1 / 5, rules=Rules(lot=None)),
    Peer(
        name="jesse",
        script="run_jesse.py",
        least_ratio=30,
        rules=Rules(fill=Fill.SIGNAL_CLOSE, all_=All.THREE_FEES_RESERVED, last=Last.CLOSED_AT_CLOSE),
        is_slow=True,
    ),
    Peer(
        name="freqtrade",
        script="run_freqtrade.py",
        least_ratio=30,
        rules=Rules(all_=All.NOTHING_RESERVED, last=Last.CLOSED_AT_OPEN),
        is_slow=True,
    ),
    Peer(
        name="nautilus_trader",
        script="run_nautilus.py",
        least_ratio=30,
        rules=Rules(fill=Fill.SIGNAL_CLOSE),
        is_slow=True,
    ),
)


def run_peer(peer: Peer, folder: Path, candles: Path) -> PeerRun:
    """Run a peer's script with its own interpreter, in an empty working folder; raises `PeerFailed`."""
    python = folder.absolute() / peer.name / "bin" / "python"
    if not python.exists():
        raise PeerFailed("it is not there")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as working_folder:
        try:
            done = subprocess.run(
                [python, HERE / peer.script, candles.absolute()],
                cwd=working_folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_RUN_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PeerFailed(str(error)) from error
    lines = done.stdout.strip().splitlines()
    try:
        return msgspec.json.decode(lines[-1], type=PeerRun)
    except (IndexError, msgspec.MsgspecError) as error:
        raise PeerFailed(f"exit code {done.returncode}: {done.stderr.strip()[-300:]}") from error
