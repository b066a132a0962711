"""What the prompts screen paints: one frozen picture of prompts and bindings, and its words."""

from __future__ import annotations

import re

import msgspec

from engine.desk import Desk
from engine.model.prompt import Prompt, PromptPreview, PromptVariable
from tui import format as fmt
from tui.panes.span_line import Span
from tui.program_highlight import Piece
from tui.program_outline import Node
from tui.program_view import NEW_DRAFT
from tui.view import DeskView
from tui.widgets.live_table import Cell, Row

_VARIABLE = re.compile(r"\{\{?[ \t]{0,8}[A-Za-z_]\w{0,79}[ \t]{0,8}\}?\}")
_BEGUN = re.compile(r"\{([A-Za-z_]\w{0,79})?\Z")


class PromptView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the panes of the prompts screen show; `changed` has the prompts with unsaved text."""

    desk: DeskView = DeskView()
    prompts: tuple[Prompt, ...] = ()
    bound: tuple[tuple[int, int], ...] = ()
    variables: tuple[PromptVariable, ...] = ()
    changed: frozenset[int] = frozenset()

    def prompt(self, prompt_id: int | None) -> Prompt | None:
        """Return a prompt by id."""
        return next((item for item in self.prompts if item.prompt_id == prompt_id), None)

    def traders_of(self, prompt_id: int) -> tuple[int, ...]:
        """Return who decides by a prompt."""
        return tuple(trader_id for trader_id, bound in self.bound if bound == prompt_id)

    def trader_names(self, prompt_id: int) -> str:
        """Return the names of those who decide by a prompt."""
        return ", ".join(self.desk.trader_name(trader_id) for trader_id in self.traders_of(prompt_id))


class PromptReader:
    """Reads the desk's prompts into a picture; equal pictures are the same object."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._view = PromptView()

    def read(self, view: DeskView, changed: frozenset[int]) -> PromptView:
        """Return the picture that goes with a picture of the desk."""
        prompts = self._desk.prompts
        # The table's names stay as they are; its rows are made anew at each call.
        variables = self._view.variables or prompts.variables()
        picture = PromptView(
            desk=view,
            prompts=prompts.prompts(),
            bound=tuple((item.trader_id, item.prompt_id) for item in prompts.bindings()),
            variables=variables,
            changed=changed,
        )
        if picture != self._view:
            self._view = picture
        return self._view


def variable_pieces(text: str) -> list[tuple[Piece, ...]]:
    """Return the coloured pieces of every line of a template: its variables stand out."""
    return [
        tuple(Piece(found.start(), found.end(), "accent") for found in _VARIABLE.finditer(line))
        for line in text.split("\n")
    ]


def begun_variable(before: str) -> str | None:
    """Return what is typed of a variable's name just before the cursor, "" behind a brace, else None."""
    found = _BEGUN.search(before)
    return (found.group(1) or "") if found else None


def matching(variables: tuple[PromptVariable, ...], wanted: str) -> tuple[PromptVariable, ...]:
    """Return the variables whose name or meaning has what is typed, those that begin with it first."""
    words = wanted.casefold().strip()
    found = [item for item in variables if words in f"{item.name} {item.example} {item.meaning}".casefold()]
    begins = [item for item in found if inserted_name(item).casefold().startswith(words)]
    return (*begins, *(item for item in found if item not in begins))


def inserted_name(variable: PromptVariable) -> str:
    """Return the name that is put into a template: one of a family that works now."""
    return variable.example.strip("{}") or variable.name


def prompt_row(view: PromptView, prompt: Prompt) -> Row:
    """Return the cells of one prompt."""
    is_changed = prompt.prompt_id in view.changed
    names = view.trader_names(prompt.prompt_id)
    return Row(
        str(prompt.prompt_id),
        (
            Cell(
                f"{prompt.name} {NEW_DRAFT}" if is_changed else prompt.name,
                "accent" if is_changed else "text",
            ),
            Cell(f"v{prompt.version}", "muted"),
            Cell(names or "nobody", "text" if names else "muted"),
            Cell(fmt.time_or_day(prompt.updated_ms or None, view.desk.market.now_ms), "muted"),
            Cell(
                prompt.description or (f"came with the desk: {prompt.stock}" if prompt.stock else ""), "muted"
            ),
        ),
    )


def variable_row(variable: PromptVariable) -> Row:
    """Return the cells of one variable."""
    role = "accent" if variable.documented else "text"
    return Row(
        variable.name,
        (Cell(variable.name, role), Cell(str(variable.family), "muted"), Cell(variable.meaning, "muted")),
    )


def preview_words(preview: PromptPreview) -> tuple[str, str]:
    """Return how much a preview is, or what is wrong with it, and the role that goes with it."""
    if preview.error:
        return preview.error, "danger"
    window = f" of {preview.context_window:,}" if preview.context_window else ""
    parts = [f"{preview.tokens:,}{window} tokens"]
    if preview.counted_by == "estimate":
        parts[0] += " (estimate)"
    if preview.cost_usd is not None:
        parts.append(f"${preview.cost_usd:.4f}")
    if preview.unknown:
        parts.append(f"unknown: {', '.join(preview.unknown)}")
    if preview.missing:
        parts.append(f"no data: {', '.join(preview.missing)}")
    return " · ".join(parts), "warning" if preview.unknown or preview.missing else "gain"


def text_lines(text: str) -> tuple[Node, ...]:
    """Return a text as the lines of an outline, plain."""
    return tuple(Node((Span(line),)) for line in text.split("\n"))
