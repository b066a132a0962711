"""A terminal that stops reading for ten seconds: does the engine notice, does the screen recover?

`uv run python -m tests.bench.bench_stalled_terminal [QUOTES_PER_SECOND]` prints the worst lag of the
engine's loop (limit 20 ms) and of the screen's, what the terminal got after it read again, and how
long the desk then took to end on SIGTERM (limit 2 s).
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
READS_FIRST, STALLS, READS_AGAIN = 8.0, 10.0, 4.0


def read_for(terminal: int, seconds: float) -> int:
    """Read what the desk writes, answering where the cursor is, and return the bytes read."""
    total, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if ready:
            data = os.read(terminal, 65536)
            total += len(data)
            for _ in range(data.count(b"\x1b[6n")):
                os.write(terminal, b"\x1b[1;1R")
    return total


def main() -> None:
    rate = sys.argv[1] if len(sys.argv) > 1 else "5000"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "lag.json"
        ours, theirs = pty.openpty()
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        desk = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.desk_under_load", str(Path(folder) / "home"), rate],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            env={**environment, "NIGHTDESK_BENCH_LOG": str(log)},
            start_new_session=True,
        )
        before = read_for(ours, READS_FIRST)
        time.sleep(STALLS)
        after = read_for(ours, READS_AGAIN)
        lags = json.loads(log.read_text())
        asked = time.monotonic()
        desk.send_signal(signal.SIGTERM)
        while desk.poll() is None:
            read_for(ours, 0.02)
        ended = time.monotonic() - asked
    print(f"read for {READS_FIRST:.0f} s: {before} bytes; stalled {STALLS:.0f} s; then {after} bytes", lags)
    print(
        f"engine lag max / 20 ms limit: {lags['engine_lag_max'] / 20:.2f};"
        f" ended {ended:.2f} s after SIGTERM (exit code {desk.returncode}), / 2 s limit: {ended / 2:.2f}"
    )


if __name__ == "__main__":
    main()
