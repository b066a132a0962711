"""Pools in files: read in the words clients use, or refused with file, signal and field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.backtest.pool_file import read_pools
from engine.errors import InvalidInput
from engine.market.periods import Period
from engine.model.backtest import BacktestPool
from engine.model.signal import PoolLogic

RSI = {"indicator": "rsi", "period": 14, "operator": "<", "threshold": 30}


def read(folder: Path, content: object, period: Period = Period.M15) -> tuple[BacktestPool, ...]:
    path = folder / "pool.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_pools(path, period)


def refusal(folder: Path, content: object) -> str:
    with pytest.raises(InvalidInput) as refused:
        read(folder, content)
    assert str(folder / "pool.json") in refused.value.message
    return refused.value.message


def test_the_documented_form_is_read_with_the_runs_period(tmp_path: Path) -> None:
    content = {
        "signals": [{"name": "low", "type": "threshold", "config": RSI}],
        "logic": "or",
        "symbols": ["BTC", "ETH"],
        "cooldown_seconds": 60,
    }
    (pool,) = read(tmp_path, content)
    assert (pool.name, pool.logic, pool.symbols, pool.cooldown_seconds) == (
        "pool",
        PoolLogic.OR,
        ("BTC", "ETH"),
        60,
    )
    ((name, condition),) = [(signal.name, signal.condition) for signal in pool.signals]
    assert (name, condition) == ("low", "rsi14 < 30 on 15m")


def test_the_older_form_keeps_its_own_window(tmp_path: Path) -> None:
    trigger = {"metric": "price_change", "operator": "greater_than", "threshold": 1.5, "time_window": "1h"}
    (pool,) = read(tmp_path, {"signals": [{"name": "moved", "trigger_condition": trigger}], "logic": "OR"})
    assert pool.signals[0].condition == "price_change > 1.5 on 1h"


def test_words_are_read_as_they_are_and_name_the_signal(tmp_path: Path) -> None:
    (pool,) = read(tmp_path, {"signals": [{"condition": "rsi14 crosses below 30 on 5m"}]})
    assert pool.signals[0].name == pool.signals[0].condition == "rsi14 crosses below 30 on 5m"
    assert pool.logic is PoolLogic.AND


def test_several_pools_have_names_of_their_own(tmp_path: Path) -> None:
    one = {"signals": [{"condition": "price > 1 on 1m"}]}
    assert [pool.name for pool in read(tmp_path, [one, {"name": "mine"} | one, one])] == [
        "pool",
        "mine",
        "pool 3",
    ]


def test_a_signal_that_is_switched_off_is_left_out(tmp_path: Path) -> None:
    signals = [{"condition": "price > 1 on 1m"}, {"condition": "price > 2 on 1m", "enabled": False}]
    (pool,) = read(tmp_path, {"signals": signals})
    assert [signal.condition for signal in pool.signals] == ["price > 1 on 1m"]


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + json.dumps({"signals": [{"condition": "price > 1 on 1m"}]}))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "truncated"),
        ("{", "truncated"),
        ("[]", "pool"),
        ('"text"', "Expected"),
        ({"signals": []}, "no signal"),
        ({"signals": [{"condition": "price > 1 on 1m", "enabled": False}]}, "no signal"),
        ({"signal": []}, "signal"),
        ({"signals": [{"condition": "price > 1 on 1m"}], "logic": "xor"}, "logic"),
        ({"signals": [{"condition": "price > 1 on 1m"}], "cooldown_seconds": "soon"}, "cooldown_seconds"),
        ({"signals": [{"condition": "price > 1 on 1m"}], "colour": "red"}, "colour"),
        ({"signals": [{"name": "nothing"}]}, "signal 1 (nothing)"),
        ({"signals": [{"condition": "price > 1 on 1m", "config": RSI}]}, "2 conditions"),
        ({"signals": [{"condition": "price > 1 on 1m"}, {"condition": "prize > 1 on 1m"}]}, "signal 2"),
        ({"signals": [{"config": RSI | {"indicator": "risk"}}]}, "risk"),
        ({"signals": [{"config": RSI | {"operator": "almost"}}]}, "almost"),
        ({"signals": [{"config": RSI | {"treshold": 5}}]}, "treshold"),
        ({"signals": [{"config": RSI | {"threshold": "many"}}]}, "many"),
        ({"signals": [{"config": RSI | {"time_window": "7m"}}]}, "7m"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: object, told: str) -> None:
    assert told in refusal(tmp_path, content)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.json"):
        read_pools(tmp_path / "nowhere.json", Period.M1)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pool.json"
    path.write_bytes(b'{"signals": [{"name": "\xff\xfe"}]}')
    with pytest.raises(InvalidInput, match=r"pool\.json"):
        read_pools(path, Period.M1)
