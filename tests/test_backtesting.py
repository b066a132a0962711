"""Backtests for people and tools: what is read, what a run comes to, and what is refused before one."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.backtesting import json_of, parse_range, read_pools, read_program, run, run_sweep
from engine.errors import InvalidInput
from engine.market.history.export_file import export_rows
from engine.market.periods import Period
from engine.model.backtest import (
    BacktestPool,
    BacktestProgress,
    BacktestRequest,
    BacktestStatus,
    CandleFiles,
    PoolSignal,
    SweepRequest,
)
from engine.model.signal import PoolLogic
from engine.signals.conditions.grammar import parse_condition
from tests.candle_rows import recorded

HOLDS = "def run(ctx):\n    ctx.hold('calm')\n"
ROWS = 600


def signal_of(**fields: object) -> dict[str, object]:
    return {"signals": [{"name": "it", **fields}], "logic": "or"}


def config(**fields: object) -> dict[str, object]:
    return signal_of(config=fields)


def condition(**fields: object) -> dict[str, object]:
    return signal_of(trigger_condition=fields)


RSI = {"indicator": "rsi", "threshold": 30}

READ = [
    (signal_of(type="crossover", config={**RSI, "direction": "below"}), "rsi14 crosses below 30 on 1m"),
    (signal_of(type="threshold", config={**RSI, "direction": "below"}), "rsi14 < 30 on 1m"),
    (config(**RSI, operator="crosses_below"), "rsi14 crosses below 30 on 1m"),
    (config(**RSI, operator="<", period="15m"), "rsi14 < 30 on 15m"),
    (config(**RSI, operator="<", period=7), "rsi7 < 30 on 1m"),
    (config(indicator="volume", operator=">", threshold="2x_avg"), "volume > 2x average on 1m"),
    (config(indicator="price", operator=">", reference="ema_50"), "price > ema50 on 1m"),
    (config(indicator="factor:roc10", operator=">", threshold=0.01), "factor:roc10 > 0.01 on 1m"),
    (
        signal_of(type="pattern", config={"indicator": "engulfing", "direction": "bullish"}),
        "pattern engulfing bullish on 1m",
    ),
    (condition(metric="cvd", operator="gt", threshold=5, time_window="5m"), "cvd > 5 on 5m"),
    (
        condition(metric="price_change", operator="abs_greater_than", threshold=1, time_window="5m"),
        "abs price_change > 1 on 5m",
    ),
    (
        condition(metric="taker_volume", direction="buy", ratio_threshold=1.5, volume_threshold=9),
        "taker buy 1.5 volume 9 on 1m",
    ),
    (condition(metric="macd", event_types=["golden_cross"], time_window="1h"), "macd golden_cross on 1h"),
    (signal_of(condition="rsi14 < 30 on 5m"), "rsi14 < 30 on 5m"),
]


@pytest.mark.parametrize(("pool", "said"), READ, ids=[said for _, said in READ])
def test_a_pool_is_read_in_every_form_clients_write(
    pool: dict[str, object], said: str, tmp_path: Path
) -> None:
    file = tmp_path / "pool.json"
    file.write_text(json.dumps(pool))
    (read,) = read_pools(file, Period.M1)
    assert read.name == "pool"
    assert read.logic is PoolLogic.OR
    assert [(signal.name, signal.condition) for signal in read.signals] == [
        ("it", str(parse_condition(said)))
    ]


def test_a_file_may_have_several_pools_a_mark_of_its_encoding_and_capitals(tmp_path: Path) -> None:
    file = tmp_path / "pools.json"
    one = {"signals": [{"condition": "rsi14 < 30 on 5m"}], "logic": "AND"}
    two = {
        "name": "high",
        "signals": [{"condition": "rsi14 > 70 on 5m"}, {"condition": "x", "enabled": False}],
    }
    file.write_text("\ufeff" + json.dumps([one, two]))
    first, second = read_pools(file, Period.M1)
    assert (first.name, first.logic) == ("pools", PoolLogic.AND)
    assert (second.name, len(second.signals)) == ("high", 1)


REFUSED = [
    ("", "Input data was truncated; a pool is"),
    ("{oops", "JSON is malformed"),
    ("null", "Expected `object`, got `null`"),
    ("[]", "a list without a pool is not allowed"),
    ('{"logic": "or"}', "missing required field `signals`"),
    ({"signals": []}, "no signal is not allowed; a pool has at least one"),
    ({**config(**RSI, operator="<"), "logic": "xor"}, "logic: xor is not allowed; allowed is and, or"),
    ({**config(**RSI, operator="<"), "symbols": "BTC"}, "Expected `array`, got `str` - at `$.symbols`"),
    ({**config(**RSI, operator="<"), "cooldown": 5}, "unknown field `cooldown`"),
    (signal_of(), "signal 1 (it): 0 conditions is not allowed; give one"),
    (signal_of(config=RSI, condition="rsi14 < 30"), "signal 1 (it): 2 conditions is not allowed"),
    (signal_of(condition="rsi14 goes under 30"), "condition: 'goes' is not allowed"),
    (config(indicator="zzz", operator="<", threshold=1), "metric: 'zzz' is not allowed"),
    (config(**RSI, operator="~"), "operator: '~' is not allowed; allowed is > >= <"),
    (config(**RSI), "direction: '' is not allowed; allowed is above, below"),
    (config(**RSI, direction="sideways"), "direction: 'sideways' is not allowed; allowed is above, below"),
    (config(indicator="rsi", direction="below"), "threshold: None is not allowed; write a number"),
    (config(indicator="rsi", direction="below", threshold="many"), "threshold: many is not allowed"),
    (config(**RSI, operator="<", period="7m"), "period: 7m is not allowed; allowed is 1m, 3m"),
    (config(**RSI, operator="<", period=0), "rsi timeperiod: 0 is not allowed; allowed is 2 to"),
    (config(**RSI, operator="<", foo=1), "unknown field `foo`"),
    (
        config(indicator="rsi", operator="<", threshold=-5),
        "threshold: -5 is not allowed; rsi14 takes 0 to 100",
    ),
    (signal_of(type="level", config={**RSI, "operator": "<"}), "type: 'level' is not allowed"),
    (signal_of(type="pattern", config={"indicator": "elephant"}), "indicator: 'elephant' is not allowed"),
    (config(indicator="factor:zzz", operator=">", threshold=0), "metric: 'factor:zzz' is not allowed"),
    (condition(metric="taker_volume", direction="up"), "direction: 'up' is not allowed; allowed is buy"),
    (condition(metric="taker_volume", ratio_threshold=-1), "ratio_threshold: -1 is not allowed"),
    (condition(metric="macd", event_types=["golden_shower"]), "event_types: 'golden_shower' is not allowed"),
]


@pytest.mark.parametrize(("pool", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_pool_that_cannot_be_read_is_one_line_naming_the_file_and_the_field(
    pool: str | dict[str, object], said: str, tmp_path: Path
) -> None:
    file = tmp_path / "pool.json"
    file.write_text(pool if isinstance(pool, str) else json.dumps(pool))
    with pytest.raises(InvalidInput) as refused:
        read_pools(file, Period.M1)
    assert refused.value.message.startswith(f"signals: {file}")
    assert said in refused.value.message
    assert "\n" not in refused.value.message


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
words = st.sampled_from(
    [*READ[0][0], "name", "type", "config", "indicator", "operator", "threshold", "rsi", ">"]
)
signals_of_anything = st.fixed_dictionaries(
    {},
    optional={
        "config": st.dictionaries(words, json_values | words, max_size=5),
        "trigger_condition": st.dictionaries(words, json_values | words, max_size=5),
        "condition": st.text(max_size=12) | words,
        "type": words,
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values | st.builds(lambda signals: {"signals": signals}, st.lists(signals_of_anything)))
@example(value={"signals": [{"config": {"indicator": "rsi", "operator": "<", "threshold": 10**400}}]})
def test_whatever_a_pool_file_holds_it_is_read_or_refused(value: Any, tmp_path: Path) -> None:
    file = tmp_path / "pool.json"
    file.write_text(json.dumps(value))
    pools: tuple[BacktestPool, ...] = ()
    with suppress(InvalidInput):
        pools = read_pools(file, Period.M1)
    assert all(parse_condition(signal.condition) for pool in pools for signal in pool.signals)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "a text file that can be read: No such file or directory"),
        (b"\xff\xfe", "a text file that can be read: it is not UTF-8"),
        (b"", "program.py:1: the program is empty"),
        (b"import os\nx = (\n", "program.py:2: syntax error"),
        (b"def run(ctx):\0\n", "program.py:1: the source contains a NUL byte"),
    ],
)
def test_a_program_that_cannot_be_read_is_refused(data: bytes | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(InvalidInput) as refused:
        read_program(file)
    assert said in refused.value.message


def request_of(folder: Path, source: str = HOLDS, **fields: Any) -> BacktestRequest:
    file = folder / "btc.parquet"
    if not file.exists():
        export_rows(recorded().slice(0, ROWS), file)
    history = CandleFiles((("BTC", str(file)),))
    return BacktestRequest(**{"source": source, "history": history, "schedule_seconds": 1800, **fields})


def pool_of(**fields: Any) -> tuple[BacktestPool, ...]:
    return (BacktestPool(name="low", signals=(PoolSignal("low", "rsi14 < 30 on 5m"),), **fields),)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"cash": Decimal("NaN")}, "cash: NaN is not allowed; from 0.01 to"),
        ({"cash": Decimal("0.009")}, "cash: 0.009"),
        ({"taker_fee": Decimal("0.2")}, "taker_fee: 20 % is not allowed; from -10 % to 10 %"),
        ({"slippage": Decimal("Infinity")}, "slippage: Infinity is not allowed"),
        ({"schedule_seconds": 10**12}, "schedule_seconds: 1000000000000"),
        ({"pools": pool_of(cooldown_seconds=10**30)}, "pools: low: cooldown_seconds: 1000"),
        ({"pools": pool_of(symbols=("ETH",))}, "pools: ETH in low is not allowed; the run has BTC"),
        ({"seed": 2**70}, "seed: 11805"),
        ({"params": {"n": -(2**70)}}, "params.n: -11805"),
        ({"start_ms": -1}, "start_ms: 1969-12-31 23:59:59 UTC is not allowed; a time of 1970 to 2099"),
        ({"end_ms": 2**62}, f"end_ms: {2**62} ms is not allowed"),
        ({"start_ms": 2000, "end_ms": 1000}, "the dates are reversed"),
        (
            {"start_ms": int(recorded().open_ms[ROWS])},
            "the history goes from 2025-05-04 15:33 UTC to 2025-05-05",
        ),
    ],
)
async def test_a_request_no_run_could_use_is_refused_naming_the_field(
    fields: dict[str, Any], said: str, tmp_path: Path
) -> None:
    request = request_of(tmp_path, **fields)
    with pytest.raises(InvalidInput) as refused:
        await run(request)
    assert said in refused.value.message
    if "history goes" not in said:
        with pytest.raises(InvalidInput):
            run_sweep(SweepRequest(request=request, ranges=(parse_range("n=1,2"),)), tmp_path)


async def test_a_run_is_shown_as_text_page_and_json(tmp_path: Path) -> None:
    seen: list[BacktestProgress] = []
    finished = await run(request_of(tmp_path), on_progress=seen.append, checks=True)
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, 20, 20)
    assert finished.result.status is BacktestStatus.COMPLETED
    assert finished.look_ahead is not None
    assert finished.look_ahead.is_clean
    assert finished.luck is None
    assert "No trade was made." in finished.text(80)
    assert "<svg" in finished.html()
    said = msgspec.to_builtins(json_of(finished.result, finished.look_ahead))
    assert (said["total_trades"], said["open_trades"], said["win_rate"]) == (0, 0, None)
    assert said["look_ahead"]["difference"] == ""


def after(calls: int) -> Callable[[], bool]:
    """Return a wish to cancel that comes with the so-many-eth question for it."""
    asked = iter(range(calls))
    return lambda: next(asked, None) is None


@pytest.mark.parametrize("calls", [0, 1, 2, 5])
async def test_a_cancelled_run_has_what_it_got_to_and_is_marked(calls: int, tmp_path: Path) -> None:
    finished = await run(request_of(tmp_path, schedule_seconds=60), is_cancelled=after(calls), checks=True)
    result = finished.result
    assert (result.status, result.ended_early) == (BacktestStatus.CANCELLED, "cancelled")
    assert result.program_calls < result.triggers == ROWS
    assert finished.look_ahead is None
    assert "CANCELLED, not a whole run" in finished.text(80)
    assert json_of(result).status == "cancelled"


@pytest.mark.parametrize(
    ("source", "status", "failures"),
    [
        ("def run(ctx):\n    raise ValueError('never')\n", BacktestStatus.ERROR, 20),
        (
            "def run(ctx):\n    if ctx.now_ms // 1_800_000 % 2:\n        raise ValueError('now and then')\n"
            "    ctx.hold('well')\n",
            BacktestStatus.COMPLETED,
            10,
        ),
        (HOLDS, BacktestStatus.COMPLETED, 0),
    ],
)
async def test_a_program_that_never_decides_is_an_error_one_that_fails_at_times_is_counted(
    source: str, status: BacktestStatus, failures: int, tmp_path: Path
) -> None:
    start_ms = int(recorded().open_ms[27])
    result = (await run(request_of(tmp_path, source, start_ms=start_ms))).result
    assert (result.status, result.failures) == (status, failures)
    assert (result.error is None) == (failures == 0)
    assert any("the program failed at" in warning for warning in result.warnings) == (failures > 0)
