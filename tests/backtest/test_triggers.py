"""When a run wakes its program: as the desk would have, one checkpoint and one price at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backtest.triggers import SCHEDULED, PoolFires, TriggerTimes, find_fires, lay_out
from engine.market.candles.series import CandleSeries
from engine.market.factors.library import FactorLibrary
from engine.market.periods import MINUTE_MS, Period
from engine.model.backtest import BacktestPool
from engine.signals.history.condition_arrays import ConditionArrays, SignalData
from engine.signals.schedules import Schedule
from tests.backtest.made_history import START_MS, at, bars, gappy, pool, series

BARS = 20
END_MS = at(BARS)
ABOVE = "price > 100 on 1m"
FACTORS = FactorLibrary()


def fired(symbol: str, *minutes: int, name: str = "pool") -> PoolFires:
    """A pool that fired as these minutes closed."""
    times = np.array([at(minute) for minute in minutes], dtype=np.int64)
    return PoolFires(
        number=0,
        pool=BacktestPool(name=name, signals=()),
        symbol=symbol,
        conditions=(),
        members=(),
        rows=np.arange(len(times)),
        fired_ms=times,
    )


def opens_at(minutes: Sequence[int]) -> CandleSeries:
    return series([(1, 1, 1, 1)] * len(minutes), minutes)


def laid_out(
    fires: Sequence[PoolFires],
    minutes: Mapping[str, Sequence[int]],
    *,
    every_s: int = 0,
    start_ms: int = START_MS,
    end_ms: int = END_MS,
) -> TriggerTimes:
    opens = {symbol: opens_at(present).open_ms for symbol, present in minutes.items()}
    return lay_out(tuple(fires), opens.__getitem__, tuple(minutes), every_s, start_ms, end_ms)


def told(times: TriggerTimes) -> list[tuple[int, str, str]]:
    """Minute, symbol and pool of each trigger."""
    return [
        ((int(at_ms) - START_MS) // MINUTE_MS, times.symbol(row), times.pool_name(row))
        for row, at_ms in enumerate(times.at_ms)
    ]


def modelled(
    fires: Sequence[PoolFires], opens: Mapping[str, Sequence[int]], every_s: int, start_ms: int, end_ms: int
) -> list[tuple[int, str, int]]:
    """The rules, a moment at a time: (when, symbol, which fire), with -1 for the schedule."""
    woke: dict[int, tuple[str, int]] = {}
    taken_at: set[int] = set()
    ordered = sorted(
        (int(ts_ms), each.symbol, number, place)
        for number, each in enumerate(fires)
        for place, ts_ms in enumerate(each.fired_ms)
    )
    for ts_ms, symbol, _, place in ordered:
        if ts_ms in taken_at:
            continue
        taken_at.add(ts_ms)
        later = [open_ms for open_ms in opens[symbol] if ts_ms <= open_ms < end_ms]
        if later and later[0] not in woke:
            woke[later[0]] = symbol, place
    first = next(iter(opens))
    prices = {open_ms for open_ms in opens[first] if start_ms <= open_ms < end_ms}
    schedule = Schedule(every_s, last_ms=0)
    found = []
    for now_ms in sorted(prices | set(woke)):
        if now_ms in woke:
            symbol, place = woke[now_ms]
            found.append((now_ms, symbol, place))
            schedule.reset(now_ms)
        elif now_ms in prices and schedule.fire(now_ms) is not None:
            found.append((now_ms, "", -1))
    return found


@st.composite
def minutes_present(draw: st.DrawFn) -> list[int]:
    gap, length = draw(st.integers(1, BARS - 4)), draw(st.integers(0, 8))
    missing = draw(st.sets(st.integers(1, BARS - 1), max_size=4)) | set(range(gap, gap + length))
    return [minute for minute in range(BARS) if minute not in missing]


@settings(max_examples=200, deadline=None)
@given(
    present=st.lists(minutes_present(), min_size=1, max_size=3),
    fires_at=st.lists(st.tuples(st.integers(0, 2), st.sets(st.integers(0, BARS), max_size=8)), max_size=6),
    every_s=st.sampled_from([0, 1, 60, 90, 120, 300, 3600]),
    ends=st.integers(3, BARS),
)
def test_a_run_wakes_its_program_as_a_desk_that_looks_moment_by_moment(
    present: list[list[int]], fires_at: list[tuple[int, set[int]]], every_s: int, ends: int
) -> None:
    symbols = ("BTC", "ETH", "SOL")[: len(present)]
    minutes = dict(zip(symbols, present, strict=True))
    fires = [fired(symbols[which % len(symbols)], *sorted(when)) for which, when in fires_at]
    times = laid_out(fires, minutes, every_s=every_s, end_ms=at(ends))
    opens = {symbol: [at(minute) for minute in rows] for symbol, rows in minutes.items()}
    expected = modelled(fires, opens, every_s, START_MS, at(ends))
    found = [
        (int(at_ms), times.symbol(row), -1 if times.source[row] == SCHEDULED else int(times.fire[row]))
        for row, at_ms in enumerate(times.at_ms)
    ]
    assert found == expected
    assert np.all(np.diff(times.at_ms) > 0)
    assert np.all(times.fired_ms <= times.at_ms)
    decided = int(np.count_nonzero(times.source != SCHEDULED))
    assert decided + times.untaken + times.undecided == sum(len(each.rows) for each in fires)


def test_of_what_fires_at_one_time_the_first_symbol_and_pool_wakes_it() -> None:
    fires = [fired("ETH", 3, name="first"), fired("BTC", 3, name="second"), fired("BTC", 3, name="third")]
    times = laid_out(fires, {"ETH": range(BARS), "BTC": range(BARS)})
    assert told(times) == [(3, "BTC", "second")]
    assert times.untaken == 2


def test_what_fires_in_a_gap_is_decided_where_the_history_goes_on() -> None:
    times = laid_out([fired("BTC", 3)], {"BTC": [0, 1, 2, 6, 7]})
    assert told(times) == [(6, "BTC", "pool")]
    assert times.fired_ms.tolist() == [at(3)]


def test_a_gap_of_one_symbol_holds_up_no_other() -> None:
    minutes = {"BTC": [0, 1, 2, 8, 9], "ETH": range(10)}
    times = laid_out([fired("BTC", 3), fired("ETH", 4, 6)], minutes)
    assert told(times) == [(4, "ETH", "pool"), (6, "ETH", "pool"), (8, "BTC", "pool")]
    assert (times.untaken, times.undecided) == (0, 0)


def test_what_fires_at_the_very_end_is_not_decided() -> None:
    times = laid_out([fired("BTC", 4, BARS)], {"BTC": range(BARS)})
    assert told(times) == [(4, "BTC", "pool")]
    assert times.undecided == 1


def test_a_schedule_is_due_at_once_and_runs_from_the_last_trigger_of_any_kind() -> None:
    times = laid_out([fired("BTC", 7)], {"BTC": range(14)}, every_s=300, end_ms=at(14))
    assert told(times) == [(0, "", ""), (5, "", ""), (7, "BTC", "pool"), (12, "", "")]


def test_a_schedule_gives_way_to_a_signal_of_the_same_time() -> None:
    times = laid_out([fired("BTC", 5)], {"BTC": range(11)}, every_s=300, end_ms=at(11))
    assert told(times) == [(0, "", ""), (5, "BTC", "pool"), (10, "", "")]


def test_a_schedule_is_told_of_no_symbol() -> None:
    """Error 9 of the contract's section 7.3: not the first symbol, as live."""
    times = laid_out([], {"BTC": range(5), "ETH": range(5)}, every_s=60)
    assert {times.symbol(row) for row in range(len(times))} == {""}
    assert times.columns(0, 5).other_symbol == ""
    assert times.columns(0, 5).pools == ()


def found_on(rows: Mapping[str, CandleSeries], *pools: BacktestPool) -> tuple[PoolFires, ...]:
    arrays = {
        symbol: ConditionArrays(SignalData.of_minutes(each, FACTORS, Period.M1))
        for symbol, each in rows.items()
    }
    end_ms = max(int(each.open_ms[-1]) for each in rows.values()) + MINUTE_MS
    return find_fires(pools, arrays, FACTORS, START_MS, end_ms)


def test_a_pool_fires_as_the_candle_closes_that_makes_it_true_and_not_before() -> None:
    prices = [99, 99, 101, 102, 99, 103, 99]
    (fires,) = found_on({"BTC": series((p, p, p, p) for p in prices)}, pool(ABOVE))
    assert fires.fired_ms.tolist() == [at(3), at(6)]


def test_a_cooldown_keeps_a_pool_from_firing_again() -> None:
    prices = [99, 101, 99, 101, 99, 101, 99, 101]
    rows = {"BTC": series((p, p, p, p) for p in prices)}
    (fires,) = found_on(rows, pool(ABOVE, cooldown=180))
    assert fires.fired_ms.tolist() == [at(2), at(6)]


def test_each_pool_looks_at_each_of_its_symbols_by_itself() -> None:
    rows = {
        "ETH": series((p, p, p, p) for p in [99, 101, 101, 101]),
        "BTC": series((p, p, p, p) for p in [99, 99, 101, 101]),
    }
    both, one = (
        found_on(rows, pool(ABOVE), pool(ABOVE, symbols=("ETH",)))[:2],
        found_on(rows, pool(ABOVE))[1:],
    )
    assert [(each.symbol, each.fired_ms.tolist()) for each in both] == [("BTC", [at(3)]), ("ETH", [at(2)])]
    assert [each.symbol for each in one] == ["ETH"]


@settings(max_examples=40, deadline=None)
@given(data=st.data(), cut=st.integers(2, 38))
def test_what_comes_later_fires_nothing_earlier(data: st.DataObject, cut: int) -> None:
    """Error 1 of the contract's section 7.3: a candle counts once it has closed."""
    rows = data.draw(gappy(40))
    pools = pool("price crosses_above 100 on 1m", "sma(5) > 100 on 1m", "volume > 3 on 3m")
    (whole,) = found_on({"BTC": rows}, pools)
    kept = int((rows.open_ms + MINUTE_MS <= at(cut)).sum())
    if kept < 2:
        return
    other = series(
        data.draw(bars(len(rows) - kept, price=900)), ((rows.open_ms[kept:] - START_MS) // MINUTE_MS).tolist()
    )
    joined = CandleSeries(
        *(
            np.concatenate((getattr(rows, name)[:kept], getattr(other, name)))
            for name in rows.__struct_fields__
        )
    )
    (altered,) = found_on({"BTC": joined}, pools)
    before = whole.fired_ms[whole.fired_ms <= at(cut)]
    assert before.tolist() == altered.fired_ms[altered.fired_ms <= at(cut)].tolist()


@pytest.mark.parametrize("which", [(0, 2), (1, 4), (0, 5)])
def test_a_batch_is_told_its_own_triggers_only(which: tuple[int, int]) -> None:
    fires = [fired("BTC", 1, 3, name="a"), fired("ETH", 2, 4, name="b")]
    times = laid_out(fires, {"BTC": range(BARS), "ETH": range(BARS)}, every_s=0)
    start, stop = which
    columns = times.columns(start, stop)
    assert np.frombuffer(columns.ts_ms, dtype=np.int64).tolist() == times.at_ms[start:stop].tolist()
    rows = {
        int(row): (each.symbol, each.name)
        for each in columns.pools
        for row in np.frombuffer(each.rows, dtype=np.int64)
    }
    assert rows == {
        row - start: (times.symbol(row), times.pool_name(row)) for row in range(start, min(stop, len(times)))
    }
