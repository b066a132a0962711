"""The versions of a program: what changed in each, and one to go back to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from engine.model.program import Program, ProgramVersion
from tui import format as fmt
from tui.panes.program_outline_view import OutlineView
from tui.panes.span_line import Span, SpanLine
from tui.program_diff import Difference, difference
from tui.program_outline import Node
from tui.screens.dialog import DialogScreen
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column

EDITED = "edited"
COLUMNS = (
    Column("version", "", 7),
    Column("saved", "saved", 11, align="right", priority=1),
    Column("changed", "changed", 8, align="right"),
)


class VersionsScreen(DialogScreen[ProgramVersion | None], inherit_bindings=False):
    """Lists the versions newest first, the unsaved text above them; Enter chooses one to bring back."""

    DEFAULT_CSS = """
    VersionsScreen .dialog { width: 130; height: 90%; padding: 0 1; }
    VersionsScreen Horizontal { height: 1fr; background: $surface; }
    VersionsScreen LiveTable { width: 30; background: $surface; }
    VersionsScreen .diff { width: 1fr; height: 1fr; padding-left: 1; background: $surface; }
    VersionsScreen .diff OutlineView { height: 1fr; background: $surface; }
    VersionsScreen SpanLine { background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Close"),
        Binding("o", "compare", "Compare"),
        Binding("tab,shift+tab", "switch", "Switch"),
    ]

    def __init__(self, program: Program, versions: Sequence[ProgramVersion], text: str, now_ms: int) -> None:
        super().__init__()
        self._program = program
        self._versions = {version.version: version for version in versions}
        self._text = text
        self._now_ms = now_ms
        self._against_editor = False

    def compose(self) -> ComposeResult:
        """Build the list and the place for the difference."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Text(f"Versions of {self._program.name}")
            dialog.border_subtitle = "Enter brings it back · o compares otherwise · tab scrolls · Esc closes"
            with Horizontal():
                yield LiveTable(COLUMNS, empty_text="no version yet")
                with Vertical(classes="diff"):
                    yield SpanLine(id="diff-head")
                    yield OutlineView(empty_text="the same", id="diff")

    def on_mount(self) -> None:
        """Fill the list."""
        table = self.query_one(LiveTable)
        newest = self._versions.get(max(self._versions, default=0))
        rows = [self._row(number) for number in sorted(self._versions, reverse=True)]
        if newest is not None and newest.code != self._text:
            changed = difference(newest.code, self._text).summary
            rows.insert(0, Row(EDITED, (Cell("editor", "accent"), Cell("not yet", "muted"), Cell(changed))))
        table.show(rows)
        table.focus()
        self._show()

    def _row(self, number: int) -> Row:
        version = self._versions[number]
        before = self._versions.get(number - 1)
        changed = difference(before.code, version.code).summary if before else "first"
        saved = fmt.time_or_day(version.saved_ms, self._now_ms)
        return Row(str(number), (Cell(f"v{number}"), Cell(saved, "muted"), Cell(changed, "muted")))

    @on(LiveTable.RowHighlighted)
    def cursor_moved(self) -> None:
        """Show the difference of the version under the cursor."""
        self._show()

    @on(LiveTable.RowSelected)
    def choose(self, event: LiveTable.RowSelected) -> None:
        """Bring a version back; the unsaved text is there already."""
        event.stop()
        self.dismiss(None if event.key == EDITED else self._versions[int(event.key)])

    def action_compare(self) -> None:
        """Compare with what is in the editor, or with the version before."""
        self._against_editor = not self._against_editor
        self._show()

    def action_switch(self) -> None:
        """Go from the list to the difference, or back."""
        table, diff = self.query_one(LiveTable), self.query_one("#diff", OutlineView)
        (diff if table.has_focus else table).focus()

    def _show(self) -> None:
        key = self.query_one(LiveTable).cursor_key
        if key is None:
            return
        words, changed = self._compared(key)
        head = [Span(words, "muted"), Span(f"  {changed.summary}", "accent")]
        self.query_one("#diff-head", SpanLine).show(head)
        self.query_one("#diff", OutlineView).show([Node((line,), is_code=True) for line in changed.lines])

    def _compared(self, key: str) -> tuple[str, Difference]:
        """Return what is compared with what, and how they differ."""
        if key == EDITED:
            newest = max(self._versions)
            return f"v{newest} → editor", difference(self._versions[newest].code, self._text)
        version = self._versions[int(key)]
        if self._against_editor:
            return f"v{key} → editor", difference(version.code, self._text)
        before = self._versions.get(version.version - 1)
        if before is None:
            return f"v{key}, all of it", difference("", version.code)
        return f"v{before.version} → v{key}", difference(before.code, version.code)
