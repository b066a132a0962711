"""The public face of the candle store: all files or none, everything findable again, one home."""

from __future__ import annotations

import resource
import stat
from pathlib import Path

import pytest

from engine.candle_data import CandleData
from engine.errors import Conflict, InvalidInput, NotFound, StoreFailed
from engine.market.history.export_file import export_rows
from engine.market.periods import MINUTE_MS, Period
from engine.store.store import Store
from tests.candle_rows import assert_same, ms, recorded, run_of, taken

START = ms("2025-05-31T23:00")


@pytest.fixture
def data(tmp_path: Path) -> CandleData:
    return CandleData(tmp_path / "home")


def test_of_several_files_all_are_stored_or_none(data: CandleData, tmp_path: Path) -> None:
    good, bad, other = (tmp_path / name for name in ("good.csv", "bad.csv", "other.csv"))
    export_rows(run_of(START, 100), good)
    bad.write_text(good.read_text() + "1,1,1,1,1,1\n")
    changed = run_of(START + 90 * MINUTE_MS, 20)
    changed.close[5] = changed.low[5]
    export_rows(changed, other)
    with pytest.raises(InvalidInput, match=r"bad.csv: row 101: t_ms: 1 "):
        data.import_files([good, bad], venue="binance", symbol="BTC")
    assert not (tmp_path / "home").exists()
    # Both files are clean, but they contradict each other.
    with pytest.raises(Conflict, match=r"other.csv: row 6: close: "):
        data.import_files([good, other], venue="binance", symbol="BTC")
    assert data.coverage() == ()
    first, second = data.import_files([good, other], venue="binance", symbol="BTC", replace=True)
    assert (first.rows.added, second.rows.added, second.rows.replaced, second.rows.equal) == (100, 10, 1, 9)
    stored = data.read("binance", "btc", "1m").rows
    assert_same(taken(stored, slice(90, 110)), changed)


def test_a_disk_that_is_full_for_one_series_stores_none(data: CandleData, tmp_path: Path) -> None:
    hours, minutes = tmp_path / "hours.csv", tmp_path / "minutes.csv"
    export_rows(run_of(START, 30, Period.H1), hours)
    export_rows(run_of(START, 20_000), minutes)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(StoreFailed, match="cannot be written"):
            data.import_files([hours, minutes], venue="binance", symbol="BTC")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert data.coverage() == ()
    data.import_files([hours, minutes], venue="binance", symbol="BTC")
    assert [covered.rows for covered in data.coverage()] == [20_000, 30]


def test_coverage_and_gaps_are_found_by_symbol(data: CandleData, tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    for symbol, offset in (("BTC", 0), ("BTC", 70), ("ETH", 0)):
        export_rows(run_of(START + offset * MINUTE_MS, 60), file)
        data.import_files([file], venue="binance", symbol=symbol)
    assert [(each.key.symbol, each.rows, each.missing) for each in data.coverage()] == [
        ("BTC", 120, 10),
        ("ETH", 60, 0),
    ]
    (btc,) = data.gaps("btc")
    (gap,) = btc.gaps
    assert (gap.start_ms, gap.end_ms, gap.missing) == (
        START + 60 * MINUTE_MS,
        START + 70 * MINUTE_MS,
        btc.coverage.missing,
    )
    with pytest.raises(NotFound, match="no candles of SOL are stored; there are BTC, ETH"):
        data.gaps("sol")


def test_an_export_says_what_it_was_made_of(data: CandleData, tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.csv"
    export_rows(recorded(), source)
    data.import_files([source], venue="binance", symbol="BTC")
    done = data.export("binance", "BTC", "1d", target)
    assert (done.rows, done.aggregated_from) == (50, "1m")
    with pytest.raises(Conflict, match="is there already"):
        data.export("binance", "BTC", "1d", target)
    with pytest.raises(NotFound, match="no candles are stored in that range"):
        data.export("binance", "BTC", "1m", target, 0, 1, replace=True)
    start_ms = int(recorded().open_ms[1000])
    data.export("binance", "BTC", "1m", target, start_ms, start_ms + 60 * MINUTE_MS, replace=True)
    other = CandleData(tmp_path / "other")
    other.import_files([target], venue="binance", symbol="BTC")
    assert_same(other.read("binance", "BTC", "1m").rows, taken(recorded(), slice(1000, 1060)))


def test_a_home_made_for_candles_is_private_and_a_desk_runs_on_it(data: CandleData, tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    export_rows(run_of(START, 10), file)
    (tmp_path / "home").mkdir(mode=0o755)
    data.import_files([file], venue="binance", symbol="BTC")
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    store = Store.open(tmp_path / "home")
    try:
        # And beside a running desk.
        export_rows(run_of(START, 20), file)
        (done,) = data.import_files([file], venue="binance", symbol="BTC")
        assert done.rows.added == 10
    finally:
        store.close()


def test_backfills_are_listed_and_other_venues_refused(data: CandleData) -> None:
    task = data.backfill("binance", "btc", "1m", START, START + MINUTE_MS)
    task.cancel()
    (progress,) = data.backfills()
    assert (progress.task_id, progress.state, str(progress.key)) == ("bf-001", "waiting", "binance BTC 1m")
    with pytest.raises(InvalidInput, match=r"venue: okx is not allowed; .* binance, hyperliquid"):
        data.backfill("okx", "BTC", Period.M1, START, START + 1)
