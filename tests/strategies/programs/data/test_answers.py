"""What each answer means, by hand."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from engine.errors import InvalidInput
from engine.market.candles.series import CandleSeries, aggregate
from engine.market.factors.effectiveness import effectiveness
from engine.market.flow.metrics import FlowQuantity, flow_array
from engine.market.flow.series import FlowSeries
from engine.market.indicators import indicator, indicator_array
from engine.market.periods import DAY_MS, HOUR_MS, MINUTE_MS, Period
from engine.model.factor import FactorEffectiveness
from engine.strategies.programs.batch import Answer, DataQuery
from engine.strategies.programs.data.columns import NOTHING
from engine.strategies.programs.data.factor_answer import (
    MEASURED_CANDLES,
    RANKING_PERIOD,
    decay_half_life_hours,
)
from engine.strategies.programs.data.funding import FundingHistory, with_funding
from engine.strategies.programs.data.queries import MOST_OF, check_query
from tests.signals.market import flow_of, minutes_of, without_rows
from tests.strategies.programs.data.records import (
    FACTORS,
    SOL,
    GrowingRecord,
    history_of,
    live_of,
    markets_at,
    numbers,
)

FIELDS = ("symbol", "period", "indicator", "rsi timeperiod", "metric", "factor", "method")
FIRST = 27
"""The recorded minute from which the record here begins: on a full hour."""
MINUTES = minutes_of(SOL, 6000, FIRST)
START_MS = int(MINUTES.open_ms[0])


def at(minute: int, ms: int = 0) -> np.ndarray:
    """A time so many minutes after the record begins."""
    return np.array([START_MS + minute * MINUTE_MS + ms])


def asked(query: DataQuery, ts_ms: np.ndarray, minutes: CandleSeries = MINUTES) -> Answer:
    return history_of(minutes).answer(query, ts_ms, markets_at(minutes, ts_ms))


def flow_asked(metric: str, period: str, ts_ms: np.ndarray, flow: FlowSeries) -> Answer:
    query = DataQuery("flow", SOL, metric, period)
    return history_of(MINUTES, flow).answer(query, ts_ms, markets_at(MINUTES, ts_ms))


def test_klines_end_with_the_candle_that_has_just_closed() -> None:
    for ms, newest in ((0, 899), (59_999, 899), (60_000, 900)):
        answer = asked(DataQuery("klines", SOL, period="1m", count=5), at(900, ms))
        assert numbers(answer, "t")[-1] == (START_MS + newest * MINUTE_MS) / 1000
        assert [numbers(answer, key)[-1] for key in "ohlcv"] == [
            getattr(MINUTES, name)[newest] for name in ("open", "high", "low", "close", "volume")
        ]


def test_a_candle_whose_last_minute_is_missing_shows_once_a_later_one_has_closed() -> None:
    minutes = without_rows(MINUTES, [908, 909, 910])
    query = DataQuery("klines", SOL, period="5m")
    newest = [numbers(asked(query, at(minute), minutes), "t")[-1] for minute in (910, 911, 912)]
    opens = [(START_MS + row * MINUTE_MS) / 1000 for row in (900, 900, 905)]
    assert newest == opens


def test_an_indicator_is_that_of_the_last_closed_candle_and_its_lines_have_names() -> None:
    closed = aggregate(MINUTES.slice(0, 3000), Period.H1).closed
    answer = asked(DataQuery("indicator", SOL, "RSI14", "1h"), at(3000, 999))
    assert numbers(answer, "value")[-1] == indicator_array(indicator("RSI14"), closed)[-1]
    for name, keys in {
        "MACD": ["macd", "signal", "histogram"],
        "BOLL": ["upper", "middle", "lower"],
        "STOCH": ["k", "d"],
        "aroon(14)": ["aroondown", "aroonup"],
        "EMA200": ["value"],
    }.items():
        assert list(asked(DataQuery("indicator", SOL, name, "1h"), at(3000)).numbers) == keys


def test_what_has_not_warmed_up_is_missing_and_not_0() -> None:
    answer = asked(DataQuery("indicator", SOL, "RSI14", "1m"), at(10))
    assert len(numbers(answer, "value")) == 10
    assert np.isnan(numbers(answer, "value")).all()
    assert np.isnan(numbers(asked(DataQuery("price_change", SOL, period="1h"), at(10)), "change_usd")).all()
    snapshot = asked(DataQuery("market_data", SOL), at(10))
    for key in ("volume24h", "change24h", "percentage24h", "open_interest", "funding_rate", "oracle_price"):
        assert np.isnan(numbers(snapshot, key)).all(), key


@pytest.mark.parametrize(
    ("query", "is_known"),
    [
        (DataQuery("klines", "XYZ", period="1m"), False),
        (DataQuery("klines", SOL, period="1M"), False),
        (DataQuery("klines", SOL, period="2m"), False),
        (DataQuery("indicator", SOL, "RSY14", "1m"), False),
        (DataQuery("indicator", SOL, "rsi(1000000)", "1m"), False),
        (DataQuery("flow", SOL, "CVDX", "1m"), False),
        (DataQuery("factor", SOL, "no_such", "1m"), False),
        (DataQuery("price_change", SOL, period="soon"), False),
        (DataQuery("horoscope", SOL), False),
        (DataQuery("indicator", SOL, "macd", "12h"), True),
        (DataQuery("flow", SOL, "oi_delta", "1d"), True),
        (DataQuery("price_change", SOL, period="90m"), True),
        (DataQuery("factor", SOL, FACTORS.definitions()[0].name.upper(), "1m"), True),
    ],
)
def test_what_cannot_be_known_is_nothing_in_a_program_and_an_error_for_a_person(
    query: DataQuery, is_known: bool
) -> None:
    record = GrowingRecord(MINUTES)
    record.now_ms = int(at(3000)[0])
    answers = [asked(query, at(3000)), live_of(record).answer(query, record.now_ms)]
    if is_known:
        check_query(query, (SOL,), FACTORS)
        assert NOTHING not in answers
        return
    assert answers == [NOTHING, NOTHING]
    with pytest.raises(InvalidInput) as raised:
        check_query(query, (SOL,), FACTORS)
    assert raised.value.details["field"] in (
        "symbol",
        "period",
        "indicator",
        "metric",
        "factor",
        "method",
    ) or (raised.value.details["field"].startswith("rsi "))
    assert raised.value.details["allowed"]


def test_more_candles_than_are_given_are_cut_and_refused_to_a_person() -> None:
    most = MOST_OF["klines"]
    query = DataQuery("klines", SOL, period="1m", count=most + 1)
    assert len(numbers(asked(query, at(6000)), "c")) == most
    with pytest.raises(InvalidInput, match="count"):
        check_query(query, (SOL,), FACTORS)


def test_a_price_change_is_the_mark_against_the_close_that_long_ago() -> None:
    now = at(3000, 30_000)
    mark = MINUTES.close[2999]
    for text, minutes in (("5m", 5), ("1h", 60), ("90m", 90), ("1d", 1440), ("24h", 1440)):
        before = MINUTES.close[3000 - minutes - 1]
        answer = asked(DataQuery("price_change", SOL, period=text), now)
        assert numbers(answer, "change_usd") == [mark - before]
        assert numbers(answer, "change_percent") == [(mark / before - 1.0) * 100.0]


def test_market_data_has_the_quote_and_the_days_figures() -> None:
    flow = flow_of(SOL, 6000, FIRST)
    now = at(3000, 30_000)
    answer = history_of(MINUTES, flow).answer(DataQuery("market_data", SOL), now, markets_at(MINUTES, now))
    told = {key: numbers(answer, key)[0] for key in answer.numbers}
    mark, before = MINUTES.close[2999], MINUTES.close[2999 - 1440]
    assert (told["price"], told["bid"], told["ask"]) == pytest.approx((mark, mark - 0.01, mark + 0.02))
    assert told["tick_size"] == 0.01
    assert told["change24h"] == mark - before
    traded = (MINUTES.close * MINUTES.volume)[3000 - 1440 : 3000].sum()
    assert told["volume24h"] == pytest.approx(traded, abs=1440 * 0.005)
    row = int(flow.close_ms.searchsorted(now[0], side="right")) - 1
    assert told["open_interest"] == flow.open_interest[row]
    assert told["funding_rate"] == flow.funding_rate[row]


def test_open_interest_and_funding_are_those_last_told() -> None:
    flow = flow_of(SOL, 6000, FIRST)
    unknown = np.arange(len(flow)) >= 11_000
    flow = msgspec.structs.replace(
        flow,
        open_interest=np.where(unknown, np.nan, flow.open_interest),
        funding_rate=np.where(unknown, np.nan, flow.funding_rate),
    )
    record = GrowingRecord(MINUTES, flow)
    live = live_of(record)
    for minute in (2000, 4000, 5000):
        record.now_ms = int(at(minute)[0])
        live.answer(DataQuery("market_data", SOL), record.now_ms)
    told = live.answer(DataQuery("market_data", SOL), record.now_ms)
    assert numbers(told, "open_interest") == [flow.open_interest[10_999]]
    assert numbers(told, "funding_rate") == [flow.funding_rate[10_999]]


def test_cvd_and_takers_are_told_bucket_by_bucket() -> None:
    flow, now = flow_of(SOL, 600, FIRST), at(477, 30_000)
    cvd = flow_asked("CVD", "5m", now, flow)
    net = flow.buy_notional - flow.sell_notional
    buckets = [net[20 * bucket : min(20 * bucket + 20, 477 * 4 + 2)].sum() for bucket in range(86, 96)]
    assert numbers(cvd, "last_5") == pytest.approx(buckets[-5:])
    assert numbers(cvd, "current") == pytest.approx(buckets[-1:])
    assert numbers(cvd, "cumulative") == pytest.approx([sum(buckets)])
    assert cvd.texts["period"] == ("5m",)
    taker = flow_asked("TAKER", "5m", now, flow)
    assert numbers(taker, "buy")[0] - numbers(taker, "sell")[0] == pytest.approx(buckets[-1])
    assert numbers(taker, "ratio")[0] == numbers(taker, "buy")[0] / numbers(taker, "sell")[0]
    assert numbers(taker, "volume_last_5")[-1] == numbers(taker, "buy")[0] + numbers(taker, "sell")[0]
    assert numbers(taker, "ratio_last_5")[-1] == numbers(taker, "ratio")[0]


def test_takers_who_sold_nothing_have_the_ratio_1() -> None:
    flow = flow_of(SOL, 600, FIRST)
    flow = msgspec.structs.replace(flow, sell_notional=np.zeros(len(flow)))
    assert numbers(flow_asked("TAKER", "5m", at(477), flow), "ratio_last_5") == [1.0] * 5


def test_a_sum_over_buckets_that_are_not_all_on_record_is_missing() -> None:
    flow = flow_of(SOL, 600, FIRST)
    early = flow_asked("CVD", "1h", at(290), flow)
    assert np.isfinite(numbers(early, "current")[0])
    assert np.isnan(numbers(early, "cumulative")[0])


def test_funding_is_told_in_millionths_and_by_the_venues_own_interval() -> None:
    minutes = MINUTES
    funding = FundingHistory(at(60)[:1], np.array([0.0001]), interval_hours=1)
    data = history_of(minutes, funding=funding)
    query = DataQuery("flow", SOL, "FUNDING", "1h")
    early, late = (data.answer(query, at(minute)) for minute in (59, 61))
    assert np.isnan(numbers(early, "current")[0])
    assert numbers(late, "current") == pytest.approx([100.0])
    assert numbers(late, "current_pct") == pytest.approx([0.01])
    assert numbers(late, "annualized") == pytest.approx([0.01 * 24 * 365])
    told = data.answer(DataQuery("market_data", SOL), np.concatenate([at(59), at(60)]))
    assert np.isnan(numbers(told, "funding_rate")[0])
    assert numbers(told, "funding_rate")[1] == 0.0001


def test_a_feed_that_tells_the_rate_is_believed() -> None:
    flow = flow_of(SOL, 600, FIRST)
    funding = FundingHistory(at(60)[:1], np.array([0.0009]))
    assert with_funding(flow, funding) is flow


def test_depth_is_in_millions_and_its_spread_that_of_the_quote() -> None:
    flow, now = flow_of(SOL, 600, FIRST), at(300)
    depth = flow_asked("DEPTH", "5m", now, flow)
    assert numbers(depth, "bid") == [flow.bid_depth[1199] / 1e6]
    assert numbers(depth, "ask") == [flow.ask_depth[1199] / 1e6]
    assert numbers(depth, "spread") == pytest.approx([0.03])
    assert numbers(depth, "ratio")[0] == flow.bid_depth[1199] / flow.ask_depth[1199]


@pytest.mark.parametrize(
    ("metric", "quantity"),
    [
        ("OI", FlowQuantity.OI_CHANGE),
        ("OI_DELTA", FlowQuantity.OI_DELTA),
        ("IMBALANCE", FlowQuantity.ORDER_IMBALANCE),
        ("PRICE_CHANGE", FlowQuantity.PRICE_CHANGE),
        ("VOLATILITY", FlowQuantity.VOLATILITY),
    ],
)
def test_the_other_measures_are_the_quantities_signals_use(metric: str, quantity: FlowQuantity) -> None:
    flow = flow_of(SOL, 600, FIRST)
    answer = flow_asked(metric, "15m", at(437, 15_000), flow)
    assert numbers(answer, "current") == [flow_array(quantity, flow, Period.M15)[437 * 4]]
    whole = flow_array(quantity, flow, Period.M15)[[60 * last - 1 for last in (26, 27, 28, 29)]]
    assert numbers(answer, "last_5")[:4] == whole.tolist()


def test_a_feed_of_candles_tells_prices_and_nothing_else() -> None:
    data = history_of(MINUTES)
    for metric in ("CVD", "TAKER", "OI", "OI_DELTA", "FUNDING", "DEPTH", "IMBALANCE"):
        answer = data.answer(DataQuery("flow", SOL, metric, "5m"), at(900))
        assert all(np.isnan(numbers(answer, key)).all() for key in answer.numbers), metric
    assert np.isfinite(
        numbers(data.answer(DataQuery("flow", SOL, "VOLATILITY", "5m"), at(900)), "last_5")
    ).all()


def test_a_regime_is_missing_before_a_candle_has_closed_and_says_why_after() -> None:
    query = DataQuery("regime", SOL, period="1h")
    early, late = asked(query, at(30)), asked(query, at(3000))
    assert early.texts["regime"] == ("\0",)
    assert np.isnan(numbers(early, "conf")[0])
    assert late.texts["regime"] == ("unknown",)
    assert "not known: CVD" in late.texts["reason"][0]
    assert np.isfinite(numbers(late, "price_atr")[0])
    assert set(late.numbers) == {"conf", "cvd_ratio", "oi_delta", "taker_ratio", "price_atr", "rsi"}


def test_a_factor_is_measured_live_when_prepared_and_never_over_a_history() -> None:
    record = GrowingRecord(MINUTES)
    record.now_ms = int(at(6000)[0])
    live = live_of(record)
    name = FACTORS.definitions()[3].name
    query = DataQuery("factor", SOL, name, "5m")
    ranking = DataQuery("factor_ranking", SOL, count=3)
    assert np.isnan(numbers(live.answer(query, record.now_ms), "ic")[0])
    assert live.answer(ranking, record.now_ms).texts["rows"] == ("[]",)
    live.prepare([query, ranking], record.now_ms)
    closed = aggregate(MINUTES, RANKING_PERIOD).closed
    assert len(closed) <= MEASURED_CANDLES
    values = FACTORS.array(name, closed)
    expected = effectiveness(values, closed, factor=name, symbol=SOL, period=RANKING_PERIOD)
    answer = live.answer(query, record.now_ms)
    assert (numbers(answer, "ic"), numbers(answer, "win_rate")) == ([expected.ic], [expected.win_rate])
    assert answer.texts["expression"] == (FACTORS.get(name).expression,)
    rows = json.loads(live.answer(ranking, record.now_ms).texts["rows"][0])
    strengths = [abs(row["ic"]) for row in rows]
    assert len(rows) == 3
    assert strengths == sorted(strengths, reverse=True)
    over_history = asked(query, at(6000))
    assert np.isnan(numbers(over_history, "ic")[0])
    assert over_history.numbers["value"] == answer.numbers["value"]
    assert asked(ranking, at(6000)).texts["rows"] == ("[]",)


def test_a_factors_half_life_is_where_its_ic_has_halved() -> None:
    def found(*decay: tuple[int, float | None]) -> FactorEffectiveness:
        return FactorEffectiveness(
            factor="f",
            symbol=SOL,
            period="1h",
            horizon=1,
            samples=100,
            ic=0.2,
            rank_ic=None,
            icir=None,
            win_rate=None,
            decay=decay,
            windows=(),
        )

    assert decay_half_life_hours(found((1, -0.2), (2, -0.15), (3, -0.05))) == pytest.approx(2.5)
    assert decay_half_life_hours(found((1, 0.2), (2, 0.15))) is None
    assert decay_half_life_hours(found((1, None), (2, None))) is None


@pytest.mark.parametrize("base", [Period.M5, Period.H1])
def test_a_history_of_longer_candles_tells_what_minutes_tell_of_the_periods_it_has(base: Period) -> None:
    minutes = minutes_of(SOL, 24_000, FIRST)
    whole = aggregate(minutes, base).closed
    coarse = history_of(whole, base=base)
    fine = history_of(minutes)
    ts_ms = START_MS + np.arange(48, 399, 13) * HOUR_MS
    markets = markets_at(minutes, ts_ms)
    for period in Period:
        for query in (
            DataQuery("klines", SOL, period=period, count=20),
            DataQuery("indicator", SOL, "RSI14", period),
            DataQuery("factor", SOL, FACTORS.definitions()[3].name, period),
            DataQuery("regime", SOL, period=period),
        ):
            answer = coarse.answer(query, ts_ms, markets)
            if not period.is_made_of(base):
                assert answer == NOTHING
            elif query.method == "klines":
                assert answer.numbers["c"] == fine.answer(query, ts_ms, markets).numbers["c"]
            else:
                assert answer == fine.answer(query, ts_ms, markets), query
        change = DataQuery("flow", SOL, "PRICE_CHANGE", period)
        told = coarse.answer(change, ts_ms, markets)
        assert told == (fine.answer(change, ts_ms, markets) if period.is_made_of(base) else NOTHING)
    hours = DataQuery("price_change", SOL, period="7h")
    assert coarse.answer(hours, ts_ms, markets) == fine.answer(hours, ts_ms, markets)
    assert coarse.answer(DataQuery("price_change", SOL, period="7m"), ts_ms, markets) == NOTHING


def test_a_day_is_a_day_of_longer_candles_too() -> None:
    fives = aggregate(MINUTES, Period.M5).closed
    answer = history_of(fives, base=Period.M5).answer(DataQuery("market_data", SOL), at(3003))
    end = int(fives.open_ms.searchsorted(START_MS + 3000 * MINUTE_MS))
    rows = slice(end - DAY_MS // (5 * MINUTE_MS), end)
    traded = (fives.close * fives.volume)[rows].sum()
    assert numbers(answer, "volume24h")[0] == pytest.approx(traded, abs=288 * 0.005)
