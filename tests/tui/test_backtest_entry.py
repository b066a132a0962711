"""A backtest as it is typed: read exactly, refused with the field, the value and what is allowed."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.model.backtest import BacktestRequest, CandleFiles, Recording, StoredCandles
from engine.model.signal import PoolLogic
from tests.tui.recorded_backtests import POOL, REQUEST
from tests.tui.recorded_signals import POOLS, SIGNALS
from tui.backtest_entry import (
    FILES,
    RECORDING,
    STORE,
    backtest_pool,
    fields_of,
    ranges_text,
    read_history,
    read_percent,
    read_ranges,
    read_request,
    read_time,
    request_words,
)
from tui.backtest_reports import report_command

D = Decimal
DAY_MS = 86_400_000

_shares = st.decimals(D("0"), D("0.1"), places=6)
_requests = st.builds(
    BacktestRequest,
    source=st.just("x"),
    name=st.just("RSI"),
    symbols=st.lists(st.sampled_from(["BTC", "ETH", "SOL"]), min_size=1, unique=True).map(tuple),
    period=st.sampled_from(["1m", "15m", "1h"]),
    history=st.sampled_from(
        [Recording(), StoredCandles("binance"), CandleFiles((("BTC", "a b.csv"), ("ETH", "/tmp/e.parquet")))]
    ),
    start_ms=st.none() | st.integers(20_000, 20_500).map(lambda day: day * DAY_MS),
    end_ms=st.none() | st.integers(20_600, 20_700).map(lambda day: day * DAY_MS + 3_600_000),
    cash=st.decimals(D(1), D(10**9), places=2),
    taker_fee=st.none() | _shares,
    maker_fee=st.none() | _shares,
    slippage=_shares,
    venue=st.sampled_from(["", "paper", "binance"]),
    schedule_seconds=st.sampled_from([0, 60, 300, 86_400]),
    seed=st.integers(0, 10**12),
    params=st.dictionaries(
        st.sampled_from(["a", "b"]), st.integers() | st.booleans() | st.text("xy z", min_size=1)
    ),
    pools=st.just((POOL,)),
)


@given(_requests)
def test_what_a_request_is_typed_as_reads_back_as_the_same(request: BacktestRequest) -> None:
    assert read_request(fields_of(request), request, request.pools) == request


@pytest.mark.parametrize(
    ("field", "typed", "blamed"),
    [
        ("symbols", " , ", "symbols"),
        ("cash", "", "cash"),
        ("cash", "-5", "cash"),
        ("cash", "0,5", "cash"),
        ("start", "yesterday", "start_ms"),
        ("end", "2026-13-01", "end_ms"),
        ("taker", "a lot", "taker_fee"),
        ("slippage", "NaN", "slippage"),
        ("seed", "-1", "seed"),
        ("schedule", "5x", "schedule_seconds"),
        ("params", "oversold", "params"),
        ("params", '{"a": [1]}', "params"),
    ],
)
def test_what_cannot_be_read_is_blamed_on_its_field(field: str, typed: str, blamed: str) -> None:
    fields = msgspec.structs.replace(fields_of(REQUEST), **{field: typed})
    with pytest.raises(InvalidInput) as refused:
        read_request(fields, REQUEST, ())
    assert refused.value.details["field"] == blamed
    assert refused.value.details["allowed"]


def test_parameters_can_be_json() -> None:
    fields = msgspec.structs.replace(fields_of(REQUEST), params='{"fast": 5, "side": "long", "x": null}')
    assert read_request(fields, REQUEST, ()).params == {"fast": 5, "side": "long", "x": None}


def test_history_is_the_recording_a_venue_or_files() -> None:
    assert read_history(RECORDING, "", ("BTC",)) == Recording()
    assert read_history(STORE, " binance ", ("BTC",)) == StoredCandles("binance")
    assert read_history(FILES, "btc.csv", ("BTC",)) == CandleFiles((("BTC", "btc.csv"),))
    for kind, text, symbols in (
        (STORE, "", ("BTC",)),
        (FILES, "", ("BTC",)),
        (FILES, "a.csv", ("BTC", "ETH")),
    ):
        with pytest.raises(InvalidInput):
            read_history(kind, text, symbols)


def test_funding_files_stay_while_their_candles_do() -> None:
    before = CandleFiles((("BTC", "b.csv"),), (("BTC", "f.csv"),))
    assert read_history(FILES, "BTC=b.csv", ("BTC",), before) is before
    assert read_history(FILES, "BTC=c.csv", ("BTC",), before) == CandleFiles((("BTC", "c.csv"),))


def test_percentages_and_times() -> None:
    assert read_percent("0.05", "taker_fee") == D("0.0005")
    assert read_percent("-0.01%", "maker_fee") == D("-0.0001")
    assert read_percent("", "taker_fee") is None
    assert read_time("1970-01-02", "start_ms") == DAY_MS
    assert read_time("1970-01-01 02:00+01:00", "start_ms") == 3_600_000


def test_ranges_are_parted_by_blanks_or_semicolons() -> None:
    ranges = read_ranges("fast=5,10 ; slow=30..50:10")
    assert [(item.name, item.values) for item in ranges] == [("fast", (5, 10)), ("slow", (30, 40, 50))]
    assert ranges_text(ranges) == "fast=5,10 slow=30,40,50"
    assert read_ranges(" ") == ()
    with pytest.raises(InvalidInput):
        read_ranges("fast")


def test_a_pool_of_the_desk_brings_the_conditions_of_its_signals() -> None:
    pool = next(item for item in POOLS if len(item.signal_ids) > 1)
    made = backtest_pool(pool, SIGNALS)
    known = {item.signal_id: item.condition for item in SIGNALS}
    assert [signal.condition for signal in made.signals] == [
        known[signal_id] for signal_id in pool.signal_ids
    ]
    assert made.logic in PoolLogic
    assert made.cooldown_seconds == pool.cooldown_seconds


def test_a_pool_is_narrowed_to_the_symbols_of_the_run() -> None:
    wide = msgspec.structs.replace(POOL, symbols=("BTC", "ETH"))
    [kept] = read_request(fields_of(REQUEST), REQUEST, (wide,)).pools
    assert kept.symbols == ("BTC",)


def test_a_request_is_a_sentence() -> None:
    words = request_words(REQUEST)
    assert words == (
        "RSI reversion on BTC, 1m candles, all of it, 10,000.00 cash, woken by Reversal + every 15m, "
        "with below=0.5, portion=0.5"
    )


def test_the_report_command_says_everything_but_the_pool_file() -> None:
    request = msgspec.structs.replace(
        REQUEST,
        history=CandleFiles((("BTC", "my file.csv"),)),
        start_ms=20_500 * DAY_MS,
        taker_fee=D("0.0005"),
        venue="binance",
    )
    assert report_command(request) == (
        "nightdesk backtest rsi-reversion.py --candles 'BTC=my file.csv' --symbol BTC --period 1m "
        "--signals POOL.json --schedule 15m --from 2026-02-16T00:00 --cash 10000 --taker-fee-pct 0.05 "
        """--venue binance --params '{"below":0.5,"portion":0.5}' --report rsi-reversion.html"""
    )
