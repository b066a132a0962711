"""The editor pane: the source of the program under the list's cursor, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from engine.model.program import Program, SourceProblem, SourceReport
from engine.text import count
from tui.action import Context
from tui.actions import bindings_for
from tui.panes.base import WorkspacePane
from tui.panes.program_code import CodeArea
from tui.program_view import FORM_WORDS, NEW_DRAFT
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column
from tui.widgets.wrapped_text import WrappedText
from tui.widgets.wrapping import wrap

MAX_PROBLEM_ROWS = 5
MAX_ADVICE_ROWS = 3
PROBLEM_COLUMNS = (
    Column("sign", " ", 1),
    Column("line", "line", 4, align="right"),
    Column("message", "problem", 20, weight=1, cut="words"),
)
NOTHING_CHOSEN = "no program yet: N in the list starts one"


@dataclass
class SourceWritten(Message):
    """A person changed the source in the editor."""

    program_id: int
    text: str


def problem_rows(report: SourceReport | None) -> list[Row]:
    """Return a row for each error, then for each warning; its key is its place among them."""
    if report is None:
        return []
    groups = (("✗", "danger", report.errors), ("!", "warning", report.warnings))
    signs = [(sign, role, problem) for sign, role, problems in groups for problem in problems]
    return [
        Row(
            str(place),
            (
                Cell(sign, role),
                Cell(str(problem.line), "muted"),
                Cell(problem.message, role),
            ),
        )
        for place, (sign, role, problem) in enumerate(signs)
    ]


def marked_lines(report: SourceReport | None, failed_line: int | None) -> dict[int, str]:
    """Return the role of every line to underline; an error outweighs a warning."""
    lines: dict[int, str] = {}
    if report is not None:
        lines |= {problem.line: "warning" for problem in report.warnings}
        lines |= {problem.line: "danger" for problem in report.errors}
    return lines if failed_line is None else lines | {failed_line: "danger"}


def verdict_words(report: SourceReport | None) -> str:
    """Return what is said of a source in short: `class · no problems`, `2 errors, 1 warning`."""
    if report is None:
        return "reading …"
    errors, warnings = len(report.errors), len(report.warnings)
    counts = [count(number, noun) for number, noun in ((errors, "error"), (warnings, "warning")) if number]
    form = f"{FORM_WORDS.get(report.form, report.form)} · " if report.form else ""
    return form + (("✗ " if errors else "! ") + ", ".join(counts) if counts else "✓ no problems")


class EditorPane(WorkspacePane):
    """Edits the source of one program; every change is reported as `SourceWritten`."""

    context = Context.EDITOR
    BINDINGS = bindings_for(Context.EDITOR)
    HELP = "^o saves, ^r tests, ^n goes to the next problem, Esc goes back to the list."
    DEFAULT_CSS = """
    EditorPane { padding: 0; }
    EditorPane LiveTable { padding: 0 1; background: $surface; display: none; }
    EditorPane WrappedText { padding: 0 1; background: $surface; display: none; }
    EditorPane .-any { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._program: Program | None = None
        self._report: SourceReport | None = None
        self._failed_line: int | None = None
        self._is_changed = False

    def compose(self) -> ComposeResult:
        """Build the text area, and the list of problems below it."""
        code = CodeArea(placeholder=NOTHING_CHOSEN, id="code")
        code.read_only = True
        yield code
        yield LiveTable(PROBLEM_COLUMNS, show_header=False, id="problems")
        yield WrappedText(id="advice")

    @property
    def code(self) -> CodeArea:
        """The text area."""
        return self.query_one(CodeArea)

    @property
    def program(self) -> Program | None:
        """The program that is edited, as it was saved last."""
        return self._program

    @property
    def text(self) -> str:
        """What is written."""
        return self.code.text

    def edit(self, program: Program | None, text: str) -> None:
        """Edit a program, beginning with this text; the cursor stays where the program is the same."""
        is_other = (program.program_id if program else None) != (
            self._program.program_id if self._program else None
        )
        self._program = program
        code = self.code
        code.read_only = program is None
        if is_other:
            self._report = self._failed_line = None
            code.load_text(text)
        elif text != code.text:
            code.replace(text, (0, 0), code.document.end)
        self._show_heading()
        self._show_marks()

    def show_report(self, report: SourceReport | None) -> None:
        """Show what the desk says of the source."""
        self._report = report
        table = self.query_one("#problems", LiveTable)
        rows = problem_rows(report)
        table.show(rows)
        table.styles.height = min(MAX_PROBLEM_ROWS, len(rows))
        table.set_class(bool(rows), "-any")
        self._show_advice()
        self._show_marks()
        self._show_position()

    def show_changed(self, *, is_changed: bool) -> None:
        """Show whether something is not saved."""
        if is_changed != self._is_changed:
            self._is_changed = is_changed
            self._show_heading()

    def mark_failure(self, line: int | None) -> None:
        """Underline the line a run failed in, until something is written."""
        self._failed_line = line
        self._show_marks()

    def go_to_problem(self) -> bool:
        """Go to the next line that has a problem, from the top again after the last; False without any."""
        code = self.code
        lines = sorted(code.marked)
        if not lines:
            return False
        here = code.cursor_location[0] + 1
        line = next((line for line in lines if line > here), lines[0])
        code.go_to_line(line)
        place = next((place for place, item in enumerate(self._problems) if item.line == line), None)
        if place is not None:
            self.query_one("#problems", LiveTable).move_cursor_to(str(place))
        return True

    @on(CodeArea.Changed)
    def written(self, event: CodeArea.Changed) -> None:
        """Tell what is written now; the marks of another text go."""
        event.stop()
        if self._program is not None:
            self._failed_line = None
            self.post_message(SourceWritten(self._program.program_id, event.text_area.text))

    @on(CodeArea.SelectionChanged)
    def cursor_moved(self, event: CodeArea.SelectionChanged) -> None:
        """Say where the cursor is."""
        event.stop()
        self._show_position()

    @on(LiveTable.RowSelected)
    def problem_chosen(self, event: LiveTable.RowSelected) -> None:
        """Go to the line of a problem."""
        event.stop()
        self.code.go_to_line(self._problems[int(event.key)].line)
        self.take_focus()

    @on(LiveTable.RowHighlighted)
    def problem_highlighted(self, event: LiveTable.RowHighlighted) -> None:
        """Say what to write instead."""
        event.stop()
        self._show_advice()

    @property
    def _problems(self) -> tuple[SourceProblem, ...]:
        return (*self._report.errors, *self._report.warnings) if self._report else ()

    def _show_advice(self) -> None:
        """Say what to write in place of the problem under the cursor, in as many lines as it needs."""
        key = self.query_one("#problems", LiveTable).cursor_key
        place = int(key) if key is not None else 0
        advice = self._problems[place].advice if place < len(self._problems) else ""
        text = f"→ {advice}" if advice else ""
        line = self.query_one("#advice", WrappedText)
        line.show(text, "accent")
        line.styles.height = min(MAX_ADVICE_ROWS, len(wrap(text, max(1, self.size.width - 4))))
        line.set_class(bool(text), "-any")

    def _show_heading(self) -> None:
        program = self._program
        if program is None:
            self.set_heading(self.title)
        else:
            mark = f" {NEW_DRAFT} not saved" if self._is_changed else ""
            self.set_heading(f"{program.name} v{program.version}{mark}")
        self._show_position()

    def _show_position(self) -> None:
        if self._program is None:
            self.set_subtitle("")
            return
        row, column = self.code.cursor_location
        self.set_subtitle(f"{verdict_words(self._report)} · {row + 1}:{column + 1}")

    def _show_marks(self) -> None:
        self.code.mark(marked_lines(self._report, self._failed_line))
