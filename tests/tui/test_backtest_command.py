"""`nightdesk backtest`: what it prints, on which stream, and with which exit code."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.market.candles.series import CandleSeries, series_of
from engine.market.history.export_file import export_rows
from engine.samples import load_candles
from tests.candle_rows import recorded
from tui.backtest_command import OPTION_OF
from tui.cli import main

Captured = pytest.CaptureFixture[str]

REPOSITORY = Path(__file__).parents[2]
ROWS = 600
IN_AND_OUT = """\
def run(ctx):
    symbol = ctx.symbols[0]
    if symbol in ctx.positions:
        ctx.close(symbol, reason="out")
    else:
        ctx.buy(symbol, 0.01, reason="in")
"""
BY_THRESHOLD = """\
class Strategy:
    def init(self, params):
        self.below = params.get("below", 30)

    def should_trade(self, data):
        rsi = data.get_indicator("BTC", "RSI14", data.period).get("value")
        price = data.get_price("BTC")
        if rsi is None or price is None:
            return Decision("hold", reason="not warm")
        if "BTC" in data.positions and rsi > 55:
            return Decision("close", "BTC", target_portion_of_balance=1, min_price=price * 0.99)
        if "BTC" not in data.positions and rsi < self.below:
            return Decision("buy", "BTC", target_portion_of_balance=0.5, leverage=2, max_price=price * 1.01)
        return Decision("hold", reason="in between")
"""
SLOW = "def run(ctx):\n    total = sum(range(100_000))\n    ctx.hold('thought')\n"
LOW_RSI = {
    "signals": [
        {
            "name": "low",
            "type": "crossover",
            "config": {"indicator": "rsi", "threshold": 40, "direction": "below"},
        }
    ],
    "logic": "or",
    "symbols": ["BTC"],
}


def part(first: int, stop: int, symbol: str = "BTC") -> CandleSeries:
    rows = recorded() if symbol == "BTC" else series_of(load_candles(symbol))
    return rows.slice(first, stop)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newcomer's folder: programs, candles, funding and pools, good and bad."""
    folder = tmp_path_factory.mktemp("folder")
    export_rows(part(0, ROWS), folder / "btc.csv")
    export_rows(part(0, ROWS), folder / "btc.parquet")
    export_rows(part(ROWS // 2, ROWS * 2), folder / "later.csv")
    export_rows(part(0, ROWS, "ETH"), folder / "eth.csv")
    export_rows(part(0, 1), folder / "one.csv")
    lines = (folder / "btc.csv").read_text().splitlines()
    header, rows = lines[0], lines[1:]
    (folder / "empty.csv").write_text("")
    (folder / "no_rows.csv").write_text(header + "\n")
    (folder / "garbled.csv").write_bytes(bytes(range(256)))
    (folder / "garbled.parquet").write_bytes(bytes(range(256)))
    (folder / "no_volume.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines))
    (folder / "unsorted.csv").write_text("\n".join([header, rows[1], rows[0], *rows[2:9]]))
    (folder / "twice.csv").write_text("\n".join([header, *rows[:5], rows[4]]))
    (folder / "nan.csv").write_text(
        "\n".join([header, *rows[:4], "nan".join(rows[4].rsplit(rows[4].split(",")[4], 1))])
    )
    (folder / "every_fifth.csv").write_text("\n".join([header, *rows[::5]]))
    (folder / "gap.csv").write_text("\n".join([header, *rows[:100], *rows[300:]]))
    times = [int(part(0, ROWS).open_ms[row]) for row in (60, 300)]
    changed = rows[ROWS // 2].split(",")
    changed[5] = "1"
    (folder / "differs.csv").write_text("\n".join([header, ",".join(changed), *rows[ROWS // 2 + 1 :]]))
    (folder / "funding.csv").write_text(f"t_ms,rate\n{times[0]},0.0001\n{times[1]},0.0002\n")
    (folder / "funding_text.csv").write_text(f"t_ms,rate\n{times[0]},much\n")
    (folder / "funding_high.csv").write_text(f"t_ms,rate\n{times[0]},0.0001\n{times[1]},5\n")
    (folder / "funding_column.csv").write_text(f"t_ms,amount\n{times[0]},0.0001\n")
    (folder / "funding_hole.csv").write_text(f"t_ms,rate\n,0.0001\n{times[1]},0.0001\n")
    (folder / "run.py").write_text(IN_AND_OUT)
    (folder / "class.py").write_text(BY_THRESHOLD)
    (folder / "braces.py").write_text('fn run(ctx) { ctx.buy("BTC", 0.001) }\n')
    (folder / "slow.py").write_text(SLOW)
    (folder / "latin.py").write_bytes(b"# \xe9\n" + IN_AND_OUT.encode())
    (folder / "syntax.py").write_text("def run(ctx):\n    return (\n")
    (folder / "none.py").write_text("x = 1\n")
    (folder / "two.py").write_text(BY_THRESHOLD + BY_THRESHOLD.replace("Strategy", "Other"))
    (folder / "pool.json").write_text(json.dumps(LOW_RSI))
    (folder / "doge.json").write_text(json.dumps({**LOW_RSI, "symbols": ["DOGE"]}))
    return folder


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def run(*words: object) -> int:
    """Run the command as a shell would; a wrong option ends the program, here by its exit code."""
    try:
        return main(["--home", "home", "backtest", *(str(word) for word in words)])
    except SystemExit as end:
        return int(end.code or 0)


def run_to_json(capsys: Captured, *words: object, code: int = 0) -> dict[str, Any]:
    assert run(*words, "--json") == code
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


HOURLY = ("run.py", "--candles", "btc.csv", "--schedule", "1h")

WRONG = [
    ([], "the following arguments are required: PROGRAM.py"),
    (["missing.py", "--schedule", "1h"], "PROGRAM.py: missing.py is not allowed"),
    ([".", "--schedule", "1h"], "Is a directory"),
    (["latin.py", "--schedule", "1h"], "it is not UTF-8"),
    (["syntax.py", "--schedule", "1h"], "syntax.py:2: syntax error"),
    (["none.py", "--schedule", "1h"], "none.py:1: no class definition"),
    (["two.py", "--schedule", "1h"], "only one class may have should_trade; found Strategy, Other"),
    (["run.py"], "--signals: none is not allowed; give signals, a schedule or both"),
    (["run.py", "--signals", "missing.json"], "signals: missing.json is not allowed"),
    (["run.py", "--signals", "doge.json"], "--signals: DOGE in doge is not allowed; the run has BTC"),
    ([*HOURLY, "extra"], "unrecognized arguments: extra"),
    ([*HOURLY, "--fee", "3"], "unrecognized arguments: --fee 3"),
    # candles
    (["run.py", "--schedule", "1h", "--candles", "missing.csv"], "missing.csv: not a file"),
    (["run.py", "--schedule", "1h", "--candles", ""], "--candles: nothing is not allowed"),
    (["run.py", "--schedule", "1h", "--candles", "=btc.csv"], "allowed is FILE or SYMBOL=FILE"),
    (["run.py", "--schedule", "1h", "--candles", "BTC="], "allowed is FILE or SYMBOL=FILE"),
    (["run.py", "--schedule", "1h", "--candles", "pool.json"], "the ending '.json' is not allowed"),
    (["run.py", "--schedule", "1h", "--candles", "empty.csv"], "empty.csv: an empty file"),
    (["run.py", "--schedule", "1h", "--candles", "no_rows.csv"], "no_rows.csv: a file without rows"),
    (["run.py", "--schedule", "1h", "--candles", "garbled.csv"], "garbled.csv: cannot be read as csv"),
    (["run.py", "--schedule", "1h", "--candles", "garbled.parquet"], "garbled.parquet: cannot be read"),
    (["run.py", "--schedule", "1h", "--candles", "no_volume.csv"], "no_volume.csv: volume: a missing column"),
    (["run.py", "--schedule", "1h", "--candles", "unsorted.csv"], "unsorted.csv: row 2: t_ms: "),
    (["run.py", "--schedule", "1h", "--candles", "twice.csv"], "twice.csv: row 6: t_ms: "),
    (["run.py", "--schedule", "1h", "--candles", "nan.csv"], "nan.csv: row 5: close: nan is not allowed"),
    (["run.py", "--schedule", "1h", "--candles", "every_fifth.csv"], "the rows are at least 5 minutes apart"),
    (["run.py", "--schedule", "1h", "--candles", "one.csv"], "candles: a history of 1 is not allowed"),
    ([*HOURLY, "--period", "7m"], "--period: 7m is not allowed; allowed is 1m, 3m"),
    ([*HOURLY, "--period", "1M"], "--period: 1M is not allowed; allowed is 1m, 3m"),
    ([*HOURLY, "--candles", "differs.csv"], "files that overlap must agree"),
    ([*HOURLY, "--stored", "binance"], "give --candles or --stored, not both"),
    (["run.py", "--schedule", "1h", "--stored", "../etc"], "--stored: ../etc is not allowed"),
    # symbols
    ([*HOURLY, "--symbol", "BTC", "--symbol", "ETH"], "with several symbols say whose it is: SYMBOL=FILE"),
    (["run.py", "--schedule", "1h", "--candles", "ETH=eth.csv", "--symbol", "BTC"], "no file for BTC"),
    ([*HOURLY[:1], *HOURLY[3:], "--symbol", "DOGE"], "--symbol: DOGE is not allowed; the recording has BTC"),
    ([*HOURLY, "--symbol", "DOGE", "--venue", "binance"], "--symbol: DOGE is not allowed; binance has BTC"),
    ([*HOURLY, "--symbol", ""], "--symbol: '' is not allowed"),
    ([*HOURLY, "--symbol", "B T"], "--symbol: 'B T' is not allowed"),
    ([*HOURLY, "--symbol", "BTC\n"], r"--symbol: 'BTC\n' is not allowed"),
    (["run.py", "--schedule", "1h", "--symbol", "BTC", "--symbol", "BTC"], "--symbol: BTC, BTC is not"),
    # dates
    ([*HOURLY, "--from", "yesterday"], "--from: yesterday is not allowed; a UTC date or time"),
    ([*HOURLY, "--from", ""], "--from: nothing is not allowed"),
    (
        [*HOURLY, "--from", "2025-06-02", "--to", "2025-06-01"],
        "the dates are reversed: the start is 2025-06-02",
    ),
    ([*HOURLY, "--from", "2015-01-01"], "--from: 2015-01-01 00:00 UTC is not allowed; the history goes from"),
    ([*HOURLY, "--to", "2035-01-01"], "--to: 2035-01-01 00:00 UTC is not allowed; the history goes from"),
    ([*HOURLY, "--to", "9999-12-31"], "--to: 9999-12-31 00:00 UTC is not allowed; a time of 1970 to 2099"),
    # money
    ([*HOURLY, "--cash", "-5"], "--cash: -5 is not allowed; from 0.01 to 1,000,000,000,000"),
    ([*HOURLY, "--cash", "0"], "--cash: 0 is not allowed"),
    ([*HOURLY, "--cash", "nan"], "--cash: nan is not allowed; a number"),
    ([*HOURLY, "--cash", "10.000,00"], "use a point for decimals"),
    ([*HOURLY, "--taker-fee-pct", "50"], "--taker-fee-pct: 50 % is not allowed; from -10 % to 10 %"),
    ([*HOURLY, "--maker-fee-pct", "-50"], "--maker-fee-pct: -50 % is not allowed; from -10 % to 10 %"),
    ([*HOURLY, "--slippage-pct", "-1"], "--slippage-pct: -1 % is not allowed; from 0 % to 4 %"),
    ([*HOURLY, "--max-leverage", "0"], "--max-leverage: 0 is not allowed; 1 to 125"),
    ([*HOURLY, "--max-leverage", "2.5"], "--max-leverage: invalid int value: '2.5'"),
    ([*HOURLY, "--venue", "nasdaq"], "--venue: nasdaq is not allowed; paper, binance, or none"),
    # what wakes it, and with what
    (["run.py", "--schedule", "0"], "--schedule: 0 is not allowed"),
    (["run.py", "--schedule", "²"], "--schedule: ² is not allowed"),
    (["run.py", "--schedule", "٣m"], "--schedule: ٣m is not allowed"),
    (["run.py", "--schedule", "9" * 5000], "--schedule: 99999"),
    (["run.py", "--schedule", "30d"], "--schedule: 2592000 is not allowed; 0 (none) to 604800 seconds"),
    ([*HOURLY, "--params", "fast=5"], "--params: fast=5 is not allowed; a JSON object"),
    ([*HOURLY, "--params", "[1]"], "Expected `object`, got `array`"),
    ([*HOURLY, "--params", '{"a": {"b": 1}}'], "got `object`"),
    ([*HOURLY, "--params", '{"a": ' + "9" * 30 + "}"], "--params: a: 999"),
    ([*HOURLY, "--seed", "9" * 30], "--seed: 999"),
    # funding
    (["run.py", "--schedule", "1h", "--funding", "funding.csv"], "it belongs to --candles"),
    ([*HOURLY, "--funding", "funding_text.csv"], "funding_text.csv: row 1: rate: 'much' is not allowed"),
    ([*HOURLY, "--funding", "funding_high.csv"], "funding_high.csv: row 2: rate: 5.0 is not allowed"),
    ([*HOURLY, "--funding", "funding_column.csv"], "funding_column.csv: rate: a missing column"),
    ([*HOURLY, "--funding", "funding_hole.csv"], "funding_hole.csv: row 1: t_ms: an empty field"),
    ([*HOURLY, "--funding", "no_rows.csv"], "no_rows.csv: a file without rows"),
    ([*HOURLY, "--funding", "ETH=funding.csv"], "a file for ETH is not allowed; the run has BTC"),
    ([*HOURLY, "--funding", "funding.csv", "--funding", "funding.csv"], "several files for BTC"),
    # sweeps
    ([*HOURLY, "--sweep", "below"], "--sweep: below is not allowed; allowed is NAME=a,b,c"),
    ([*HOURLY, "--sweep", "below=30..20"], "from the lower to the higher"),
    ([*HOURLY, "--sweep", "below=1,,2"], "--sweep: below=1,,2 is not allowed"),
    ([*HOURLY, "--sweep", "below=1,1"], "values between commas, each once"),
    ([*HOURLY, "--sweep", "a=1..1000", "--sweep", "b=1..1000"], "--sweep: 1,000,000 runs is not allowed"),
    ([*HOURLY, "--sweep", "a=1,2", "--objective", "luck"], "--objective: luck is not allowed; one of total_"),
    ([*HOURLY, "--sweep", "a=1,2", "--workers", "-1"], "--workers: -1 is not allowed"),
    ([*HOURLY, "--sweep", "a=1,2", "--samples", "-1"], "--samples: -1 is not allowed"),
    ([*HOURLY, "--sweep", "a=1,2", "--cluster", "http://x"], "--cluster: http://x is not allowed"),
    ([*HOURLY, "--sweep", "a=1,2", "--cash", "-1"], "--cash: -1 is not allowed"),
    ([*HOURLY, "--sweep", "a=1,2", "--check"], "--check: with --sweep is not allowed"),
    ([*HOURLY, "--samples", "3"], "--samples: 3 is not allowed; it belongs to --sweep"),
    ([*HOURLY, "--cluster", "dask://x:1"], "--cluster: dask://x:1 is not allowed; it belongs to --sweep"),
    # output
    ([*HOURLY, "--report", "no/folder/x.html"], "--report: no/folder/x.html is not allowed"),
    ([*HOURLY, "--report", "."], "--report: . is not allowed; a file in a folder that exists"),
    ([*HOURLY, "--report", "x.html", "--json"], "not allowed with argument"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=lambda each: each if isinstance(each, str) else "")
def test_what_is_wrong_is_one_line_that_names_it_and_exit_code_2(
    words: list[str], said: str, capsys: Captured
) -> None:
    assert run(*words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("nightdesk: ")
    assert said in printed.err
    assert printed.err.count("\n") == 1


OPTIONS = sorted({*OPTION_OF.values(), "--params", "--candles", "--funding"} - {"PROGRAM.py", "--cluster"})
a_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
a_number = st.one_of(st.integers(), st.floats(), st.decimals()).map(str)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(option=st.sampled_from(OPTIONS), value=a_text | a_number)
@example(option="--schedule", value="5m\n")
@example(option="--params", value='{"a": "\\ud800"}')
@example(option="--cash", value="1_000")
@example(option="--symbol", value="\x1b[31mBTC")
@example(option="--objective", value="\r")
def test_whatever_stands_behind_an_option_nothing_breaks(option: str, value: str, capsys: Captured) -> None:
    assert run("run.py", "--candles", "no_rows.csv", "--schedule", "1h", f"{option}={value}") == 2
    error = capsys.readouterr().err
    assert error.startswith("nightdesk: ")
    assert error.count("\n") == 1
    assert "\x1b" not in error


def test_a_whole_run_as_json_has_what_the_contract_names(capsys: Captured) -> None:
    said = run_to_json(capsys, "run.py", "--candles", "btc.csv", "--schedule", "30m", "--cash", "1,000,000")
    assert said["status"] == "completed"
    assert (said["bars"], said["triggers"], said["program_calls"]) == (ROWS, 20, 20)
    assert said["total_trades"] == len(said["trades"]) == 10
    assert said["final_equity"] == pytest.approx(1_000_000 + said["total_pnl"])
    assert -100 < said["max_drawdown"] < 0
    assert said["look_ahead"] is said["luck"] is None
    for name in ("win_rate", "sharpe_ratio", "load_s", "run_s", "result_hash", "metrics", "rules"):
        assert name in said
    first = said["trades"][0]
    assert (first["symbol"], first["operation"], first["reason"]) == ("BTC", "buy", "in")
    assert first["timestamp"] % 60_000 == 0


def test_the_same_run_twice_has_the_same_hash_and_another_fee_another(capsys: Captured) -> None:
    words = (*HOURLY, "--to", "2025-05-04T20:00")
    once, again = (run_to_json(capsys, *words) for _ in range(2))
    dearer = run_to_json(capsys, *words, "--taker-fee-pct", "0.06")
    assert once["result_hash"] == again["result_hash"] != dearer["result_hash"]
    assert dearer["fees"] == pytest.approx(once["fees"] * 0.06 / 0.05)


def test_files_that_overlap_and_agree_are_one_history(capsys: Captured) -> None:
    said = run_to_json(capsys, *HOURLY, "--candles", "later.csv", "--candles", "btc.parquet")
    assert said["bars"] == 2 * ROWS
    assert said["warnings"] == run_to_json(capsys, *HOURLY, "--candles", "later.csv")["warnings"]


def test_a_gap_is_told(capsys: Captured) -> None:
    said = run_to_json(capsys, "run.py", "--candles", "gap.csv", "--schedule", "1h")
    assert said["bars"] == ROWS - 200
    assert any("200 1m candles missing in 1 gap" in warning for warning in said["warnings"])


def test_signals_schedule_symbols_funding_venue_and_checks_work_together(capsys: Captured) -> None:
    said = run_to_json(
        capsys,
        *("class.py", "--candles", "BTC=btc.csv", "--candles", "ETH=eth.csv", "--funding", "BTC=funding.csv"),
        *("--signals", "pool.json", "--schedule", "1h", "--venue", "binance", "--params", '{"below": 45}'),
        *("--max-leverage", "5", "--seed", "7", "--check", "--slippage-pct", "0.01"),
    )
    assert said["status"] == "completed"
    assert said["signal_triggers"] > 0
    assert said["scheduled_triggers"] > 0
    assert said["total_trades"] > 0
    assert said["funding"] != 0
    assert said["look_ahead"]["difference"] == ""
    assert all(round(trade["size"] * 1000, 9).is_integer() for trade in said["trades"])


def test_a_signal_the_history_cannot_decide_is_told(folder: Path, capsys: Captured) -> None:
    (folder / "cvd.json").write_text('{"signals": [{"condition": "cvd > 1000000 on 5m"}]}')
    said = run_to_json(capsys, "run.py", "--candles", "btc.csv", "--signals", "cvd.json")
    assert said["triggers"] == 0
    assert any("cvd > 1000000 on 5m was unknown all the time" in warning for warning in said["warnings"])


def test_braces_run_and_the_stored_candles_too(capsys: Captured) -> None:
    imported = ["--home", "home", "data", "import", "btc.csv", "--venue", "binance", "--symbol", "BTC"]
    assert main(imported) == 0
    capsys.readouterr()
    from_store = run_to_json(capsys, "braces.py", "--stored", "binance", "--schedule", "2h")
    from_file = run_to_json(capsys, "braces.py", "--candles", "btc.csv", "--schedule", "2h")
    assert from_store["result_hash"] == from_file["result_hash"]
    assert run("braces.py", "--stored", "binance", "--symbol", "ETH", "--schedule", "2h") == 1
    assert "binance ETH 1m: no such candles are stored" in capsys.readouterr().err


def test_the_summary_is_plain_and_fits_where_it_is_piped(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(*HOURLY, "--report", "page.html") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "\x1b" not in printed.out
    assert max(len(line) for line in printed.out.splitlines()) <= 80
    assert "The rules of this run" in printed.out
    assert printed.out.endswith("report written to page.html\n")
    page = Path("page.html").read_text()
    assert page.startswith("<!doctype html>")
    assert 'src="http' not in page


FAILING = [
    ("def run(ctx):\n    return 1 / 0\n", "error", "line 2: ZeroDivisionError"),
    ("def run(ctx):\n    ctx.buy('DOGE', 1)\n", "error", '"DOGE" is not allowed; allowed is one of BTC'),
    ("def run(ctx):\n    ctx.buy('BTC', float('nan'))\n", "error", "must be a finite number, not nan"),
    (
        f"def run(ctx):\n    if ctx.now_ms > {int(recorded().open_ms[20])}:\n        raise KeyError('x')\n"
        "    ctx.hold('well')\n",
        "partial",
        "stopped after 3 failures within ten minutes: line 3: KeyError",
    ),
]


@pytest.mark.parametrize(("source", "status", "reason"), FAILING, ids=[each[2] for each in FAILING])
def test_a_program_that_fails_ends_with_exit_code_1_and_one_line_why(
    source: str, status: str, reason: str, folder: Path, capsys: Captured
) -> None:
    (folder / "failing.py").write_text(source)
    assert run("failing.py", "--candles", "btc.csv", "--schedule", "1m", "--to", "2025-05-04T16:30") == 1
    printed = capsys.readouterr()
    assert printed.out.startswith(f"failing – {status.upper()}, not a whole run\n")
    assert printed.err.startswith(f"nightdesk: {status} after ")
    assert reason in printed.err
    assert printed.err.count("\n") == 1


def test_megabytes_printed_by_a_program_are_no_result(folder: Path, capsys: Captured) -> None:
    (folder / "loud.py").write_text("def run(ctx):\n    print('x' * 3_000_000)\n    ctx.hold('loud')\n")
    said = run_to_json(capsys, "loud.py", "--candles", "btc.csv", "--schedule", "2h")
    assert said["program_calls"] == 5
    assert len(json.dumps(said)) < 20_000


def test_a_sweep_prints_its_best_and_as_json_every_run(capsys: Captured) -> None:
    words = ("class.py", "--candles", "btc.csv", "--signals", "pool.json", "--sweep", "below=20..45:5")
    assert run(*words, "--samples", "2", "--workers", "1", "--objective", "total_return_pct", "--json") == 0
    said = msgspec.json.decode(capsys.readouterr().out)
    assert len(said["lines"]) == 2
    assert {line["params"]["below"] for line in said["lines"]} <= {20, 25, 30, 35, 40, 45}
    assert said["best"] in (0, 1)


# --- processes: signals, pipes, terminals ------------------------------------------------------------


def started(
    *words: str, stderr: int = subprocess.PIPE, stdout: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tui", "--home", "home", "backtest", *words],
        stdout=stdout,
        stderr=stderr,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm"},
    )


def until_running(terminal: int) -> str:
    """Read a progress bar until the run has begun, and return what it showed."""
    shown, deadline = b"", monotonic() + 20
    while b"running" not in shown and monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 65_536)
    return shown.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_cancelled_prints_the_part_it_got_to_and_says_so(number: signal.Signals) -> None:
    ours, theirs = pty.openpty()
    with started("slow.py", "--schedule", "1m", "--json", stderr=theirs) as process:
        os.close(theirs)
        bar = until_running(ours)
        assert "of 73,138" in bar
        os.killpg(process.pid, number)
        asked = monotonic()
        printed = process.communicate(timeout=20)[0]
        assert monotonic() - asked < 10
        said = json.loads(printed)
        told = os.read(ours, 65_536).decode()
    os.close(ours)
    assert process.returncode == 130
    assert said["status"] == said["ended_early"] == "cancelled"
    assert 0 < said["program_calls"] < said["triggers"] == 73_138
    assert f"nightdesk: cancelled after {said['program_calls']:,} of 73,138 triggers" in told


def test_nobody_who_reads_on_is_no_error() -> None:
    with started(*HOURLY) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_help_brings_in_nothing_heavy() -> None:
    script = "import atexit, sys, tui.cli; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    script += "tui.cli.main([sys.argv[1], '--help'])"
    for command in ("backtest", "program"):
        ran = subprocess.run(
            [sys.executable, "-c", script, command],
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            check=True,
        )
        loaded = set(ran.stderr.split())
        assert loaded & {"numpy", "polars", "msgspec", "asyncio", "textual", "sqlalchemy"} == set()
        assert f"usage: nightdesk {command}" in ran.stdout
