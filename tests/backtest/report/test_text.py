"""The summary in a terminal."""

from __future__ import annotations

import msgspec
import pytest
from rich.cells import cell_len

from engine.backtest.report import text_summary
from engine.backtest.report.terminal_text import NARROWEST
from engine.model.backtest import BacktestStatus, EquityCurve
from tests.backtest.metrics.run_figures import trade_of
from tests.backtest.report.recorded_result import RULES, recorded_result


def test_what_matters_is_there() -> None:
    result = recorded_result(48)
    text = text_summary(result, color=False)
    for words in (*RULES, *result.warnings):
        assert words in " ".join(text.replace("\n  ", " ").split("\n")), words
    assert "Sharpe ratio                   1.23  daily UTC equity returns × √365" in text
    assert "Sharpe: Mean of daily UTC equity returns" in text
    assert result.result_hash in text
    assert "Best and worst trades" in text
    assert "⠛" in text


@pytest.mark.parametrize("width", [0, 60, 79, 100, 180])
def test_no_line_is_wider_than_asked_for(width: int) -> None:
    for line in text_summary(recorded_result(48), width, color=False).splitlines():
        assert cell_len(line) <= max(width, NARROWEST), line


def test_without_colour_there_is_no_escape_and_with_it_the_same_words() -> None:
    assert "\x1b" not in text_summary(recorded_result(), color=False)
    assert "\x1b[31m" in text_summary(recorded_result(), color=True)


def test_colour_is_for_terminals_that_did_not_decline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in text_summary(recorded_result())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in text_summary(recorded_result())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    assert "\x1b[" not in text_summary(recorded_result())


def test_hostile_text_cannot_reach_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\x9b31m\nnext\u202e"
    honest = recorded_result()
    hostile = msgspec.structs.replace(
        honest,
        request=msgspec.structs.replace(honest.request, name=evil, symbols=(evil,)),
        trades=(trade_of(1, 1, words=evil), trade_of(2, 2, words=evil)),
        warnings=(evil,),
        ended_early=evil,
        status=BacktestStatus.PARTIAL,
        result_hash=evil,
    )
    text = text_summary(hostile, color=False)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert not [line for line in text.splitlines() if line.startswith("next")]


def test_a_run_that_came_to_nothing_says_so() -> None:
    nothing = msgspec.structs.replace(
        recorded_result(),
        trades=(),
        curve=EquityCurve(ts_ms=(), equity=(), drawdown_pct=(), benchmark=()),
        metrics={},
        status=BacktestStatus.CANCELLED,
        ended_early="Cancelled at trigger 5.",
        warnings=(),
    )
    text = text_summary(nothing, color=False)
    assert "- The run is cancelled. Cancelled at trigger 5." in text
    assert "Equity\n" not in text


def test_one_trade_is_not_best_and_worst() -> None:
    text = text_summary(msgspec.structs.replace(recorded_result(), trades=(trade_of(4),)), color=False)
    assert "The only trade" in text
