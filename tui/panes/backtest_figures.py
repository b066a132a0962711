"""The figures pane: what a run came to, what each figure means, and what must be known to believe it.

Warnings and the rules of the run stand below the figures whatever is looked at; a run that is not whole
says so on top, with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.widget import Widget

from engine.model.backtest import BacktestResult, BacktestRun, SweepResult
from engine.text import count
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.backtest_metrics import (
    METRICS,
    best_places,
    difference_text,
    explanation,
    metric_role,
    metric_text,
    title_of,
)
from tui.backtest_sweeps import best_words, deflated_words
from tui.backtest_view import (
    INCOMPLETE,
    Compared,
    Subject,
    name_words,
    percent,
    reason_words,
    status_words,
    waiting_words,
)
from tui.panes.backtest_base import BacktestPane, ChangingTable
from tui.panes.span_line import Span, SpanLine
from tui.program_params import params_text
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column
from tui.widgets.wrapped_text import WrappedText
from tui.widgets.wrapping import wrap

COLUMNS = (
    Column("group", "", 12, priority=1),
    Column("title", "figure", 24, weight=1, cut="words"),
    Column("value", "value", 12, align="right"),
)
TALL = 28
"""From this height on the rules have a line each; below they run on."""
LEAST_TABLE = 4
RULES_ID = "figures-rules"
DEFINITION_CELLS = 130
BEST = " ◂"


def figure_rows(metrics: Mapping[str, float | None]) -> list[Row]:
    """Return a row for each figure, its group beside the first of it."""
    rows, group = [], ""
    for name, metric in METRICS.items():
        if name in metrics:
            is_first, group = metric.group != group, metric.group
            value = metrics[name]
            rows.append(
                Row(
                    name,
                    (
                        Cell(str(metric.group) if is_first else "", "header"),
                        Cell(metric.title, "muted"),
                        Cell(metric_text(metric, value), metric_role(metric, value)),
                    ),
                )
            )
    return rows


def comparison_columns(compared: Sequence[Compared]) -> tuple[Column, ...]:
    """Return a column for each run, and for two of them how far they are apart."""
    columns = [Column("title", "figure", 18, weight=1, cut="words")]
    for place, item in enumerate(compared):
        columns.append(
            Column(item.run.run_id, item.run.run_id + "  ", 12, align="right", priority=place // 2)
        )
    if len(compared) == 2:
        columns.append(Column("difference", "difference", 11, align="right", priority=1))
    return tuple(columns)


def comparison_rows(compared: Sequence[Compared]) -> list[Row]:
    """Return every figure of several runs side by side; the better ones are marked, equal ones are quiet."""
    rows = []
    for name, metric in METRICS.items():
        values = [item.result.metrics.get(name) for item in compared]
        best = best_places(metric, values)
        is_equal = len(set(values)) == 1
        cells = [Cell(metric.title, "muted")]
        for place, value in enumerate(values):
            role = "accent" if place in best else "muted" if is_equal else "text"
            cells.append(Cell(metric_text(metric, value) + (BEST if place in best else "  "), role))
        if len(values) == 2:
            text = difference_text(metric, values[0], values[1])
            cells.append(Cell(text, "muted" if is_equal else "text"))
        rows.append(Row(name, tuple(cells)))
    return rows


def result_spans(run: BacktestRun, result: BacktestResult) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return what became of the cash, and how long that took, in two lines."""
    cash = result.request.cash
    made = result.metrics.get("total_return_pct")
    money = (
        Span(f"{fmt.money(cash)} → {fmt.money(result.final_equity)} "),
        Span(f" {fmt.trend_glyph(made or 0.0)} {percent(made)}", fmt.trend_role(made)),
    )
    span = f"{fmt.market_date_time(result.start_ms)} – {fmt.market_date_time(result.end_ms)}"
    facts = (
        Span(span, "muted"),
        Span(f" · {count(result.triggers, 'trigger')}", "muted", priority=1),
        Span(f" · {count(result.program_calls, 'call')}", "muted", priority=2),
        Span(f" · {count(result.bars, 'bar')}", "muted", priority=3),
        Span(f" · {result.load_s:.2f} s to load, {result.run_s:.2f} s to run", "muted", priority=4),
        Span(f" · hash {result.result_hash[:12]}", "muted", priority=5),
    )
    return money, facts


def why_incomplete(run: BacktestRun, result: BacktestResult | None) -> tuple[str, str]:
    """Return why a run is not whole and the role of that, "" for one that is."""
    if run.status not in INCOMPLETE:
        return "", "muted"
    reason = result.ended_early if result and result.ended_early else reason_words(run)
    failures = f" ({count(result.failures, 'failed call')})" if result and result.failures else ""
    return f"{run.status.value}: {reason}{failures}", status_words(run.status)[1]


def _rows_of(widget: Widget) -> int:
    """Return how many rows a line of this pane has been given."""
    height = widget.styles.height
    return 0 if widget.has_class("-empty") else int(height.value) if height and height.is_cells else 1


class FiguresPane(BacktestPane):
    """A table of figures; the one under the cursor is explained below it."""

    context = Context.FIGURES
    BINDINGS = bindings_for(Context.FIGURES)
    HELP = "j and k go through the figures, each is explained below the table."
    DEFAULT_CSS: ClassVar[str] = """
    FiguresPane LiveTable { height: 1fr; min-height: 3; }
    FiguresPane WrappedText { height: auto; }
    FiguresPane .-empty { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._subject = Subject()

    def compose(self) -> ComposeResult:
        """Build the head, the table, the explanation, the warnings and the rules."""
        yield SpanLine(id="figures-name")
        yield SpanLine(id="figures-money")
        yield SpanLine(id="figures-facts")
        yield WrappedText(id="figures-reason")
        yield ChangingTable(COLUMNS, empty_text="")
        yield WrappedText(id="figures-meaning")
        yield WrappedText(id="figures-warnings")
        yield WrappedText(id=RULES_ID)

    def show(self, subject: Subject) -> None:
        """Show what a run came to, or how far it is."""
        self._subject = subject
        run, table = subject.run, self.query_one(ChangingTable)
        self._show_head(subject)
        if subject.compared:
            table.use_columns(comparison_columns(subject.compared))
            table.show(comparison_rows(subject.compared))
        elif subject.result is not None:
            table.use_columns(COLUMNS)
            table.show(figure_rows(subject.result.metrics))
        elif subject.sweep is not None and subject.sweep.best is not None:
            table.use_columns(COLUMNS)
            table.show(figure_rows(subject.sweep.lines[subject.sweep.best].metrics))
        else:
            table.show([])
        self.set_heading(
            f"{self.title} · {' against '.join(item.run.run_id for item in subject.compared)}"
            if subject.compared
            else f"{self.title} · {run.run_id}"
            if run
            else self.title
        )
        self._show_notes(subject)

    def _show_head(self, subject: Subject) -> None:
        run, result, sweep = subject.run, subject.result, subject.sweep
        name, money, facts = (
            self.query_one(f"#figures-{part}", SpanLine) for part in ("name", "money", "facts")
        )
        reason, role = why_incomplete(run, result) if run else ("", "muted")
        if subject.compared:
            name.show(
                [
                    Span("the better of each figure is marked ◂ ", "muted"),
                    Span("· c unmarks", "muted", priority=1),
                ]
            )
            money_spans: Sequence[Span] = differing_spans(subject.compared)
            fact_spans: Sequence[Span] = ()
            reason = incomplete_words(subject.compared)
            role = "warning"
        elif run is None:
            name.show([Span(waiting_words(subject), "muted")])
            money_spans = fact_spans = ()
        else:
            name.show(
                [Span(f"{name_words(run)} ", "accent"), Span(" ".join(run.symbols), "muted", priority=1)],
                [Span(*status_words(run.status))],
            )
            if result is not None:
                money_spans, fact_spans = result_spans(run, result)
            elif sweep is not None:
                money_spans, fact_spans = sweep_spans(sweep)
            else:
                money_spans, fact_spans = (Span(waiting_words(subject), "muted"),), ()
                if subject.problem and reason:
                    money_spans = ()
        for line, spans in ((money, money_spans), (facts, fact_spans)):
            line.show(spans)
            line.set_class(not spans, "-empty")
        self._say("reason", reason, role)

    def _show_notes(self, subject: Subject) -> None:
        """Say what must be known, and give the table the room that is left."""
        warnings, rules = notes_of(subject)
        verdict, role = "", "warning"
        is_said = any("deflated Sharpe" in warning for warning in warnings)
        if subject.sweep is not None and not subject.compared and not is_said:
            verdict, role = deflated_words(subject.sweep)
        marked = [f"⚠ {warning}" for warning in warnings]
        self._say("warnings", "\n".join(filter(None, [verdict, *marked])), "warning" if marked else role)
        self._explain()
        is_tall = self.size.height >= TALL
        text = "\n".join(f"· {rule}" for rule in rules) if is_tall else " ".join(rules)
        used = sum(
            _rows_of(widget) for widget in self.query("SpanLine, WrappedText") if widget.id != RULES_ID
        )
        self._say("rules", text, "muted", most=max(1, self.content_size.height - used - LEAST_TABLE))

    @on(LiveTable.RowHighlighted)
    def cursor_moved(self, event: LiveTable.RowHighlighted) -> None:
        """Explain the figure the cursor has come to."""
        event.stop()
        self._explain()

    def on_resize(self, event: events.Resize) -> None:
        """Break the sentences anew."""
        self.call_after_refresh(lambda: self.show(self._subject))

    def _explain(self) -> None:
        key = self.query_one(ChangingTable).cursor_key
        metric = METRICS.get(key or "")
        text = f"{metric.title}: {explanation(metric)}" if metric else ""
        rows = 1 + DEFINITION_CELLS // max(1, self.content_size.width)
        self._say("meaning", text, "thought", most=rows, least=rows)

    def _say(self, part: str, text: str, role: str, *, most: int = 100, least: int = 1) -> None:
        """Say something in as many lines as it takes, or leave it out when there is nothing to say."""
        widget = self.query_one(f"#figures-{part}", WrappedText)
        widget.show(text, role)
        rows = len(wrap(text, max(1, self.content_size.width))) if text else 1
        widget.styles.height = max(least, min(rows, most))
        widget.set_class(not text, "-empty")


def sweep_spans(sweep: SweepResult) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the best of a sweep, and how many runs it took."""
    failed = sum(1 for line in sweep.lines if line.error)
    facts = [
        Span(f"{count(len(sweep.lines), 'run')} by {title_of(sweep.request.objective)}", "muted"),
        Span(f" in {sweep.run_s:.1f} s", "muted", priority=2),
    ]
    if failed:
        facts.append(Span(f" · {failed:,} failed", "danger"))
    if sweep.request.samples:
        facts.append(Span(" · drawn at random", "muted", priority=1))
    return (Span("best ", "muted"), Span(best_words(sweep), "accent")), tuple(facts)


def differing_spans(compared: Sequence[Compared]) -> tuple[Span, ...]:
    """Return the parameters in which runs differ: `bt-006 oversold=30 · bt-004 oversold=25`."""
    params = [item.result.request.params for item in compared]
    names = [name for name in params[0] if len({repr(each.get(name)) for each in params}) > 1]
    if not names:
        return ()
    spans: list[Span] = []
    for item in compared:
        differing = {name: item.result.request.params.get(name) for name in names}
        spans += [Span(f"{item.run.run_id} ", "accent"), Span(f"{params_text(differing)}  ", "muted")]
    return tuple(spans)


def incomplete_words(compared: Sequence[Compared]) -> str:
    """Return which of the compared runs are not whole."""
    return " · ".join(
        f"{item.run.run_id} is {item.run.status.value}: {why}"
        for item in compared
        if (why := item.result.ended_early or reason_words(item.run)) and item.run.status in INCOMPLETE
    )


def notes_of(subject: Subject) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the warnings and the rules of what is shown; of compared runs those of each, once."""
    if subject.compared:
        warnings = tuple(
            f"{item.run.run_id}: {warning}" for item in subject.compared for warning in item.result.warnings
        )
        rules = dict.fromkeys(rule for item in subject.compared for rule in item.result.rules)
        return warnings, tuple(rules)
    if subject.result is not None:
        return subject.result.warnings, subject.result.rules
    return (subject.sweep.warnings, ()) if subject.sweep is not None else ((), ())
