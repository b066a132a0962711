"""`nightdesk data`: what it prints, on which stream, and with which exit code."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import WallClock
from engine.errors import InvalidInput
from engine.market.history.export_file import export_rows
from engine.market.periods import MINUTE_MS
from tests.candle_rows import ms, run_of
from tests.exchanges.binance_candle_server import BinanceCandleServer
from tests.exchanges.candle_server import Edit, Silence
from tests.exchanges.hyperliquid_candle_server import HyperliquidCandleServer
from tui.cli import main
from tui.option_values import read_time

START = ms("2025-05-31T23:00")
NOW = ms("2025-06-02T00:00")
LISTED = ms("2025-05-01T00:00")

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def run(home: Path, *words: object) -> int:
    return main(["--home", str(home), "data", *(str(word) for word in words)])


def import_rows(home: Path, symbol: str, rows: int, offset: int = 0, venue: str = "binance") -> None:
    file = home.parent / "rows.parquet"
    export_rows(run_of(START + offset * MINUTE_MS, rows), file)
    assert run(home, "import", file, "--venue", venue, "--symbol", symbol) == 0


def test_an_import_says_what_became_of_the_rows(home: Path, capsys: Captured) -> None:
    import_rows(home, "btc", 60)
    import_rows(home, "btc", 60, offset=30)
    printed = capsys.readouterr()
    assert "rows.parquet: binance BTC 1m\n  60 new, 0 replaced, 0 already there\n" in printed.out
    assert "  30 new, 0 replaced, 30 already there\n" in printed.out
    assert printed.err == ""


def test_a_bad_file_is_one_sentence_and_exit_code_2(home: Path, tmp_path: Path, capsys: Captured) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(f"t_ms,open,high,low,close,volume\n{START},1,2,3,1,1\n")
    assert run(home, "import", bad, "--venue", "binance", "--symbol", "BTC", "--period", "1m") == 2
    printed = capsys.readouterr()
    assert printed.err == (f"nightdesk: {bad}: row 1: high: 2.0 is not allowed; not below the low\n")
    assert printed.out == ""
    assert not home.exists()


def test_a_differing_row_is_refused_until_it_may_replace(home: Path, capsys: Captured) -> None:
    import_rows(home, "BTC", 10)
    changed = run_of(START, 10)
    changed.volume[3] = 99
    file = home.parent / "rows.parquet"
    export_rows(changed, file)
    words = ("import", file, "--venue", "binance", "--symbol", "BTC")
    assert run(home, *words) == 1
    assert "row 4: volume: 99.0 differs from" in capsys.readouterr().err
    assert run(home, *words, "--replace") == 0
    assert "0 new, 1 replaced, 9 already there" in capsys.readouterr().out


def test_tables_fit_80_columns_and_are_ordered(home: Path, capsys: Captured) -> None:
    import_rows(home, "BTC", 60, offset=90)
    import_rows(home, "BTC", 60)
    import_rows(home, "1000000AVERYLONGNAME", 5, venue="hyperliquid-test")
    capsys.readouterr()
    assert run(home, "list") == 0
    assert run(home, "gaps") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert [line.split() for line in lines] == [
        ["series", "rows", "first", "last", "missing"],
        ["binance", "BTC", "1m", "120", "2025-05-31", "23:00", "2025-06-01", "01:29", "30"],
        ["hyperliquid-test", "1000000…", "1m", "5", "2025-05-31", "23:00", "2025-05-31", "23:04", "0"],
        ["series", "from", "until", "missing"],
        ["binance", "BTC", "1m", "2025-06-01", "00:00", "2025-06-01", "00:30", "30"],
    ]


def test_an_empty_home_is_said_and_not_made(home: Path, capsys: Captured) -> None:
    assert run(home, "list") == 0
    assert run(home, "gaps") == 0
    assert run(home, "gaps", "btc") == 1
    assert run(home, "export", "binance", "BTC", "1m", home.parent / "x.csv") == 1
    printed = capsys.readouterr()
    assert "no candles are stored" in printed.out
    assert "binance BTC 1m: no such candles are stored" in printed.err
    assert not home.exists()


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("import", "x.csv", "--venue", "binance", "--symbol", "BTC", "--period", "1M"), "--period"),
        (("export", "binance", "BTC", "1M", "x.csv"), "PERIOD"),
        (("backfill", "binance", "BTC", "1M", "--from", "2025-05-31"), "PERIOD"),
    ],
)
def test_a_month_is_not_read_as_a_minute(
    home: Path, words: tuple[str, ...], option: str, capsys: Captured
) -> None:
    assert run(home, *words) == 2
    assert capsys.readouterr().err.startswith(f"nightdesk: {option}: 1M is not allowed; allowed is 1m, 3m")


def test_an_export_of_a_longer_period_says_what_it_is_made_of(home: Path, capsys: Captured) -> None:
    import_rows(home, "BTC", 150)
    file = home.parent / "out.feather"
    assert run(home, "export", "binance", "btc", "1h", file, "--from", "2025-06-01") == 0
    assert capsys.readouterr().out.endswith(
        f"{file}: 1 candles of binance BTC 1h\n  1h is not stored: made of 1m candles\n"
    )
    assert run(home, "export", "binance", "btc", "1h", file) == 1
    assert run(home, "export", "binance", "btc", "1h", file, "--replace", "--from", "tomorrow") == 2


def test_a_backfill_fetches_and_repeated_fetches_nothing(home: Path, capsys: Captured) -> None:
    words = ("backfill", "binance", "BTC", "5m", "--from", "2025-05-31", "--to", "2025-06-01T01:00")
    with BinanceCandleServer(LISTED, lambda: NOW) as server:
        assert run(home, *words, "--base-url", server.url) == 0
        assert run(home, *words, "--base-url", server.url) == 0
    assert capsys.readouterr().out == (
        "300 candles of binance BTC 5m written\n0 candles of binance BTC 5m written\n"
    )


def test_a_backfill_beyond_what_the_venue_has_says_so(home: Path, capsys: Captured) -> None:
    clock = WallClock()
    early = datetime.fromtimestamp(clock.now_ms() / 1000, UTC) - timedelta(days=4990)
    words = ("backfill", "hyperliquid", "BTC", "1d", "--from", "2005-01-01", "--to", f"{early:%Y-%m-%d}")
    with HyperliquidCandleServer(0, clock.now_ms) as server:
        assert run(home, *words, "--base-url", server.url) == 0
    note, written = capsys.readouterr().out.splitlines()
    assert note.startswith("hyperliquid serves only the latest 5,000 candles of a period, 1d from 20")
    assert written == "9 candles of hyperliquid BTC 1d written"


def test_a_backfill_that_fails_ends_with_exit_code_1(home: Path, capsys: Captured) -> None:
    words = ("backfill", "binance", "BTC", "1m", "--from", "2025-05-31", "--to", "2025-05-31T01:00")
    with BinanceCandleServer(LISTED, lambda: NOW) as server:
        server.faults = [None, Edit(lambda rows: rows[1:]), Edit(lambda rows: rows[2:])]
        assert run(home, *words, "--base-url", server.url) == 1
    printed = capsys.readouterr()
    assert "2 candles are missing" in printed.err
    assert "0 candles of binance BTC 1m written; repeat the command to go on" in printed.err
    assert run(home, *words, "--base-url", "nowhere") == 2


def test_ctrl_c_ends_a_backfill_in_order_and_progress_is_shown_on_a_terminal(home: Path) -> None:
    with BinanceCandleServer(LISTED, lambda: NOW) as server:
        server.faults = [None, None, Silence()]
        controller, terminal = pty.openpty()
        words = f"backfill binance BTC 1m --from 2025-05-30 --base-url {server.url}".split()
        command = subprocess.Popen(
            [sys.executable, "-m", "tui", "--home", str(home), "data", *words],
            stdout=subprocess.PIPE,
            stderr=terminal,
            text=True,
        )
        os.close(terminal)
        shown, interrupted = b"", False
        with suppress(OSError):  # The other end is closed: the command has ended.
            while data := os.read(controller, 4096):
                shown += data
                if b"1,000 candles" in shown and not interrupted:
                    interrupted = True
                    command.send_signal(signal.SIGINT)
        os.close(controller)
        printed, _ = command.communicate()
    assert command.returncode == 130
    assert printed == ""
    assert b"cancelled at" in shown
    assert b"1,000 candles of binance BTC 1m written" in shown


def test_home_may_stand_before_or_behind_the_command(home: Path, capsys: Captured) -> None:
    import_rows(home, "BTC", 5)
    capsys.readouterr()
    for words in (
        ["--home", home, "data", "list"],
        ["data", "--home", home, "list"],
        ["data", "list", "--home", home],
        [f"--home={home}", "data", "list"],
    ):
        assert main([str(word) for word in words]) == 0
        assert "binance BTC 1m" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [[], ["bogus"], ["import"], ["backfill", "binance", "BTC", "1m"], ["list", "--bogus"]]
)
def test_wrong_words_end_with_exit_code_2_and_the_usage(words: list[str], capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["data", *words])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: nightdesk data")


def test_help_shows_examples_within_80_columns(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in ([], ["import"], ["backfill"], ["export"], ["gaps"], ["list"]):
        with pytest.raises(SystemExit) as ended:
            main(["data", *words, "--help"])
        assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  nightdesk data gaps BTC" in lines
    assert max(len(line) for line in lines) <= 80


def test_times_are_utc() -> None:
    assert read_time("2025-05-31", "--from") == ms("2025-05-31T00:00")
    assert read_time("2025-05-31T23:00", "--from") == START
    assert read_time("2025-06-01T01:00+02:00", "--from") == START
    with pytest.raises(InvalidInput, match=r"--from: 31\.5\. is not allowed; a UTC date"):
        read_time("31.5.", "--from")
