"""Results side by side."""

from __future__ import annotations

import msgspec
import pytest

from engine.backtest.metrics import METRICS
from engine.backtest.report import compare
from engine.errors import InvalidInput
from tests.backtest.report.recorded_result import recorded_result


def test_values_texts_and_the_best_of_each_metric() -> None:
    compared = compare([recorded_result(12), recorded_result(48)])
    rows = {row.name: row for row in compared.metrics}
    assert list(rows) == list(METRICS)
    assert rows["sharpe"].best == (1,)
    assert rows["sharpe"].texts == ("-3.75", "1.23")
    # A drawdown of -6 % is better than one of -14 %, fees are better low, a count is neither.
    assert rows["max_drawdown_pct"].best == (1,)
    assert rows["fees"].best == (1,)
    assert rows["total_trades"].best == ()


def test_only_settings_that_differ_are_shown() -> None:
    one, other = recorded_result(12), recorded_result(48)
    other = msgspec.structs.replace(other, request=msgspec.structs.replace(other.request, source="else"))
    names = {row.name: row.texts for row in compare([one, other]).settings}
    assert names == {"params.hours": ("12", "48"), "source": ("text 1", "text 2")}


def test_equal_results_have_no_best() -> None:
    compared = compare([recorded_result(12), recorded_result(12)])
    assert not any(row.best for row in compared.metrics)
    assert compared.settings == ()
    assert compared.labels == ("moving averages cross 1", "moving averages cross 2")


def test_undefined_values_are_never_best() -> None:
    one = recorded_result(12)
    other = msgspec.structs.replace(one, metrics=one.metrics | {"profit_factor": None})
    row = next(row for row in compare([one, other]).metrics if row.name == "profit_factor")
    assert row.texts[1] == "–"
    assert row.best == ()


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(InvalidInput, match="results"):
        compare([])
