"""What a run is given to read: joined and checked, or refused with the file, the row and the field."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.backtest.history import LoadedHistory, load_history
from engine.errors import DeskError, InvalidInput
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.periods import MINUTE_MS
from engine.model.backtest import BacktestRequest, CandleFiles, Recording, StoredCandles
from tests.backtest.made_history import START_MS, at

HEADER = "t_ms,open,high,low,close,volume"


def row(minute: int, price: float = 100.0, **changes: object) -> str:
    values = {"t_ms": at(minute), "open": price, "high": price, "low": price, "close": price, "volume": 1.0}
    return ",".join(str(value) for value in (values | changes).values())


def written(folder: Path, name: str, rows: Sequence[str], header: str = HEADER) -> str:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


def loaded(*files: str, funding: str = "", **changes: Any) -> LoadedHistory:
    past = CandleFiles(tuple(("BTC", path) for path in files), (("BTC", funding),) if funding else ())
    return load_history(BacktestRequest(source="", history=past, **changes))


def refusal(*files: str, funding: str = "", **changes: object) -> str:
    with pytest.raises(InvalidInput) as refused:
        loaded(*files, funding=funding, **changes)
    return refused.value.message


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    past = loaded(written(tmp_path, "a.csv", [row(0, 100), row(1, 101.5), row(2, 99)]))
    assert past.candles["BTC"].close.tolist() == [100, 101.5, 99]
    assert past.candles["BTC"].open_ms.tolist() == [at(0), at(1), at(2)]
    assert past.warnings == ()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row(0), row(1, high="abc"), row(2)], "row 2: high"),
        ([row(0), row(1, close=""), row(2)], "row 2: close"),
        ([row(0), row(1, low=200.0, high=50.0), row(2)], "row 2: high"),
        ([row(0), row(1, open=-5), row(2)], "row 2: open"),
        ([row(0), row(1, volume=-1), row(2)], "row 2: volume"),
        ([row(0), row(2), row(1)], "row 3: t_ms"),
        ([row(0), row(1), row(1)], "row 3: t_ms"),
        ([row(0), row(1, t_ms=at(1) + 1), row(2)], "row 2: t_ms"),
        ([row(0), row(1, close="nan"), row(2)], "row 2: close"),
        ([row(0), row(5), row(10)], "5 minutes apart"),
    ],
)
def test_a_row_that_no_market_had_is_named(tmp_path: Path, rows: list[str], told: str) -> None:
    path = written(tmp_path, "bad.csv", rows)
    message = refusal(path)
    assert told in message
    assert path in message


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere.csv")
    assert missing in refusal(missing)
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert "an empty file" in refusal(str(empty))
    assert "without rows" in refusal(written(tmp_path, "none.csv", []))
    assert "volume: a missing column" in refusal(
        written(tmp_path, "columns.csv", [row(0).rsplit(",", 1)[0]], HEADER.removesuffix(",volume"))
    )
    (tmp_path / "junk.parquet").write_bytes(b"PAR1 this is none")
    assert "cannot be read" in refusal(str(tmp_path / "junk.parquet"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.tuples(st.integers(0, 30), st.integers(2, 15)), min_size=1, max_size=4),
    shuffled=st.randoms(use_true_random=False),
)
def test_files_that_overlap_and_agree_are_joined_in_any_order(
    tmp_path: Path, parts: list[tuple[int, int]], shuffled: Random
) -> None:
    files = []
    for number, (start, count) in enumerate(parts):
        rows = [row(minute, 100 + minute) for minute in range(start, start + count)]
        files.append(written(tmp_path, f"{number}.csv", rows))
    shuffled.shuffle(files)
    past = loaded(*files)
    minutes = sorted({minute for start, count in parts for minute in range(start, start + count)})
    assert past.candles["BTC"].open_ms.tolist() == [at(minute) for minute in minutes]
    assert past.candles["BTC"].close.tolist() == [100 + minute for minute in minutes]
    has_gaps = minutes[-1] - minutes[0] + 1 != len(minutes)
    assert bool(past.warnings) is has_gaps


def test_files_that_overlap_and_differ_are_refused_with_the_row(tmp_path: Path) -> None:
    first = written(tmp_path, "first.csv", [row(minute) for minute in range(5)])
    second = written(tmp_path, "second.csv", [row(3), row(4, 100.5), row(5)])
    message = refusal(first, second)
    assert f"{second}: row 2" in message
    assert str(at(4)) in message


def test_gaps_are_told_with_how_many_candles_are_missing(tmp_path: Path) -> None:
    rows = [row(minute) for minute in (0, 1, 2, 6, 7, 9)]
    (warning,) = loaded(written(tmp_path, "gaps.csv", rows)).warnings
    assert "BTC: 4 1m candles missing in 2 gaps" in warning


RATES = "t_ms,rate"


def test_funding_is_read_beside_the_candles(tmp_path: Path) -> None:
    candles = written(tmp_path, "a.csv", [row(0), row(1), row(2)])
    rates = written(tmp_path, "f.csv", [f"{at(0)},0.0001", f"{at(1) + 3},-0.0002"], RATES)
    past = loaded(candles, funding=rates)
    assert past.funding["BTC"].ts_ms.tolist() == [at(0), at(1) + 3]
    assert past.funding["BTC"].rate.tolist() == [0.0001, -0.0002]


@pytest.mark.parametrize(
    ("rows", "header", "told"),
    [
        ([f"{at(0)},0.0001", f"{at(1)},0.5"], RATES, "row 2: rate"),
        ([f"{at(0)},0.0001", f"{at(1)},"], RATES, "row 2: rate"),
        ([f"{at(0)},0.0001", f"{at(1)},x"], RATES, "row 2: rate"),
        ([f"{at(1)},0.0001", f"{at(0)},0.0001"], RATES, "row 2: t_ms"),
        ([f"{at(0)},0.0001", f"{at(0)},0.0001"], RATES, "row 2: t_ms"),
        ([f"{at(0)},0.0001", ",0.0001"], RATES, "row 2: t_ms"),
        ([f"{at(0)},0.0001"], "t_ms,percent", "rate: a missing column"),
        ([], RATES, "without rows"),
    ],
)
def test_funding_that_no_venue_settled_is_named(
    tmp_path: Path, rows: list[str], header: str, told: str
) -> None:
    candles = written(tmp_path, "a.csv", [row(0), row(1), row(2)])
    rates = written(tmp_path, "rates.csv", rows, header)
    message = refusal(candles, funding=rates)
    assert told in message
    assert rates in message


def test_funding_in_seconds_means_the_same_times(tmp_path: Path) -> None:
    candles = written(tmp_path, "a.csv", [row(0), row(1), row(2)])
    rates = written(tmp_path, "f.csv", [f"{at(1) // 1000},0.0001"], RATES)
    assert loaded(candles, funding=rates).funding["BTC"].ts_ms.tolist() == [at(1)]


def test_what_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    candles = written(tmp_path, "a.csv", [row(0), row(1), row(2)])
    assert "files are given for BTC" in refusal(candles, symbols=("ETH",))
    assert "name each once" in refusal(candles, symbols=("BTC", "BTC"))
    assert "symbols" in refusal(candles, symbols=())
    assert "period" in refusal(candles, period="7m")
    with pytest.raises(InvalidInput, match="a file for ETH"):
        load_history(
            BacktestRequest(source="", history=CandleFiles((("BTC", candles),), (("ETH", candles),)))
        )
    with pytest.raises(InvalidInput, match="home"):
        load_history(BacktestRequest(source="", history=StoredCandles("binance")))
    with pytest.raises(DeskError):
        load_history(BacktestRequest(source="", history=Recording("nothing")))


def test_without_a_venue_no_rule_applies_and_with_it_the_venues_do(tmp_path: Path) -> None:
    candles = written(tmp_path, "a.csv", [row(0), row(1), row(2)])
    free = loaded(candles, taker_fee=Decimal("0.001")).instruments["BTC"]
    assert free.min_notional == 0
    assert free.is_on_tick(Decimal("100.123456789"))
    assert free.is_on_lot(Decimal("0.00000001"))
    assert (free.taker_fee, free.maker_fee) == (Decimal("0.001"), INSTRUMENTS["BTC"].maker_fee)
    ruled = loaded(candles, venue="binance").instruments["BTC"]
    assert ruled == INSTRUMENTS["BTC"]
    odd = CandleFiles((("ODD", candles),))
    assert load_history(BacktestRequest(source="", symbols=("ODD",), history=odd)).symbols == ("ODD",)
    with pytest.raises(InvalidInput, match="BTC, ETH, SOL"):
        load_history(BacktestRequest(source="", symbols=("ODD",), history=odd, venue="binance"))


def test_the_recording_has_its_funding_and_its_tape() -> None:
    past = load_history(BacktestRequest(source="", symbols=("SOL",)))
    assert past.tape is not None
    assert tuple(past.candles) == ("SOL",)
    assert len(past.funding["SOL"].ts_ms) > 100
    assert np.all(np.diff(past.candles["SOL"].open_ms) == MINUTE_MS)
    assert int(past.candles["SOL"].open_ms[-1]) > START_MS
