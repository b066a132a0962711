"""Importing files: what is understood, and every way a file can be wrong, named by file, row and field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.errors import Conflict, DeskError, InvalidInput
from engine.market.history.export_file import check_target, export_rows
from engine.market.history.import_file import read_candle_file
from engine.market.history.source_names import read_source_name
from engine.market.periods import Period
from tests.candle_rows import (
    BTC_1M,
    SHARED_DATA,
    assert_same,
    ms,
    needs_shared_data,
    recorded,
    run_of,
    series_at,
    taken,
)

START = ms("2025-05-01T00:00")
HEADER = "t_ms,open,high,low,close,volume"


def csv_file(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "candles.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def line(minute: int, values: str = "10,12,9,11,1.5", time: object = None) -> str:
    return f"{START + minute * 60_000 if time is None else time},{values}"


def read(path: Path, period: str | None = "1m") -> object:
    return read_candle_file(path, venue="binance", symbol="BTC", period=period)


@pytest.mark.parametrize(
    "header",
    [
        "timestamp,o,h,l,c,v",
        "Date,Open,High,Low,Close,Volume",
        "open_time;OPEN;HIGH;LOW;CLOSE;VOL",
        "\ufefftime\topen\thigh\tlow\tclose\tvolume",
    ],
)
@pytest.mark.parametrize("per_second", [1, 10**3, 10**6, 10**9])
def test_a_csv_is_understood_in_its_usual_spellings(tmp_path: Path, header: str, per_second: int) -> None:
    separator = next(mark for mark in ";\t," if mark in header)
    lines = [
        line(minute, time=(START // 1000 + minute * 60) * per_second).replace(",", separator)
        for minute in range(3)
    ]
    found = read_candle_file(csv_file(tmp_path, *lines, "", header=header), venue="binance", symbol="btc")
    assert found.key == BTC_1M
    assert found.rows.open_ms.tolist() == [START, START + 60_000, START + 120_000]
    assert [found.rows.candle(2).high, found.rows.candle(2).volume] == [12, 1.5]


@pytest.mark.parametrize(
    "form",
    [
        "2025-05-01T00:{:02}:00Z",
        "2025-05-01 00:{:02}:00",
        "2025-05-01T02:{:02}:00+02:00",
        "2025-05-01 00:{:02}:00.000+00:00",
        "2025-05-01 00:{:02}",
    ],
)
def test_dates_are_understood_and_without_a_zone_they_are_utc(tmp_path: Path, form: str) -> None:
    path = csv_file(tmp_path, *(line(minute, time=form.format(minute)) for minute in range(3)))
    found = read_candle_file(path, venue="binance", symbol="BTC")
    assert found.rows.open_ms.tolist() == [START, START + 60_000, START + 120_000]


def test_of_several_time_columns_the_plainest_counts(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        *(f"nonsense,{line(minute)},7" for minute in range(3)),
        header=f"datetime,{HEADER},trades",
    )
    assert read_candle_file(path, venue="binance", symbol="BTC").rows.open_ms[0] == START


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([line(0), line(1, "10,12,9,,1")], r"row 2: close: an empty field"),
        ([line(0), line(1, "10,12,9,x,1")], r"row 2: close: 'x'"),
        ([line(0), line(1, "10,12,9,1.000.5,1")], r"row 2: close: '1.000.5'"),
        ([line(0, "nan,12,9,11,1")], r"row 1: open: nan"),
        ([line(0, "10,inf,9,11,1")], r"row 1: high: inf"),
        ([line(0, "10,12,-9,11,1")], r"row 1: low: -9.0 .* more than 0"),
        ([line(0, "10,12,0,11,1")], r"row 1: low: 0.0 .* more than 0"),
        ([line(0), line(1, "10,12,9,11,-1")], r"row 2: volume: -1.0 .* 0 or more"),
        ([line(0, "10,8,9,8.5,1")], r"row 1: high: 8.0 .* not below the low"),
        ([line(0, "13,12,9,11,1")], r"row 1: open: 13.0 .* from the low to the high"),
        ([line(0, "10,12,9,8,1")], r"row 1: close: 8.0 .* from the low to the high"),
        ([line(0), line(2), line(1)], r"row 3: t_ms: .* the earliest first"),
        ([line(0), line(1), line(1)], r"row 3: t_ms: .* the row before has the same time"),
        ([line(0), line(0, time=START + 60_001)], r"row 2: t_ms: .* opens on a full 1m"),
        ([line(0), line(0, time=START // 1000 + 60)], r"row 2: t_ms: .*\(seconds\).*milliseconds"),
        ([line(0), line(0, time="2025-05-01T00:01:00Z")], r"row 2: t_ms: '2025.* rows before are numbers"),
        ([line(0, time="2025-05-01"), line(1)], r"row 2: t_ms: '17.* rows before are dates"),
        ([line(0, time="yesterday")], r"row 1: t_ms: 'yesterday'"),
        ([line(0, time="")], r"row 1: t_ms: an empty field"),
        ([line(0, time=12)], r"row 1: t_ms: 12 .* 2000 to 2099"),
        ([line(0, time=1.5)], r"row 1: t_ms: 1.5"),
        ([line(0), line(0, time=START * 1000 + 60_000_001)], r"row 2: t_ms: .*\(microseconds\)"),
        ([], r"a file without rows"),
        ([line(0), line(1) + ",9"], r"cannot be read as csv"),
        ([line(0), f"{START + 60_000},1"], r"row 2: high: an empty field"),
        ([line(0), "", line(1)], r"row 2: t_ms: an empty field"),
        ([line(0, time="\x1b[31mred")], r"row 1: t_ms: 'red'"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, lines: list[str], said: str) -> None:
    path = csv_file(tmp_path, *lines)
    with pytest.raises(InvalidInput, match=said) as refused:
        read(path)
    assert str(path) in refused.value.message


@pytest.mark.parametrize("missing", ["t_ms", "open", "high", "low", "close", "volume"])
def test_a_missing_column_is_named_with_what_the_file_has(tmp_path: Path, missing: str) -> None:
    path = csv_file(tmp_path, "1,2,3,4,5,6", header=HEADER.replace(missing, "other"))
    with pytest.raises(InvalidInput, match=rf"{missing}: a missing column .* the file has .*other"):
        read(path)


@pytest.mark.parametrize("twice", ["close", "Close", " CLOSE", "t_ms"])
def test_two_columns_of_one_name_are_refused(tmp_path: Path, twice: str) -> None:
    path = csv_file(tmp_path, *(line(minute) + ",99" for minute in range(3)), header=f"{HEADER},{twice}")
    with pytest.raises(InvalidInput, match=f"{twice.strip().lower()}: two columns of that name"):
        read(path)


def test_other_columns_may_be_there_twice(tmp_path: Path) -> None:
    path = csv_file(tmp_path, *(line(minute) + ",,1" for minute in range(3)), header=f"{HEADER},note,note")
    assert read(path)


@pytest.mark.parametrize("day", ["1025-05-01", "1970-01-01", "1999-12-31", "2100-01-01", "9999-12-31"])
@pytest.mark.parametrize("as_text", [True, False])
def test_a_date_that_is_a_mistake_of_units_is_refused(tmp_path: Path, day: str, as_text: bool) -> None:
    first = datetime.fromisoformat(day)
    times = [first.replace(minute=minute) for minute in range(3)]
    prices = {name: [10.0] * 3 for name in ("open", "high", "low", "close", "volume")}
    path = tmp_path / "dates.parquet"
    pl.DataFrame({"date": [str(time) for time in times] if as_text else times, **prices}).write_parquet(path)
    with pytest.raises(InvalidInput, match=f"row 1: t_ms: '{day}.*a time of 2000 to 2099"):
        read(path)


def test_what_is_not_a_table_is_refused(tmp_path: Path) -> None:
    for name, content, said in (
        ("a.csv", b"", "an empty file"),
        ("a.parquet", b"PAR1 this is none", "cannot be read as parquet"),
        ("a.feather", b"ARROW1 this is none", "cannot be read as feather"),
        ("a.csv", HEADER.encode() + b"\n\xff\xfe,1,1,1,1,1\n", "cannot be read as csv"),
        ("a.csv", b"\xff\xfe" + HEADER.encode("utf-16-le"), "cannot be read as csv"),
        ("a.json", b"[]", "the ending '.json' is not allowed"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InvalidInput, match=said):
            read(path)
    for path in (tmp_path, tmp_path / "nowhere.csv"):
        with pytest.raises(InvalidInput, match="not a file"):
            read(path)


@pytest.mark.parametrize(
    ("spacing", "given", "said"),
    [
        (5, "1m", "1m is not allowed; the rows are at least 5 minutes apart"),
        (1, "5m", "opens on a full 5m"),
        (7, None, "7 minutes between rows is not allowed; allowed is 1m, 3m"),
        (1, "7m", "period: 7m is not allowed"),
    ],
)
def test_a_period_that_is_not_the_rows_is_refused(
    tmp_path: Path, spacing: int, given: str | None, said: str
) -> None:
    path = csv_file(tmp_path, *(line(minute) for minute in range(0, 10 * spacing, spacing)))
    with pytest.raises(InvalidInput, match=said):
        read(path, given)


@pytest.mark.parametrize("period", Period)
def test_the_period_is_told_from_the_rows_even_with_gaps(tmp_path: Path, period: Period) -> None:
    first = period.close_of(START)
    rows = series_at((first + step * period.length_ms for step in (0, 1, 5, 6, 9)), period)
    path = tmp_path / "x.parquet"
    export_rows(rows, path)
    assert read_candle_file(path, venue="binance", symbol="BTC").key.period is period
    export_rows(taken(rows, slice(0, 2)), path)
    with pytest.raises(InvalidInput, match="2 rows are too few"):
        read_candle_file(path, venue="binance", symbol="BTC")


def as_freqtrade_writes(path: Path) -> None:
    """`date` as nanoseconds with a zone, columns and compression as pandas makes them."""
    rows = run_of(START, 12, Period.M5)
    dates = pl.Series("date", rows.open_ms).cast(pl.Datetime("ms", "UTC")).dt.cast_time_unit("ns")
    numbers = {name: getattr(rows, name) for name in ("open", "high", "low", "close", "volume")}
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"date": dates, **numbers}).write_ipc(path, compression="lz4")


@pytest.mark.parametrize(
    ("name", "given", "key"),
    [
        ("binance/futures/BTC_USDT_USDT-5m-futures.feather", {}, "binance BTC 5m"),
        ("hyperliquid/futures/BTC_USDC_USDC-5m-futures.feather", {}, "hyperliquid BTC 5m"),
        ("BTC_USDT_USDT-5m-futures.feather", {"venue": "binance"}, "binance BTC 5m"),
        ("odd.feather", {"venue": "okx", "symbol": "sol"}, "okx SOL 5m"),
    ],
)
def test_a_freqtrade_file_tells_what_it_holds(
    tmp_path: Path, name: str, given: dict[str, str], key: str
) -> None:
    as_freqtrade_writes(tmp_path / name)
    found = read_candle_file(tmp_path / name, **given)
    assert str(found.key) == key
    assert_same(found.rows, run_of(START, 12, Period.M5))


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("BTC_USDT_USDT-5m-futures.feather", {}, "venue: .* say which"),
        ("x/futures/BTC_USDT_USDT-5m-futures.feather", {}, "venue: .* say which"),
        ("binance/futures/BTC_USDC_USDC-5m-futures.feather", {}, "symbol: .* say which"),
        ("binance/futures/BTC_USD_BTC-5m-futures.feather", {}, "symbol: .* say which"),
        ("binance/futures/BTC_USDT_USDT-5m-mark.feather", {}, "venue: .* say which"),
        ("BTC_USDT-5m.feather", {"venue": "binance"}, "symbol: .* say which"),
        ("BTC_USDT_USDT-5m-futures.feather", {"venue": "okx"}, "symbol: .* say which"),
        (
            "binance/futures/BTC_USDT_USDT-5m-futures.feather",
            {"period": "1m"},
            "1m is not allowed; the file's name says 5m",
        ),
        ("binance/futures/BTC_USDT_USDT-1m-futures.feather", {}, "the rows are at least 5 minutes apart"),
        ("binance/futures/BTC_USDT_USDT-5m-futures.feather", {"symbol": "../x"}, "symbol: ../X"),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(
    tmp_path: Path, name: str, given: dict[str, str], said: str
) -> None:
    as_freqtrade_writes(tmp_path / name)
    with pytest.raises(InvalidInput, match=said):
        read_candle_file(tmp_path / name, **given)


def test_a_month_is_not_taken_for_a_minute() -> None:
    assert read_source_name(Path("binance/futures/BTC_USDT_USDT-1M-futures.feather")).period is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.with_columns(t_ms=pl.lit(None, dtype=pl.Int64)), "row 1: t_ms: an empty field"),
        (lambda frame: frame.with_columns(t_ms=pl.lit(True)), "t_ms: a column of Boolean"),
        (lambda frame: frame.with_columns(open=pl.lit(True)), "open: a column of Boolean"),
        (lambda frame: frame.with_columns(t_ms=pl.lit(float("nan"))), "row 1: t_ms: nan"),
        (lambda frame: frame.clear(), "a file without rows"),
    ],
)
def test_a_parquet_of_odd_columns_is_refused(
    tmp_path: Path, change: Callable[[pl.DataFrame], pl.DataFrame], said: str
) -> None:
    path = tmp_path / "x.parquet"
    export_rows(run_of(START, 3), path)
    change(pl.read_parquet(path)).write_parquet(path)
    with pytest.raises(InvalidInput, match=said):
        read(path)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_date_columns_of_any_unit_and_text_numbers_are_read(tmp_path: Path, unit: str) -> None:
    path = tmp_path / "x.parquet"
    dates = [datetime.fromtimestamp(START / 1000 + 60 * minute, UTC) for minute in range(3)]
    column = pl.Series("date", dates).dt.cast_time_unit(unit)  # type: ignore[arg-type]
    frame = pl.DataFrame({"date": column, **{name: ["10.5"] * 3 for name in HEADER.split(",")[1:]}})
    frame.write_parquet(path)
    rows = read_candle_file(path, venue="binance", symbol="BTC").rows
    assert rows.open_ms.tolist() == [START, START + 60_000, START + 120_000]
    assert rows.close.tolist() == [10.5] * 3


@needs_shared_data
@pytest.mark.parametrize(
    ("file", "period", "rows"),
    [
        ("binance_um_BTCUSDT_1m_2025-05_06", Period.M1, 73_139),
        ("binance_um_BTCUSDT_5m", Period.M5, 124_971),
        ("binance_um_ETHUSDT_15m_2022_2025", Period.M15, 106_512),
        ("hyperliquid_BTC_1h", Period.H1, 7_793),
    ],
)
def test_recorded_tables_import_whole(file: str, period: Period, rows: int) -> None:
    found = read_candle_file(SHARED_DATA / f"{file}.parquet", venue="binance", symbol="BTC")
    assert (found.key.period, len(found.rows)) == (period, rows)


@needs_shared_data
def test_the_shipped_minutes_are_the_recorded_table() -> None:
    path = SHARED_DATA / "binance_um_BTCUSDT_1m_2025-05_06.parquet"
    assert_same(read_candle_file(path, venue="binance", symbol="BTC").rows, recorded())


def test_an_export_never_writes_over_a_file_unasked(tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("precious")
    errors: list[tuple[Path, type[DeskError], str]] = [
        (there, Conflict, "is there already"),
        (tmp_path / "x.xlsx", InvalidInput, "allowed is .parquet, .csv, .feather"),
        (tmp_path / "no" / "x.csv", InvalidInput, "a folder that is not there"),
    ]
    for path, kind, said in errors:
        with pytest.raises(kind, match=said):
            check_target(path, replace=False)
    check_target(there, replace=True)
    export_rows(run_of(START, 2), there)
    assert there.read_text().splitlines()[0] == HEADER
    assert list(tmp_path.iterdir()) == [there]
    feather = tmp_path / "x.feather"
    export_rows(run_of(START, 2), feather)
    frame = pl.read_ipc(feather)
    assert frame.columns == ["date", "open", "high", "low", "close", "volume"]
    assert frame.schema["date"] == pl.Datetime("ms", "UTC")
    assert np.array_equal(frame["date"].to_physical().to_numpy(), run_of(START, 2).open_ms)
