"""Answers over files of longer candles and real funding settlements."""

from __future__ import annotations

import numpy as np
import pytest

from engine.market.candles.series import CandleSeries
from engine.market.flow.series import FlowSeries
from engine.market.history.table_files import read_table
from engine.market.periods import Period
from engine.strategies.programs.batch import DataQuery
from engine.strategies.programs.data.funding import FundingHistory
from engine.strategies.programs.data.history import HistoryData, SymbolHistory
from tests.candle_rows import SHARED_DATA, needs_shared_data
from tests.strategies.programs.data.records import FACTORS, SOL, numbers, queries, seen

BASE = Period.M5


def of_file(minutes: CandleSeries, funding: FundingHistory) -> HistoryData:
    flow = FlowSeries.of_minutes(minutes, BASE)
    return HistoryData({SOL: SymbolHistory(minutes, flow, FACTORS, funding, BASE)})


@needs_shared_data
def test_a_file_of_five_minutes_and_its_funding_are_told_without_what_comes_later() -> None:
    polars = pytest.importorskip("polars")
    fives = read_table(SHARED_DATA / "binance_um_BTCUSDT_5m.parquet").slice(0, 20_000)
    table = polars.read_parquet(SHARED_DATA / "binance_um_BTCUSDT_funding.parquet")
    funding = FundingHistory(table["t_ms"].to_numpy(), table["rate"].to_numpy())
    ts_ms = np.sort(np.random.default_rng(5).choice(fives.open_ms[9000:15_000], 40, replace=False)) + 70_000
    known = int(fives.open_ms.searchsorted(ts_ms[-1] - BASE.length_ms, side="right"))
    settled = funding.ts_ms <= ts_ms[-1]
    whole = of_file(fives, funding)
    until = of_file(fives.slice(0, known), FundingHistory(funding.ts_ms[settled], funding.rate[settled]))
    for query in queries((Period.M1, Period.M5, Period.H1, Period.D1)):
        answer = whole.answer(query, ts_ms)
        assert answer == until.answer(query, ts_ms), query
        if query.period == Period.M1 and query.method != "price_change":
            assert not answer.numbers
    told = numbers(whole.answer(DataQuery("market_data", SOL), ts_ms), "funding_rate")
    closes = (
        fives.open_ms[fives.open_ms.searchsorted(ts_ms - BASE.length_ms, side="right") - 1] + BASE.length_ms
    )
    assert told == [funding.rate[funding.ts_ms <= close][-1] for close in closes]
    annual = seen(whole.answer(DataQuery("flow", SOL, "FUNDING", "1h"), ts_ms), 39, 40)["annualized"]
    assert np.array(annual).view(np.float64)[0] == pytest.approx(told[39] * 100 * 3 * 365)
