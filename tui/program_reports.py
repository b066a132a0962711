"""What a run, an execution or a binding says of itself, as an outline: the result first, then why."""

from __future__ import annotations

from collections.abc import Sequence

from engine.model.decision import Decision, Operation
from engine.model.program import (
    BindingState,
    BindingStatus,
    DataRead,
    ProgramError,
    ProgramExecution,
    ProgramRun,
)
from engine.text import count
from tui import format as fmt
from tui.panes.span_line import Span
from tui.program_outline import Node, json_nodes, section, text_nodes
from tui.program_params import params_text
from tui.program_view import (
    ProgramView,
    binding_state_words,
    decision_words,
    decisions_words,
    milliseconds,
    trigger_words,
    wakes_words,
)

NO_ORDER = "it decided nothing"
ORDERED = {Operation.BUY, Operation.SELL, Operation.CLOSE}


def run_nodes(run: ProgramRun) -> tuple[Node, ...]:
    """Return a run that traded nothing: its decision or its error, what it printed, read and was given."""
    took = f" in {milliseconds(run.duration_ms)}, {count(len(run.reads), 'read')}, nothing was traded"
    if run.error is not None:
        head = [
            Node((Span("✗ ", "danger"), Span(run.error.sentence(), "danger"))),
            Node((Span("failed" + took, "muted"),)),
            *error_nodes(run.error),
        ]
    else:
        words, role = decisions_words(run.decisions)
        head = [
            Node((Span("✓ ", "gain"), Span(words if run.decisions else NO_ORDER, role))),
            Node((Span("decided" + took, "muted"),)),
            *(node for decision in run.decisions for node in decision_nodes(decision)),
        ]
    return (
        *head,
        *_evidence(run.output, run.reads, run.input_data, "input", reads_open=True, given_open=False),
    )


def execution_nodes(view: ProgramView, execution: ProgramExecution) -> tuple[Node, ...]:
    """Return everything the log has of one run of a binding."""
    words, role = decisions_words(execution.decisions)
    if execution.error is not None:
        head = Node((Span("✗ ", "danger"), Span(execution.error.sentence(), "danger")))
    else:
        head = Node((Span("✓ ", "gain") if execution.success else Span("✗ ", "danger"), Span(words, role)))
    program = f"{view.program_name(execution.program_id)} v{execution.program_version}"
    trigger = execution.trigger
    facts = (
        ("outcome", execution.outcome or fmt.ABSENT),
        ("program", program),
        ("trader", view.desk.trader_name(execution.trader_id)),
        ("woken by", " · ".join(filter(None, (trigger_words(trigger), trigger.detail)))),
        ("at", f"{fmt.market_date_time(execution.started_ms)}:{fmt.market_time(execution.started_ms)[-2:]}"),
        ("took", milliseconds(execution.duration_ms)),
        ("params", params_text(execution.params) or "none"),
        ("orders", ", ".join(execution.order_ids) or "none"),
        ("decision id", execution.decision_id),
    )
    return (
        head,
        *fact_nodes(facts),
        *(error_nodes(execution.error) if execution.error else ()),
        *(node for decision in execution.decisions for node in decision_nodes(decision)),
        *_evidence(
            execution.output,
            execution.reads,
            execution.market_context,
            "market context",
            reads_open=False,
            given_open=True,
        ),
    )


def binding_nodes(view: ProgramView, state: BindingState) -> tuple[Node, ...]:
    """Return how a binding does, in full."""
    binding = state.binding
    words, role = binding_state_words(state)
    facts = (
        ("program", view.program_name(binding.program_id)),
        ("trader", view.desk.trader_name(binding.trader_id)),
        ("woken by", wakes_words(view, binding)),
        ("params", params_text(binding.params) or "the program's own"),
        ("exchange", binding.exchange),
        ("last trigger", fmt.market_date_time(state.last_trigger_ms)),
        ("runs", f"{state.runs}, {state.failures} of them failed"),
    )
    return (Node((Span(words, role),)), *fact_nodes(facts), *failure_nodes(state))


def failure_nodes(state: BindingState) -> tuple[Node, ...]:
    """Return why a binding does not run as it should: the reason, then the guest's own traceback."""
    role = "danger" if state.status is BindingStatus.ERROR else "warning"
    return (
        *text_nodes(state.reason, role),
        *section("traceback", text_nodes(state.traceback, "thought", is_code=True)),
    )


def error_nodes(error: ProgramError) -> tuple[Node, ...]:
    """Return what to try about an error, and where it came from."""
    return (
        *(Node((Span("→ ", "accent"), Span(advice))) for advice in error.advice),
        *section("traceback", text_nodes(error.traceback, "thought", is_code=True)),
    )


def decision_nodes(decision: Decision) -> tuple[Node, ...]:
    """Return what a decision says beyond its short words."""
    facts: list[tuple[str, str]] = []
    if decision.operation in ORDERED:
        facts = [
            (name, fmt.price(value))
            for name, value in (
                ("highest price", decision.max_price),
                ("lowest price", decision.min_price),
                ("take profit", decision.take_profit),
                ("stop", decision.stop_loss),
            )
            if value is not None
        ]
        facts.append(("in force", decision.time_in_force.value.upper()))
    facts += [("reason", decision.reason), ("strategy", decision.trading_strategy)]
    return section(decision_words(decision), fact_nodes([fact for fact in facts if fact[1]]))


def fact_nodes(facts: Sequence[tuple[str, str]]) -> tuple[Node, ...]:
    """Return labels and values, the values below each other."""
    width = max((len(label) for label, _ in facts), default=0)
    return tuple(Node((Span(f"{label:<{width}}  ", "muted"), Span(value))) for label, value in facts)


def _evidence(
    output: str,
    reads: tuple[DataRead, ...],
    given: str,
    given_title: str,
    *,
    reads_open: bool,
    given_open: bool,
) -> tuple[Node, ...]:
    """Return what a run printed, what it asked for, and what it was given."""
    asked = [
        Node((Span(f"{read.call}  "),), json_nodes(read.answer), False, read.answer[:200]) for read in reads
    ]
    return (
        *section("printed", text_nodes(output, "thought")),
        *section("read", asked, preview=count(len(reads), "call"), is_open=reads_open),
        *section(given_title, json_nodes(given), preview=given[:200], is_open=given_open),
    )
