"""The test pane: what one run of the source in the editor decided, or where it failed, and on what."""

from __future__ import annotations

import msgspec
from textual.app import ComposeResult

from engine.model.program import ProgramRun
from tui.action import Context
from tui.actions import bindings_for
from tui.panes.base import WorkspacePane
from tui.panes.program_outline_view import OutlineView
from tui.panes.span_line import Span, SpanLine
from tui.program_outline import text_nodes
from tui.program_reports import run_nodes

HOW_TO_TEST = "y runs it once, and trades nothing"


class TestPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A test: of which program, as which trader on which symbol, and what came of it.

    Without `run` and `problem` it is still under way; `is_stale` says that the source has changed since.
    """

    __test__ = False

    program_id: int
    name: str
    trader: str
    symbol: str
    run: ProgramRun | None = None
    problem: str = ""
    is_stale: bool = False


class TestPane(WorkspacePane):
    """Shows the last test."""

    __test__ = False

    context = Context.TEST_RUN
    BINDINGS = bindings_for(Context.TEST_RUN)
    HELP = "n and } choose the trader and the symbol of the next test, Enter folds."
    DEFAULT_CSS = "TestPane OutlineView { height: 1fr; }"

    def compose(self) -> ComposeResult:
        """Build the head line and the outline."""
        yield SpanLine(id="test-head")
        yield OutlineView(empty_text=HOW_TO_TEST, id="test-outline")

    def show_next(self, trader: str, symbol: str) -> None:
        """Say what the next test runs as."""
        self.set_subtitle(f"next as {trader} on {symbol} · n and }} choose" if trader and symbol else "")

    def show_test(self, picture: TestPicture | None) -> None:
        """Show a test."""
        head, outline = self.query_one("#test-head", SpanLine), self.query_one(OutlineView)
        if picture is None:
            head.show([])
            outline.show((), HOW_TO_TEST)
            return
        spans = [
            Span(picture.name, "accent"),
            Span(" as ", "muted"),
            Span(picture.trader),
            Span(" on ", "muted"),
            Span(picture.symbol),
        ]
        head.show(spans, [Span("older text", "stale", priority=1)] if picture.is_stale else [])
        if picture.run is not None:
            outline.show(run_nodes(picture.run))
        else:
            outline.show(text_nodes(picture.problem, "danger"), "running …")
