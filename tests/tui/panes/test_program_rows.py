"""What the tables and outlines of the programs screen say, from the values they are given."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.model.decision import Decision, Operation
from engine.model.program import BindingStatus, ProgramRun, SourceProblem, SourceReport
from tests.tui.recorded_books import TRADERS
from tests.tui.recorded_programs import BINDINGS, BUY, DIVISION, EXECUTIONS, PROGRAMS, READS
from tests.tui.recorded_signals import POOLS
from tui.panes.program_bindings import binding_row
from tui.panes.program_editor import marked_lines, problem_rows, verdict_words
from tui.panes.program_executions import execution_row
from tui.panes.program_list import program_row
from tui.program_outline import Node
from tui.program_reports import binding_nodes, execution_nodes, run_nodes
from tui.program_view import (
    ProgramView,
    decision_words,
    milliseconds,
    program_state_words,
    runs_stamp,
    wakes_words,
)
from tui.view import DeskView
from tui.widgets.live_table import Row

VIEW = ProgramView(
    desk=DeskView(traders=TRADERS),
    programs=PROGRAMS,
    bindings=BINDINGS,
    pools=POOLS,
    executions=EXECUTIONS,
    reports={1: SourceReport(form="class"), 2: SourceReport(errors=(SourceProblem(1, "no"),), form="run")},
    changed=frozenset({2}),
)


def texts(row: Row) -> list[str]:
    return [cell.text for cell in row.cells]


def spoken(nodes: tuple[Node, ...]) -> str:
    """Return everything in an outline, folded or not."""
    return "\n".join(
        line
        for node in nodes
        for line in ("".join(span.text for span in node.spans), spoken(node.children))
        if line
    )


def test_a_program_adds_up_what_its_bindings_did() -> None:
    twice = msgspec.structs.replace(
        VIEW,
        bindings=(
            *BINDINGS,
            msgspec.structs.replace(
                BINDINGS[1],
                binding=msgspec.structs.replace(BINDINGS[0].binding, binding_id=9, trader_id=2),
            ),
        ),
    )
    row = texts(program_row(twice, PROGRAMS[0]))
    assert row[0] == "✗ error", "the worst of its bindings counts"
    assert row[4] == "Reversion, Rules"
    assert row[6:8] == ["1,235", "3"]


def test_what_is_not_saved_or_wrong_has_its_mark() -> None:
    row = texts(program_row(VIEW, PROGRAMS[1]))
    assert row[1] == "Range breakout ●"
    assert row[3] == "✗ error"


def test_a_program_without_bindings_is_unbound_and_one_switched_off_is_off() -> None:
    assert program_state_words(VIEW, PROGRAMS[2]) == ("– unbound", "muted")
    assert program_state_words(VIEW, PROGRAMS[3]) == ("· off", "muted")
    deciding = msgspec.structs.replace(BINDINGS[0], thinking=True)
    busy = msgspec.structs.replace(VIEW, bindings=(deciding,))
    assert program_state_words(busy, PROGRAMS[0]) == ("◐ deciding", "accent")


def test_a_binding_says_what_wakes_it() -> None:
    assert texts(binding_row(VIEW, BINDINGS[0]))[:4] == [
        "● active",
        "Reversion",
        "RSI reversion",
        "Reversal + every 5m",
    ]
    idle = msgspec.structs.replace(BINDINGS[0].binding, pool_ids=(), schedule_seconds=0)
    assert wakes_words(VIEW, idle) == "nothing"
    gone = msgspec.structs.replace(BINDINGS[0].binding, pool_ids=(77,), schedule_seconds=0)
    assert wakes_words(VIEW, gone) == "#77"


def test_a_run_that_failed_says_why_in_its_row() -> None:
    row = texts(execution_row(VIEW, EXECUTIONS[2]))
    assert row[0] == "✗"
    assert row[3] == "failed"
    assert row[4].startswith("line 5: ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (BUY, "buy BTC 25% 2×"),
        (Decision(operation=Operation.SELL, symbol="ETH", quantity=Decimal("0.50")), "sell ETH 0.5"),
        (Decision(operation=Operation.CLOSE, symbol="BTC", portion=Decimal(1), leverage=5), "close BTC 100%"),
        (Decision(operation=Operation.HOLD), "hold"),
    ],
)
def test_a_decision_in_short(decision: Decision, words: str) -> None:
    assert decision_words(decision) == words


@pytest.mark.parametrize(
    ("took", "words"),
    [(0.0, "0 ms"), (0.84, "0.84 ms"), (2.31, "2.3 ms"), (12.4, "12 ms"), (1_310.0, "1.3 s")],
)
def test_a_duration_has_the_digits_a_person_reads(took: float, words: str) -> None:
    assert milliseconds(took) == words


def test_a_failed_run_leads_with_the_line_and_what_to_try() -> None:
    said = spoken(run_nodes(ProgramRun(error=DIVISION, reads=READS, output="before", duration_ms=3)))
    first = said.splitlines()[0]
    assert first == "✗ line 5: ZeroDivisionError: division by zero in `0.01 / (len(candles) - 24)`"
    for words in ("→ Check the divisor", "Traceback (most recent", "before", 'get_price("BTC")', "67014.1"):
        assert words in said, words


def test_a_run_without_a_decision_is_no_failure() -> None:
    assert spoken(run_nodes(ProgramRun())).startswith("✓ it decided nothing")


def test_an_execution_says_its_version_params_and_orders() -> None:
    said = spoken(execution_nodes(VIEW, EXECUTIONS[1]))
    for words in ("RSI reversion v3", "oversold=25", "o-0, o-1", "Reversal BTC · RSI 24.1", "exhaustion"):
        assert words in said, words


def test_a_binding_in_error_shows_the_guests_traceback_only() -> None:
    said = spoken(binding_nodes(VIEW, BINDINGS[1]))
    assert "ZeroDivisionError: division by zero" in said
    assert "Traceback" not in spoken(binding_nodes(VIEW, BINDINGS[0]))
    assert BINDINGS[1].status is BindingStatus.ERROR


def test_errors_come_before_warnings_and_outweigh_them() -> None:
    report = SourceReport(
        errors=(SourceProblem(3, "wrong", "write this"),),
        warnings=(SourceProblem(3, "odd"), SourceProblem(7, "odd too")),
        form="class",
    )
    assert [texts(row) for row in problem_rows(report)] == [
        ["✗", "3", "wrong"],
        ["!", "3", "odd"],
        ["!", "7", "odd too"],
    ]
    assert marked_lines(report, 9) == {3: "danger", 7: "warning", 9: "danger"}
    assert verdict_words(report) == "class · ✗ 1 error, 2 warnings"
    assert verdict_words(SourceReport(form="run")) == "def run · ✓ no problems"
    assert verdict_words(None) == "reading …"


def test_the_stamp_changes_whenever_a_binding_has_run() -> None:
    again = msgspec.structs.replace(BINDINGS[0], runs=BINDINGS[0].runs + 1)
    later = msgspec.structs.replace(VIEW, bindings=(again, *BINDINGS[1:]))
    assert runs_stamp(later) != runs_stamp(VIEW)
    elsewhere = msgspec.structs.replace(VIEW, executions=())
    assert runs_stamp(elsewhere) == runs_stamp(VIEW)
