"""The candle store: each time once, a whole series at a time, whoever reads, writes or dies meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Conflict, InvalidInput, NotFound, StoreFailed
from engine.market.candles.series import CandleSeries, aggregate
from engine.market.history.candle_store import CandleStore
from engine.market.history.manifest import MANIFEST_FILE, partitions_of, read_manifest
from engine.market.history.series_key import SeriesKey
from engine.market.periods import MINUTE_MS, Period
from tests.candle_rows import BTC_1M, assert_same, ms, put, recorded, run_of, series_at, taken

ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "candles")


def test_what_was_stored_is_read_to_the_last_bit(store: CandleStore) -> None:
    assert put(store, recorded()) == (len(recorded()), 0, 0)
    read = store.read(BTC_1M)
    assert_same(read.rows, recorded())
    assert read.aggregated_from is None
    assert (read.rows.open_ms.dtype.str, read.rows.close.dtype.str) == ("<i8", "<f8")
    (coverage,) = store.coverage()
    assert (coverage.rows, coverage.missing) == (len(recorded()), 0)
    assert (coverage.first_ms, coverage.last_ms) == (recorded().open_ms[0], recorded().open_ms[-1])


def test_minutes_lie_in_months_and_hours_in_years() -> None:
    minutes = run_of(ms("2025-05-31T23:58"), 4).open_ms
    assert list(partitions_of(minutes, Period.M1)) == [("2025-05", slice(0, 2)), ("2025-06", slice(2, 4))]
    hours = run_of(ms("2024-12-31T23:00"), 2, Period.H1).open_ms
    assert list(partitions_of(hours, Period.H1)) == [("2024", slice(0, 1)), ("2025", slice(1, 2))]
    assert list(partitions_of(np.empty(0, dtype=np.int64), Period.M1)) == []


def test_an_append_writes_only_the_months_it_touches(store: CandleStore, tmp_path: Path) -> None:
    may = ms("2025-05-31T00:00")
    put(store, run_of(may, 1500))
    folder = tmp_path / "candles" / BTC_1M.folder
    first = {part.label: part.file for part in read_manifest(folder).partitions}
    assert put(store, run_of(may + 1500 * MINUTE_MS, 10)) == (10, 0, 0)
    second = {part.label: part.file for part in read_manifest(folder).partitions}
    assert second["2025-05"] == first["2025-05"]
    assert second["2025-06"] != first["2025-06"]
    assert {path.name for path in folder.glob("*.parquet")} == set(second.values())


def test_an_equal_row_is_no_news_and_a_differing_one_is_refused_by_name(store: CandleStore) -> None:
    start = ms("2025-05-31T23:50")
    put(store, run_of(start, 20))
    assert put(store, run_of(start + 15 * MINUTE_MS, 10)) == (5, 0, 5)
    changed = run_of(start, 30)
    changed.close[17] = changed.low[17]
    with pytest.raises(Conflict, match=rf"test: row 18: close: .* t_ms {start + 17 * MINUTE_MS}"):
        put(store, changed)
    assert_same(store.read(BTC_1M).rows, run_of(start, 25))
    assert put(store, changed, replace=True) == (5, 1, 24)
    assert_same(store.read(BTC_1M).rows, changed)


def test_nothing_is_stored_before_the_commit(store: CandleStore) -> None:
    with store.writing([BTC_1M]) as writers:
        writers[BTC_1M].add(run_of(ms("2025-05-01"), 5), "test")
    assert store.coverage() == ()
    assert len(store.open_times(BTC_1M)) == 0
    with pytest.raises(NotFound, match="binance BTC 1m: no such candles"):
        store.read(BTC_1M)


@pytest.mark.parametrize(
    ("start", "end"),
    [(None, None), (30_000, 200_000), (200_000, 30_000), (50_000, None), (None, 50_000), (7, 7)],
)
def test_a_range_is_the_slice_of_all(store: CandleStore, start: int | None, end: int | None) -> None:
    put(store, recorded())
    base = int(recorded().open_ms[0])
    start_ms = None if start is None else base + start * MINUTE_MS + 1
    end_ms = None if end is None else base + end * MINUTE_MS
    inside = (recorded().open_ms >= (start_ms or 0)) & (recorded().open_ms < (end_ms or 2**62))
    expected = CandleSeries(
        *(getattr(recorded(), name)[inside] for name in ("open_ms", "open", "high", "low", "close", "volume"))
    )
    assert_same(store.read(BTC_1M, start_ms, end_ms).rows, expected)


def test_a_longer_period_is_made_of_minutes_and_the_answer_says_so(store: CandleStore) -> None:
    start = ms("2025-05-01T00:00")
    # The second hour lacks its first and last minutes, the third its last: both have closed.
    lacking = {60, 61, 119, 179}
    minutes = series_at(start + minute * MINUTE_MS for minute in range(200) if minute not in lacking)
    put(store, minutes)
    hour = SeriesKey("binance", "BTC", Period.H1)
    whole = store.read(hour)
    assert whole.aggregated_from is Period.M1
    assert_same(whole.rows, aggregate(minutes, Period.H1).closed)
    for first in range(4):
        part = store.read(hour, start + first * 3_600_000, start + (first + 1) * 3_600_000)
        assert_same(part.rows, taken(whole.rows, slice(first, first + 1)))
    put(store, run_of(start, 2, Period.H1), hour)
    assert store.read(hour).aggregated_from is None
    with pytest.raises(NotFound, match="nor minutes to make them of"):
        store.read(SeriesKey("hyperliquid", "BTC", Period.H1))


@pytest.mark.parametrize(
    ("venue", "symbol"),
    [
        ("../x", "BTC"),
        ("binance", "../../etc"),
        ("binance", "A/B"),
        ("", "BTC"),
        ("binance", ".."),
        ("binance", "BTC\n"),
        ("binance", "b" * 21),
        ("binance", "BTC\x00"),
        ("BINANCE", "BTC"),
    ],
)
def test_a_name_that_could_lead_out_of_the_store_is_refused(venue: str, symbol: str) -> None:
    with pytest.raises(InvalidInput, match=r"^(venue|symbol): "):
        SeriesKey(venue, symbol, Period.M1)


def test_names_are_taken_as_people_type_them() -> None:
    assert SeriesKey.of("Binance", "btc", "1m") == BTC_1M
    assert SeriesKey.of("Binance", "btc", " 4H ").period is Period.H4
    with pytest.raises(InvalidInput, match="period: 1M is not allowed"):  # a month, to everybody else
        SeriesKey.of("Binance", "btc", "1M")
    assert SeriesKey.of("hyperliquid", "kPEPE", "1h").symbol == "kPEPE"


def test_what_a_killed_writer_left_is_removed_by_the_next(store: CandleStore, tmp_path: Path) -> None:
    put(store, run_of(ms("2025-05-01"), 5))
    folder = tmp_path / "candles" / BTC_1M.folder
    (folder / "2025-05.99.parquet").write_bytes(b"half a file")
    (folder / ".2025-05.2.parquet.7.tmp").write_bytes(b"half a file")
    (folder / "notes.md").write_text("not ours")
    assert_same(store.read(BTC_1M).rows, run_of(ms("2025-05-01"), 5))
    put(store, run_of(ms("2025-05-02"), 5))
    assert sorted(path.name for path in folder.iterdir()) == [
        ".lock",
        "2025-05.2.parquet",
        MANIFEST_FILE,
        "notes.md",
    ]


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("2025-05.1.parquet", b"junk", "a candle file is damaged"),
        (MANIFEST_FILE, b"{", "cannot be read"),
        (MANIFEST_FILE, b'{"format": 9}', "format 9 is not known"),
    ],
)
def test_damage_is_said_and_never_read_as_empty(
    store: CandleStore, tmp_path: Path, file: str, content: bytes, said: str
) -> None:
    put(store, run_of(ms("2025-05-01"), 5))
    folder = tmp_path / "candles" / BTC_1M.folder
    (folder / file).write_bytes(content)
    with pytest.raises(StoreFailed, match=said):
        store.read(BTC_1M)
    with pytest.raises(StoreFailed):
        put(store, run_of(ms("2025-05-01"), 6))


def test_a_file_that_was_taken_away_is_said(store: CandleStore, tmp_path: Path) -> None:
    put(store, run_of(ms("2025-05-01"), 5))
    (tmp_path / "candles" / BTC_1M.folder / "2025-05.1.parquet").unlink()
    with pytest.raises(StoreFailed, match="a candle file is missing"):
        store.read(BTC_1M)


def test_a_reader_sees_one_state_of_all_months_while_a_writer_changes_them(store: CandleStore) -> None:
    """Every state has one volume throughout, over two months; a mixture would show two."""
    start, rows = ms("2025-05-31T12:00"), 1440

    def state(number: int) -> CandleSeries:
        series = run_of(start, rows)
        series.volume[:] = number
        return series

    put(store, state(0))
    ended = threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for number in range(1, 60):
                put(store, state(number), replace=True)
        except BaseException as error:
            failures.append(error)
        finally:
            ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not ended.is_set():
        volume = store.read(BTC_1M).rows.volume
        assert len(volume) == rows
        assert len(set(volume.tolist())) == 1
        seen.add(float(volume[0]))
    writer.join()
    assert not failures
    assert len(seen) > 2
    assert store.read(BTC_1M).rows.volume[0] == 59


WRITE_EVERY_OTHER = """
import sys
from pathlib import Path
from engine.market.history.candle_store import CandleStore
from tests.candle_rows import put, series_at, ms
store, first = CandleStore(Path(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
for minute in range(first, int(sys.argv[3]), 2):
    put(store, series_at([ms("2025-05-31T23:30") + minute * 60_000]))
    print(minute, flush=True)
"""


def writing_process(folder: Path, first: int, after: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITE_EVERY_OTHER, str(folder), str(first), str(after)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_two_processes_that_write_at_once_lose_nothing(store: CandleStore, tmp_path: Path) -> None:
    writers = [writing_process(tmp_path / "candles", first, 60) for first in (0, 1)]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert_same(store.read(BTC_1M).rows, run_of(ms("2025-05-31T23:30"), 60))


def test_a_writer_killed_at_any_moment_leaves_all_it_reported(store: CandleStore, tmp_path: Path) -> None:
    for killed_after in (0, 1, 3, 8):
        folder = tmp_path / str(killed_after)
        with writing_process(folder, 0, 10_000) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            told = [int(writer.stdout.readline()) for _ in range(killed_after)]
            writer.send_signal(signal.SIGKILL)
            told += [int(line) for line in writer.stdout if line.endswith("\n")]
        after = CandleStore(folder)
        stored = after.open_times(BTC_1M)
        minutes = ((stored - ms("2025-05-31T23:30")) // MINUTE_MS).tolist()
        assert minutes[: len(told)] == told
        assert minutes == list(range(0, 2 * len(minutes), 2))
        put(after, series_at([ms("2025-05-31T23:31")]))
        assert not [*folder.rglob("*.tmp")]
