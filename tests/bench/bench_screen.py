"""The screen measured from outside, through a pty, beside other programs in the same run.

`uv run python -m tests.bench.bench_screen [PEER …]`: each PEER is a command to start beside the desk,
such as a path to `posting` or `harlequin`. Needs the pty harness of this workshop in
`../shared/tools/ptybench.py`. Prints first paint and completion of each with their ratio to the desk,
then bytes, CPU and key-to-repaint times with the replay paused, at 1,000 and at 5,000 quotes a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HARNESS = ROOT.parent / "shared" / "tools" / "ptybench.py"
RUNS = "7"
TRADER_NAMES = "3,2,3,20"
"""Where the first pane shows its cursor: row, column, height and width."""


def measure(*arguments: str) -> dict[str, Any]:
    """Run the harness once and return the figures it printed."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        subprocess.run(
            [sys.executable, str(HARNESS), *arguments[:1], "--json", str(figures), *arguments[1:]],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        lines = figures.read_text().splitlines()
    document = json.loads(lines[-1])
    return dict(document.get("median", document))


def start_up(peers: list[str], folder: Path) -> None:
    desk = f"{sys.executable} -m tui --home {folder / 'start'}"
    common = ["start", "-n", RUNS, "--size", "120x40"]
    measure("start", "-n", "1", "--until", "SOL", "--quit", "q", "--", *desk.split())
    ours = measure(*common, "--until", r"SOL +[0-9]", "--quit", "q", "--", *desk.split())
    print(
        f"desk: first paint {ours['first_paint']:.0f} ms / 300 limit = {ours['first_paint'] / 300:.2f};"
        f" panes filled {ours['until']:.0f} ms / 900 limit = {ours['until'] / 900:.2f}"
    )
    for peer in peers:
        theirs = measure(*common, "--", *peer.split())
        print(
            f"{Path(peer.split()[0]).name}: first paint {theirs['first_paint']:.0f} ms,"
            f" {theirs['first_paint'] / ours['first_paint']:.2f} times the desk's; complete"
            f" {theirs['complete95']:.0f} ms, {theirs['complete95'] / ours['until']:.2f} times"
        )


def steady(folder: Path) -> None:
    keys = ["--pre", "1", "--key", "j", "--key", "k", "--key-interval", "0.15", "--region", TRADER_NAMES]
    common = ["steady", "--size", "120x40", "--ready", r"SOL +[0-9]", "--warmup", "6", "--quit", "q"]
    paused = measure(
        *common,
        "--pre",
        "space",
        "--secs",
        "10",
        "--",
        sys.executable,
        "-m",
        "tui",
        "--home",
        str(folder / "p"),
    )
    print(f"paused: {paused['bytes_s']:.0f} B/s, {paused['cpu_pct']:.1f} % CPU")
    for rate in ("1000", "5000"):
        load = [sys.executable, "-m", "tests.bench.desk_under_load", str(folder / rate), rate]
        calm = measure(*common, "--secs", "10", "--", *load)
        busy = measure(*common, "--secs", "30", *keys, "--", *load)
        print(
            f"{rate} quotes/s: {calm['bytes_s'] / 1000:.1f} KB/s / 20 limit = {calm['bytes_s'] / 20_000:.2f};"
            f" CPU {calm['cpu_pct']:.1f} % / 20 limit = {calm['cpu_pct'] / 20:.2f}; key to repaint"
            f" p50 {busy['key_p50']:.1f}, p99 {busy['key_p99']:.1f} ms"
            f" / 25 limit = {busy['key_p99'] / 25:.2f} ({busy['keys']} keys)"
        )


def main() -> None:
    if not HARNESS.exists():
        sys.exit(f"{HARNESS} is not here: this benchmark needs it")
    with tempfile.TemporaryDirectory() as folder:
        start_up(sys.argv[1:], Path(folder))
        steady(Path(folder))


if __name__ == "__main__":
    main()
