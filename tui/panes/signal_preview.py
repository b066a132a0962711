"""The preview: where the selected signal or pool would have fired, and thresholds for its metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from engine.model.signal import MetricAnalysis
from tui import format as fmt
from tui.action import Context
from tui.panes.base import WorkspacePane
from tui.panes.signal_chart import MarkedChart, MarkedLine
from tui.panes.span_line import Span, SpanLine
from tui.signal_preview import (
    PreviewPicture,
    PreviewSpan,
    PreviewTarget,
    count_words,
    unknown_words,
)
from tui.signal_view import number
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column
from tui.widgets.wrapped_text import WrappedText

COLUMNS = (
    Column("condition", "suggested condition", 24, weight=1),
    Column("share", "met", 7, align="right"),
)
SHOWN_PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


@dataclass
class SuggestionChosen(Message):
    """A person wants a suggested condition in the editor."""

    condition: str


def picture_line(picture: PreviewPicture) -> MarkedLine | None:
    """Return the price line of a preview with its fires, None where there is none."""
    preview = picture.preview
    if preview is None:
        return None
    marks = tuple(fire.ts_ms for fire in preview.fires)
    return MarkedLine(preview.start_ms, preview.end_ms, picture.prices, marks)


def suggestion_rows(analysis: MetricAnalysis | None) -> list[Row]:
    """Return a row for each suggested condition, with the share of checkpoints that met it."""
    if analysis is None:
        return []
    return [
        Row(
            condition,
            (Cell(condition), Cell(fmt.percent(share, 1, signed=False), "muted")),
        )
        for condition, share in analysis.suggestions
    ]


def percentile_spans(analysis: MetricAnalysis | None) -> tuple[Span, ...]:
    """Return how a metric was distributed: the middle first to stay, the extremes first to go."""
    if analysis is None or not analysis.samples:
        return ()
    spans = [Span(f"{analysis.metric} ", "accent")]
    for percent, value in analysis.percentiles:
        if percent in SHOWN_PERCENTILES:
            priority = round(abs(percent - 50))
            spans += [
                Span(f" p{percent:g} ", "muted", priority=priority),
                Span(f"{number(value)} ", priority=priority),
            ]
    return tuple(spans)


class PreviewPane(WorkspacePane):
    """A price line with a mark for each fire, the numbers of the metric, and suggestions."""

    context = Context.PREVIEW
    HELP = "[ and ] change the stretch of history, Enter takes a suggestion into the editor."
    DEFAULT_CSS: ClassVar[str] = """
    PreviewPane LiveTable { height: auto; max-height: 6; }
    PreviewPane #preview-note.-empty, PreviewPane #preview-metric.-empty { display: none; }
    """

    def compose(self) -> ComposeResult:
        """Build the sentence, the chart, what could not be known, the numbers and the suggestions."""
        yield SpanLine(id="preview-head")
        yield MarkedChart(id="preview-chart")
        yield WrappedText(id="preview-note")
        yield SpanLine(id="preview-metric")
        yield LiveTable(COLUMNS, empty_text="no threshold to suggest")

    def show_target(self, target: PreviewTarget | None, picture: PreviewPicture | None) -> None:
        """Show what is previewed and, as far as it is loaded, the preview."""
        is_loaded = picture is not None and picture.target == target
        self._show_head(target, picture if is_loaded else None)
        self.set_subtitle(target.condition if target else "")
        # What was there stays until the next preview is ready; only another symbol's prices would lie.
        if picture is None or target is None or picture.target.symbol != target.symbol:
            picture = None
        self.query_one(MarkedChart).show(picture_line(picture) if picture else None)
        preview = picture.preview if picture else None
        note = (picture.problem if picture else "") or (unknown_words(preview) if preview else "")
        self._show_text("#preview-note", note, "stale")
        analysis = picture.analysis if is_loaded and picture else None
        percentiles = percentile_spans(analysis)
        metric = self.query_one("#preview-metric", SpanLine)
        metric.show(percentiles)
        metric.set_class(not percentiles, "-empty")
        table = self.query_one(LiveTable)
        rows = suggestion_rows(analysis)
        table.show(rows)
        table.styles.height = min(6, len(rows) + 1) if rows else 2

    def _show_head(self, target: PreviewTarget | None, picture: PreviewPicture | None) -> None:
        if target is None:
            self.query_one("#preview-head", SpanLine).show([Span("choose a signal or a pool", "muted")])
            return
        preview = picture.preview if picture else None
        words = count_words(preview) if preview else "" if picture else "looking back …"
        spans = [
            Span(f"[{span.value}]", "accent", f"preview.{span.value}")
            if span is target.span
            else Span(f" {span.value} ", "muted", f"preview.{span.value}", priority=2)
            for span in PreviewSpan
        ]
        self.query_one("#preview-head", SpanLine).show(
            [Span(f"{target.name} ", priority=1), Span(words, "text" if preview else "muted")], spans
        )

    def _show_text(self, selector: str, text: str, role: str) -> None:
        line = self.query_one(selector, WrappedText)
        line.show(text, role)
        line.styles.height = 2 if len(text) > max(1, self.size.width - 2) else 1
        line.set_class(not text, "-empty")

    @on(LiveTable.RowSelected)
    def take_suggestion(self, event: LiveTable.RowSelected) -> None:
        """Open the editor with the suggestion."""
        event.stop()
        self.post_message(SuggestionChosen(event.key))
