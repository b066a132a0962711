"""What the panes of the backtests screen say: figures, trades, months, sweeps and why a run is not whole."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.model.backtest import BacktestProgress, BacktestStatus, MonthlyReturn
from tests.tui.recorded_backtests import recorded_runs, result_of, sweep_of
from tui.backtest_metrics import METRICS, best_places, difference_text, explanation, metric_text
from tui.backtest_sweeps import (
    combination_columns,
    combination_row,
    deflated_words,
    heat_map_of,
    ordered_places,
    step_row,
)
from tui.backtest_trades import month_columns, month_rows, price_text, trade_row, trigger_row
from tui.backtest_view import (
    Compared,
    RunSort,
    Subject,
    reason_words,
    sorted_runs,
    state_words,
    waiting_words,
)
from tui.panes.backtest_figures import comparison_rows, figure_rows
from tui.panes.backtest_runs import run_row, run_words

RUNS = {run.run_id: run for run in recorded_runs()}


def test_a_run_shows_its_progress_while_it_runs() -> None:
    words, role = state_words(RUNS["bt-007"])
    assert words == "━━────  42%"
    assert role == "accent"
    assert run_words(RUNS["bt-007"]).startswith("deciding 1,203 of 2,810 · at 2026-02-17")


def test_progress_without_a_total_names_its_stage() -> None:
    run = msgspec.structs.replace(RUNS["bt-007"], progress=BacktestProgress(stage="loading"))
    assert state_words(run)[0] == "▸ loading"


@pytest.mark.parametrize(
    "status",
    [BacktestStatus.PARTIAL, BacktestStatus.ERROR, BacktestStatus.CANCELLED, BacktestStatus.INTERRUPTED],
)
def test_every_run_that_is_not_whole_says_why_even_without_a_reason_of_the_desk(
    status: BacktestStatus,
) -> None:
    run = msgspec.structs.replace(RUNS["bt-006"], status=status)
    assert reason_words(run)
    assert run_words(run).startswith(f"{status.value}: ")
    assert reason_words(msgspec.structs.replace(run, error="the disk is full")) == "the disk is full"


def test_runs_sort_with_the_best_first_and_those_without_a_figure_last() -> None:
    runs = sorted_runs(recorded_runs(), RunSort.SHARPE)
    known = [run.summary["sharpe"] for run in runs if "sharpe" in run.summary]
    assert known == sorted(known, key=lambda value: -(value or 0))
    assert all("sharpe" not in run.summary for run in runs[len(known) :])
    assert sorted_runs(recorded_runs(), RunSort.NEWEST) == recorded_runs()


def test_a_value_not_known_is_a_dash_and_never_zero() -> None:
    texts = [cell.text for cell in run_row(RUNS["bt-003"], is_marked=False).cells]
    assert texts.count("–") >= 4
    assert "0" not in texts


def test_every_metric_has_a_row_with_its_meaning() -> None:
    rows = figure_rows(result_of()[0].metrics)
    assert [row.key for row in rows] == list(METRICS)
    assert all(explanation(METRICS[row.key]) for row in rows)
    assert rows[0].cells[2].text == metric_text(
        METRICS["total_return_pct"], result_of()[0].metrics["total_return_pct"]
    )


def test_a_comparison_marks_the_better_value_and_says_the_difference() -> None:
    first, second = RUNS["bt-006"], RUNS["bt-004"]
    rows = {
        row.key: [cell.text for cell in row.cells]
        for row in comparison_rows((Compared(first, result_of()[0]), Compared(second, result_of(1.0)[0])))
    }
    made = [result_of()[0].metrics["total_return_pct"], result_of(1.0)[0].metrics["total_return_pct"]]
    better = made.index(max(value for value in made if value is not None))
    assert rows["total_return_pct"][1 + better].endswith("◂")
    assert not rows["total_return_pct"][2 - better].endswith("◂")
    assert rows["buy_and_hold_return_pct"][3] == "="


def test_lower_is_better_where_the_table_says_so() -> None:
    assert best_places(METRICS["volatility_pct"], [10.0, 12.0]) == {0}
    assert best_places(METRICS["sharpe"], [1.0, 2.0, None]) == {1}
    assert best_places(METRICS["sharpe"], [1.0, 1.0]) == frozenset()
    assert best_places(METRICS["beta"], [1.0, 2.0]) == frozenset()
    assert difference_text(METRICS["sharpe"], 1.0, 0.5) == "-0.50"
    assert difference_text(METRICS["total_return_pct"], 1.0, None) == "–"


def test_a_trade_shows_both_ends_and_an_open_one_has_none() -> None:
    trade = result_of()[0].trades[0]
    texts = [cell.text for cell in trade_row(trade).cells]
    assert price_text(trade.entry_price) in texts
    assert price_text(trade.exit_price) in texts
    still_open = msgspec.structs.replace(trade, exit_ms=None, exit_price=None)
    assert [cell.text for cell in trade_row(still_open).cells].count("–") == 2


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("67013.2", "67,013"),
        ("3120.28", "3,120.3"),
        ("142.31", "142.31"),
        ("0.00012345", "0.00012345"),
        ("0", "0"),
    ],
)
def test_prices_have_the_digits_that_tell_them_apart(price: str, text: str) -> None:
    assert price_text(Decimal(price)) == text


def test_a_trigger_that_failed_shows_its_error() -> None:
    line = msgspec.structs.replace(result_of()[1][0], error="line 3: ValueError", outcome="held")
    cells = trigger_row(line).cells
    assert ("failed", "danger") in [(cell.text, cell.role) for cell in cells]
    assert "line 3: ValueError" in [cell.text for cell in cells]


def test_months_are_laid_out_both_ways_and_compound_to_the_year() -> None:
    months = (MonthlyReturn(2025, 12, 10.0), MonthlyReturn(2026, 1, 10.0), MonthlyReturn(2026, 2, -10.0))
    across = month_rows(months, years_down=True)
    assert [row.key for row in across] == ["2026", "2025"]
    assert [cell.text for cell in across[0].cells][1:3] == ["+10.0", "-10.0"]
    assert across[0].cells[-1].text == "-1.0"
    down = month_rows(months, years_down=False)
    assert [row.key for row in down] == ["1", "2", "12", "year"]
    assert [cell.text for cell in down[-1].cells] == ["year", "-1.0", "+10.0"]
    assert len(month_columns(months, years_down=False)) == 3
    assert month_rows((), years_down=False) == []


def test_a_sweep_is_ordered_by_its_objective_with_failures_last() -> None:
    sweep = sweep_of()
    places = ordered_places(sweep)
    assert places[0] == sweep.best
    assert sweep.lines[places[-1]].error
    values = [sweep.lines[place].metrics["sharpe"] for place in places[:-1]]
    assert values == sorted(values, key=lambda value: -(value or 0))
    texts = [cell.text for cell in combination_row(sweep, places[-1]).cells]
    assert "failed" in texts
    assert len(combination_columns(sweep)) == len(texts)


def test_the_map_of_a_sweep_has_the_longer_range_across_and_its_best_in_place() -> None:
    sweep = sweep_of()
    heat = heat_map_of(sweep)
    assert heat is not None
    assert (heat.x_name, heat.y_name) == ("below", "portion")
    assert heat.best is not None
    row, column = heat.best
    best = sweep.lines[sweep.best or 0]
    assert heat.values[row][column] == best.metrics["sharpe"]
    assert heat.values[-1][-1] is None, "the run that failed"


def test_the_map_of_one_range_is_one_row_and_of_none_is_none() -> None:
    sweep = sweep_of()
    one = msgspec.structs.replace(sweep.request, ranges=sweep.request.ranges[:1])
    heat = heat_map_of(msgspec.structs.replace(sweep, request=one))
    assert heat is not None
    assert len(heat.values) == 1
    assert (
        heat_map_of(msgspec.structs.replace(sweep, request=msgspec.structs.replace(one, ranges=()))) is None
    )


def test_the_deflated_sharpe_ratio_is_a_sentence() -> None:
    sweep = sweep_of()
    likely = msgspec.structs.replace(sweep, deflated_sharpe=0.97)
    assert "more than luck" in deflated_words(likely)[0]
    assert "luck alone" in deflated_words(msgspec.structs.replace(sweep, deflated_sharpe=0.4))[0]
    assert "undefined" in deflated_words(msgspec.structs.replace(sweep, deflated_sharpe=None))[0]


def test_a_step_that_fell_apart_out_of_sample_is_marked() -> None:
    sweep = sweep_of()
    good, poor = step_row(sweep, 0, sweep.steps[0]), step_row(sweep, 2, sweep.steps[2])
    assert good.cells[4].role == "gain"
    assert poor.cells[4].role == "loss"


def test_waiting_says_what_for() -> None:
    assert "N backtests" in waiting_words(Subject())
    assert waiting_words(Subject(run=RUNS["bt-007"])).startswith("deciding")
    assert waiting_words(Subject(run=RUNS["bt-006"])) == "reading the result …"
    assert waiting_words(Subject(run=RUNS["bt-006"], problem="gone")) == "gone"
