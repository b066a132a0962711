"""The panes of the prompts screen: the list, the template, the variables at hand, and what is sent."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input

from engine.model.prompt import Prompt, PromptPreview, PromptVariable, TemplateReport
from tui.action import Context
from tui.actions import bindings_for
from tui.panes.base import WorkspacePane
from tui.panes.program_code import CodeArea
from tui.panes.program_outline_view import OutlineView
from tui.panes.table_pane import NumberedTablePane
from tui.panes.template_area import TemplateArea
from tui.program_view import NEW_DRAFT
from tui.prompt_view import (
    PromptView,
    inserted_name,
    matching,
    preview_words,
    prompt_row,
    text_lines,
    variable_row,
)
from tui.screens.signal_fields import TextField
from tui.widgets.live_table import LiveTable
from tui.widgets.table_layout import Column
from tui.widgets.wrapped_text import WrappedText

PROMPT_COLUMNS = (
    Column("name", "prompt", 16, weight=2),
    Column("version", "ver", 4, align="right"),
    Column("traders", "decided by", 14, weight=1, cut="words"),
    Column("saved", "saved", 11, align="right", priority=1),
    Column("description", "what it is", 14, weight=3, priority=2, cut="words"),
)
VARIABLE_COLUMNS = (
    Column("name", "variable", 26, weight=1),
    Column("family", "family", 8, priority=2),
    Column("meaning", "what it renders to", 20, weight=2, priority=1, cut="words"),
)


@dataclass
class TemplateWritten(Message):
    """A person changed the template in the editor."""

    prompt_id: int
    text: str


@dataclass
class VariableBegun(Message):
    """The cursor stands behind a brace and this much of a name, or elsewhere (None)."""

    begun: str | None


class PromptPane(WorkspacePane):
    """A pane of the prompts screen."""

    def show(self, view: PromptView) -> None:
        """Show this picture; called only when it differs from the last one."""
        raise NotImplementedError


class PromptsPane(PromptPane, NumberedTablePane):
    """A row for each prompt."""

    context = Context.PROMPTS
    BINDINGS = bindings_for(Context.PROMPTS)
    HELP = "Enter or e edits the prompt under the cursor, y copies it, w binds it to a trader."
    columns = PROMPT_COLUMNS
    empty_text = "no prompt yet · N starts one, r restores those of the desk"

    def show(self, view: PromptView) -> None:
        """Show the prompts."""
        self.table.show([prompt_row(view, prompt) for prompt in view.prompts])
        is_changed = self.cursor_id in view.changed
        self.set_subtitle("not saved yet" if is_changed else "")


class TemplatePane(PromptPane):
    """Edits one template; below it, what is wrong with it."""

    context = Context.PROMPT_EDITOR
    BINDINGS = bindings_for(Context.PROMPT_EDITOR)
    HELP = "Type { and tab for a variable, ^o saves, ^g finds a variable, Esc goes back to the list."
    DEFAULT_CSS = """
    TemplatePane { padding: 0; }
    TemplatePane WrappedText { height: 2; padding: 0 1; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.prompt: Prompt | None = None
        self._report: TemplateReport | None = None

    def compose(self) -> ComposeResult:
        """Build the text area and the line of problems."""
        area = TemplateArea()
        area.read_only = True
        yield area
        yield WrappedText(id="template-problems")

    @property
    def area(self) -> TemplateArea:
        """The text area."""
        return self.query_one(TemplateArea)

    def show(self, view: PromptView) -> None:
        """Say which prompt is edited, and whether it is saved."""
        prompt = self.prompt
        mark = f" {NEW_DRAFT} not saved" if prompt and prompt.prompt_id in view.changed else ""
        self.set_heading(f"{prompt.name} v{prompt.version}{mark}" if prompt else self.title)

    def edit(self, prompt: Prompt | None, text: str) -> None:
        """Edit a prompt, beginning with this text; the cursor stays where the prompt is the same."""
        before, self.prompt, area = self.prompt, prompt, self.area
        area.read_only = prompt is None
        if (before.prompt_id if before else None) != (prompt.prompt_id if prompt else None):
            with area.prevent(CodeArea.Changed):
                area.load_text(text)
        elif text != area.text:
            area.replace(text, (0, 0), area.document.end)

    def show_report(self, report: TemplateReport) -> None:
        """Show what the desk says of the template."""
        self._report = report
        marks = {item.line: "warning" for item in report.warnings}
        self.area.mark(marks | {item.line: "danger" for item in report.errors})
        problems = (*report.errors, *report.warnings)
        text = "✓ no problems"
        if problems:
            first = problems[0]
            more = f" · {len(problems) - 1} more, ^n goes to the next" if len(problems) > 1 else ""
            advice = f" → {first.advice}" if first.advice else ""
            text = f"line {first.line}: {first.message}{advice}{more}"
        role = "danger" if report.errors else "warning" if problems else "gain"
        self.query_one("#template-problems", WrappedText).show(text, role)

    def go_to_problem(self) -> bool:
        """Go to the next line that has a problem, from the top again after the last; False without any."""
        lines = sorted(self.area.marked)
        if lines:
            here = self.area.cursor_location[0] + 1
            self.area.go_to_line(next((line for line in lines if line > here), lines[0]))
        return bool(lines)

    @on(CodeArea.Changed)
    def written(self, event: CodeArea.Changed) -> None:
        """Tell what is written now."""
        event.stop()
        if self.prompt is not None:
            self.post_message(TemplateWritten(self.prompt.prompt_id, event.text_area.text))

    @on(CodeArea.SelectionChanged)
    def cursor_moved(self, event: CodeArea.SelectionChanged) -> None:
        """Tell whether a variable has been begun."""
        event.stop()
        self.post_message(VariableBegun(self.area.begun))


class VariablesPane(PromptPane):
    """The table of variables, narrowed to what is typed here or behind a brace of the template."""

    context = Context.VARIABLES
    BINDINGS = bindings_for(Context.VARIABLES)
    HELP = "/ narrows the list, Enter puts the variable into the template at its cursor."
    DEFAULT_CSS = """
    VariablesPane Input { height: 1; border: none; padding: 0 1; background: $panel; }
    VariablesPane Input:focus { border: none; background: $block-cursor-background; }
    VariablesPane LiveTable { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._variables: tuple[PromptVariable, ...] = ()
        self._begun = ""

    def compose(self) -> ComposeResult:
        """Build the table and the line that narrows it."""
        yield LiveTable(VARIABLE_COLUMNS, empty_text="no variable is called so")
        yield TextField("", placeholder="/ finds by name or meaning", id="variables-wanted")

    @property
    def chosen(self) -> PromptVariable | None:
        """The variable under the cursor."""
        key = self.query_one(LiveTable).cursor_key
        return next((item for item in self._variables if item.name == key), None)

    def best(self, begun: str) -> PromptVariable | None:
        """Return the variable that what is typed completes to, if any."""
        return next(iter(matching(self._variables, begun)), None)

    def show(self, view: PromptView) -> None:
        """Show the variables."""
        self._variables = view.variables
        self._show_matching()

    def narrow(self, begun: str | None) -> None:
        """Show what a name begun in the template can become."""
        if (begun or "") != self._begun:
            self._begun = begun or ""
            self._show_matching()
            best = self.best(self._begun) if self._begun else None
            if best is not None:
                self.query_one(LiveTable).move_cursor_to(best.name)

    def find(self) -> None:
        """Let the filter be typed."""
        self.screen.set_focus(self.query_one(Input))

    @on(Input.Changed)
    def wanted_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        event.stop()
        self._show_matching()

    @on(Input.Submitted)
    def wanted_submitted(self, event: Input.Submitted) -> None:
        """Go to what was found."""
        event.stop()
        self.take_focus()

    def on_key(self, event: events.Key) -> None:
        """Leave the filter with escape, with all variables back."""
        field = self.query_one(Input)
        if event.key == "escape" and field.has_focus:
            event.stop()
            field.value = ""
            self.take_focus()

    def _show_matching(self) -> None:
        found = matching(self._variables, self.query_one(Input).value or self._begun)
        self.query_one(LiveTable).show([variable_row(item) for item in found])
        chosen = self.chosen
        self.set_subtitle(f"{{{inserted_name(chosen)}}}" if chosen else "")


class PreviewPane(PromptPane):
    """The template as one trader's model would get it now."""

    context = Context.PROMPT_PREVIEW
    BINDINGS = bindings_for(Context.PROMPT_PREVIEW)
    HELP = "The prompt as it would be sent now; no model is asked. o shows it for the next trader."
    DEFAULT_CSS = """
    PreviewPane WrappedText { height: 2; }
    PreviewPane OutlineView { height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        """Build the line of figures and the text."""
        yield WrappedText(id="preview-said")
        yield OutlineView(empty_text="no prompt trader to render it for", id="preview-text")

    def show(self, view: PromptView) -> None:
        """Nothing of the picture is shown here but by `show_preview`."""

    def show_preview(self, preview: PromptPreview | None, trader: str) -> None:
        """Show a template rendered for a trader."""
        words, role = preview_words(preview) if preview else ("", "muted")
        self.query_one("#preview-said", WrappedText).show(words, role)
        self.query_one(OutlineView).show(text_lines(preview.text) if preview else ())
        self.set_subtitle(f"for {trader} · o shows the next" if trader else "")
